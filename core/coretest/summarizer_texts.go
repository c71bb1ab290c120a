package coretest

import (
	"fmt"
	"strings"
)

// prose makes paragraphs whose sentences all differ.
func prose(paragraphs int) string {
	subjects := []string{"The harbour", "A new library", "The northern railway", "Our archive", "The observatory", "Every second ferry"}
	verbs := []string{"opened", "was rebuilt", "lost its funding", "doubled its visitors", "moved across the river", "changed hands"}
	var b strings.Builder
	for p := range paragraphs {
		if p%5 == 0 {
			fmt.Fprintf(&b, "## Part %d\n\n", p/5+1)
		}
		for i := range 5 {
			n := p*5 + i
			fmt.Fprintf(&b, "%s %s in %d after the council of district %d had counted %d votes. ", subjects[n%6], verbs[n/6%6], 1900+n%120, p+1, 1000+37*n)
		}
		b.WriteString("\n\n")
	}
	return b.String()
}

// worldly are texts in which bytes, UTF-16 units and characters count differently.
func worldly() map[string]string {
	return map[string]string{
		"emoji":         "The team \U0001f469\u200d\U0001f680 launched a rocket \U0001f680 on Monday. Nobody \U0001f600 was hurt at the site. The next flight \U0001f6f0\ufe0f follows in May. " + prose(2),
		"combining":     "Cafe\u0301s in the old town close at noon. The re\u0301sume\u0301 of the cook was lost on the way. A nai\u0308ve guest asked for more. " + prose(2),
		"Chinese":       "北京的新图书馆于五月开放。读者人数在一年内翻了一番。市议会批准了额外的预算。旧馆将改建为档案馆。所有书籍都已经搬迁完毕。",
		"right to left": "افتتحت المكتبة الجديدة في شهر مايو. تضاعف عدد الزوار خلال عام واحد. وافق المجلس على ميزانية إضافية. נפתחה ספרייה חדשה בעיר. מספר המבקרים הוכפל.",
		"line ends":     strings.ReplaceAll("# Title\n\nThe first thing happened on Monday.\nIt was not the last of them.\n\n- one item of a list\n- another item of it\n\n"+prose(2), "\n", "\r\n"),
		"invisible":     "\ufeffThe bridge\u00ad was closed in March. Traffic\u200b moved to the ferry for a year.\u2028It came back in June of the next.\n\n" + prose(2),
	}
}

// unspoken are texts that have something to read and no sentence.
func unspoken() map[string]string {
	return map[string]string{
		"a table":          "| year | votes |\n|---|---|\n| 1901 | 12 |\n| 1902 | 15 |\n",
		"code":             "```go\nfunc main() {\n\tprintln(\"hello\")\n}\n```\n",
		"headings":         "# One\n\n## Two\n\n### Three\n",
		"one word":         "Hello",
		"one character":    "界",
		"marks only":       "— … !\n",
		"a list":           "- one\n- two\n- three\n",
		"a link":           "<https://example.org/a?b=c>\n",
		"a very long word": strings.Repeat("a", 50_000),
		"spaces around":    "\n\n  \t word \n\n",
	}
}
