package notion

import "encoding/json"

// Append is one request of PATCH /blocks/{id}/children.
type Append struct {
	// Under is the block whose ID gets the children; nil for the page itself. It is
	// always among the Blocks of an earlier Append.
	Under *Block
	// Blocks go below it, in order. The answer's results are these, in this order;
	// set each ID before the next Append is sent.
	Blocks []*Block
}

// What one request may hold; its size with room for what goes around the blocks.
const (
	maxChildren      = 100
	maxRequestBlocks = 1000
	maxRequestBytes  = 450_000
)

// Appends cuts blocks into requests within Notion's limits: 100 children of each
// block, 1,000 blocks and 500 KB a request, a block with its children but no deeper.
// What does not fit goes into later requests, below blocks whose id the answers to
// earlier ones gave. Nothing is left out.
func Appends(blocks []*Block) []Append { return appends(nil, blocks) }

func appends(under *Block, blocks []*Block) []Append {
	var out, later []Append
	request := Append{Under: under}
	count, size := 0, 0
	for _, b := range blocks {
		sent, rest := b.split()
		n, bytes := 1+len(sent.Children), sent.size()
		if len(request.Blocks) == maxChildren || len(request.Blocks) > 0 && (count+n > maxRequestBlocks || size+bytes > maxRequestBytes) {
			out = append(out, request)
			request, count, size = Append{Under: under}, 0, 0
		}
		request.Blocks = append(request.Blocks, sent)
		count, size = count+n, size+bytes
		later = append(later, appends(sent, rest)...)
	}
	if len(request.Blocks) > 0 {
		out = append(out, request)
	}
	return append(out, later...)
}

// split returns the block as it is sent, and the children that are sent later. It
// takes its children along if they have none themselves; a table always takes rows,
// Notion makes none without.
func (b *Block) split() (*Block, []*Block) {
	sent := *b
	for _, c := range b.Children {
		if len(c.Children) > 0 {
			sent.Children = nil
			return &sent, b.Children
		}
	}
	sent.Children = nil
	size := sent.size()
	n := 0
	for n < len(b.Children) && n < maxChildren {
		size += b.Children[n].size()
		if n > 0 && size > maxRequestBytes {
			break
		}
		n++
	}
	sent.Children = b.Children[:n]
	return &sent, b.Children[n:]
}

// size returns how many bytes the block is in a request.
func (b *Block) size() int {
	raw, err := json.Marshal(b)
	if err != nil {
		return maxRequestBytes // it holds strings and maps only, which marshal
	}
	return len(raw) + 1
}
