package cli

import (
	"context"
	"io"
	"time"

	"github.com/docsctl/docsctl/core"
)

// Factory is what the commands run on. Its functions read and open nothing before
// they are called; the composition root fills them.
type Factory struct {
	IO    *IOStreams
	Build BuildInfo

	// Open opens the installation for one command that works without a server.
	Open func(ctx context.Context, o Overrides) (*Local, error)
	// Extract reads the text of a file and stores nothing.
	Extract func(ctx context.Context, o Overrides, f core.File) (*core.Extracted, error)
	// Serve answers requests until ctx ends, which is no error.
	Serve func(ctx context.Context, o Overrides) error
	// Work runs jobs until ctx ends, which is no error.
	Work func(ctx context.Context, o Overrides) error
	// Export writes an organization to an archive.
	Export func(ctx context.Context, o Overrides, e Export) (Moved, error)
	// Import stores the organization of an archive.
	Import func(ctx context.Context, o Overrides, i Import) (Moved, error)
	// SignIn makes a sign-in for a user, without their password.
	SignIn func(ctx context.Context, o Overrides, s SignIn) (Granted, error)
	// RotateKeys seals anew what is sealed under a former key.
	RotateKeys func(ctx context.Context, o Overrides) (core.Rotated, error)
	SetPlan    func(ctx context.Context, o Overrides, p Plan) (Planned, error)
	// Migrate moves the store's schema, or only tells its state, and returns
	// every migration as it then is.
	Migrate func(ctx context.Context, o Overrides, m Migration) ([]MigrationStatus, error)
	// RolesSQL returns the statements that make the database's roles; nil where
	// the store has none.
	RolesSQL func(ctx context.Context, o Overrides) (string, error)
	// Doctor tries the parts of the installation and tells of each. A part that
	// does not work is a finding and no error.
	Doctor func(ctx context.Context, o Overrides, tell func(Finding)) error
	// Fakes runs fakes of the vendors until ctx ends and tells how to use them.
	Fakes func(ctx context.Context, o Fakes, tell func(text string) error) error
	// Server returns the server that commands talk to, and as whom.
	Server func(o Overrides) (Server, error)
	// Settings returns the configuration in force, secrets masked.
	Settings func(o Overrides) ([]Setting, error)
}

// Overrides are settings from flags by their configuration key, such as
// "database_url". They win over environment and file.
type Overrides map[string]string

// Server is where a server is, "" when none is named, and the token for it.
type Server struct{ URL, Token string }

// Local is an open installation with an actor who may use it.
type Local struct {
	App     *core.App
	Actor   core.Actor
	Queue   core.Queue // of this process, which runs its jobs itself
	Fetcher core.Fetcher
	Model   string // what a summary is made with, for people: "extractive", …
	DataDir string
	Close   func() error
}

// BuildInfo says what was built; fields are empty where the build does not know.
type BuildInfo struct{ Version, Commit, Date string }

// Setting is one configuration key in force. Source is "flag", "env", "file" or
// "default".
type Setting struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Source string `json:"source"`
}

// Migration is what is asked of a store's schema.
type Migration string

// The migrations that can be asked for: all that are missing, the last one undone,
// none.
const (
	MigrateUp   Migration = "up"
	MigrateDown Migration = "down"
	MigrateTell Migration = "status"
)

// MigrationStatus is one migration of the schema; AppliedAt is nil until it is applied.
type MigrationStatus struct {
	Version   int64      `json:"version"`
	Name      string     `json:"name"`
	AppliedAt *time.Time `json:"applied_at"`
}

// Export is what is to be exported. Org is an id, or "local".
type Export struct {
	Org      string
	To       io.Writer
	Progress func(kind string) // told of each row
}

// Import is where an organization is to come from. With Local the commands that
// need no server work on it from then on.
type Import struct {
	From     io.Reader
	Local    bool
	Progress func(kind string) // told of each row
}

// Moved is what an export or an import has moved.
type Moved struct {
	OrganizationID string      `json:"organization_id"`
	Counts         []KindCount `json:"counts"` // of every kind, in the archive's order
}

// KindCount is how many rows of a kind there were.
type KindCount struct {
	Kind  string `json:"kind"`
	Count int    `json:"count"`
}

// SignIn names a user. Org is an id, or "local".
type SignIn struct{ Org, Email string }

// Plan names the plan that an organization is to have. Org is an id, or "local".
type Plan struct{ Org, Plan string }

// Planned is an organization with its plan.
type Planned struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	PlanType string `json:"plan_type"`
}

// Granted is a sign-in that can be used once, within ExpiresIn seconds.
type Granted struct {
	RefreshToken string `json:"refresh_token"`
	ExpiresIn    int    `json:"expires_in"`
}
