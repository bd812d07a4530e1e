//nolint:misspell // words of other languages
package extract

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/clean"
	"github.com/copydesk/copydesk/pkg/textnorm"
)

const (
	maxAuthors    = 20
	maxAuthorName = 80
	maxByline     = 600 // bytes
)

// byWords begin a byline, lower case. Those that end in a letter are followed
// by a space.
var byWords = []string{
	"by:", "by", "posted by", "written by", "reported by", "story by", "words by", "published by", "created by", "uploaded by", "review by", "edited by", "more articles by", "all articles by", "all posts by", "view all posts by", "show all articles of", "alles von", "alle artikel von", "alle beiträge von", "weitere artikel von", "weitere beiträge von", "blog by", "post by", "interview by", "author:", "author :", "author", "authors:", "editor:", "from", "text:", "text by", "interview:",
	"von:", "von", "text von", "erstellt von", "eingestellt von", "geschrieben von", "verfasst von", "veröffentlicht von", "gepostet von", "publiziert von", "ein beitrag von", "blog beitrag von", "blogbeitrag von", "gastbeitrag von", "ein gastbeitrag von", "ein kommentar von", "kommentar von", "eine analyse von", "eine kolumne von", "kolumne von", "ein interview von", "interview von", "autor:", "autor", "autorin:", "autorin", "autoren:", "redaktion:", "bericht:", "verantwortlich:", "herausgeber:", "verfasser:",
	"par:", "par", "publié par", "écrit par", "rédigé par", "auteur :", "auteur:", "propos recueillis par",
	"por:", "por", "escrito por", "publicado por", "redactado por", "di:", "di", "scritto da", "pubblicato da", "a cura di", "autore:", "de:", "de",
	"door:", "door", "af:", "af", "av:", "av", "tekst:", "oleh", "penulis:", "autor tekstu:", "tác giả:", "yazar:", "kirjoittaja:",
	"автор:", "автор", "текст:", "بقلم:", "بقلم", "كتب:", "كتب", "מאת:", "מאת", "作者：", "作者:", "责任编辑：", "责任编辑:", "责编：", "责编:", "責任編輯:", "編輯:", "编辑：", "编辑:", "记者：", "记者:", "記者", "文/", "文：", "글", "기자:",
}

var nameSeparators = []string{" and ", " & ", " und ", " et ", " y ", " e ", " en ", ";", "|", " / ", " with ", " och ", " og ", " i ", " и ", " va ", " ve ", "•", "·", "、", "，", "\n"}

// splitNames cuts a byline into names and drops what are none: by-words, roles,
// addresses, accounts.
func splitNames(s string) []string {
	s = textnorm.String(stripTags(s))
	if s == "" || len(s) > maxByline {
		return nil
	}
	s = cutByWord(s)
	if isOrgName(s) {
		if name := cleanName(s); name != "" {
			return []string{name}
		}
	}
	lower := strings.ToLower(s)
	for _, sep := range nameSeparators {
		if len(lower) == len(s) && strings.Contains(lower, sep) {
			s = replaceFold(s, sep, "\n")
			lower = strings.ToLower(s)
		}
	}
	var out []string
	for part := range strings.SplitSeq(s, "\n") {
		for i, piece := range strings.Split(part, ",") {
			name := cleanName(cutByWord(strings.TrimSpace(piece)))
			if name == "" || i > 0 && (isRole(name) || !nameLike(name) && len(out) > 0 && !clean.IsAgency(name)) {
				continue
			}
			out = append(out, splitSlash(name)...)
		}
	}
	if len(out) == 2 && strings.Count(s, ",") == 1 && !strings.Contains(out[0], " ") && !strings.Contains(out[1], " ") && !clean.IsAgency(out[1]) {
		return []string{out[1] + " " + out[0]} // "Roe, Jane"
	}
	return out
}

// splitSlash parts "Jane Roe/John Doe".
func splitSlash(name string) []string {
	first, second, ok := strings.Cut(name, "/")
	if ok && strings.Contains(first, " ") && nameLike(first) && nameLike(second) {
		return []string{strings.TrimSpace(first), strings.TrimSpace(second)}
	}
	return []string{name}
}

// cutByWord cuts the words off the beginning that say that a name follows.
func cutByWord(s string) string {
	for range 2 {
		rest, ok := afterByWord(s)
		if !ok {
			break
		}
		s = rest
	}
	return s
}

