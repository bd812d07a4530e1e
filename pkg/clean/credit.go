//nolint:misspell // words of other languages
package clean

import (
	"strings"
	"unicode"
)

// agencies are news and picture agencies, lower case. Value true: pictures
// only, so that the bare name is a credit.
var agencies = map[string]bool{
	"reuters": false, "thomson reuters": false, "ap": false, "ap photo": true, "associated press": false, "the associated press": false, "afp": false, "agence france-presse": false, "afp photo": true,
	"dpa": false, "efe": false, "epa": true, "epa-efe": true, "ansa": false, "apa": false, "keystone": true, "keystone-sda": false, "sda": false, "pa": false, "pa media": false, "pa wire": true, "press association": false, "tass": false, "xinhua": false,
	"upi": false, "bloomberg": false, "canadian press": false, "the canadian press": false, "aap": false, "ani": false, "pti": false, "ians": false, "antara": false, "belga": false, "anp": false, "ntb": false, "tt": false, "ritzau": false,
	"lehtikuva": true, "mti": false, "čtk": false, "ctk": false, "pap": false, "agerpres": false, "lusa": false, "agência brasil": false, "folhapress": true, "kyodo": false, "yonhap": false, "jiji": false, "kazinform": false, "europa press": false, "europapress": false,
	"anadolu": false, "anadolu agency": false, "aa": false, "irna": false, "sana": false, "wam": false, "spa": false, "interfax": false, "ria novosti": false, "sputnik": false, "afp7": true, "sid": false, "ddp": false, "epd": false, "kna": false, "ats": false, "adnkronos": false, "lapresse": true, "cp": false, "tanjug": false, "hina": false,
	"риа новости": false, "тасс": false, "интерфакс": false, "интерфакс-украина": false, "унн": false, "укринформ": false, "белта": false, "бта": false, "рейтер": false, "рейтерс": false, "رويترز": false, "أ ف ب": false, "أ.ف.ب": false, "فرانس برس": false, "د ب أ": false, "وكالات": false, "الأناضول": false, "רויטרס": false, "איי פי": false, "αππ": false, "απε-μπε": false, "απε": false,
	"연합뉴스": false, "뉴시스": false, "뉴스1": false, "ロイター": false, "共同": false, "共同通信": false, "時事": false, "時事通信": false, "afp時事": false, "afp=時事": false, "新华社": false, "新華社": false, "中新社": false, "中新网": false, "中央社": false, "路透社": false, "路透": false, "法新社": false, "美联社": false, "美聯社": false, "彭博": false, "awp": false, "cna": false, "bernama": false, "unb": false, "bss": false, "apn": false, "stt": false, "bns": false, "elta": false, "leta": false, "tasr": false, "sita": false, "agi": false, "askanews": false, "telam": false, "télam": false, "notimex": false, "colprensa": false, "dha": false, "iha": false, "aa photo": true,
	"getty": true, "getty images": true, "gettyimages": true, "shutterstock": true, "istock": true, "istockphoto": true, "imago": true, "imago images": true, "picture alliance": true, "picture-alliance": true, "alamy": true, "alamy stock photo": true, "unsplash": true, "pixabay": true, "pexels": true, "flickr": true,
	"wikimedia": true, "wikimedia commons": true, "zuma": true, "zuma press": true, "zuma wire": true, "sipa": true, "nurphoto": true, "rex": true, "rex features": true, "corbis": true, "adobe stock": true, "stock.adobe.com": true, "fotolia": true, "depositphotos": true, "dreamstime": true, "123rf": true, "thinkstock": true, "wireimage": true, "filmmagic": true, "usa today sports": true, "icon sportswire": true, "action images": true, "pool": false, "handout": true, "contributed photo": true, "supplied": false, "laif": true, "ullstein bild": true, "actionpress": true, "zumapress": true, "contour": true, "ap file": true,
}

