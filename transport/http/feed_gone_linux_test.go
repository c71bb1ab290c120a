package httpapi

import (
	"net"
	"testing"
	"time"
	"unsafe"

	"github.com/docsctl/docsctl/core"
	"golang.org/x/sys/unix"
)

// The test's client is gone as one is whose cable was pulled: its system drops
// every packet before TCP sees it, so nothing is confirmed and nothing refused.
func TestFeed_ClientWithoutALineIsGivenUp(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(*person, testing.TB) *rawClient{"WebSocket": (*person).rawDial, "Events": (*person).rawStream} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorldWith(t, options{
				pace: feedPace{beat: 100 * time.Millisecond, pong: 5 * time.Minute, write: 5 * time.Minute}, unconfirmed: time.Second, config: []func(*core.Config){oneConnection},
			})
			p := w.admin("Owner")
			gone := open(p, t)
			defer gone.Close()
			pullCable(t, gone.Conn)
			p.awaits("the client's place is free", func() bool { return p.hasPlace(t) })
		})
	}
}

// pullCable has the system drop whatever comes for a connection.
func pullCable(t *testing.T, c net.Conn) {
	t.Helper()
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	nothing := []unix.SockFilter{{Code: unix.BPF_RET | unix.BPF_K}} // take 0 bytes of a packet
	var set error
	err = raw.Control(func(fd uintptr) {
		set = unix.SetsockoptSockFprog(int(fd), unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: 1, Filter: unsafe.SliceData(nothing)})
	})
	if err != nil {
		t.Fatal(err)
	}
	if set != nil {
		t.Skipf("skipped: a sandbox that lets no process filter its own packets: %v", set)
	}
}