// byWordIndex has the by-words by their first rune.
var byWordIndex = indexByWords()

func indexByWords() map[rune][]string {
	m := map[rune][]string{}
	for _, by := range byWords {
		m[lowerStart(by)] = append(m[lowerStart(by)], by)
	}
	return m
}

func lowerStart(s string) rune { return unicode.ToLower(firstRune(s)) }

// afterByWord returns what follows the longest by-word that s begins with.
func afterByWord(s string) (string, bool) {
	best := 0
	for _, by := range byWordIndex[lowerStart(s)] {
		if len(by) <= best || !startsWithFold(s, by) {
			continue
		}
		last, _ := utf8.DecodeLastRuneInString(by)
		rest := s[len(by):]
		switch {
		case unicode.IsLetter(last) && (rest == "" || rest[0] != ' '):
			continue // "Byron"
		case by == "de" && s[0] == 'd', by == "di" && s[0] == 'd', by == "von" && s[0] == 'v' && strings.Count(s, " ") < 2 && len(rest) < 4:
			continue // "de la Cruz"
		}
		best = len(by)
	}
	return strings.TrimSpace(s[best:]), best > 0
}

// isByWord reports a line that only says that a name follows.
func isByWord(s string) bool {
	for _, by := range byWordIndex[lowerStart(s)] {
		if strings.EqualFold(strings.TrimRight(s, " :："), strings.TrimRight(by, " :：")) {
			return true
		}
	}
	return false
}

func startsWithFold(s, p string) bool { return len(s) >= len(p) && strings.EqualFold(s[:len(p)], p) }

func replaceFold(s, old, with string) string {
	lower := strings.ToLower(s)
	var b strings.Builder
	for {
		i := strings.Index(lower, old)
		if i < 0 {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(s[:i] + with)
		s, lower = s[i+len(old):], lower[i+len(old):]
	}
}

func firstRune(s string) rune { r, _ := utf8.DecodeRuneInString(s); return r }

// noNames are what content systems write where no author is known.
var noNames = wordSet("admin administrator author autor by unknown null undefined none webmaster guest redirect user anonymous more posted follow", "about the author", "view all posts", "more posts", "author profile", "publiziert am", "posted on", "published on", "no author", "super user")

// cleanName returns the bare name, or "" for what cannot be one.
func cleanName(s string) string {
	if i := strings.IndexAny(s, "([（"); i > 2 {
		s = s[:i]
	} else if i == 0 {
		return ""
	}
	s = withoutRole(strings.Trim(s, " .,:;-–—*\"'»«|/<>)©"))
	if s == "" || len(s) > maxAuthorName || strings.ContainsAny(s, "@{}=<>") || strings.Contains(s, "://") || startsWithFold(s, "www.") {
		return ""
	}
	if strings.IndexFunc(s, unicode.IsLetter) < 0 || strings.Count(s, " ") > 6 && !isOrgName(s) {
		return ""
	}
	f := clean.Fold(s)
	if noNames[f] {
		return ""
	}
	digits := 0
	for _, r := range s {
		if unicode.IsDigit(r) {
			digits++
		}
	}
	if digits > 4 || digits > 0 && (strings.Contains(f, "uhr") || strings.HasSuffix(f, " min") || unicode.IsDigit(firstRune(s))) {
		return ""
	}
	return s
}

func wordSet(words string, phrases ...string) map[string]bool {
	set := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		set[w] = true
	}
	for _, p := range phrases {
		set[p] = true
	}
	return set
}

var roleWords = wordSet("editor reporter correspondent writer journalist columnist producer contributor redakteur redakteurin korrespondent korrespondentin journaliste redactor corresponsal staff director chief professor fellow bureau photographer specialist manager analyst head phd")

func isRole(s string) bool {
	for w := range strings.FieldsSeq(strings.ToLower(s)) {
		if roleWords[strings.Trim(w, ".,")] {
			return true
		}
	}
	return false
}

// ourWords begin what an outlet calls its own: "unserer Redakteurin Jana Roh".
var ourWords = wordSet("our unser unsere unserem unseren unserer notre nos nuestro nuestra nosso nossa nostro nostra onze")