// creditWords open a credit: "Photo: ...".
var creditWords = map[string]bool{
	"photo": true, "photos": true, "photograph": true, "photographs": true, "photography": true, "picture": true, "pictures": true, "pic": true, "image": true, "images": true, "credit": true, "credits": true, "illustration": true, "graphic": true,
	"foto": true, "fotos": true, "fotografie": true, "bild": true, "bilder": true, "bildquelle": true, "fotocredit": true, "quelle": true, "symbolbild": true, "symbolfoto": true, "archivfoto": true, "archivbild": true, "grafik": true, "©": true,
	"crédit": true, "crédits": true, "photographie": true, "illustrations": true, "fotografía": true, "fotógrafo": true, "imagen": true, "crédito": true, "créditos": true, "imagem": true, "fotografia": true, "immagine": true, "beeld": true, "zdjęcie": true, "fot": true, "fot.": true, "zdroj": true, "bildtext": true, "kuva": true, "фото": true, "foto/": true, "fotograf": true, "fotos/": true, "fotocredits": true, "bildnachweis": true, "bildnachweise": true, "bildrechte": true, "fotoquelle": true, "bilderquelle": true, "titelbild": true, "beitragsbild": true, "headerbild": true, "titelfoto": true, "aufmacherbild": true, "bildcredit": true, "fotorechte": true, "fotoğraf": true, "fotoğraflar": true, "görsel": true, "gambar": true, "ảnh": true, "φωτο": true, "φωτογραφία": true, "zdjęcia": true, "snímek": true, "fotó": true, "valokuva": true, "kuvat": true, "ilustración": true, "ilustração": true, "ilustracja": true, "foto's": true, "screenshot": true, "screengrab": true, "снимок": true, "світлина": true,
	"사진": true, "사진제공": true, "写真": true, "写真提供": true, "图": true, "图片": true, "圖": true, "照片": true, "摄影": true, "攝影": true, "图源": true, "图片来源": true, "資料照片": true, "画像": true, "画像提供": true,
	"צילום": true, "תמונה": true, "תמונות": true, "صورة": true, "الصورة": true, "تصوير": true,
}

// isCreditLabel recognises "Photo: X", "Photo by X", "Photo Reuters", "© X".
func isCreditLabel(l *Line) bool {
	t := strings.Trim(l.Lower, "()[]（）【】| /")
	for _, lead := range []string{"main ", "lead ", "featured ", "feature ", "header ", "cover ", "title ", "hero ", "top "} {
		if rest, ok := strings.CutPrefix(t, lead); ok {
			t = rest
			break
		}
	}
	if strings.HasPrefix(t, "ⓒ") || strings.HasPrefix(t, "©") || strings.HasPrefix(t, "(c) ") {
		return l.Words <= 10 && !strings.HasSuffix(t, ".") && l.Words > 0
	}
	s, e := nextWord(t, 0)
	if s != 0 || !creditWords[t[:e]] {
		return false
	}
	rest := strings.TrimLeft(t[e:], " ")
	if strings.HasPrefix(rest, "[") || strings.HasPrefix(rest, "(") { // "Foto [M]: ..."
		if i := strings.IndexAny(rest, "])"); i > 0 && i < 12 {
			rest = strings.TrimLeft(rest[i+1:], " ")
		}
	}
	for _, more := range []string{"credit", "credits", "source", "courtesy", "copyright", "photo", "photos", "fotografico", "image", "credit/"} {
		if startsWith(rest, more) {
			rest = strings.TrimLeft(rest[len(more):], " ")
		}
	}
	if strings.HasSuffix(t, ".") && l.Words > 8 {
		return false
	}
	if rest == "" {
		return false
	}
	if i := strings.IndexAny(rest[:min(len(rest), 3)], ":/|©=：｜／＝"); i >= 0 || strings.HasPrefix(rest, "by ") || strings.HasPrefix(rest, "courtesy") ||
		strings.HasPrefix(rest, "di ") || strings.HasPrefix(rest, "via ") || strings.HasPrefix(rest, "von ") {
		return l.Words > 1 && !strings.HasSuffix(rest, ".") || l.Words <= 6
	}
	return hasAgency(rest) && l.Words <= 5 && !endsLikeSentence(t)
}

// isAgencyCredit recognises a credit without a label: a name and an agency, or
// a picture agency alone.
func isAgencyCredit(l *Line) bool {
	t := strings.Trim(l.Lower, " ")
	if endsLikeSentence(t) || l.Words == 0 {
		return false
	}
	bare := strings.Trim(t, "()[] ")
	if agencies[bare] {
		return true
	}
	return l.Words <= 9 && !strings.Contains(bare, ". ") && isCreditText(bare)
}

