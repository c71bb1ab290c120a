package fakes

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"unicode/utf16"
)

// Notion's limits of one request.
const (
	mostChildren = 100
	mostBlocks   = 1000
	mostBytes    = 500 << 10
	mostText     = 2000 // UTF-16 units
	mostItems    = 100
	mostFormula  = 1000
	mostNesting  = 2 // levels below the first
)

// checkRequest refuses blocks that Notion does.
func checkRequest(q *request, blocks []object) *answer {
	if len(q.body) > mostBytes {
		a := notionInvalid("body failed validation: body should be ≤ `%d` bytes, instead was `%d`.", mostBytes, len(q.body))
		return &a
	}
	if n := countBlocks(blocks); n > mostBlocks {
		a := notionInvalid("body failed validation: body should have ≤ `%d` blocks, instead had `%d`.", mostBlocks, n)
		return &a
	}
	return checkBlocks(blocks, "body", 0)
}

func countBlocks(blocks []object) int {
	n := len(blocks)
	for _, b := range blocks {
		_, _, below := blockParts(b)
		n += countBlocks(below)
	}
	return n
}

// blockParts takes a block of a request apart.
func blockParts(in object) (kind string, value object, below []object) {
	kind, _ = in["type"].(string)
	if kind == "" {
		for name, v := range in {
			if _, isObject := v.(object); isObject && slices.Contains(notionTypes, name) {
				kind = name
			}
		}
	}
	value, _ = in[kind].(object)
	list, found := value["children"].([]any)
	if !found {
		list, _ = in["children"].([]any)
	}
	for _, item := range list {
		child, _ := item.(object)
		below = append(below, child)
	}
	return kind, value, below
}

func checkBlocks(blocks []object, at string, depth int) *answer {
	if len(blocks) > mostChildren {
		a := notionInvalid("body failed validation: %s.children.length should be ≤ `%d`, instead was `%d`.", at, mostChildren, len(blocks))
		return &a
	}
	for i, b := range blocks {
		kind, value, below := blockParts(b)
		here := fmt.Sprintf("%s.children[%d]", at, i)
		if !slices.Contains(notionTypes, kind) {
			a := notionInvalid("body failed validation. Fix one:\n%s.paragraph should be defined, instead was `undefined`.", here)
			return &a
		}
		here += "." + kind
		if len(below) > 0 && depth == mostNesting {
			a := notionInvalid("body failed validation: %s.children should be not present, instead was `[{…}]`.", here)
			return &a
		}
		if refusal := checkValue(kind, value, here); refusal != nil {
			return refusal
		}
		if refusal := checkTable(kind, value, below); refusal != nil {
			return refusal
		}
		if refusal := checkBlocks(below, here, depth+1); refusal != nil {
			return refusal
		}
	}
	return nil
}

func checkTable(kind string, value object, rows []object) *answer {
	if kind != "table" {
		return nil
	}
	width, _ := value["table_width"].(float64)
	if width < 1 || len(rows) == 0 {
		a := notionInvalid("body failed validation: a table needs table_width and at least one row.")
		return &a
	}
	for _, row := range rows {
		_, v, _ := blockParts(row)
		if cells, _ := v["cells"].([]any); len(cells) != int(width) {
			a := notionInvalid("Number of cells in table row must match the table width of the parent table")
			return &a
		}
	}
	return nil
}

// checkValue refuses what is under a block's type.
func checkValue(kind string, value object, at string) *answer {
	for _, field := range []string{"rich_text", "caption"} {
		if text, found := value[field].([]any); found {
			if _, refusal := richText(text, at+"."+field); refusal != nil {
				return refusal
			}
		}
	}
	cells, _ := value["cells"].([]any)
	for i, cell := range cells {
		text, _ := cell.([]any)
		if _, refusal := richText(text, fmt.Sprintf("%s.cells[%d]", at, i)); refusal != nil {
			return refusal
		}
	}
	switch kind {
	case "code":
		if language, _ := value["language"].(string); !slices.Contains(notionLanguages, language) {
			a := notionInvalid("body failed validation: %s.language should be `\"abap\"`, `\"abc\"`, …, instead was `\"%s\"`.", at, language)
			return &a
		}
	case "image", "video", "file", "pdf", "audio":
		external, _ := value["external"].(object)
		if address, _ := external["url"].(string); !webAddress(address) {
			a := notionInvalid("Invalid image url.")
			return &a
		}
	case "equation":
		if e, _ := value["expression"].(string); units(e) > mostFormula {
			a := notionInvalid("body failed validation: %s.expression.length should be ≤ `%d`, instead was `%d`.", at, mostFormula, units(e))
			return &a
		}
	}
	return nil
}

// richText checks rich text and returns it as Notion answers it.
func richText(items []any, at string) ([]any, *answer) {
	if len(items) > mostItems {
		a := notionInvalid("body failed validation: %s.length should be ≤ `%d`, instead was `%d`.", at, mostItems, len(items))
		return nil, &a
	}
	out := []any{}
	for i, item := range items {
		in, _ := item.(object)
		full, refusal := richItem(in, fmt.Sprintf("%s[%d]", at, i))
		if refusal != nil {
			return nil, refusal
		}
		out = append(out, full)
	}
	return out, nil
}

func richItem(in object, at string) (object, *answer) {
	marks := plain()
	given, _ := in["annotations"].(object)
	maps.Copy(marks, given)
	if formula, found := in["equation"].(object); found {
		e, _ := formula["expression"].(string)
		if units(e) > mostFormula {
			a := notionInvalid("body failed validation: %s.equation.expression.length should be ≤ `%d`, instead was `%d`.", at, mostFormula, units(e))
			return nil, &a
		}
		return object{"type": "equation", "equation": formula, "annotations": marks, "plain_text": e, "href": nil}, nil
	}
	text, found := in["text"].(object)
	if !found {
		a := notionInvalid("body failed validation. Fix one:\n%s.text should be defined, instead was `undefined`.", at)
		return nil, &a
	}
	content, _ := text["content"].(string)
	if units(content) > mostText {
		a := notionInvalid("body failed validation: %s.text.content.length should be ≤ `%d`, instead was `%d`.", at, mostText, units(content))
		return nil, &a
	}
	href := any(nil)
	if link, linked := text["link"].(object); linked {
		address, _ := link["url"].(string)
		if !linkable(address) {
			a := notionInvalid("Invalid URL for link.")
			return nil, &a
		}
		href = address
	}
	return object{
		"type": "text", "text": object{"content": content, "link": text["link"]}, "annotations": marks, "plain_text": content, "href": href,
	}, nil
}

func units(s string) int { return len(utf16.Encode([]rune(s))) }

func webAddress(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && units(s) <= mostText
}

func linkable(s string) bool {
	return webAddress(s) || (strings.HasPrefix(s, "mailto:") || strings.HasPrefix(s, "/")) && units(s) <= mostText
}

// written is a block's value as it is answered once it was written.
func written(kind string, value object) object {
	out := object{}
	for name, v := range value {
		switch name {
		case "children":
			continue
		case "rich_text", "caption":
			text, _ := v.([]any)
			v, _ = richText(text, "")
		case "cells":
			rows, _ := v.([]any)
			cells := []any{}
			for _, cell := range rows {
				text, _ := cell.([]any)
				full, _ := richText(text, "")
				cells = append(cells, full)
			}
			v = cells
		case "external":
			out["type"] = "external"
		}
		out[name] = v
	}
	defaults := notionDefaults[kind]
	for name, v := range defaults {
		if _, given := out[name]; !given {
			out[name] = v
		}
	}
	return out
}
