package extract

import (
	"bytes"
	"encoding/binary"
	"regexp"
	"strings"
	stdunicode "unicode"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

// decode returns data as UTF-8 without byte order mark and with LF line ends.
// The declared charsets are tried in their order; an unknown or wrong one is
// passed over. It reports false when no charset explains the bytes.
func decode(data []byte, declared ...string) (string, bool) {
	s, ok := decodeBytes(data, declared)
	if !ok {
		return "", false
	}
	s = strings.TrimPrefix(s, "\ufeff")
	if strings.IndexByte(s, '\r') >= 0 {
		s = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s)
	}
	return s, true
}

func decodeBytes(data []byte, declared []string) (string, bool) {
	if enc := markedEncoding(data); enc != nil {
		return decodeWith(enc, data)
	}
	if strayNULs(data) {
		return "", false
	}
	if bytes.IndexByte(data, 0) >= 0 || declaresUTF16(declared) && !utf8.Valid(data) {
		return decodeUTF16(data, declared)
	}
	if bytes.HasPrefix(data, []byte("\xef\xbb\xbf")) || utf8.Valid(data) && !escapesCharsets(data) {
		return mendUTF8(data)
	}
	for _, label := range declared {
		if enc, name := charset.Lookup(label); enc != nil && name != "utf-8" && name != "replacement" {
			if s, ok := decodeWith(enc, data); ok {
				return s, true
			}
		}
	}
	if mostlyUTF8(data) {
		return mendUTF8(data)
	}
	if s, ok := decodeGuessed(data); ok {
		return s, true
	}
	return string(data), utf8.Valid(data) // escapes that switch no charset
}

// strayNULs reports whether data is UTF-8 text but for some NUL characters: a
// damaged or binary file. UTF-16 has a quarter NUL bytes at least, or others that
// are no text by themselves.
func strayNULs(data []byte) bool {
	n := bytes.Count(data, []byte{0})
	return n > 0 && n*4 < len(data) && utf8.Valid(data) && !bytes.ContainsFunc(data, func(r rune) bool {
		return r != 0 && r < ' ' && !stdunicode.IsSpace(r)
	})
}

// markedEncoding returns what a byte order mark other than UTF-8's stands for.
// UTF-32 comes first: its little-endian mark begins with that of UTF-16.
func markedEncoding(data []byte) encoding.Encoding {
	switch {
	case bytes.HasPrefix(data, []byte{0xff, 0xfe, 0, 0}):
		return utf32.UTF32(utf32.LittleEndian, utf32.UseBOM)
	case bytes.HasPrefix(data, []byte{0, 0, 0xfe, 0xff}):
		return utf32.UTF32(utf32.BigEndian, utf32.UseBOM)
	case bytes.HasPrefix(data, []byte{0xff, 0xfe}):
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	case bytes.HasPrefix(data, []byte{0xfe, 0xff}):
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	}
	return nil
}

func decodeWith(enc encoding.Encoding, data []byte) (string, bool) {
	out, err := enc.NewDecoder().Bytes(data)
	if err != nil {
		return "", false
	}
	s := string(out)
	return s, isMended(s, utf8.RuneCountInString(s))
}

// mendUTF8 replaces what is not UTF-8 by U+FFFD.
func mendUTF8(data []byte) (string, bool) {
	if utf8.Valid(data) {
		return string(data), true
	}
	s := strings.ToValidUTF8(string(data), "\ufffd")
	return s, isMended(s, utf8.RuneCountInString(s))
}

// isMended reports whether replacement characters are so rare, at most one in a
// thousand, that a text is damaged rather than of another charset.
func isMended(s string, runes int) bool {
	return strings.Count(s, "\ufffd")*1000 <= runes
}

// mostlyUTF8 reports whether data has at least ten UTF-8 sequences for each byte
// that is in none. No legacy text has: a guess would turn all of them to garbage.
func mostlyUTF8(data []byte) bool {
	good, bad := 0, 0
	for len(data) > 0 {
		r, n := utf8.DecodeRune(data)
		switch {
		case r == utf8.RuneError && n == 1:
			bad++
		case n > 1:
			good++
		}
		data = data[n:]
	}
	return good > 0 && good >= bad*10
}

func declaresUTF16(declared []string) bool {
	for _, label := range declared {
		if _, name := charset.Lookup(label); name == "utf-16le" || name == "utf-16be" {
			return true
		}
	}
	return false
}

// decodeUTF16 decodes UTF-16 without byte order mark. Which byte comes first is
// seen from the units that are white space, and then from those below U+0100:
// in the wrong order hardly any text has them.
func decodeUTF16(data []byte, declared []string) (string, bool) {
	if len(data)%2 != 0 {
		return "", false
	}
	var space, latin [2]int
	for i := 0; i < len(data); i += 2 {
		for order, unit := range [2]uint16{binary.LittleEndian.Uint16(data[i:]), binary.BigEndian.Uint16(data[i:])} {
			switch {
			case unit == ' ' || unit == '\n' || unit == '\r' || unit == '\t' || unit == 0x3002:
				space[order]++
			case unit < 0x100:
				latin[order]++
			}
		}
	}
	big := declaresBigEndian(declared)
	if space[0] != space[1] {
		big = space[1] > space[0]
	} else if latin[0] != latin[1] {
		big = latin[1] > latin[0]
	}
	order := unicode.LittleEndian
	if big {
		order = unicode.BigEndian
	}
	s, ok := decodeWith(unicode.UTF16(order, unicode.IgnoreBOM), data)
	return s, ok && isAssigned(s)
}

// isAssigned reports whether nearly all of s are characters that Unicode knows:
// binary data read as UTF-16 is not.
func isAssigned(s string) bool {
	runes, unknown := 0, 0
	for _, r := range s {
		runes++
		if !stdunicode.IsGraphic(r) && !stdunicode.IsControl(r) && !stdunicode.Is(stdunicode.Cf, r) {
			unknown++
		}
	}
	return unknown*100 <= runes
}

func declaresBigEndian(declared []string) bool {
	for _, label := range declared {
		if _, name := charset.Lookup(label); name == "utf-16be" {
			return true
		}
	}
	return false
}

// insideSize is how much of a file is searched for its own word on its charset.
// HTML asks for it in the first 1,024 bytes; many pages have it later.
const insideSize = 16 << 10

var (
	metaCharset = regexp.MustCompile(`(?i)<meta[^>]{1,300}?charset\s*=\s*["']?\s*([-\w:.]{2,40})`)
	xmlCharset  = regexp.MustCompile(`(?i)^\s*<\?xml[^>]{1,100}?encoding\s*=\s*["']([-\w:.]{2,40})["']`)
)

// charsetInside returns the charset that an HTML file names in a meta tag or in
// an XML declaration, or "". One that can be read here is no UTF-16.
func charsetInside(data []byte) string {
	head := data[:min(len(data), insideSize)]
	for _, re := range []*regexp.Regexp{metaCharset, xmlCharset} {
		if m := re.FindSubmatch(head); m != nil && !declaresUTF16([]string{string(m[1])}) {
			return string(m[1])
		}
	}
	return ""
}
