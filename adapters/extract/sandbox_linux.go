package extract

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

// dieWithParent makes the system end the child when this process is killed.
func dieWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}

// lowerPriority has requests go before files where there are not enough processors
// for both. A system that does not allow it reads files as it does anything else.
func lowerPriority(pid int) { _ = syscall.Setpriority(syscall.PRIO_PROCESS, pid, 10) }

// residentBytes returns how much memory a process takes.
func residentBytes(pid int) (int64, bool) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, false
	}
	var total, resident int64
	if _, err := fmt.Sscan(string(data), &total, &resident); err != nil {
		return 0, false
	}
	return resident * int64(os.Getpagesize()), true
}
