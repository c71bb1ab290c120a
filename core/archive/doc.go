// Package archive writes a whole organization to one file and reads it into a
// store, its own or another one: nothing of it is lost. docs/archive.md describes
// the file.
//
// Both ways stream: what is in memory is one row, or one batch of rows. An export
// is a snapshot. An import is written under the core.ImportMark of its
// organization, so that until its last transaction the organization is not there,
// and after a failure nothing of it is.
package archive
