package notion

import (
	"encoding/json"
	"strings"
)

// block is a block as the API answers it. What does not have the expected type is
// read as absent: a page is worth more than a field.
type block struct {
	ID          string `json:"id"`
	Type        string `json:"type"`
	HasChildren bool   `json:"has_children"`
	InTrash     bool   `json:"in_trash"`
	Archived    bool   `json:"archived"`
	content     content
}

// content is the object under a block's type, of any type.
type content struct {
	RichText        []richText      `json:"rich_text"`
	Caption         []richText      `json:"caption"`
	Title           json.RawMessage `json:"title"` // text of a child page, rich text of meeting notes
	Icon            icon            `json:"icon"`
	Checked         bool            `json:"checked"`
	Language        string          `json:"language"`
	Expression      string          `json:"expression"`
	HasColumnHeader bool            `json:"has_column_header"`
	HasRowHeader    bool            `json:"has_row_header"`
	Cells           [][]richText    `json:"cells"`
	ListStartIndex  *int            `json:"list_start_index"`
	SyncedFrom      *struct {
		BlockID string `json:"block_id"`
	} `json:"synced_from"`
	Children struct {
		Transcript string `json:"transcript_block_id"`
	} `json:"children"`
	PageID     string `json:"page_id"`
	DatabaseID string `json:"database_id"`
	BlockType  string `json:"block_type"`
	file
}

// file is where media are, or a bookmark's address.
type file struct {
	Name     string `json:"name"`
	URL      string `json:"url"`
	External struct {
		URL string `json:"url"`
	} `json:"external"`
	File struct {
		URL string `json:"url"`
	} `json:"file"`
}

// address returns the file's address. Notion signs those of its own files for an
// hour; without the signature they stay the same from sync to sync.
func (f file) address() string {
	switch {
	case f.External.URL != "":
		return f.External.URL
	case f.File.URL != "":
		plain, _, _ := strings.Cut(f.File.URL, "?")
		return plain
	}
	return f.URL
}

type icon struct {
	Type        string `json:"type"`
	Emoji       string `json:"emoji"`
	CustomEmoji struct {
		Name string `json:"name"`
	} `json:"custom_emoji"`
}

// text returns an icon that is text; pictures are none.
func (i icon) text() string {
	switch {
	case i.Type == "emoji":
		return i.Emoji
	case i.Type == "custom_emoji" && i.CustomEmoji.Name != "":
		return ":" + i.CustomEmoji.Name + ":"
	}
	return ""
}

// readBlock reads a block; false for what is none.
func readBlock(raw json.RawMessage) (block, bool) {
	var b block
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil {
		return b, false
	}
	tolerant(raw, &b)
	tolerant(fields[b.Type], &b.content)
	return b, b.Type != ""
}

// tolerant decodes what fits: encoding/json goes on after a value of the wrong type.
func tolerant(raw json.RawMessage, v any) {
	if len(raw) > 0 {
		_ = json.Unmarshal(raw, v)
	}
}

// title returns a title that is text or rich text.
func (c content) title() []richText {
	var text string
	if json.Unmarshal(c.Title, &text) == nil {
		return []richText{{Type: "text", PlainText: text}}
	}
	var rich []richText
	tolerant(c.Title, &rich)
	return rich
}
