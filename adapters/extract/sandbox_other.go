//go:build !linux

package extract

import "os/exec"

func dieWithParent(*exec.Cmd) {}

func lowerPriority(int) {}

// residentBytes is known on Linux only; elsewhere GOMEMLIMIT and the limits of
// Config bound a child.
func residentBytes(int) (int64, bool) { return 0, false }
