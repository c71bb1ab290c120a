// Package cli is the command line of docsctl: one file a command, each an options
// struct, a constructor and a run function. Commands reach the product through a
// Factory, whose functions open things only when a command asks for them.
//
// Results go to standard output and everything else to standard error. Run is the
// one place that prints errors and chooses the exit code.
package cli
