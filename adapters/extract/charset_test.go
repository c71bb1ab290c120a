package extract

import (
	"bytes"
	"strings"
	"testing"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

// legacyTexts are texts in their languages and the charsets they were stored in.
var legacyTexts = []struct {
	language, text string
	charsets       []string
}{
	{"German", "Die größte Überraschung für die Prüfer war, daß die Maßnahmen schon im März abgeschlossen wurden.", []string{"windows-1252", "iso-8859-15"}},
	{"French", "L'été dernier, l'équipe a décidé que la réunion serait déplacée à l'étage supérieur, où il fait plus frais.", []string{"windows-1252"}},
	{"Spanish", "El año pasado la compañía decidió que la reunión se celebraría mañana por la tarde en el jardín.", []string{"windows-1252"}},
	{"Danish", "Næste møde i bestyrelsen finder sted i oktober, fordi de fleste medlemmer er på ferie i september på øerne.", []string{"windows-1252"}},
	{"Polish", "W zeszłym roku zarząd spółki zdecydował, że następne posiedzenie odbędzie się w październiku w Łodzi.", []string{"windows-1250", "iso-8859-2"}},
	{"Czech", "Příští zasedání správní rady se uskuteční v říjnu, protože většina členů je v září na dovolené.", []string{"windows-1250", "iso-8859-2"}},
	{"Hungarian", "A következő ülést októberben tartják, mert a tagok többsége szeptemberben szabadságon van, és őszintén szólva nem érnek rá.", []string{"windows-1250", "iso-8859-2"}},
	{"Russian", "Следующее заседание правления состоится в октябре, потому что большинство членов в сентябре находится в отпуске.", []string{"windows-1251", "koi8-r", "iso-8859-5", "ibm866"}},
	{"Ukrainian", "Наступне засідання правління відбудеться у жовтні, тому що більшість членів у вересні перебуває у відпустці.", []string{"windows-1251", "koi8-u"}},
	{"Greek", "Η επόμενη συνεδρίαση του διοικητικού συμβουλίου θα γίνει τον Οκτώβριο, επειδή τα περισσότερα μέλη έχουν άδεια.", []string{"windows-1253", "iso-8859-7"}},
	{"Turkish", "Bir sonraki yönetim kurulu toplantısı ekim ayında yapılacak, çünkü üyelerin çoğu eylülde izinde olacak ve şimdilik gelemiyor.", []string{"windows-1254", "iso-8859-9"}},
	{"Hebrew", "הישיבה הבאה של ההנהלה תתקיים באוקטובר, כי רוב החברים נמצאים בחופשה בספטמבר.", []string{"windows-1255", "iso-8859-8"}},
	{"Arabic", "سيعقد الاجتماع القادم لمجلس الإدارة في شهر أكتوبر لأن معظم الأعضاء في إجازة خلال شهر سبتمبر.", []string{"windows-1256", "iso-8859-6"}},
	{"Latvian", "Nākamā valdes sēde notiks oktobrī, jo lielākā daļa locekļu septembrī ir atvaļinājumā un nevarēs ierasties.", []string{"windows-1257"}},
	{"Lithuanian", "Kitas valdybos posėdis įvyks spalį, nes daugelis narių rugsėjį atostogauja ir negalės atvykti į būstinę.", []string{"windows-1257"}},
	{"Thai", "การประชุมคณะกรรมการครั้งต่อไปจะจัดขึ้นในเดือนตุลาคม เพราะสมาชิกส่วนใหญ่ลาพักร้อน", []string{"windows-874"}},
	{"Japanese", "次の取締役会は十月に開かれます。多くの取締役が九月に休暇を取っているからです。", []string{"shift_jis", "euc-jp", "iso-2022-jp"}},
	{"simplified Chinese", "下一次董事会会议将于十月举行，因为大多数成员九月份都在休假。请大家提前安排时间。", []string{"gbk", "gb18030"}},
	{"traditional Chinese", "下一次董事會會議將於十月舉行，因為大多數成員九月份都在休假。請大家提前安排時間。", []string{"big5"}},
	{"Korean", "다음 이사회 회의는 시월에 열립니다. 대부분의 위원이 구월에 휴가를 가기 때문입니다.", []string{"euc-kr"}},
}

func TestDecode_GuessesLegacyCharsets(t *testing.T) {
	t.Parallel()
	for _, tt := range legacyTexts {
		for _, name := range tt.charsets {
			t.Run(tt.language+" "+name, func(t *testing.T) {
				t.Parallel()
				got, ok := decode(encode(t, tt.text, name))
				if !ok || got != tt.text {
					t.Errorf("got %q, %v, want %q", got, ok, tt.text)
				}
			})
		}
	}
}

func TestDecode_BelievesTheDeclaredCharset(t *testing.T) {
	t.Parallel()
	for _, tt := range legacyTexts {
		for _, name := range tt.charsets {
			word, _, _ := strings.Cut(tt.text, "。") // shorter than any guess needs
			got, ok := decode(encode(t, word, name), name)
			if !ok || got != word {
				t.Errorf("%s: got %q, %v, want %q", name, got, ok, word)
			}
		}
	}
}

func TestDecode_Unicode(t *testing.T) {
	t.Parallel()
	le, be := unicode.LittleEndian, unicode.BigEndian
	for _, text := range []string{
		"Plain words.\nA second line.", "一番目の行です。\n二番目の行は一つ。\n", "Grüße, 世界 \U0001f30d!\n", "مرحبا بالعالم\n",
	} {
		for name, enc := range map[string]interface{ Bytes([]byte) ([]byte, error) }{
			"UTF-16LE":          unicode.UTF16(le, unicode.IgnoreBOM).NewEncoder(),
			"UTF-16BE":          unicode.UTF16(be, unicode.IgnoreBOM).NewEncoder(),
			"UTF-16LE with BOM": unicode.UTF16(le, unicode.UseBOM).NewEncoder(),
			"UTF-16BE with BOM": unicode.UTF16(be, unicode.UseBOM).NewEncoder(),
			"UTF-32LE with BOM": utf32.UTF32(utf32.LittleEndian, utf32.UseBOM).NewEncoder(),
			"UTF-32BE with BOM": utf32.UTF32(utf32.BigEndian, utf32.UseBOM).NewEncoder(),
			"UTF-8 with BOM":    unicode.UTF8BOM.NewEncoder(),
		} {
			b, err := enc.Bytes([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			if got, ok := decode(b); !ok || got != text {
				t.Errorf("%s: got %q, %v, want %q", name, got, ok, text)
			}
		}
	}
}

func TestDecode_Order(t *testing.T) {
	t.Parallel()
	cyrillic := encode(t, "Слово", "windows-1251")
	for _, tt := range []struct {
		name     string
		data     []byte
		declared []string
		want     string
	}{
		{"MarkBeatsDeclared", []byte("\xef\xbb\xbfé"), []string{"windows-1251"}, "é"},
		{"ValidUTF8BeatsDeclared", []byte("é"), []string{"iso-8859-1"}, "é"},
		{"FirstDeclaredBeatsSecond", cyrillic, []string{"windows-1251", "koi8-r"}, "Слово"},
		{"WrongUTF8ClaimIsPassedOver", cyrillic, []string{"utf-8", "windows-1251"}, "Слово"},
		{"UnknownClaimIsPassedOver", cyrillic, []string{"no-such-charset", "windows-1251"}, "Слово"},
		{"RareDamageIsMarked", []byte(strings.Repeat("größer ", 300) + "\xff."), nil, strings.Repeat("größer ", 300) + "\ufffd."},
		{"LineEndsAreLF", []byte("a\r\nb\rc\n"), nil, "a\nb\nc\n"},
		{"NothingIsComposed", []byte("e\u0301 \u00a0 \u200d"), nil, "e\u0301 \u00a0 \u200d"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got, ok := decode(tt.data, tt.declared...); !ok || got != tt.want {
				t.Errorf("got %q, %v, want %q", got, ok, tt.want)
			}
		})
	}
}

func TestDecode_RefusesWhatNoCharsetExplains(t *testing.T) {
	t.Parallel()
	for name, data := range map[string][]byte{
		"broken UTF-8":     []byte("größe größer am größten größe größer \xff\xfe\x80"),
		"odd high bytes":   bytes.Repeat([]byte{0x81, 0x8d, 0xff, 0x90, 0x9d}, 40),
		"odd UTF-16":       {'a', 0, 'b', 0, 'c'},
		"lone surrogates":  {0x00, 0xd8, 'a', 0, 0x00, 0xd8, 'b', 0},
		"every high value": everyHighByte(),
	} {
		if got, ok := decode(data); ok && isText(got) {
			t.Errorf("%s: got %q, want it refused", name, got)
		}
	}
}

func everyHighByte() []byte {
	var b []byte
	for i := 0x80; i < 0x100; i++ {
		b = append(b, byte(i))
	}
	return bytes.Repeat(b, 8)
}

func encode(t *testing.T, s, name string) []byte {
	t.Helper()
	enc, _ := charset.Lookup(name)
	b, err := enc.NewEncoder().Bytes([]byte(s))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return b
}
