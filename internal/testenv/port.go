package testenv

import (
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
)

// Ports are taken from below the range from which systems take those of outgoing
// connections (32768 on Linux, 49152 elsewhere) and of listeners on port 0: a
// server that is down for a moment would lose its port to them. Above 10000 stand
// few of a machine's own servers.
const (
	firstPort = 10000
	lastPort  = 32000
)

// freePort finds a port on which nobody listens. Another process may take it
// before the server does: see launch.
func freePort() (int, error) {
	for range 100 {
		port := firstPort + rand.IntN(lastPort-firstPort)
		l, err := net.Listen("tcp", loopback(port))
		if err != nil {
			continue
		}
		if err := l.Close(); err != nil {
			return 0, err
		}
		return port, nil
	}
	return 0, errors.New("no free port between 10000 and 32000 on 127.0.0.1; stop what listens there")
}

// FreeAddress returns an address on which nobody listens, for a program that is told
// where to listen. Nobody's outgoing connections take it, unlike one of port 0.
func FreeAddress() (string, error) {
	port, err := freePort()
	return loopback(port), err
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