// isCreditText reports whether s (lower case) reads "name/agency", "agency/name",
// "name via agency" or has several agencies in a row.
func isCreditText(s string) bool {
	if strings.Contains(s, "ap photo") || strings.HasPrefix(s, "photo by ") || strings.Contains(s, " photo via ") {
		return true
	}
	parts := strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune("/|—–,", r) })
	if i := strings.Index(s, " via "); i >= 0 {
		return hasAgency(s[i+5:])
	}
	if len(parts) < 2 {
		return false
	}
	for _, p := range parts {
		if _, ok := agencies[strings.Trim(p, " .()")]; ok {
			return true
		}
	}
	return false
}

// hasAgency reports whether s (lower case) names an agency as a word or two.
func hasAgency(s string) bool {
	if _, ok := agencies[strings.Trim(s, " .()")]; ok {
		return true
	}
	words := strings.FieldsFunc(s, func(r rune) bool { return !isWord(r) && r != '-' })
	for i, w := range words {
		if _, ok := agencies[w]; ok && w != "pa" && w != "spa" && w != "aa" && w != "tt" {
			return true
		}
		if i+1 < len(words) {
			if _, ok := agencies[w+" "+words[i+1]]; ok {
				return true
			}
		}
	}
	return false
}

// IsAgency reports whether name is that of a news agency.
func IsAgency(name string) bool {
	name = strings.ToLower(strings.Trim(name, " .()"))
	if _, ok := agencies[name]; ok {
		return true
	}
	first, _, joined := strings.Cut(name, "/") // "dpa/lno", "awp/afp"
	_, ok := agencies[strings.TrimSpace(first)]
	return ok && joined
}

// Credit returns where in text a photo credit begins that ends it, or -1.
// "The harbour. (Jane Roe/Reuters)" gives the position of the bracket.
func Credit(text string) int {
	return creditIn(text, lowerOf(text))
}

// maxMarked bounds how far from the end of a caption, in bytes, the label of a
// credit stands.
const maxMarked = 60

func creditIn(text, lower string) int {
	if len(lower) != len(text) {
		return -1 // rare letters that change length: not worth a mapping
	}
	trimmed := strings.TrimRight(lower, " .")
	for _, pair := range [...][2]string{{"(", ")"}, {"[", "]"}, {"（", "）"}, {"【", "】"}} {
		inner, closed := strings.CutSuffix(trimmed, pair[1])
		if !closed {
			continue
		}
		if i := strings.LastIndex(inner, pair[0]); i >= 0 && len(trimmed)-i < 120 {
			in := inner[i+len(pair[0]):]
			if isCreditText(in) || creditLabelled(in) {
				return i
			}
		}
	}
	if i := labelledCredit(lower); i >= 0 {
		return i
	}
	if i := signedCredit(lower); i >= 0 {
		return i
	}
	return trailingAgency(lower, text)
}

func creditLabelled(s string) bool {
	_, e := nextWord(s, 0)
	rest := strings.TrimLeft(s[e:], " ")
	return creditWords[strings.TrimSpace(s[:e])] && (strings.HasPrefix(rest, ":") || strings.HasPrefix(rest, "=") || strings.HasPrefix(rest, "：") || strings.HasPrefix(rest, "by ") ||
		strings.HasPrefix(rest, "courtesy") || strings.HasPrefix(rest, "via ") || strings.HasPrefix(rest, "credit"))
}

// maxSigned bounds a caption, in bytes, that a mark of copyright signs: longer
// texts are signed by who wrote them.
const maxSigned = 300

// signedCredit finds "... a bridge. © AFP / JANE ROE" at the end of a caption.
func signedCredit(lower string) int {
	if len(lower) >= maxSigned {
		return -1
	}
	for _, sign := range []string{"©", "ⓒ"} {
		i := strings.LastIndex(lower, " "+sign)
		if i > 0 && len(lower)-i < 70 && !endsLikeSentence(lower) && strings.Count(lower[i:], " ") <= 8 {
			return len(strings.TrimRight(lower[:i], " |/"))
		}
	}
	return -1
}

