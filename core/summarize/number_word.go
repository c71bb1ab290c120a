package summarize

import (
	"strings"
	"sync"
)

// numberWords are zero to twenty, then thirty to ninety by tens, in the languages
// that write them as one word each; "-" where there is none.
var numberWords = []string{
	`zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
	nineteen twenty thirty forty fifty sixty seventy eighty ninety`,
	`null - zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn
	neunzehn zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig`,
	`zéro - deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept dix-huit dix-neuf
	vingt trente quarante cinquante soixante - - -`,
	`cero - dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete dieciocho
	diecinueve veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa`,
	`zero - due tre quattro cinque sei sette otto nove dieci undici dodici tredici quattordici quindici sedici diciassette
	diciotto diciannove venti trenta quaranta cinquanta sessanta settanta ottanta novanta`,
	`zero - dois três quatro cinco seis sete oito nove dez onze doze treze quatorze quinze dezesseis dezessete dezoito
	dezenove vinte trinta quarenta cinquenta sessenta setenta oitenta noventa`,
	`nul - twee drie vier vijf zes zeven acht negen tien elf twaalf dertien veertien vijftien zestien zeventien achttien
	negentien twintig dertig veertig vijftig zestig zeventig tachtig negentig`,
	`noll - två tre fyra fem sex sju åtta nio tio elva tolv tretton fjorton femton sexton sjutton arton nitton tjugo trettio
	fyrtio femtio sextio sjuttio åttio nittio`,
	`ноль - два три четыре пять шесть семь восемь девять десять одиннадцать двенадцать тринадцать четырнадцать пятнадцать
	шестнадцать семнадцать восемнадцать девятнадцать двадцать тридцать сорок пятьдесят шестьдесят семьдесят восемьдесят девяносто`,
}

// numberWordIndex maps a word to its number.
var numberWordIndex = sync.OnceValue(func() map[string]float64 {
	out := map[string]float64{"dozen": 12, "both": 2, "beide": 2}
	for _, list := range numberWords {
		for i, w := range strings.Fields(list) {
			n := i
			if i > 20 {
				n = 10 * (i - 18)
			}
			if _, known := out[w]; !known && w != "-" {
				out[w] = float64(n)
			}
		}
	}
	return out
})

// spelledNumber reads a number written as a word at the beginning of s, whose first
// word has so many bytes, and returns its value and length, 0 when it is none. It
// knows "twenty-five" too.
func spelledNumber(s string, word int) (float64, int) {
	index := numberWordIndex()
	v, ok := index[strings.ToLower(s[:word])]
	if !ok {
		return 0, 0
	}
	if v < 20 || int(v)%10 != 0 || len(s) <= word+1 || s[word] != '-' && s[word] != ' ' {
		return v, word
	}
	n := wordLength(s[word+1:])
	if unit, ok := index[strings.ToLower(s[word+1:word+1+n])]; ok && unit > 0 && unit < 10 {
		return v + unit, word + 1 + n
	}
	return v, word
}
