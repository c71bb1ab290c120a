package summarize

import (
	"fmt"
	"sort"
	"strconv"
	"strings"
)

// piece is a block, or the part of one that stands in a chunk: what a number in
// a prompt stands for. Offsets are bytes of the canonical text.
type piece struct {
	start, end int
	block      int // index into Blocks, -1 in a text without any
}

// pieces returns one piece for each block of the units.
func (t *Text) pieces(units []Unit) []piece {
	var out []piece
	for i := 0; i < len(units); {
		u := units[i]
		p := piece{start: u.Start, block: u.Block}
		for i < len(units) && units[i].Block == u.Block {
			p.end = units[i].End
			i++
		}
		p.start, p.end = trimSpace(t.canon, p.start, p.end)
		if p.start < p.end {
			out = append(out, p)
		}
	}
	return out
}

// clipPieces returns the parts of pieces that stand in [start, end).
func clipPieces(pieces []piece, start, end int) []piece {
	var out []piece
	for _, p := range pieces {
		p.start, p.end = max(p.start, start), min(p.end, end)
		if p.start < p.end {
			out = append(out, p)
		}
	}
	return out
}

// headingReach is how far above a chunk a heading may stand to be named in its
// prompt, in bytes: about one chunk. Without a bound the edit of a chapter's
// heading would change the prompts of the whole chapter.
const headingReach = 16_000

// localPath returns the headings above a unit that stand near it.
func (t *Text) localPath(u Unit) string {
	if u.Block < 0 {
		return ""
	}
	near := len(t.blocks[u.Block].HeadingPath)
	for i := u.Block - 1; i >= 0 && near > 0; i-- {
		b := t.blocks[i]
		if u.Start-b.Start > headingReach {
			break
		}
		if b.Kind == Heading && len(b.HeadingPath) < near {
			near = len(b.HeadingPath)
		}
	}
	return sectionName(t.blocks[u.Block].HeadingPath[near:])
}

// sectionOf returns the path of headings over a place in the text, for people.
func (t *Text) sectionOf(n *node) string {
	for _, p := range n.pieces {
		if p.block < 0 {
			continue
		}
		b := t.blocks[p.block]
		path := b.HeadingPath
		if b.Kind == Heading {
			path = append(path[:len(path):len(path)], b.Title)
		}
		if len(path) > 0 {
			return sectionName(path)
		}
	}
	return ""
}

// maxSectionName bounds a heading in prompts and messages, in characters.
const maxSectionName = 80

const pathMark = " > "

func sectionName(path []string) string {
	names := make([]string, 0, len(path))
	for _, title := range path {
		names = append(names, clipText(collapse(title), maxSectionName))
	}
	return strings.Join(names, pathMark)
}

// clipText returns the first n characters of s, with an ellipsis when there are more.
func clipText(s string, n int) string {
	for i := range s {
		if n--; n < 0 {
			return strings.TrimSpace(s[:i]) + "…"
		}
	}
	return s
}

// cappedLines is how many lines of a listing or a table are read where the
// request allows a part of the document to be left out.
const cappedLines = 30

// pieceText returns what a prompt holds of a piece, and how many bytes at its
// end were left out.
func (t *Text) pieceText(p piece, capped bool) (string, int) {
	text := t.canon[p.start:p.end]
	if !capped || p.block < 0 || t.blocks[p.block].Kind != Code && t.blocks[p.block].Kind != Table {
		return text, 0
	}
	at := 0
	for range cappedLines {
		i := strings.IndexByte(text[at:], '\n')
		if i < 0 {
			return text, 0
		}
		at += i + 1
	}
	more := strings.Count(text[at:], "\n") + 1
	return text[:at] + fmt.Sprintf("… %d more lines", more), len(text) - at
}

// numbered writes pieces as a prompt shows them: each with its number.
func (t *Text) numbered(out *strings.Builder, pieces []piece, capped bool) {
	for i, p := range pieces {
		text, _ := t.pieceText(p, capped)
		out.WriteByte('[')
		out.WriteString(strconv.Itoa(i + 1))
		out.WriteString("] ")
		out.WriteString(text)
		out.WriteByte('\n')
	}
}

// labelAt returns the innermost heading that stands near above a place.
func (t *Text) labelAt(at int) string {
	i := t.blockAt(at)
	if i < 0 {
		return ""
	}
	if b := t.blocks[i]; b.Kind == Heading {
		return clipText(collapse(b.Title), maxSectionName)
	}
	path := t.localPath(Unit{Start: at, Block: i})
	if k := strings.LastIndex(path, pathMark); k >= 0 {
		return path[k+len(pathMark):]
	}
	return path
}

// blockAt returns the index of the block that byte at stands in or before, -1
// behind the last one.
func (t *Text) blockAt(at int) int {
	blocks := t.Blocks()
	i := sort.Search(len(blocks), func(i int) bool { return blocks[i].End > at })
	if i == len(blocks) {
		return -1
	}
	return i
}
