package extract

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"github.com/docsctl/docsctl/core"
)

// textKind tells HTML, Markdown and plain text apart. A page that begins like one
// is HTML whatever is claimed; Markdown may begin with a tag, too, so that less
// clear signs of HTML need a claim, or none against it.
func textKind(s, hint string) string {
	switch head := s[:min(len(s), 4<<10)]; {
	case htmlPage.MatchString(head):
		return typeHTML
	case hint == typeHTML && anyTag.MatchString(s):
		return typeHTML
	case hint == typeCSV:
		return typeCSV
	case hint == "" && htmlFragment.MatchString(head):
		return typeHTML
	case hint == typeMarkdown || (hint == "" || hint == typeHTML) && looksMarkdown(head):
		return typeMarkdown
	default:
		return typePlain
	}
}

var (
	htmlPage     = regexp.MustCompile(`(?is)^\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*(<!doctype\s+html|<html[\s>]|<head[\s>]|<body[\s>])`)
	htmlFragment = regexp.MustCompile(`(?is)^\s*(<!--.*?-->\s*)*<(title|meta|div|p|h[1-6]|table|ul|ol|article|main|section|span|style|script|a|b|br|font|center)(\s[^>]*)?/?>`)
	anyTag       = regexp.MustCompile(`<[a-zA-Z][a-zA-Z0-9]*(\s[^<>]*)?/?>`)

	atxHeading   = regexp.MustCompile(`^ {0,3}#{1,6}[ \t]+(.*?)[ \t]*(?:[ \t]#+[ \t]*)?$`)
	setextRule   = regexp.MustCompile(`^ {0,3}(=+|-+)[ \t]*$`)
	fence        = regexp.MustCompile("^ {0,3}(```+|~~~+)")
	markdownLink = regexp.MustCompile(`\[[^\]\n]+\]\([^)\s]+\)`)
	listItem     = regexp.MustCompile(`^ {0,3}([-*+]|\d{1,9}[.)])[ \t]+\S`)
)

// looksMarkdown reports whether text without a claim has front matter or two
// different marks of Markdown, one of which is its own.
func looksMarkdown(head string) bool {
	if _, ok := frontMatter(head); ok {
		return true
	}
	var heading, list, fenced int
	for line := range strings.Lines(head) {
		line = strings.TrimRight(line, "\n")
		switch {
		case atxHeading.MatchString(line):
			heading = 1
		case fence.MatchString(line):
			fenced = 1
		case listItem.MatchString(line):
			list = 1
		}
	}
	link := 0
	if markdownLink.MatchString(head) {
		link = 1
	}
	return heading+fenced+link > 0 && heading+fenced+link+list > 1
}

func convertText(s, kind string) *core.Extracted {
	out := &core.Extracted{Markdown: s, MediaType: kind}
	if kind == typeMarkdown {
		out.Title = markdownTitle(s)
	} else {
		out.Title = plainTitle(s)
	}
	return out
}

// markdownTitle returns the title of the YAML front matter, or the first heading.
func markdownTitle(s string) string {
	if matter, ok := frontMatter(s); ok {
		var head struct {
			Title yaml.Node `yaml:"title"`
		}
		if yaml.Unmarshal([]byte(matter), &head) == nil && head.Title.Kind == yaml.ScalarNode && head.Title.Tag != "!!null" {
			if t := strings.TrimSpace(head.Title.Value); t != "" {
				return t
			}
		}
		s = s[len("---\n")+len(matter):]
		if i := strings.IndexByte(s, '\n'); i >= 0 { // past the closing mark
			s = s[i+1:]
		}
	}
	return firstHeading(s)
}

// maxFrontMatter bounds what is given to the YAML parser.
const maxFrontMatter = 64 << 10

// frontMatter returns the YAML between the first line, "---", and "---" or "...".
func frontMatter(s string) (string, bool) {
	rest, ok := strings.CutPrefix(s, "---\n")
	if !ok {
		return "", false
	}
	at := 0
	for line := range strings.Lines(rest[:min(len(rest), maxFrontMatter)]) {
		if mark := strings.TrimRight(line, " \t\n"); mark == "---" || mark == "..." {
			return rest[:at], strings.Contains(rest[:at], ":")
		}
		at += len(line)
	}
	return "", false
}

// firstHeading returns the text of the first ATX or setext heading outside code.
func firstHeading(s string) string {
	open, prev := "", ""
	for line := range strings.Lines(s) {
		line = strings.TrimRight(line, "\n")
		if m := fence.FindStringSubmatch(line); m != nil {
			if open == "" {
				open = m[1]
			} else if strings.HasPrefix(m[1], open) {
				open = ""
			}
			prev = ""
			continue
		}
		if open != "" {
			continue
		}
		if m := atxHeading.FindStringSubmatch(line); m != nil && m[1] != "" {
			return plainInline(m[1])
		}
		if setextRule.MatchString(line) && isParagraph(prev) {
			return plainInline(prev)
		}
		prev = line
	}
	return ""
}

func isParagraph(line string) bool {
	return strings.TrimSpace(line) != "" && !strings.HasPrefix(line, "    ") &&
		!listItem.MatchString(line) && !strings.HasPrefix(strings.TrimSpace(line), ">") &&
		!setextRule.MatchString(line)
}

var (
	inlineLink  = regexp.MustCompile(`!?\[([^\]]*)\]\([^)]*\)`)
	noteMark    = regexp.MustCompile(`\[\^\d+\]`)
	inlineMarks = regexp.MustCompile("\\*\\*|__|`")
	escaped     = regexp.MustCompile(`\\([!-/:-@\[-` + "`" + `{-~])`)
)

// plainInline takes the marks of links, strong text and code off a heading.
func plainInline(s string) string {
	s = inlineLink.ReplaceAllString(s, "$1")
	s = noteMark.ReplaceAllString(s, "")
	s = inlineMarks.ReplaceAllString(s, "")
	s = escaped.ReplaceAllString(s, "$1")
	return strings.TrimSpace(s)
}

// plainTitle returns the first line of s when it is clearly a heading: underlined,
// or short, set off by a blank line, and without the marks of a sentence.
func plainTitle(s string) string {
	s = strings.TrimLeft(s, "\n")
	first, rest, _ := strings.Cut(s, "\n")
	second, rest, _ := strings.Cut(rest, "\n")
	first = strings.TrimSpace(first)
	if !isHeadingLine(first) || isBlank(rest) {
		return ""
	}
	if setextRule.MatchString(second) && len(strings.TrimSpace(second)) > 2 || strings.TrimSpace(second) == "" {
		return first
	}
	return ""
}

func isHeadingLine(line string) bool {
	if line == "" || utf8.RuneCountInString(line) > 80 || listItem.MatchString(line) {
		return false
	}
	first, _ := utf8.DecodeRuneInString(line)
	if unicode.IsLower(first) || !unicode.IsLetter(first) && !unicode.IsDigit(first) {
		return false
	}
	last, _ := utf8.DecodeLastRuneInString(line)
	return !strings.ContainsRune(".,;:!?…。、，；：！？।؟،", last) && strings.IndexFunc(line, unicode.IsLetter) >= 0
}
