package extract

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"unicode"

	gogs "github.com/gogs/chardet"
	"github.com/wlynxg/chardet"
	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
)

// sampleSize is how much of a file a charset is guessed from. The detectors need
// a few hundred letters; more costs time only.
const sampleSize = 16 << 10

// minGuess is the least weight (the detectors' confidence times plausibility)
// with which a guessed charset is believed.
const minGuess = 0.15

// decodeGuessed decodes data with the charset that explains it best. One detector
// is good at Cyrillic and Thai, the other at Central European, Turkish and Arabic
// text; where they differ, the text that reads like a language decides.
func decodeGuessed(data []byte) (string, bool) {
	sample := telling(data)
	weights := map[string]float64{}
	if r := chardet.Detect(sample); r.Charset != "" {
		weights[canonical(r.Charset)] += r.Confidence / 2
		// The two share most letters, and this detector prefers the rare one.
		if canonical(r.Charset) == "x-mac-cyrillic" {
			weights["windows-1251"] = r.Confidence / 2
		}
	}
	// The detector starts a goroutine for each charset and waits for all.
	if all, err := gogs.NewTextDetector().DetectAll(sample); err == nil {
		for _, r := range all {
			name := canonical(r.Charset)
			weights[name] = max(weights[name], float64(r.Confidence)/100)
		}
	}
	// Neither knows Baltic. Where four of its letters show, it weighs more than
	// the 0.3 that such texts get as French or Danish, and less than true ones get.
	// With few letters to judge by, the commonest charset is the best guess.
	if distinctHigh(sample) >= 4 {
		weights["windows-1257"] = 0.4
	} else {
		weights["windows-1252"] = max(weights["windows-1252"], 0.2) + 0.3
	}
	delete(weights, "")

	best, bestWeight := encoding.Encoding(nil), minGuess
	for _, name := range slices.Sorted(maps.Keys(weights)) {
		w := weights[name]
		enc, _ := charset.Lookup(name)
		s, ok := decodeWith(enc, sample)
		if !ok {
			continue
		}
		if w *= plausibility(s); w > bestWeight {
			best, bestWeight = enc, w
		}
	}
	if best == nil {
		return "", false
	}
	return decodeWith(best, data)
}

// canonical returns the name under which a detected charset is decoded, or "" for
// one that is no candidate: what is Unicode was decided before.
func canonical(detected string) string {
	_, name := charset.Lookup(detected)
	switch name {
	case "koi8-r":
		return "koi8-u" // the same, with Ukrainian letters instead of box drawing
	case "utf-8", "utf-16le", "utf-16be", "replacement", "x-user-defined":
		return ""
	}
	return name
}

// telling returns the lines of data that have bytes beyond ASCII, up to
// sampleSize bytes. No legacy charset has the byte of a line end inside a letter.
func telling(data []byte) []byte {
	if escapesCharsets(data) {
		return data[:min(len(data), sampleSize)]
	}
	var sample []byte
	for len(data) > 0 && len(sample) < sampleSize {
		line := data
		if i := bytes.IndexByte(data, '\n'); i >= 0 {
			line = data[:i+1]
		}
		data = data[len(line):]
		if bytes.IndexFunc(line, func(r rune) bool { return r >= 0x80 }) >= 0 {
			sample = append(sample, line...)
		}
	}
	// A single long line may be cut inside a letter: cut it at a space.
	if len(sample) > 4*sampleSize {
		sample = sample[:4*sampleSize]
		if i := bytes.LastIndexByte(sample, ' '); i > 0 {
			sample = sample[:i]
		}
	}
	return sample
}

// distinctHigh counts the different bytes beyond ASCII.
func distinctHigh(data []byte) int {
	var seen [256]bool
	n := 0
	for _, b := range data {
		if b >= 0x80 && !seen[b] {
			seen[b] = true
			n++
		}
	}
	return n
}

// escapesCharsets reports whether data switches charsets as ISO-2022-JP does.
func escapesCharsets(data []byte) bool {
	return bytes.Contains(data, []byte("\x1b$B")) || bytes.Contains(data, []byte("\x1b$@"))
}

// alphabets are the letters beyond ASCII of the languages in Latin script. A text
// read in the wrong single-byte charset mixes letters that no language has together.
var alphabets = []string{
	"äöüßéàç",            // German
	"àâæçéèêëîïôœùûüÿ",   // French
	"áéíñóúüçàèòï",       // Spanish, Catalan
	"áâãàçéêíóôõúü",      // Portuguese
	"àèéìíîòóùú",         // Italian
	"äåöéàü",             // Swedish, Finnish
	"æøåéèêóòôü",         // Danish, Norwegian
	"áðéíóúýþæö",         // Icelandic
	"äëïöüéèêáóíúç",      // Dutch
	"áčďéěíňóřšťúůýžäľô", // Czech, Slovak
	"ąćęłńóśźżäöü",       // Polish
	"áéíóöőúüű",          // Hungarian
	"ăâîșțşţáé",          // Romanian
	"čćđšžáéäöü",         // Croatian, Slovenian
	"çğıöşüâîû",          // Turkish
	"āčēģīķļņšūžōŗ",      // Latvian
	"ąčęėįšųūž",          // Lithuanian
	"äöüõšž",             // Estonian
}

// plausibility returns, between 0 and 1, how much the letters of s beyond ASCII
// look like those of a language.
func plausibility(s string) float64 {
	var letters, odd int
	latin := map[rune]int{}
	prev := ' '
	for _, r := range s {
		if r >= 0x80 {
			switch lower := unicode.ToLower(r); {
			case unicode.IsControl(r) || unicode.Is(unicode.Co, r):
				odd += 2
			case unicode.Is(unicode.Latin, r):
				letters++
				latin[lower]++
				odd += oddAfter(prev, r)
			case unicode.IsLetter(r):
				letters++
				odd += oddAfter(prev, r)
			case unicode.IsLetter(prev) && unicode.IsSymbol(r):
				odd++
			}
		} else if unicode.IsLetter(r) && prev >= 0x80 {
			odd += oddAfter(prev, r)
		}
		prev = r
	}
	if letters == 0 {
		// Only quotes, dashes and the like: as good as they are not odd.
		return 1 / float64(1+odd)
	}
	odd += 2 * strangers(latin)
	return max(0, 1-float64(odd)/float64(letters))
}

// oddAfter is 1 when r cannot follow prev inside a word: another script, or a
// capital after a small letter. Han, kana and Hangul mix with anything.
func oddAfter(prev, r rune) int {
	if !unicode.IsLetter(prev) {
		return 0
	}
	for _, script := range []*unicode.RangeTable{unicode.Latin, unicode.Cyrillic, unicode.Greek, unicode.Arabic, unicode.Hebrew, unicode.Thai} {
		if unicode.Is(script, prev) != unicode.Is(script, r) {
			return 1
		}
	}
	if unicode.IsLower(prev) && unicode.IsUpper(r) {
		return 1
	}
	return 0
}

// strangers counts the letters that are not in the alphabet that has most of them.
func strangers(latin map[rune]int) int {
	fewest := -1
	for _, alphabet := range alphabets {
		n := 0
		for r, count := range latin {
			if !strings.ContainsRune(alphabet, r) && r != 'ª' && r != 'º' {
				n += count
			}
		}
		if fewest < 0 || n < fewest {
			fewest = n
		}
	}
	return max(fewest, 0)
}
