//go:build unix

package testenv

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
)

// home is the folders that hold all files of this process's servers. A reaper, a
// shell in a session of its own, holds the other end of a pipe: when the process
// has gone, by exit, panic or kill -9, the pipe breaks, and the reaper ends the
// servers listed in the folder run and removes the home.
type home struct {
	dir    string
	memory string              // a second folder, in memory; empty where there is too little
	owner  *syscall.Credential // whom servers run as; nil: as we do
	alive  *os.File            // never written; its closing is the signal
}

// A database is some 300 files. To copy them takes 12 ms in memory, and on a busy
// disk up to 240 ms although nothing is synchronized.
const (
	memoryFolder = "/dev/shm"
	memoryNeeded = 2 << 30 // bytes: a container's usual 64 MB hold no server
)

// processHome opens the home on first use.
var processHome = sync.OnceValues(openHome)

// reaper ends each process with the signal that its file names, kills after five
// seconds what is still there, and removes the home. A zombie is not there any
// more: in a container it may be long until somebody collects it.
const reaper = `
PATH=/usr/bin:/bin:$PATH
read -r _
cd "$1/run" || exit 0
for pid in [0-9]*; do
	kill -"$(cat "$pid")" "$pid"
	kill -s CONT "$pid"
done
tries=0
while [ $tries -lt 50 ]; do
	alive=
	for pid in [0-9]*; do
		kill -0 "$pid" && ! grep -qs '^State:.*Z' "/proc/$pid/status" && alive=yes
	done
	[ -n "$alive" ] || break
	sleep 0.1
	tries=$((tries + 1))
done
for pid in [0-9]*; do kill -s KILL "$pid"; done
cd / && rm -rf "$@"
`

func openHome() (*home, error) {
	h := &home{}
	parent := os.TempDir()
	if os.Geteuid() == 0 {
		// PostgreSQL and PgBouncer refuse to run as root, and root's own
		// temporary folder may be closed to others.
		parent = "/tmp"
		owner, err := unprivileged()
		if err != nil {
			return nil, err
		}
		h.owner = owner
	}
	var err error
	if h.dir, err = os.MkdirTemp(parent, "docsctl-test-"); err != nil {
		return nil, fmt.Errorf("make the folder of the test servers: %w", err)
	}
	h.memory = makeInMemory()
	if err := h.startReaper(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(h.dir), os.RemoveAll(h.memory))
	}
	return h, nil
}

// makeInMemory makes the second folder, if it can.
func makeInMemory() string {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(memoryFolder, &fs); err != nil || uint64(fs.Bavail)*uint64(fs.Bsize) < memoryNeeded {
		return ""
	}
	dir, err := os.MkdirTemp(memoryFolder, "docsctl-test-")
	if err != nil {
		return ""
	}
	return dir
}

func (h *home) startReaper() error {
	if err := os.Mkdir(filepath.Join(h.dir, "run"), 0o700); err != nil {
		return fmt.Errorf("make the list of test servers: %w", err)
	}
	folders := slices.DeleteFunc([]string{h.dir, h.memory}, func(dir string) bool { return dir == "" })
	for _, dir := range folders {
		if err := os.Chmod(dir, 0o711); err != nil { // the servers' user passes through
			return fmt.Errorf("open the folder of the test servers: %w", err)
		}
	}
	gone, alive, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("make the reaper's pipe: %w", err)
	}
	defer gone.Close()
	cmd := exec.Command("/bin/sh", append([]string{"-c", reaper, "docsctl-test-reaper"}, folders...)...)
	cmd.Stdin = gone
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // out of reach of Ctrl-C and of a kill of our group
	if err := cmd.Start(); err != nil {
		_ = alive.Close()
		return fmt.Errorf("start the reaper of test servers: %w", err)
	}
	h.alive = alive
	return cmd.Process.Release()
}

// unprivileged finds whom servers run as when the tests run as root.
func unprivileged() (*syscall.Credential, error) {
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, errUID := strconv.ParseUint(u.Uid, 10, 32)
		gid, errGID := strconv.ParseUint(u.Gid, 10, 32)
		if errUID == nil && errGID == nil {
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
		}
	}
	return nil, fmt.Errorf("PostgreSQL does not run as root and there is no user postgres or nobody; run the tests as another user")
}

// folder makes a folder for one server, owned by the servers' user: on the disk,
// or in memory where there is enough.
func (h *home) folder(name string, onDisk bool) (string, error) {
	parent := h.memory
	if onDisk || parent == "" {
		parent = h.dir
	}
	dir, err := os.MkdirTemp(parent, name+"-")
	if err != nil {
		return "", fmt.Errorf("make the folder of %s: %w", name, err)
	}
	return dir, h.give(dir)
}

// give hands a file or folder to the servers' user.
func (h *home) give(path string) error {
	if h.owner == nil {
		return nil
	}
	return os.Lchown(path, int(h.owner.Uid), int(h.owner.Gid))
}

// write makes a file for a server.
func (h *home) write(path, text string) error {
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	return h.give(path)
}

// register lists a process for the reaper, with the signal that ends it.
func (h *home) register(pid int, s syscall.Signal) error {
	return os.WriteFile(h.listed(pid), []byte(strconv.Itoa(int(s))), 0o600)
}

func (h *home) unregister(pid int) { _ = os.Remove(h.listed(pid)) }

func (h *home) listed(pid int) string { return filepath.Join(h.dir, "run", strconv.Itoa(pid)) }

// attributes makes a program run as the servers' user in a session of its own.
func (h *home) attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: true, Credential: h.owner}
}

// environment is all that servers see of ours: PGPORT and its like stay out.
func environment() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
}