// labelledCredit finds "... Photograph: Jane Roe/AFP" at the end of a caption.
func labelledCredit(lower string) int {
	from := max(0, len(lower)-maxMarked)
	i := from + max(strings.LastIndexByte(lower[from:], ':'), strings.LastIndexByte(lower[from:], '='), strings.LastIndex(lower[from:], "："))
	if i <= 0 || i < from || strings.Count(lower[i:], " ") > 6 || strings.Contains(lower[i:], ". ") {
		return -1
	}
	start := strings.LastIndexAny(strings.TrimRight(lower[:i], " "), " .)|") + 1
	word := strings.Trim(lower[start:i], " ")
	if !creditWords[word] || start == 0 {
		return -1
	}
	before := strings.TrimRight(lower[:start], " ")
	if word == "credit" || word == "source" || word == "credits" {
		for _, w := range []string{"photo", "image", "picture"} {
			if strings.HasSuffix(before, w) {
				return len(before) - len(w)
			}
		}
	}
	if strings.HasSuffix(before, "(") || strings.HasSuffix(before, "/") {
		before = before[:len(before)-1]
	}
	return len(before)
}

// trailingAgency finds "... storm. REUTERS/Jane Roe" and "... Jane Roe/AFP".
func trailingAgency(lower, text string) int {
	slash := strings.IndexByte(lower, '/') >= 0
	if !slash && (endsLikeSentence(lower) || strings.IndexByte(lower, '|') < 0) {
		return -1
	}
	i := strings.LastIndex(lower, ". ")
	if j := max(strings.LastIndex(lower, "? "), strings.LastIndex(lower, "! "), strings.LastIndex(lower, "\" ")); j > i {
		i = j
	}
	if i < 0 {
		return -1
	}
	last := strings.Trim(lower[i+2:], " .")
	if n := strings.Count(last, " "); n > 6 || !isCreditText(last) || !strings.ContainsAny(last, "/|") {
		return -1
	}
	for _, r := range text[i+2:] { // a name begins with a capital
		if unicode.IsLetter(r) {
			if unicode.IsLower(r) && !strings.HasPrefix(last, "dpa") {
				return -1
			}
			break
		}
	}
	return i + 2
}

func endsInCredit(l *Line) bool { return l.Words > 3 && creditIn(l.Text, l.Lower) > 0 }

// isAgencySignature recognises the agencies that sign a report: "(dpa)",
// "dpa/lno", "(APA/Reuters)". A name among them makes it the credit of a picture.
func isAgencySignature(l *Line) bool {
	t := strings.Trim(l.Text, "()[]-–— .©")
	if strings.HasPrefix(t, "dpa-infocom") {
		return true
	}
	wire := false
	for i, part := range strings.FieldsFunc(t, func(r rune) bool { return strings.ContainsRune("/,|;", r) }) {
		part = strings.TrimSpace(part)
		pictures, known := agencies[strings.ToLower(part)]
		if code := len(part) <= 4 && part == strings.ToLower(part); pictures || !known && (i == 0 || !code) {
			return false
		}
		wire = true
	}
	return wire
}

func endsLikeSentence(s string) bool {
	s = strings.TrimRight(s, "\"') ")
	return s != "" && strings.ContainsRune(".?!", rune(s[len(s)-1]))
}

// CreditName returns who is credited: a photo credit without its brackets and
// its label. "(Photo: Jane Roe/Reuters)" gives "Jane Roe/Reuters".
func CreditName(text string) string {
	t := strings.Trim(text, " ()[]|.")
	for range 3 { // "Photo credit by"
		_, e := nextWord(t, 0)
		word := strings.ToLower(strings.TrimSpace(t[:e]))
		rest := strings.TrimLeft(t[e:], " :：=/|–—-.©")
		if rest == "" || !creditWords[word] && word != "by" && word != "courtesy" && word != "von" && word != "source" ||
			creditWords[word] && !labelEnds(t[e:], rest) {
			break
		}
		t = rest
	}
	return strings.Trim(t, " ()[]©|")
}

// labelEnds reports whether what follows the word of a label, as it stands and
// without punctuation, makes it a label: "Photo: X", "Photo by X", "Photo
// Reuters", but not "Photo Agency X".
func labelEnds(raw, rest string) bool {
	if raw[0] != ' ' || strings.ContainsAny(raw[:min(len(raw), 3)], ":|/©") {
		return true
	}
	_, e := nextWord(rest, 0)
	word := strings.ToLower(rest[:e])
	return creditWords[word] || word == "by" || word == "courtesy" || word == "von" || word == "source" || hasAgency(strings.ToLower(rest))
}
