package httpapi

import (
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// giveUp has the system end c when its other side has left bytes unconfirmed for d,
// or had no room for any. Otherwise it sends them again for a quarter of an hour
// to a client that went without a word, and a feed of Server-Sent Events, which
// has no answer to its heartbeat, would be as long in noticing.
func giveUp(c net.Conn, d time.Duration) {
	if wrapped, ok := c.(interface{ NetConn() net.Conn }); ok { // TLS
		c = wrapped.NetConn()
	}
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		return
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return // closed already
	}
	_ = raw.Control(func(fd uintptr) { // as above; and every kernel since 2.6.37 knows the option
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(d.Milliseconds()))
	})
}
