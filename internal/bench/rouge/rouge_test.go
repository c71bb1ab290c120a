package rouge

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, ref, cand string
		want            Score
	}{
		{"WordsCountOnceEach", "the cat", "the the the the", Score{R1: 1.0 / 3, R2: 0, RL: 1.0 / 3}},
		{"StemsMatch", "he relates happily", "she related happiness", Score{R1: 1.0 / 3, R2: 0, RL: 1.0 / 3}},
		{"GapsKeepOrder", "testing one two", "testing two", Score{R1: 0.8, R2: 0, RL: 0.8}},
		{"LongestCommonKeepsOrder", "police kill the gunman", "the gunman kill police", Score{R1: 1, R2: 1.0 / 3, RL: 0.5}},
		{"EmptyIsZero", "testing one two", "", Score{}},
		{"OnlyPunctuationIsZero", "w1 w2", "/", Score{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := Of(c.ref, c.cand); !near(got, c.want) {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func near(a, b Score) bool {
	return math.Abs(a.R1-b.R1) < 1e-9 && math.Abs(a.R2-b.R2) < 1e-9 && math.Abs(a.RL-b.RL) < 1e-9
}

func TestStem(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]string{
		"caresses": "caress", "ponies": "poni", "relational": "relat", "hopping": "hop", "filing": "file",
		"happy": "happi", "skies": "sky", "generalization": "gener", "oscillators": "oscil", "dying": "die",
		"controll": "control", "agreed": "agre", "feed": "feed", "as": "as",
	} {
		if got := Stem(word); got != want {
			t.Errorf("Stem(%q) = %q, want %q", word, got, want)
		}
	}
}

func TestCut(t *testing.T) {
	t.Parallel()
	if got, want := Cut(" one\ntwo  three ", 2), "one two"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestAgreesWithTheReferenceProgram compares with the evaluation set's own
// scorer, where both it and Python are at hand.
func TestAgreesWithTheReferenceProgram(t *testing.T) {
	t.Parallel()
	tool := filepath.Join("..", "..", "..", "..", "shared", "tools", "rouge.py")
	if _, err := os.Stat(tool); err != nil {
		t.Skip("the reference scorer is not beside the repository")
	}
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not installed")
	}
	pairs := [][2]string{
		{"The committee agreed on relational databases and happily proceeded.", "Committees agree: a database is relational; they proceed happily."},
		{"Fully automated analogies of the organizations were controlled rationally.", "The organization controls automation fully, by analogy and reason, 2024."},
		{"Skies, innings and dying news: tied ponies fly.", "The sky was flying; a pony tied the inning, and lied about news dying."},
	}
	dir := t.TempDir()
	var ref, hyp strings.Builder
	var want Score
	for i, p := range pairs {
		fmt.Fprintf(&ref, "{\"id\":\"%d\",\"source\":\"s\",\"text\":\"\",\"reference\":%q}\n", i, p[0])
		fmt.Fprintf(&hyp, "{\"id\":\"%d\",\"summary\":%q}\n", i, p[1])
		s := Of(p[0], p[1])
		want.R1, want.R2, want.RL = want.R1+s.R1, want.R2+s.R2, want.RL+s.RL
	}
	files := []string{filepath.Join(dir, "ref.jsonl"), filepath.Join(dir, "hyp.jsonl")}
	for i, text := range []string{ref.String(), hyp.String()} {
		if err := os.WriteFile(files[i], []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.CommandContext(t.Context(), python, tool, "score", "--stem", "--json", "--ref", files[0], "--hyp", files[1]).Output()
	if err != nil {
		t.Fatal(err)
	}
	var answer struct {
		Groups map[string]struct {
			Rouge1, Rouge2 struct{ F float64 }
			RougeL         struct{ F float64 } `json:"rougeL"`
		}
	}
	if err := json.Unmarshal(out, &answer); err != nil {
		t.Fatal(err)
	}
	all := answer.Groups["all"]
	n := float64(len(pairs))
	got := Score{R1: all.Rouge1.F * n / 100, R2: all.Rouge2.F * n / 100, RL: all.RougeL.F * n / 100}
	if !near(got, want) {
		t.Errorf("the reference program has %+v in sum, this package %+v", got, want)
	}
}
