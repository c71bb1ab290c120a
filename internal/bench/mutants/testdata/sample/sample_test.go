package sample

import "testing"

func TestSize(t *testing.T) {
	for n, want := range map[int]string{9: "small", 10: "large"} {
		if got := Size(n); got != want {
			t.Errorf("%d: got %s, want %s", n, got, want)
		}
	}
}
