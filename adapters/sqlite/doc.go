// Package sqlite is the embedded store: a core.Store in one SQLite file, for one
// machine and no services.
//
// Reads go through a pool of connections that cannot write. Writes go through one
// connection, on which waiting transactions are grouped so that they share one
// commit to disk (writer.go). Several processes may use a file at once.
package sqlite
