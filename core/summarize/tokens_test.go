package summarize

import "testing"

func TestEstimateTokens(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text string
		want       int
	}{
		{"NothingIsNone", "", 0},
		{"EnglishIsAboutFourLetters", "the harbour keeps its old cranes", 8}, // 27 letters, 5 spaces: 7.16
		{"HanIsNearlyOneEach", "市政府决定在老城区", 8},
		{"CyrillicIsLikeLatin", "библиотека", 3},
		{"DigitsWeighMore", "1234567890", 6},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := EstimateTokens(c.text); got != c.want {
				t.Errorf("got %d, want %d", got, c.want)
			}
		})
	}
}
