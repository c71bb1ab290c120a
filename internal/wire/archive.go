package wire

import (
	"context"
	"errors"
	"io"
	"log/slog"

	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/archive"
	"github.com/docsctl/docsctl/transport/cli"
)

// operate opens the installation, of either kind, for one command of its operator.
func operate(ctx context.Context, o cli.Overrides, out io.Writer, do func(*Program) error) error {
	loaded, err := Load(o)
	if err != nil {
		return err
	}
	p, err := Open(ctx, loaded.Config, newLogger(loaded.Config, out, max(loaded.LogLevel, slog.LevelError)))
	if err != nil {
		return err
	}
	return errors.Join(do(p), p.Close())
}

func exportTo(ctx context.Context, o cli.Overrides, e cli.Export, out io.Writer) (moved cli.Moved, err error) {
	err = operate(ctx, o, out, func(p *Program) error {
		t, err := p.tenantNamed(ctx, e.Org)
		if err != nil {
			return err
		}
		sum, err := archive.Export(ctx, p.store.Tenant(t), t, p.sealer, e.To, e.Progress)
		moved = movedOf(sum)
		return err
	})
	return moved, err
}

func importFrom(ctx context.Context, o cli.Overrides, i cli.Import, out io.Writer) (moved cli.Moved, err error) {
	err = operate(ctx, o, out, func(p *Program) error {
		if i.Local && p.local == nil {
			return &core.Error{Code: core.CodeValidation, Message: "--local is for the embedded store, and database_url names Postgres; leave one of them out"}
		}
		sum, err := archive.Import(ctx, p.store, p.sealer, i.From, i.Progress)
		moved = movedOf(sum)
		if err != nil || !i.Local {
			return err
		}
		return p.local.SetLocal(ctx, sum.OrganizationID)
	})
	return moved, err
}

// localName is what the organization of an embedded store is called on the command line.
const localName = "local"

// tenantNamed returns the organization that a command of the operator names.
func (p *Program) tenantNamed(ctx context.Context, name string) (core.Tenant, error) {
	if name != localName {
		return core.TrustTenant(core.OrgID(name)), checkOrg(name)
	}
	if p.local == nil {
		return core.Tenant{}, &core.Error{Code: core.CodeValidation, Message: "only the embedded store has a local organization; name another with --org"}
	}
	org, _, err := p.local.Local(ctx)
	return core.TrustTenant(org), err
}

func checkOrg(name string) error {
	if !core.ValidID(core.OrgID(name)) {
		return core.NotFound("organization")
	}
	return nil
}

func movedOf(sum archive.Summary) cli.Moved {
	m := cli.Moved{OrganizationID: string(sum.OrganizationID)}
	for _, kind := range archive.Kinds() {
		m.Counts = append(m.Counts, cli.KindCount{Kind: kind, Count: sum.Counts[kind]})
	}
	return m
}

// signIn makes a sign-in that can be used once, for whoever may open the store.
func signIn(ctx context.Context, o cli.Overrides, s cli.SignIn, out io.Writer) (grant cli.Granted, err error) {
	err = operate(ctx, o, out, func(p *Program) error {
		t, err := p.tenantNamed(ctx, s.Org)
		if err != nil {
			return err
		}
		token, err := p.app.Auth.GrantByEmail(ctx, t, s.Email, signInLife)
		grant = cli.Granted{RefreshToken: token, ExpiresIn: int(signInLife.Seconds())}
		return err
	})
	return grant, err
}

// setPlan gives an organization a plan, for whoever may open the store.
func setPlan(ctx context.Context, o cli.Overrides, in cli.Plan, out io.Writer) (planned cli.Planned, err error) {
	err = operate(ctx, o, out, func(p *Program) error {
		t, err := p.tenantNamed(ctx, in.Org)
		if err != nil {
			return err
		}
		org, err := p.app.Org.SetPlan(ctx, t, core.PlanType(in.Plan))
		if err != nil {
			return err
		}
		planned = cli.Planned{ID: string(org.ID), Name: org.Name, PlanType: string(org.PlanType)}
		return nil
	})
	return planned, err
}
