package summarize

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// longText returns a text of about so many words, with chapters and lists: the
// same for the same number.
func longText(words int) string {
	random := rand.New(rand.NewPCG(1, 2))
	var out strings.Builder
	out.WriteString("# The handbook of the harbour\n\n")
	for n, chapter := 0, 1; n < words; chapter++ {
		fmt.Fprintf(&out, "## Chapter %d: %s and %s\n\n", chapter, noun(random, chapter), noun(random, chapter))
		for range 8 {
			for range 5 {
				s := sentence(random, chapter)
				n += len(strings.Fields(s))
				out.WriteString(s + " ")
			}
			out.WriteString("\n\n")
		}
		fmt.Fprintf(&out, "- %s\n- %s\n\n", sentence(random, chapter), sentence(random, chapter))
	}
	return out.String()
}

var nouns = strings.Fields(`crane ship harbour wood grain captain office letter storm bridge market fish net rope engine
	pilot island winter summer railway tower lamp signal cargo price contract worker house family school garden road
	river valley mountain bread salt iron copper stone glass paper ink map compass star night morning council law tax`)

var verbs = strings.Fields(`carries needs replaces follows guards repairs measures buys sells finds keeps loses sees
	reaches covers joins divides supports`)

func noun(random *rand.Rand, chapter int) string {
	if random.IntN(3) == 0 {
		return nouns[chapter*7%len(nouns)] // what the chapter is about
	}
	return nouns[random.IntN(len(nouns))]
}

func sentence(random *rand.Rand, chapter int) string {
	parts := []string{"The"}
	for i := range 2 + random.IntN(3) {
		if i > 0 {
			parts = append(parts, "and the")
		}
		parts = append(parts, noun(random, chapter), verbs[random.IntN(len(verbs))], "the", noun(random, chapter), fmt.Sprintf("of year %d", random.IntN(400)))
	}
	return strings.Join(parts, " ") + "."
}
