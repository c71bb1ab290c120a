package main

import (
	"fmt"
	"strings"
	"testing"
)

// TestScore_NothingPlantedIsLost has a short and a long text read whole.
func TestScore_NothingPlantedIsLost(t *testing.T) {
	t.Parallel()
	for _, paragraphs := range []int{20, 1500} {
		var text strings.Builder
		for i := range paragraphs {
			fmt.Fprintf(&text, "On day %d the harbour office notes which ship comes in at quay %d, and which one leaves.\n\n", i, i%7)
		}
		s := &score{}
		if err := s.add(document{Source: "log", Text: text.String(), Reference: "The office notes ships."}, 20); err != nil {
			t.Fatal(err)
		}
		if s.seen != 20 || s.whole != 1 || s.cited == 0 || s.right != s.cited || s.rouge == 0 || paragraphs > 1000 && s.calls < 5 {
			t.Errorf("%d paragraphs: got %+v, want all facts seen and all citations right", paragraphs, *s)
		}
	}
}
