package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// manual is a text of about 300 pages with chapters and sections.
func manual() string {
	var out strings.Builder
	out.WriteString("# The manual of the harbour\n\n")
	words := strings.Fields("crane ship harbour wood grain captain office letter storm bridge market fish net rope engine pilot island tower lamp signal cargo price")
	for n := 0; out.Len() < pages300; n++ {
		if n%40 == 0 {
			fmt.Fprintf(&out, "## Chapter %d\n\n", n/40+1)
		}
		if n%10 == 0 {
			fmt.Fprintf(&out, "### Section %d\n\n", n/10+1)
		}
		for i := range 6 {
			k := n*6 + i
			fmt.Fprintf(&out, "The %s of year %d carries %d tons of %s past the %s of pier %d. ", words[k%22], 1000+k%900, k*7%991, words[k*5%22], words[k*3%22], k%57)
		}
		out.WriteString("\n\n")
	}
	return out.String()
}

// wantCheap holds each edit to its price, and its result to that of a fresh run.
func wantCheap(t *testing.T, text string) {
	t.Helper()
	var table bytes.Buffer
	shares, err := measureEdits(&table, text)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(table.String())
	sum := 0.0
	for _, s := range shares {
		sum += s.percent
		if s.percent > 8 {
			t.Errorf("%s cost %.2f %% of the first run, want 8 at most", s.name, s.percent)
		}
		if !s.same {
			t.Errorf("%s: the result is not that of a fresh run", s.name)
		}
	}
	if mean := sum / float64(max(1, len(shares))); mean > 6 || len(shares) < 20 {
		t.Errorf("%d edits cost %.2f %% on average, want 6 at most", len(shares), mean)
	}
}

func TestEdits_AreCheap(t *testing.T) {
	t.Parallel()
	wantCheap(t, manual())
}

func TestEdits_AreCheapOnARealText(t *testing.T) {
	t.Parallel()
	path := filepath.Join("..", "..", "..", "..", "shared", "long", "python-packaging-peps.md")
	if _, err := os.Stat(path); err != nil {
		t.Skip("the long documents are not beside the repository")
	}
	text, err := read300Pages(path)
	if err != nil {
		t.Fatal(err)
	}
	wantCheap(t, text)
}
