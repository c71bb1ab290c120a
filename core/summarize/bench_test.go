package summarize

import (
	"context"
	"strings"
	"testing"
)

// BenchmarkExtractive_Document is one document of the size that most have.
// Sixty of them shall take less than a second.
func BenchmarkExtractive_Document(b *testing.B) { benchmarkExtractive(b, longText(3000)) }

// BenchmarkExtractive_400Pages is a book of 200,000 words, which is ranked in
// chunks. It shall take less than 2 s and 300 MB.
func BenchmarkExtractive_400Pages(b *testing.B) { benchmarkExtractive(b, longText(200_000)) }

// BenchmarkExtractive_WithoutBlocks is such a book without any blank line.
func BenchmarkExtractive_WithoutBlocks(b *testing.B) {
	benchmarkExtractive(b, strings.ReplaceAll(longText(200_000), "\n\n", " "))
}

func benchmarkExtractive(b *testing.B, text string) {
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		e, err := Extractive(context.Background(), Canonical(text), Options{})
		if err != nil {
			b.Fatal(err)
		}
		if len(Render(e, Markdown).Citations) == 0 {
			b.Fatal("nothing was picked")
		}
	}
}
