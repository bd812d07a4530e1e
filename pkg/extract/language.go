package extract

import (
	"strings"
	"unicode"

	"github.com/RadhiFadlillah/whatlanggo"

	"github.com/copydesk/copydesk/pkg/article"
)

// maxSample bounds the text that the language is guessed from, in bytes.
const maxSample = 1000

// whitelist keeps the detector from answers that news is hardly ever in.
var whitelist = func() map[whatlanggo.Lang]bool {
	m := map[whatlanggo.Lang]bool{}
	for _, l := range []whatlanggo.Lang{
		whatlanggo.Eng, whatlanggo.Deu, whatlanggo.Fra, whatlanggo.Spa, whatlanggo.Ita, whatlanggo.Por, whatlanggo.Nld, whatlanggo.Pol, whatlanggo.Swe, whatlanggo.Dan, whatlanggo.Nob, whatlanggo.Fin,
		whatlanggo.Ces, whatlanggo.Hun, whatlanggo.Ron, whatlanggo.Hrv, whatlanggo.Slv, whatlanggo.Srp, whatlanggo.Bul, whatlanggo.Rus, whatlanggo.Ukr, whatlanggo.Bel, whatlanggo.Mkd, whatlanggo.Tur, whatlanggo.Est, whatlanggo.Lav, whatlanggo.Lit,
		whatlanggo.Arb, whatlanggo.Heb, whatlanggo.Pes, whatlanggo.Urd, whatlanggo.Hin, whatlanggo.Mar, whatlanggo.Nep, whatlanggo.Ind, whatlanggo.Vie, whatlanggo.Tgl, whatlanggo.Afr, whatlanggo.Zul, whatlanggo.Som, whatlanggo.Uzb, whatlanggo.Azj, whatlanggo.Amh, whatlanggo.Hau, whatlanggo.Yor,
	} {
		m[l] = true
	}
	return m
}()

// detectLanguage returns the language as a two-letter code: the one that the
// page declares, unless the text says clearly that it is another.
func detectLanguage(declared, feed, sample string) string {
	code := languageCode(declared)
	if code == "" {
		code = languageCode(feed)
	}
	if len(sample) > maxSample {
		sample = sample[:cutRune(sample, maxSample)]
	}
	if len(sample) < 60 || soundsLike(code, sample) {
		return code
	}
	info := whatlanggo.DetectWithOptions(sample, whatlanggo.Options{Whitelist: whitelist})
	guess := info.Lang.Iso6391()
	switch {
	case guess == "":
		return code
	case code == "":
		return guess
	case code == guess || same[code] == guess:
		return code
	case info.Confidence > 0.8 && len(sample) > 300 && whitelisted(code):
		return guess
	}
	return code
}

// commonWords are the commonest small words of the languages that most pages are
// declared to be in. What two of them share counts for both.
var commonWords = wordIndex(map[string]string{
	"en": "the of and to in a is that for was on with as it by at from be are this have has an which not he his but they were had will said their or its",
	"de": "der die das und in den von zu mit sich des auf für ist im dem nicht ein eine als auch es an werden aus er hat dass sie nach bei einer um am sind noch wie einem über",
	"fr": "le la les de des du et en un une est que pour dans qui sur par au pas plus ce avec il sont aux se ne cette ont été mais comme nous ou son leur",
	"es": "el la los las de del y en un una es que por para con se su al lo más como no pero sus le ha este esta fue son entre desde sobre",
	"it": "il la lo le gli i di del della dei delle e in un una è che per con si da al alla non nel nella sono ha come anche più ma dal questo",
	"pt": "o a os as de do da dos das e em um uma é que para com se no na nos por mais não ao foi como são pela pelo mas ou seu sua",
	"nl": "de het een en van in is dat op te zijn met voor niet aan er om ook als dan maar bij naar uit door worden wordt over heeft hij ze deze",
	"pl": "i w na z się do nie że to jest o od po za jak przez dla ale który są oraz jego tym być ich tak także",
	"sv": "och i att det som en på är av för med den till inte har de ett om var han men från vi kan så när ska",
})

func wordIndex(lists map[string]string) map[string][]string {
	index := map[string][]string{}
	for code, list := range lists {
		for w := range strings.FieldsSeq(list) {
			index[w] = append(index[w], code)
		}
	}
	return index
}

const (
	// commonShare is how many of the words of a text its small words must be, as
	// a divisor, for it to be in the language that it is declared to be in.
	commonShare = 6
	// ownShare is the same for letters that no other language has.
	ownShare = 8
	// minWords is from how many words on that says something.
	minWords = 20
)

// ownLetters are letters that only one language is written in.
var ownLetters = map[string]*unicode.RangeTable{"ja": unicode.Hiragana, "ko": unicode.Hangul, "el": unicode.Greek, "he": unicode.Hebrew, "ka": unicode.Georgian, "hy": unicode.Armenian, "th": unicode.Thai}

// soundsLike reports whether sample is clearly in the declared language: enough
// small words of it, and more than of any other. It is much cheaper than to
// detect the language, and decides nothing where it is not sure.
func soundsLike(code, sample string) bool {
	if letters, ok := ownLetters[code]; ok {
		own, all := 0, 0
		for _, r := range sample {
			if unicode.IsLetter(r) {
				all++
			}
			if unicode.Is(letters, r) {
				own++
			}
		}
		return own > 0 && own*ownShare >= all
	}
	if code == "" {
		return false
	}
	words, hits := 0, map[string]int{}
	for w := range strings.FieldsFuncSeq(sample, func(r rune) bool { return !unicode.IsLetter(r) }) {
		words++
		for _, c := range commonWords[strings.ToLower(w)] {
			hits[c]++
		}
	}
	own := hits[code]
	if words < minWords || own*commonShare < words {
		return false
	}
	for c, n := range hits {
		if c != code && n*4 > own*3 {
			return false
		}
	}
	return true
}

// same are codes that the detector knows under another name.
var same = map[string]string{"no": "nb", "nn": "nb", "bs": "hr", "sr": "hr", "ms": "id", "tl": "tl"}

// whitelisted reports whether the detector could have answered with the code.
func whitelisted(code string) bool {
	for l := range whitelist {
		if c := l.Iso6391(); c == code || c == same[code] {
			return true
		}
	}
	return code == "zh" || code == "ja" || code == "ko"
}

// languageCode returns the first subtag of a language tag, or "".
func languageCode(tag string) string {
	tag = strings.ToLower(strings.TrimSpace(tag))
	code, _, _ := strings.Cut(strings.ReplaceAll(tag, "_", "-"), "-")
	if n := len(code); n < 2 || n > 3 || strings.Trim(code, "abcdefghijklmnopqrstuvwxyz") != "" || code == "und" || code == "mul" || code == "xx" {
		return ""
	}
	switch code {
	case "iw":
		return "he"
	case "in":
		return "id"
	case "gb", "us":
		return "en"
	case "cz":
		return "cs"
	case "nb":
		return "no"
	}
	return code
}

func languageSample(a *article.Article) string {
	if len(a.Text) > 200 {
		return a.Text
	}
	return a.Title + ". " + a.Standfirst + " " + a.Text
}
