package summarize

import "testing"

func TestCandidates_LabelsAreNoSentences(t *testing.T) {
	t.Parallel()
	text := Canonical("**Would change our mind.** A store that cannot batch its writes would do it.\n\n" +
		"**This bold statement is long enough to say what it has to say to the reader.** And it goes on.\n")
	var got []string
	for _, c := range text.candidates(shortest) {
		got = append(got, c.plain)
	}
	want := []string{
		"A store that cannot batch its writes would do it.",
		"This bold statement is long enough to say what it has to say to the reader.",
		"And it goes on.",
	}
	if len(got) != len(want) {
		t.Fatalf("got %q, want %q", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("got %q, want %q", got[i], want[i])
		}
	}
}
