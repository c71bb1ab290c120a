package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/feed"
	"github.com/docsctl/docsctl/transport/cli"
	httpapi "github.com/docsctl/docsctl/transport/http"
)

// serve answers requests, and runs jobs unless told not to, until ctx ends. It
// tells on out where it listens and how to begin.
func (p *Program) serve(ctx context.Context, build cli.BuildInfo, out io.Writer) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", p.cfg.Listen)
	if err != nil {
		return &core.Error{Code: core.CodeUnavailable, Message: "the address " + p.cfg.Listen + " cannot be listened on; is another server using it? choose another with --listen", Err: err}
	}
	base := p.baseURL(listener.Addr())
	hub := feed.New(feed.Config{Store: p.store, Bus: p.bus, Logger: p.log})
	defer p.closeFeed(ctx, hub)
	handler, err := httpapi.New(httpapi.Config{
		App: p.app, PublicURL: base, Logger: p.log, Version: build.Version, AllowedOrigins: p.cfg.origins(),
		TrustedProxies: p.cfg.TrustedProxies, Shutdown: ctx.Done(), Checks: p.checks(), Metrics: p.metrics, Feed: hub, MaxUploadBytes: p.cfg.MaxUploadBytes,
	})
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	server := httpapi.NewServer(handler, p.log)
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }() // ended by Shutdown below
	workers, stopWorkers := context.WithCancel(ctx)
	defer stopWorkers()
	worked := make(chan error, 1)
	if !p.cfg.NoWorkers {
		go func() { worked <- p.work(workers, func() {}) }() // ended by stopWorkers
	}
	watching := make(chan error, 1)
	go func() { watching <- p.watch(workers) }() // ended by stopWorkers
	p.greet(ctx, out, base)
	debug.FreeOSMemory() // what starting needed: a third of the heap, which an idle server would keep
	var broken error
	select {
	case <-ctx.Done():
	case err := <-failed:
		broken = fmt.Errorf("serve requests: %w", err)
	case err := <-worked:
		if ctx.Err() == nil { // before its time: nobody would run the jobs that are taken
			broken, err = fmt.Errorf("run jobs: %w", err), nil
		}
		worked <- err
	}
	stopWorkers()
	p.closeFeed(ctx, hub) // with a reason for each connection; the server would not wait for them
	err = errors.Join(broken, p.shutDown(ctx, server), <-watching)
	if !p.cfg.NoWorkers {
		err = errors.Join(err, <-worked)
	}
	return err
}

// watch keeps up with what other processes do, until ctx ends.
func (p *Program) watch(ctx context.Context) error {
	var looking sync.WaitGroup
	if p.horizon != nil {
		looking.Go(func() { p.horizon.run(ctx) }) // ended by ctx
	}
	defer looking.Wait()
	return p.app.Auth.Watch(ctx)
}

// closeFeed ends the feed's connections; closing it again does nothing.
func (p *Program) closeFeed(ctx context.Context, hub *feed.Hub) {
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.cfg.ShutdownGrace)
	defer cancel()
	hub.Close(grace)
}

// shutDown lets requests that are under way end, within the grace.
func (p *Program) shutDown(ctx context.Context, server *http.Server) error {
	p.log.Info("stopping; waiting for requests and jobs", slog.Duration("grace", p.cfg.ShutdownGrace))
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.cfg.ShutdownGrace)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		return errors.Join(fmt.Errorf("end requests: %w", err), server.Close())
	}
	return nil
}

// signInLife is how long the sign-in that serve prints can be used.
const signInLife = 15 * time.Minute

// baseURL is where people reach the server.
func (p *Program) baseURL(addr net.Addr) string {
	if p.cfg.PublicURL != "" {
		return p.cfg.PublicURL
	}
	return "http://" + addr.String()
}

// greet says what a person needs to begin. A log that machines read gets one line
// of it, and no sign-in.
func (p *Program) greet(ctx context.Context, out io.Writer, base string) {
	if p.cfg.LogFormat == "json" {
		p.log.InfoContext(ctx, "docsctl listens", slog.String("url", base), slog.String("data", p.dataPlace()), slog.String("model", p.modelName()))
		return
	}
	fmt.Fprintf(out, "docsctl listens on %s (API reference: %s/docs)\n", base, base)
	keys := "from the configuration"
	if len(p.cfg.JWTSecrets) == 0 {
		keys = p.cfg.secretsPath()
	}
	fmt.Fprintf(out, "  data      %s\n  keys      %s\n", p.dataPlace(), keys)
	if p.llm == nil {
		fmt.Fprintf(out, "  model     extractive (no language model is configured; nothing leaves this machine)\n")
	} else {
		fmt.Fprintf(out, "  model     %s\n", p.modelName())
	}
	fmt.Fprintf(out, "  register  curl %s/v1/auth/register --json '{\"organization_name\":\"Acme\",\"name\":\"Ann\",\"email\":\"ann@example.org\",\"password\":\"…\"}'\n", base)
	if p.local == nil {
		return
	}
	actor, err := p.localActor(ctx)
	if err != nil {
		p.log.Warn("no sign-in for the local organization could be made", slog.Any("error", err))
		return
	}
	token, err := p.app.Auth.Grant(ctx, actor, signInLife)
	if err != nil {
		p.log.Warn("no sign-in for the local organization could be made", slog.Any("error", err))
		return
	}
	fmt.Fprintf(out, "  local     to see what the command line summarized, once within %s:\n            curl %s/v1/auth/refresh --json '{\"refresh_token\":\"%s\"}'\n", signInLife, base, token)
}

// dataPlace says where the documents are; an address of Postgres may hold a password.
func (p *Program) dataPlace() string {
	if p.local == nil {
		return "Postgres"
	}
	return p.cfg.storePath()
}
