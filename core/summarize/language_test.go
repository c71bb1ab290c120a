package summarize

import "testing"

func TestLanguage(t *testing.T) {
	t.Parallel()
	for want, text := range map[string]string{
		"en": "The council will pay for the cars and the towns pay for the platforms.",
		"de": "Die Stadt eröffnet ein neues Archiv und die Schüler zahlen nicht für den Besuch.",
		"fr": "Le moulin de la vallée tourne et les voisins ont réparé la roue avec une aide.",
		"es": "La escuela abrió un huerto y los alumnos cultivan tomates con la ayuda de las familias.",
		"it": "Il mulino della valle è stato riparato e la gente del paese non paga per il pane.",
		"pt": "A escola abriu uma horta e os alunos não pagam para cultivar as plantas com ajuda.",
		"nl": "De stad heeft een nieuw archief en het is niet duur voor de bezoekers van de haven.",
		"sv": "Staden har ett nytt arkiv och det är inte dyrt för den som bor i staden.",
		"pl": "Miasto ma nowe archiwum i nie jest to drogie dla tych, którzy się tam uczą.",
		"tr": "Bu şehir yeni bir arşiv açtı ve çok ucuz olan bu yer halk için önemli.",
		"ru": "В посёлке открылась библиотека, и она работает для всех, кто живёт на горе.",
		"uk": "У селищі відкрилася бібліотека, і вона працює для всіх, хто живе на горі та в долині.",
		"ar": "افتتحت المدينة سوقا جديدا على الميناء بعد ثلاث سنوات من العمل في هذا المكان.",
		"fa": "این شهر بازار تازه‌ای را برای مردم باز کرد و آن را با کمک دولت ساخته است.",
		"he": "העיר פתחה שוק חדש ליד הנמל הישן.", "hi": "शहर ने एक नया बाज़ार खोला है।",
		"el": "Η πόλη άνοιξε μια νέα αγορά στο λιμάνι.", "th": "เมืองเปิดตลาดใหม่ที่ท่าเรือเก่า",
		"zh": "市政府决定在老城区修建自行车道，用 GPS 测量。", "ja": "島の住民は今年、発電所を完成させた。",
		"ko": "시는 새 기록 보관소를 항구에 열었습니다.",
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			if got := Language(text); got != want {
				t.Errorf("got %q, want %q, of %q", got, want, text)
			}
		})
	}
	for _, text := range []string{"", "42 + 7", "qzx vrk plm dsn", "|||", "\xff\xfe"} {
		if got := Language(text); got != "" {
			t.Errorf("got %q of %q, want none", got, text)
		}
	}
}
