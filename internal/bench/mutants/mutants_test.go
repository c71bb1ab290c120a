package main

import (
	"regexp"
	"slices"
	"testing"
)

func TestMutants_WhatTheTestsDoNotAskForSurvives(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds a program")
	}
	p, err := load("./testdata/sample")
	if err != nil {
		t.Fatal(err)
	}
	mutants, sources, err := p.mutate(regexp.MustCompile(`^sample\.go$`))
	if err != nil {
		t.Fatal(err)
	}
	var what []string
	for _, m := range mutants {
		what = append(what, m.what)
	}
	for _, want := range []string{"not n > mutantNumber(1, 9)", `other text than "large"`, `without text = mutantText(7, "none")`} {
		if !slices.Contains(what, want) {
			t.Errorf("no mutant %q in %q", want, what)
		}
	}
	killed, tried, err := p.try(t.Context(), mutants, sources, options{every: 1})
	if err != nil {
		t.Fatal(err)
	}
	// Nobody asks for 0: its text and its assignment may be anything, and so may the
	// number it is compared with, as long as it is none that is asked for.
	if tried != len(mutants) || tried-killed != 3 {
		t.Errorf("%d of %d killed, %d mutants: %q", killed, tried, len(mutants), what)
	}
}

func TestLoad_RefusesWhatIsNoPackage(t *testing.T) {
	t.Parallel()
	if _, err := load("./testdata/nowhere"); err == nil {
		t.Error("got no error")
	}
	p, err := load("./testdata/sample")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := p.mutate(regexp.MustCompile("^none$")); err == nil {
		t.Error("no file is changed, and there is no error")
	}
}
