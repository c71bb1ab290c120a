package extract

import (
	"os"
	"testing"
	"time"
)

// TestMain lets the test binary be the child that Sandboxed starts. Some of the
// arguments make it a child that misbehaves.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case ChildArg:
			os.Exit(ChildMain(os.Args[2:], os.Stdin, os.Stdout))
		case "__crash":
			panic("made to crash")
		case "__garbage":
			_, _ = os.Stdout.WriteString("this is no answer\n")
			os.Exit(0)
		case "__hang":
			<-time.After(time.Hour)
		case "__eat":
			var eaten [][]byte
			for {
				b := make([]byte, 8<<20)
				for i := range b {
					b[i] = 1
				}
				eaten = append(eaten, b)
				if len(eaten) > 1000 {
					os.Exit(3)
				}
			}
		}
	}
	os.Exit(m.Run())
}
