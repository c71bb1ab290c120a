package main

import (
	"fmt"
	"os"
	"strings"
)

// pages300 is about 300 pages, in bytes.
const pages300 = 600_000

// read300Pages returns the first 300 pages of a text, to the end of a paragraph.
func read300Pages(path string) (string, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read the document: %w", err)
	}
	text := string(raw)
	if len(text) <= pages300 {
		return text, nil
	}
	return text[:strings.LastIndex(text[:pages300], "\n\n")+1], nil
}

// edit is a changed text and what was done to it.
type edit struct{ name, text string }

// edits returns the text with one change each, in several places.
func edits(text string) []edit {
	blocks := strings.Split(text, "\n\n")
	var out []edit
	add := func(name string, changed []string) { out = append(out, edit{name, strings.Join(changed, "\n\n")}) }
	for _, at := range []struct {
		where string
		share float64
	}{{"start", 0}, {"first quarter", 0.25}, {"middle", 0.5}, {"third quarter", 0.75}, {"end", 1}} {
		i := paragraphNear(blocks, int(at.share*float64(len(blocks)-1)))
		add("word changed, "+at.where, replaced(blocks, i, changeWord(blocks[i])))
		add("opening word changed, "+at.where, replaced(blocks, i, "Edited "+blocks[i]))
		add("paragraph inserted, "+at.where, inserted(blocks, i, "A new paragraph says that the limit is 42 from now on, and that nobody had known of it before."))
		add("paragraph deleted, "+at.where, append(append([]string{}, blocks[:i]...), blocks[i+1:]...))
	}
	add("inserted before everything", inserted(blocks, 0, "A note before all else: this text was edited."))
	add("appended behind everything", append(append([]string{}, blocks...), "A note behind all else: this text was edited."))
	add("section moved to the end", movedSection(blocks))
	return out
}

// paragraphNear returns the block next to i that is prose.
func paragraphNear(blocks []string, i int) int {
	for d := range len(blocks) {
		for _, k := range []int{i + d, i - d} {
			if k >= 0 && k < len(blocks) && len(blocks[k]) > 200 && !strings.ContainsAny(blocks[k][:1], "#`|-<> ") && !strings.Contains(blocks[k], "```") {
				return k
			}
		}
	}
	return i
}

func replaced(blocks []string, i int, with string) []string {
	out := append([]string{}, blocks...)
	out[i] = with
	return out
}

func inserted(blocks []string, i int, block string) []string {
	return append(append(append([]string{}, blocks[:i]...), block), blocks[i:]...)
}

// changeWord changes a word in the middle of a paragraph.
func changeWord(s string) string {
	words := strings.Split(s, " ")
	words[len(words)/2] = "edited"
	return strings.Join(words, " ")
}

// movedSection moves a section of the third level from the first half to the end.
func movedSection(blocks []string) []string {
	for i := len(blocks) / 3; i < len(blocks); i++ {
		if !strings.HasPrefix(blocks[i], "### ") {
			continue
		}
		end := i + 1
		for end < len(blocks) && !strings.HasPrefix(blocks[end], "#") {
			end++
		}
		out := append(append([]string{}, blocks[:i]...), blocks[end:]...)
		return append(out, blocks[i:end]...)
	}
	return blocks
}
