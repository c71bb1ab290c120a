package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/docsctl/docsctl/core"
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
	handler, err := httpapi.New(httpapi.Config{
		PublicURL: base,
		App:       p.app, Logger: p.log, Version: build.Version, AllowedOrigins: p.cfg.AllowedOrigins,
		TrustedProxies: p.cfg.TrustedProxies, Shutdown: ctx.Done(), Checks: p.checks(),
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
	if p.cfg.NoWorkers {
		worked <- nil
	} else {
		go func() { worked <- p.work(workers, func() {}) }() // ended by stopWorkers
	}
	watching := make(chan error, 1)
	go func() { watching <- p.app.Auth.Watch(workers) }() // ended by stopWorkers
	p.greet(ctx, out, base)
	select {
	case <-ctx.Done():
	case err := <-failed:
		stopWorkers()
		return errors.Join(fmt.Errorf("serve requests: %w", err), <-worked, <-watching)
	}
	return errors.Join(p.shutDown(ctx, server), <-worked, <-watching)
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

// greet says what a person needs to begin.
func (p *Program) greet(ctx context.Context, out io.Writer, base string) {
	fmt.Fprintf(out, "docsctl listens on %s (API reference: %s/docs)\n", base, base)
	if p.local != nil {
		fmt.Fprintf(out, "  data      %s\n  keys      %s\n", p.cfg.storePath(), p.cfg.secretsPath())
	} else {
		fmt.Fprintf(out, "  data      Postgres\n  keys      from the configuration\n")
	}
	fmt.Fprintf(out, "  model     extractive (no language model is configured; nothing leaves this machine)\n")
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
