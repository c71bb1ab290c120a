package summarize

import "math"

// edge joins a sentence to a later one.
type edge struct {
	to      int32
	overlap float32 // shared terms over the logarithms of the lengths (TextRank)
	cosine  float32 // of the vectors (LexRank)
}

// graph returns the edges of each sentence to those after it. Terms that more
// than a quarter of the sentences have join everything with everything and are
// left out.
func graph(bags [][]count, vecs []vector, terms int) [][]edge {
	postings := make([][]posting, terms)
	for i, v := range vecs {
		for _, w := range v {
			postings[w.id] = append(postings[w.id], posting{int32(i), w.weight})
		}
	}
	common := max(len(vecs)/4, 4)
	edges := make([][]edge, len(vecs))
	shared := make([]float64, len(vecs))
	cosine := make([]float64, len(vecs))
	for i, v := range vecs {
		var met []int32
		for _, w := range v {
			list := postings[w.id]
			if len(list) > common {
				continue
			}
			for k := len(list) - 1; k >= 0 && int(list[k].sentence) > i; k-- {
				j := list[k].sentence
				if shared[j] == 0 {
					met = append(met, j)
				}
				shared[j]++
				cosine[j] += w.weight * list[k].weight
			}
		}
		for _, j := range met {
			lengths := math.Log(1+float64(len(bags[i]))) + math.Log(1+float64(len(bags[j])))
			edges[i] = append(edges[i], edge{j, float32(shared[j] / lengths), float32(cosine[j])})
			shared[j], cosine[j] = 0, 0
		}
	}
	return edges
}

type posting struct {
	sentence int32
	weight   float64
}

const (
	damping    = 0.85
	maxRounds  = 60
	converged  = 1e-6
	lexRankMin = 0.1 // a cosine under it is chance
)

func overlapOf(e edge) float64 { return float64(e.overlap) }

func cosineOf(e edge) float64 {
	if e.cosine < lexRankMin {
		return 0
	}
	return float64(e.cosine)
}

// pageRank ranks sentences over an undirected graph with the given weights,
// scaled so that the best has 1.
func pageRank(edges [][]edge, weight func(edge) float64) []float64 {
	n := len(edges)
	degree := make([]float64, n)
	for i, list := range edges {
		for _, e := range list {
			w := weight(e)
			degree[i] += w
			degree[e.to] += w
		}
	}
	rank, next := make([]float64, n), make([]float64, n)
	for i := range rank {
		rank[i] = 1
	}
	for range maxRounds {
		for i := range next {
			next[i] = 1 - damping
		}
		for i, list := range edges {
			for _, e := range list {
				if w := weight(e); w > 0 {
					next[e.to] += damping * w * rank[i] / degree[i]
					next[i] += damping * w * rank[e.to] / degree[e.to]
				}
			}
		}
		moved := 0.0
		for i := range next {
			moved += math.Abs(next[i] - rank[i])
		}
		rank, next = next, rank
		if moved < converged*float64(n) {
			break
		}
	}
	return scaled(rank)
}

// scaled divides by the largest value, in place.
func scaled(values []float64) []float64 {
	top := 0.0
	for _, v := range values {
		top = max(top, v)
	}
	if top > 0 {
		for i := range values {
			values[i] /= top
		}
	}
	return values
}
