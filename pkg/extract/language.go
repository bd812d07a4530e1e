package extract

import (
	"strings"

	"github.com/RadhiFadlillah/whatlanggo"

	"github.com/copydesk/copydesk/pkg/article"
)

// maxSample bounds the text that the language is guessed from, in bytes.
const maxSample = 1800

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
	if len(sample) < 60 {
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
