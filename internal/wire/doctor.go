package wire

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/docsctl/docsctl/adapters/identity"
	"github.com/docsctl/docsctl/adapters/llm/openai"
	"github.com/docsctl/docsctl/adapters/llm/probe"
	"github.com/docsctl/docsctl/adapters/postgres"
	"github.com/docsctl/docsctl/adapters/redis"
	"github.com/docsctl/docsctl/adapters/sqlite"
	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/transport/cli"
)

// doctor tells what it finds.
type doctor struct {
	cfg  Config
	tell func(cli.Finding)
}

// examine tries the configured parts, one after the other. It makes nothing.
func examine(ctx context.Context, o cli.Overrides, tell func(cli.Finding)) error {
	loaded, err := Load(o)
	if err != nil {
		return err
	}
	d := &doctor{cfg: loaded.Config, tell: tell}
	if len(loaded.Unknown) > 0 {
		d.warn("configuration", "environment variables mean nothing to docsctl: %s; are they misspelt?", strings.Join(loaded.Unknown, ", "))
	} else {
		d.ok("configuration", "the configuration holds; docsctl config shows it")
	}
	for _, check := range []func(context.Context){d.store, d.redis, d.keys, d.model} {
		if check(ctx); ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

func (d *doctor) ok(part, format string, args ...any) {
	d.tell(cli.Finding{Part: part, Status: cli.FindingOK, Message: fmt.Sprintf(format, args...)})
}

func (d *doctor) warn(part, format string, args ...any) {
	d.tell(cli.Finding{Part: part, Status: cli.FindingWarning, Message: fmt.Sprintf(format, args...)})
}

// fail tells an error's sentence; who reads an unforeseen one's text owns the machine.
func (d *doctor) fail(part string, err error) {
	message := err.Error()
	if e, ok := errors.AsType[*core.Error](err); ok && e.Code != core.CodeInternal {
		message = e.Message
	}
	d.tell(cli.Finding{Part: part, Status: cli.FindingFailed, Message: message})
}

const storePatience = 10 * time.Second

func (d *doctor) store(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, storePatience)
	defer cancel()
	if d.cfg.Postgres() {
		d.postgres(ctx)
		return
	}
	path := d.cfg.storePath()
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		d.ok("store", "the embedded store will be made at its first use, in %s", d.cfg.DataDir)
		return
	}
	states, err := sqlite.Status(ctx, path)
	if err != nil {
		d.fail("store", err)
		return
	}
	missing := 0
	for _, s := range states {
		if s.AppliedAt == nil {
			missing++
		}
	}
	if missing > 0 {
		d.warn("store", "the embedded store answers and lacks %d migrations, which the next start applies", missing)
		return
	}
	d.ok("store", "the embedded store answers and is up to date (%s)", path)
}

func (d *doctor) postgres(ctx context.Context) {
	s, err := postgres.Open(ctx, d.cfg.DatabaseURL, &postgres.Config{DirectURL: d.cfg.DatabaseDirectURL, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		d.fail("store", err)
		return
	}
	err = s.Health(ctx)
	if err = errors.Join(err, s.Close()); err != nil {
		d.fail("store", err)
		return
	}
	d.ok("store", "Postgres answers and holds docsctl's schema")
}

func (d *doctor) redis(ctx context.Context) {
	if d.cfg.RedisURL == "" {
		if d.cfg.Postgres() {
			d.warn("redis", "no Redis is configured, so a second server would learn of news by polling; set DOCSCTL_REDIS_URL when there are several")
			return
		}
		d.ok("redis", "no Redis is configured, and one process needs none")
		return
	}
	c, err := redis.Open(ctx, d.cfg.RedisURL, &redis.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		d.fail("redis", err)
		return
	}
	if err := errors.Join(c.Health(ctx), c.Close()); err != nil {
		d.fail("redis", &core.Error{Code: core.CodeUnavailable, Message: "Redis does not answer; check that it runs and DOCSCTL_REDIS_URL", Err: err})
		return
	}
	d.ok("redis", "Redis answers")
}

func (d *doctor) keys(context.Context) {
	configured := len(d.cfg.JWTSecrets) > 0
	if !configured {
		info, err := os.Stat(d.cfg.secretsPath())
		if errors.Is(err, fs.ErrNotExist) {
			d.ok("keys", "the token secrets will be made at the first start, beside the store")
			return
		}
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			d.warn("keys", "other users of this machine can read the token secrets; run chmod 600 %s", d.cfg.secretsPath())
			return
		}
	}
	secrets, err := jwtSecrets(d.cfg)
	if err == nil {
		_, err = identity.NewTokens(secrets...)
	}
	switch {
	case err != nil:
		d.fail("keys", fmt.Errorf("the token secrets cannot be used: %w", err))
	case configured:
		d.ok("keys", "the token secrets of the configuration can be used (%d)", len(secrets))
	default:
		d.ok("keys", "the token secrets can be used (%s)", d.cfg.secretsPath())
	}
}

func (d *doctor) model(ctx context.Context) {
	m, err := d.cfg.model()
	if err != nil {
		d.fail("model", err)
		return
	}
	if m == nil {
		d.ok("model", "no language model is configured: summaries are extractive, and nothing leaves this machine")
		return
	}
	speed, err := probe.MeasureSpeed(ctx, m)
	if err != nil {
		d.fail("model", err)
		return
	}
	d.ok("model", "%s answers, the first text after %.1f s", d.cfg.LLMModel, speed.FirstText.Seconds())
	if speed.TokensPerSecond > 0 {
		d.ok("model speed", "it writes about %.0f tokens a second", speed.TokensPerSecond)
	} else {
		d.ok("model speed", "its answer came at once, so its speed cannot be told")
	}
	if !speed.Counted {
		d.warn("model usage", "its server does not tell tokens, so they are estimated")
	}
	d.window(ctx, m)
}

// longestPrompt is the longest that docsctl makes of a document, in tokens: a
// window above it changes nothing but how many prompts there are.
const longestPrompt = 16_000

func (d *doctor) window(ctx context.Context, m *openai.Model) {
	believed, err := m.Model("")
	if err != nil {
		d.fail("model window", err)
		return
	}
	w, err := probe.MeasureWindow(ctx, m, longestPrompt)
	if err != nil {
		d.fail("model window", err)
		return
	}
	short := w.Tokens < believed.ContextTokens*9/10 // what is left of a cut prompt is less than the window
	const remedy = "set DOCSCTL_LLM_CONTEXT=%d, or start it with a larger one (Ollama: OLLAMA_CONTEXT_LENGTH)"
	switch {
	case w.Limit == probe.LimitNone:
		d.ok("model window", "it reads prompts of %d tokens whole; docsctl sends no longer ones", w.Tokens)
		d.ok("model cuts", "its server cut none of the prompts that were tried")
		return
	case short:
		d.warn("model window", "it reads about %d tokens, fewer than the %d that docsctl would plan with; "+remedy, w.Tokens, believed.ContextTokens, w.Tokens)
	default:
		d.ok("model window", "it reads about %d tokens, and docsctl plans with %d", w.Tokens, believed.ContextTokens)
	}
	if w.Limit == probe.LimitRefuses {
		d.ok("model cuts", "its server refuses longer prompts, so none is cut silently")
		return
	}
	if short {
		d.fail("model cuts", &core.Error{Code: core.CodeLLM, Message: fmt.Sprintf("its server cuts longer prompts without a word, so parts of documents would be lost; "+remedy, w.Tokens)})
		return
	}
	d.warn("model cuts", "its server cuts longer prompts without a word; docsctl stays below that")
}
