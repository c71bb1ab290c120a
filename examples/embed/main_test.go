package main

import "testing"

func TestRun_SummarizesAndEnds(t *testing.T) {
	t.Parallel()
	if err := run(t.Context(), t.TempDir()); err != nil {
		t.Fatal(err)
	}
}
