package summarize

import (
	"math"
	"strings"
)

// The features of a sentence that its score is made of, each 0 to 1.
const (
	byTextRank   = iota
	byLexRank    // TextRank over cosines: rare words count more
	byCentroid   // nearness to the whole text
	byPosition   // 1 for the first sentence, 1/2 for the fifth
	byTerms      // distinct terms, up to 15
	byLength     // 12 to 40 words
	byTitle      // nearness to the title, the nearest sentence being 1
	byHeadings   // nearness to all headings
	byOpening    // first of its section
	byQuestion   // ends as a question
	byUnfinished // ends without a mark: a caption, a line of a contents page
	byDangling   // begins with a pronoun
	byList       // of a list, outside which it says less
	featureCount
)

type features [featureCount]float64

// weights of the features. They were fitted on 150 documents of five kinds (news,
// bills, two sorts of proposals, meetings) and then moved halfway to what a
// search on 103 other texts asked for (proposals, manual chapters and project
// pages against their own abstracts and introductions): more for title, headings
// and section openings, less for list items. Those of byTitle, now that its
// feature reaches 1, and byList were chosen on 107 texts of that sort.
var weights = features{
	byTextRank: 0.7, byLexRank: 1, byCentroid: 0.5, byPosition: 1, byTerms: 0.6, byLength: 0.4,
	byTitle: 1, byHeadings: 0.3, byOpening: 0.3,
	byQuestion: -0.6, byUnfinished: -0.3, byDangling: -0.1, byList: -0.2,
}

// ranking is a set of candidates with what picking needs to know of them.
type ranking struct {
	candidates []candidate
	bags       [][]count
	vectors    []vector
	features   []features
	scores     []float64
	alike      map[int][]float64 // cosines of one candidate to all, filled as they are asked for
}

// rank scores candidates by how well each stands for all of them.
func rank(cs []candidate, title string, headings []string) ranking {
	v := newVocabulary()
	bags := make([][]count, len(cs))
	for i, c := range cs {
		bags[i] = counted(v.terms(c.plain))
	}
	titleBag, headBag := counted(v.terms(title)), counted(v.terms(strings.Join(headings, "\n")))
	vecs, idf := vectors(bags, len(v.ids))
	edges := graph(bags, vecs, len(v.ids))
	r := ranking{
		candidates: cs, bags: bags, vectors: vecs, alike: map[int][]float64{},
		features: make([]features, len(cs)), scores: make([]float64, len(cs)),
	}
	textRank, lexRank := pageRank(edges, overlapOf), pageRank(edges, cosineOf)
	central := centrality(vecs, len(idf))
	nearTitle, headVec := scaled(cosines(vecs, newVector(titleBag, idf))), newVector(headBag, idf)
	for i, c := range cs {
		f := c.features(i)
		f[byTextRank], f[byLexRank], f[byCentroid] = textRank[i], lexRank[i], central[i]
		f[byTerms] = math.Min(1, float64(len(bags[i]))/15)
		f[byTitle], f[byHeadings] = nearTitle[i], dot(vecs[i], headVec)
		r.features[i] = f
		for k, w := range weights {
			r.scores[i] += w * f[k]
		}
	}
	return r
}

// without returns the ranking as it is when a feature counts nothing.
func (r ranking) without(feature int) ranking {
	scores := make([]float64, len(r.scores))
	for i, s := range r.scores {
		scores[i] = s - weights[feature]*r.features[i][feature]
	}
	r.scores = scores
	return r
}

// like returns the cosines of a candidate to all.
func (r ranking) like(i int) []float64 {
	row, ok := r.alike[i]
	if !ok {
		row = cosines(r.vectors, r.vectors[i])
		r.alike[i] = row
	}
	return row
}

func cosines(vecs []vector, to vector) []float64 {
	out := make([]float64, len(vecs))
	for i, v := range vecs {
		out[i] = dot(v, to)
	}
	return out
}

// features returns those that a candidate has by itself, as the i-th of its text.
func (c candidate) features(i int) features {
	var f features
	// Written texts open with their subject, meetings with small talk.
	if c.kind != Turn {
		f[byPosition] = 1 / (1 + float64(i)/4)
	}
	f[byLength] = truth(c.words >= 12 && c.words <= 40)
	f[byOpening] = truth(c.opens)
	f[byQuestion] = truth(endsIn(c.plain, "?", "？", "؟"))
	f[byUnfinished] = truth(!finished(c.plain))
	f[byDangling] = truth(c.dangling)
	f[byList] = truth(c.kind == ListItem)
	return f
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func endsIn(s string, ends ...string) bool {
	for _, end := range ends {
		if strings.HasSuffix(s, end) {
			return true
		}
	}
	return false
}

// centrality is each sentence's cosine to the sum of all, the best being 1.
func centrality(vecs []vector, terms int) []float64 {
	sum := make([]float64, terms)
	for _, v := range vecs {
		for _, w := range v {
			sum[w.id] += w.weight
		}
	}
	out := make([]float64, len(vecs))
	for i, v := range vecs {
		for _, w := range v {
			out[i] += w.weight * sum[w.id]
		}
	}
	return scaled(out)
}