// withoutRole cuts "unserer Redakteurin", "Herald expert", "for The Herald" and
// the like off a name.
func withoutRole(s string) string {
	if name, ok := strings.CutSuffix(s, " 기자"); ok {
		return name
	}
	if i := strings.Index(s, " For The "); i > 0 || strings.Contains(s, " for ") {
		if i < 0 {
			i = strings.Index(s, " for ")
		}
		if strings.Contains(s[:i], " ") {
			s = s[:i]
		}
	}
	first, rest, ok := strings.Cut(s, " ")
	if !ok {
		return s
	}
	if !ourWords[strings.ToLower(first)] {
		if roleSuffix(strings.ToLower(first)) && strings.Contains(rest, " ") {
			return rest
		}
		return s
	}
	// The last two words are the name, and more of them where they follow a role.
	words := strings.Fields(rest)
	for i, w := range words {
		if lower := strings.ToLower(w); i+1 < len(words) && (w == lower || i == 0 && len(words) > 2) || roleSuffix(lower) {
			continue
		}
		return strings.Join(words[i:], " ")
	}
	return s
}

func roleSuffix(w string) bool {
	w = strings.TrimSuffix(w, "in")
	for _, role := range []string{"redakteur", "reporter", "korrespondent", "mitarbeiter", "volontär", "autor", "fotograf", "expert", "experte", "correspondent", "editor", "writer", "journalist", "kolumnist"} {
		if strings.HasSuffix(w, role) {
			return true
		}
	}
	return false
}

var (
	orgWords = wordSet("staff news newsroom desk editorial redaktion team redacción redaccion redazione redação rédaction redactie redakcja media press agency agencies agenturen agencias agences online times post herald tribune daily magazine network radio tv editors reporters board bureau service zeitung gazette journal reporter correspondent foundation institute university ltd inc gmbh web digital newsdesk agentur presse pressestelle")
	// legalWords make a name that of an organisation wherever they stand.
	legalWords = wordSet("gmbh ltd inc llc verein bund verband institut institute stiftung foundation university universität université universidad università ministerium ministry ministère ministerio gesellschaft akademie academy association council commission departement department bundesamt landesamt e.v e.v. s.a. plc")
	// legalEnds end the compounds that German makes of them.
	legalEnds = []string{"anstalt", "verband", "verein", "ministerium", "institut", "gesellschaft", "stiftung", "kammer", "redaktion", "agentur", "dienst"}
)

// isOrgName reports a name that only an organisation has: "Northport Society for
// Ships and Bridges". Its "and" parts no names.
func isOrgName(s string) bool {
	if strings.IndexByte(s, ' ') < 0 {
		return false
	}
	for w := range strings.FieldsSeq(strings.ToLower(s)) {
		w = strings.Trim(w, ",;:()")
		if legalWords[w] {
			return true
		}
		for _, end := range legalEnds {
			if len(w) > len(end) && strings.HasSuffix(w, end) {
				return true
			}
		}
	}
	return false
}

// authorKind tells people from agencies and organisations.
func authorKind(name string, a *article.Article) article.AuthorKind {
	if clean.IsAgency(name) {
		return article.Agency
	}
	f := clean.Fold(name)
	if f == clean.Fold(a.Publisher) || f == clean.Fold(a.Site) || strings.Contains(name, ".") && !strings.Contains(name, " ") || isOrgName(name) {
		return article.Organisation
	}
	words := strings.Fields(f)
	for i, w := range words {
		if orgWords[w] && (i > 0 || len(words) == 1 || w == "redaktion" || w == "staff" || w == "the") {
			return article.Organisation
		}
	}
	if len(words) > 0 && words[0] == "the" {
		return article.Organisation
	}
	for part := range strings.FieldsFuncSeq(name, func(r rune) bool { return r == '/' || r == '-' || r == ',' || r == ' ' }) {
		if clean.IsAgency(part) && allCapitals(part) || strings.EqualFold(part, "dpa") {
			return article.Agency
		}
	}
	return article.Person
}

// nameLike reports whether s has the form of a name: two to five words with
// capitals, or one of an agency.
func nameLike(s string) bool {
	words := strings.Fields(s)
	if len(words) == 0 || len(words) > 5 {
		return false
	}
	capital := 0
	for _, w := range words {
		if r := firstRune(w); unicode.IsUpper(r) || unicode.IsLetter(r) && !unicode.IsLower(r) {
			capital++
		}
	}
	return capital >= 1 && capital*2 >= len(words) && (len(words) >= 2 || clean.IsAgency(s) || !unicode.Is(unicode.Latin, firstRune(s)))
}
