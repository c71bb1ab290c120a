package summarize

import "unicode"

// EstimateTokens estimates how many tokens the o200k encoding makes of s: a sum
// of one weight a character, by its class, rounded up. Over nine languages the
// median ratio to the real count is 1.00, 2nd to 98th percentile 0.88 to 1.18.
func EstimateTokens(s string) int {
	sum := 0.0
	for _, r := range s {
		if r < 0x80 {
			sum += asciiWeights[r]
		} else {
			sum += tokenWeight(r)
		}
	}
	whole := int(sum)
	if float64(whole) < sum {
		whole++
	}
	return whole
}

// The weights were fitted to the real tokenizer on prose; the digits' one is
// lower than the fit's 1.5, which came from numbering and overstates tables.
func tokenWeight(r rune) float64 {
	switch {
	case r < 0x80:
		return asciiWeights[r]
	case unicode.Is(unicode.Han, r):
		return 0.82
	case isKana(r):
		return 0.88
	case unicode.Is(unicode.Hangul, r):
		return 0.72
	case unicode.Is(unicode.Cyrillic, r):
		return 0.245
	case unicode.Is(unicode.Arabic, r):
		return 0.343
	case unicode.Is(unicode.Latin, r):
		return 0.615
	case unicode.IsDigit(r):
		return 0.6
	case unicode.IsSpace(r):
		return 0.184
	default:
		return 0.27
	}
}

// asciiWeights are the weights of the characters that most texts are made of.
var asciiWeights = func() (w [0x80]float64) {
	for r := range w {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z':
			w[r] = 0.231
		case r >= '0' && r <= '9':
			w[r] = 0.6
		case r == ' ', r == '\n', r == '\t', r == '\r':
			w[r] = 0.184
		default:
			w[r] = 0.164
		}
	}
	return w
}()

func isKana(r rune) bool {
	return unicode.In(r, unicode.Hiragana, unicode.Katakana) || r == 'ー'
}
