package coretest

import (
	"sync/atomic"
	"testing"
)

// runCases runs each case in parallel with its own adapter, and logs how many ran.
func runCases[P any](t *testing.T, suite string, open func(t *testing.T) P, cases map[string]func(t *testing.T, p P)) {
	var ran atomic.Int64
	t.Run("Suite", func(t *testing.T) {
		for name, run := range cases {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				ran.Add(1)
				run(t, open(t))
			})
		}
	})
	t.Logf("%s: %d cases", suite, ran.Load())
}
