package redis

import "github.com/docsctl/docsctl/core"

// A notice travels as one byte of flags and its body.
const (
	flagBase byte = 'A' // readable in a monitor
	flagBody byte = 1   // there is a body, which may be empty
	flagLost byte = 2
)

func encodeNotice(n core.Notice) []byte {
	flags := flagBase
	if n.Body != nil {
		flags += flagBody
	}
	if n.Lost {
		flags += flagLost
	}
	return append([]byte{flags}, n.Body...)
}

// decodeNotice takes a payload that it does not understand, of another version or
// another program, as a hint to look again.
func decodeNotice(t core.Topic, payload string) core.Notice {
	if payload == "" || payload[0] < flagBase || payload[0] > flagBase+flagBody+flagLost {
		return core.Notice{Topic: t, Lost: true}
	}
	flags := payload[0] - flagBase
	n := core.Notice{Topic: t, Lost: flags&flagLost != 0}
	if flags&flagBody != 0 {
		n.Body = []byte(payload[1:])
	}
	return n
}
