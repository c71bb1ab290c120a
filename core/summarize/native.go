package summarize

import "unicode"

// native returns the candidates in the document's own script, so that a passage
// quoted in another one does not stand in a summary. Latin letters are at home
// in every script's texts as names, hence a fifth is enough.
func native(cs []candidate, lang string) []candidate {
	tables := scriptTables(lang)
	if tables == nil {
		return cs
	}
	var out []candidate
	for _, c := range cs {
		own, letters := 0, 0
		for _, r := range c.plain {
			if unicode.IsLetter(r) {
				letters++
				if unicode.In(r, tables...) {
					own++
				}
			}
		}
		if own*5 >= letters {
			out = append(out, c)
		}
	}
	if len(out) == 0 {
		return cs
	}
	return out
}

// scriptTables returns the scripts of a language, nil for unknown ones.
func scriptTables(lang string) []*unicode.RangeTable {
	if lang == "ja" {
		return []*unicode.RangeTable{unicode.Han, unicode.Hiragana, unicode.Katakana}
	}
	for _, l := range functionWords {
		if l.code == lang {
			return []*unicode.RangeTable{unicode.Scripts[l.script]}
		}
	}
	for script, code := range scriptLanguage {
		if code == lang {
			return []*unicode.RangeTable{unicode.Scripts[script]}
		}
	}
	return nil
}
