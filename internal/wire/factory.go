package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/docsctl/docsctl/adapters/extract"
	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/worker"
	"github.com/docsctl/docsctl/transport/cli"
)

// NewFactory returns what the commands run on: nothing is read or opened before
// a command asks for it.
func NewFactory(streams *cli.IOStreams, build cli.BuildInfo) *cli.Factory {
	f := &cli.Factory{IO: streams, Build: build, Migrate: migrate, RolesSQL: rolesSQL, Doctor: examine, Fakes: runFakes}
	f.Open = func(ctx context.Context, o cli.Overrides) (*cli.Local, error) {
		return openLocal(ctx, o, streams.ErrOut)
	}
	f.Extract = func(ctx context.Context, o cli.Overrides, file core.File) (*core.Extracted, error) {
		loaded, err := Load(o)
		if err != nil {
			return nil, err
		}
		return extract.NewSandboxed(loaded.extractConfig()).Extract(ctx, file)
	}
	f.Serve = func(ctx context.Context, o cli.Overrides) error {
		return withProgram(ctx, o, streams.ErrOut, func(p *Program) error { return p.serve(ctx, build, streams.ErrOut) })
	}
	f.Work = func(ctx context.Context, o cli.Overrides) error {
		return withProgram(ctx, o, streams.ErrOut, func(p *Program) error {
			return p.work(ctx, func() { fmt.Fprintln(streams.ErrOut, "docsctl runs jobs until it is told to end") })
		})
	}
	f.Export = func(ctx context.Context, o cli.Overrides, e cli.Export) (cli.Moved, error) {
		return exportTo(ctx, o, e, streams.ErrOut)
	}
	f.Import = func(ctx context.Context, o cli.Overrides, i cli.Import) (cli.Moved, error) {
		return importFrom(ctx, o, i, streams.ErrOut)
	}
	f.RotateKeys = func(ctx context.Context, o cli.Overrides) (r core.Rotated, err error) {
		err = operate(ctx, o, streams.ErrOut, func(p *Program) error {
			r, err = p.app.Work.RotateKeys(ctx)
			return err
		})
		return r, err
	}
	f.SignIn = func(ctx context.Context, o cli.Overrides, s cli.SignIn) (cli.Granted, error) {
		return signIn(ctx, o, s, streams.ErrOut)
	}
	f.SetPlan = func(ctx context.Context, o cli.Overrides, p cli.Plan) (cli.Planned, error) {
		return setPlan(ctx, o, p, streams.ErrOut)
	}
	f.Server = func(o cli.Overrides) (cli.Server, error) {
		loaded, err := Load(o)
		if err != nil {
			return cli.Server{}, err
		}
		return cli.Server{URL: loaded.Server, Token: loaded.Token}, nil
	}
	f.Settings = func(o cli.Overrides) ([]cli.Setting, error) {
		loaded, err := Load(o)
		if err != nil {
			return nil, err
		}
		return loaded.Settings, nil
	}
	return f
}

// withProgram opens the installation for a process that serves, and logs.
func withProgram(ctx context.Context, o cli.Overrides, out io.Writer, do func(*Program) error) error {
	loaded, err := Load(o)
	if err != nil {
		return err
	}
	log := newLogger(loaded.Config, out, loaded.LogLevel)
	for _, name := range loaded.Unknown {
		log.Warn("an environment variable means nothing to docsctl; is it misspelt?", slog.String("name", name))
	}
	p, err := Open(ctx, loaded.Config, log)
	if err != nil {
		return err
	}
	return errors.Join(do(p), p.Close())
}

// localJobs is how many jobs a command line runs at once.
const localJobs = 4

// openLocal opens the embedded installation for one command, with a worker of its
// own that claims nothing but the command's jobs. What a command has to say it
// says itself, so its log tells of errors nobody else would.
func openLocal(ctx context.Context, o cli.Overrides, out io.Writer) (*cli.Local, error) {
	loaded, err := Load(o)
	if err != nil {
		return nil, err
	}
	if loaded.Postgres() {
		return nil, &core.Error{Code: core.CodeValidation, Message: "this command works on the embedded store, and database_url names Postgres; unset it"}
	}
	p, err := Open(ctx, loaded.Config, newLogger(loaded.Config, out, max(loaded.LogLevel, slog.LevelError)))
	if err != nil {
		return nil, err
	}
	local, err := p.openLocal(ctx)
	if err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return local, nil
}

func (p *Program) openLocal(ctx context.Context) (*cli.Local, error) {
	actor, err := p.localActor(ctx)
	if err != nil {
		return nil, err
	}
	queue := core.LocalQueue(core.NewID[string]())
	w, err := worker.New(worker.Config{Work: p.app.Work, Logger: p.log, Pools: []worker.Pool{{Queue: queue, Size: localJobs}}})
	if err != nil {
		return nil, err
	}
	if err := w.Start(ctx); err != nil {
		return nil, fmt.Errorf("start the worker: %w", err)
	}
	return &cli.Local{
		App: p.app, Actor: actor, Queue: queue, Fetcher: p.fetcher(), Model: p.modelName(), DataDir: p.cfg.DataDir,
		Close: func() error {
			stopped, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
			defer cancel()
			w.Stop(stopped)
			return p.Close()
		},
	}, nil
}
