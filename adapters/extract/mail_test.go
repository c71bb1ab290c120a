package extract

import (
	"strings"
	"testing"

	"github.com/docsctl/docsctl/core"
)

const mailHead = "Received: from a.example\r\nFrom: =?utf-8?q?J=C3=BCrgen?= <j@port.example>\r\nTo: all@port.example\r\nDate: Mon, 02 Jan 2006 15:04:05 +0000\r\nSubject: =?iso-8859-1?q?Geb=FChren?=\r\n =?iso-8859-1?q?_2024?=\r\nMIME-Version: 1.0\r\n"

func TestMail_PrefersPlainText(t *testing.T) {
	t.Parallel()
	got := mustExtract(t, core.File{Name: "a.txt", Body: strings.NewReader(mailHead + "Content-Type: multipart/mixed; boundary=outer\r\n\r\n" +
		"--outer\r\nContent-Type: multipart/alternative; boundary=inner\r\n\r\n" +
		"--inner\r\nContent-Type: text/plain; charset=windows-1252\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nDie Geb=FChr ist f=FCnf Euro.\r\n" +
		"--inner\r\nContent-Type: text/html\r\n\r\n<p>The HTML</p>\r\n--inner--\r\n" +
		"--outer\r\nContent-Type: application/pdf; name=\"rules.pdf\"\r\nContent-Disposition: attachment; filename=\"Regeln 2024.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\r\nSECRET==\r\n" +
		"--outer\r\nContent-Type: message/rfc822\r\n\r\nFrom: b@port.example\r\nSubject: Before\r\n\r\nThe older words.\r\n--outer--\r\n")})
	if got.Title != "Gebühren 2024" || got.MediaType != typeMail {
		t.Errorf("got title %q, type %q", got.Title, got.MediaType)
	}
	mustHold(t, got.Markdown, "# Gebühren 2024\n\n- From: Jürgen \\<j@port.example>\n- To: all@port.example\n- Date: Mon, 02 Jan 2006", "Die Gebühr ist fünf Euro.", "Attachments:\n\n- Regeln 2024.pdf", "## Before\n\n- From: b@port.example", "The older words.")
	mustLack(t, got.Markdown, "The HTML", "SECRET", "boundary", "Received")
}

func TestMail_HTMLWithoutPlainText(t *testing.T) {
	t.Parallel()
	got := mustExtract(t, core.File{Body: strings.NewReader(mailHead + "Content-Type: text/html; charset=utf-8\r\n\r\n<p>Only <b>HTML</b></p><img src=\"cid:1\">")})
	mustHold(t, got.Markdown, "Only **HTML**")
	mustLack(t, got.Markdown, "cid:")
}

func TestMail_IsKnownByItsHeader(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, body, want string }{
		{"", "From: a\nSubject: b\nWords follow.\n", typePlain},
		{"", "From: a\nSubject: b\n\nWords.\n", typePlain},
		{"a.eml", "From: a\nSubject: b\n\nWords.\n", typeMail},
		{"a.md", "Message-ID: <1@a>\nFrom: a\nTo: b\n\nWords.\n", typeMail},
		{"a.eml", "No header at all\n\nWords.\n", typePlain},
	} {
		if got := mustExtract(t, core.File{Name: tt.name, Body: strings.NewReader(tt.body)}); got.MediaType != tt.want {
			t.Errorf("%q %q: got %s, want %s", tt.name, tt.body, got.MediaType, tt.want)
		}
	}
}

func TestCSV_BecomesATable(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, body, want string }{
		{"a.csv", "Length;Fee\n\"up to 9 m; short\";5\n12;8|9\n", "| Length | Fee |\n| --- | --- |\n| up to 9 m; short | 5 |\n| 12 | 8\\|9 |\n"},
		{"a.csv", "a,b\n\"two\nlines\",c\n", "| a | b |\n| --- | --- |\n| two lines | c |\n"},
		{"a.tsv", "a\tb\n1\t2\n", "| a | b |\n| --- | --- |\n| 1 | 2 |\n"},
		{"a.csv", "Only words here.\nNo values.\n", "Only words here.\nNo values.\n"},
		{"a.txt", "a,b\n1,2\n", "a,b\n1,2\n"},
	} {
		if got := mustExtract(t, core.File{Name: tt.name, Body: strings.NewReader(tt.body)}); got.Markdown != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got.Markdown, tt.want)
		}
	}
}

func TestCSV_LongOnesAreCut(t *testing.T) {
	t.Parallel()
	got, err := New(Config{MaxRows: 5}).Extract(t.Context(), core.File{MediaType: "text/csv", Body: strings.NewReader(strings.Repeat("a,b\n", 100))})
	if err != nil {
		t.Fatal(err)
	}
	mustHold(t, got.Markdown, "… and 95 more rows")
	if n := strings.Count(got.Markdown, "| a | b |"); n != 5 {
		t.Errorf("got %d rows, want 5", n)
	}
}
