package summarize

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"math"
	"strconv"
)

// promptVersion names the wording of the prompts: other words are other calls,
// so a change to prompts.go must change it.
const promptVersion = "2026-11-1"

// keyer hashes parts with their lengths: no two lists of parts have the same bytes.
type keyer struct{ sum hash.Hash }

func newKeyer(first string) keyer {
	k := keyer{sum: sha256.New()}
	k.text(first)
	return k
}

func (k keyer) text(parts ...string) {
	var size [8]byte
	for _, s := range parts {
		binary.BigEndian.PutUint64(size[:], uint64(len(s)))
		k.sum.Write(size[:])
		k.sum.Write([]byte(s))
	}
}

func (k keyer) key() []byte { return k.sum.Sum(nil) }

// key returns what a node's answer is stored under: all that the call depends
// on but the fence, which is another one in each prompt. For a merge and the
// final call the input is what the children said, so that nothing above a chunk
// is asked again when its notes come out the same.
func (r *pass) key(n *node) []byte {
	k := newKeyer("sum1")
	k.text(string(r.tenant.OrgID()), n.kind, r.model.Name, temperatureName, promptVersion)
	switch n.kind {
	case kindFinal:
		f := r.final
		k.text(r.request.Prompt, f.title, f.address, string(f.format), f.language, string(f.length), string(f.schema), strconv.Itoa(n.answer))
	default:
		k.text(r.notesLanguage, strconv.Itoa(n.answer), r.focusHash)
	}
	if len(n.kids) == 0 {
		k.text("text", n.section)
		for _, p := range n.pieces {
			text, _ := r.plan.text.pieceText(p, r.request.AllowPartial)
			k.text(text)
		}
		return k.key()
	}
	k.text("notes", strconv.Itoa(len(n.kids)))
	for _, kid := range n.kids {
		k.text(string(kid.result.hash))
	}
	return k.key()
}

// temperature of every call: the likeliest answer, which is the same each time.
const temperature = 0

var temperatureName = strconv.FormatUint(math.Float64bits(temperature), 16)
