// Package migrations holds the schemas of the stores as goose migrations, one
// folder a database.
package migrations

import "embed"

// SQLite is the folder sqlite with the embedded store's migrations. Each runs in
// one transaction, so that a failed one leaves nothing.
//
//go:embed sqlite/*.sql
var SQLite embed.FS
