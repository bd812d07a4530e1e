//nolint:misspell // words of other languages
package clean

import (
	"strings"
	"unicode"
)

// dateWords are all that a date stamp consists of besides numbers: months, week
// days, labels, zones and particles. A line of nothing else is a date stamp.
var dateWords = set(`
january february march april may june july august september october november december jan feb mar apr jun jul aug sep sept oct nov dec
monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs fri sat sun
januar februar märz mai juni juli oktober dezember jänner mrz okt dez montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag mo di mi do fr sa so
janvier février mars avril juin juillet août septembre octobre novembre décembre lundi mardi mercredi jeudi vendredi samedi dimanche
enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre lunes martes miércoles jueves viernes sábado domingo ene abr ago dic
gennaio febbraio aprile maggio giugno luglio settembre ottobre dicembre lunedì martedì mercoledì giovedì venerdì sabato domenica
janeiro fevereiro março maio junho julho setembro outubro novembro dezembro segunda terça quarta quinta sexta feira
januari februari maart mei augustus maandag dinsdag woensdag donderdag vrijdag zaterdag zondag
stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia
января февраля марта апреля мая июня июля августа сентября октября ноября декабря
يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر
am pm a.m p.m uhr h at on the of um vom der den le à a las el de del il alle ore op om the and to st nd rd th hrs o'clock em às to g r
gmt utc bst est edt cst cdt mst mdt pst pdt et pt ct cet cest mez mesz ist aest aedt sast wib eat msk
published updated update posted last modified first publish date stand erstellt aktualisiert veröffentlicht zuletzt geändert publié mis jour modifié publicado actualizado actualización pubblicato aggiornato atualizado atualização gepubliceerd bijgewerkt datum created added date time on опубликовано обновлено تاريخ النشر פורסם עודכן data publikacji aktualizacja uppdaterad publicerad publisert oppdatert julkaistu päivitetty diterbitkan modifica modificato modificata aggiornata alle ore opublikowano zaktualizowano aktualizováno publikováno vydáno güncelleme güncellenme giriş tarihi yayınlanma oluşturulma`)

// isInstant recognises a date written for machines: 2019-05-12T10:15:00+01:00.
func isInstant(s string) bool {
	return len(s) >= 16 && len(s) <= 35 && s[4] == '-' && s[7] == '-' && s[10] == 'T' && s[13] == ':' && !strings.Contains(s, " ")
}

// isDateStamp recognises a line that consists of a date and nothing else.
func isDateStamp(l *Line) bool {
	if !mayHoldDigit(l.Text) {
		return false
	}
	if isInstant(l.Text) {
		return true
	}
	if strings.Contains(l.Text, "°") {
		return false
	}
	if isAsianDate(l.Text) {
		return true
	}
	digits, year := 0, false
	for _, w := range strings.FieldsFunc(l.Lower, func(r rune) bool { return !isWord(r) && r != '.' && r != '\'' }) {
		w = strings.Trim(w, ".'")
		if w == "" {
			continue
		}
		head := strings.TrimRightFunc(w, unicode.IsLetter)
		switch {
		case strings.Trim(w, "0123456789.") == "":
			digits++
			year = year || len(w) >= 4
		case dateWords[w]:
		case head != w && strings.Trim(head, "0123456789.:") == "" && len(w)-len(head) <= 3 || strings.Trim(w, "0123456789th") == "":
			digits++ // 10am, 3rd, 10h15, 20191012t10
		default:
			return false
		}
	}
	return digits >= 2 && (year || digits >= 3) || digits == 1 && l.Words >= 3
}

var (
	byWords   = []string{"by", "von", "par", "por", "di", "da", "door", "av", "af", "from", "text:", "text von", "posted by", "written by", "published by", "reported by", "words by", "escrito por", "publicado por", "scritto da", "aus", "oleh", "автор", "بقلم", "كتب", "מאת", "ein kommentar von", "eine analyse von", "ein gastbeitrag von", "interview von", "author:", "autor:", "auteur :", "autore:", "written by:", "by:", "|by"}
	nameJoins = set("and und et y e en ed i & van von de der den del della di da dos das du la le el al bin ibn ben ter zu zur for in of the bei staff writer reporter correspondent editor senior chief political business sports science world national contributor special to press associated political columnist")
)

// isByline recognises a by-word before nothing but names.
func isByline(l *Line) bool {
	if endsLikeSentence(l.Lower) && l.Words > 5 {
		return false
	}
	for _, by := range byWords {
		if !startsWith(l.Lower, by) || len(l.Lower) != len(l.Text) {
			continue
		}
		names := 0
		for i, w := range strings.FieldsFunc(l.Text[len(by):], func(r rune) bool { return unicode.IsSpace(r) || r == ',' || r == '|' }) {
			first := []rune(w)[0]
			switch {
			case nameJoins[strings.ToLower(strings.Trim(w, ".:"))]:
			case unicode.IsUpper(first) || !unicode.IsLower(first) && unicode.IsLetter(first):
				if dateWords[strings.ToLower(w)] && i == 0 {
					return false
				}
				names++
			default:
				return false
			}
		}
		return names >= 1 && (names >= 2 || by != "da" && by != "di" && by != "from")
	}
	return false
}

// datedBy are the by-words that may stand between a date and a name.
var datedBy = []string{" by ", " by: ", " von ", " par ", " por ", " door ", " | by ", " autor: ", " author: "}

// SplitByline cuts a line that says when and by whom, and nothing else, into
// the two: "Posted 12 May 2019, 10:15 by Jane Roe", "By Jane Roe, 12 May 2019".
func SplitByline(text string) (date, by string, ok bool) {
	return splitByline(text, lowerOf(text))
}

func splitByline(text, lower string) (date, by string, ok bool) {
	if len(lower) != len(text) || !mayHoldDigit(text) {
		return "", "", false
	}
	for _, w := range datedBy {
		i := strings.Index(lower, w)
		if i < 0 {
			continue
		}
		date, by = text[:i], strings.TrimSpace(text[i+len(w):])
		l := NewLine(strings.Trim(date, " ,|-–—•·"))
		if n := len(strings.Fields(by)); isDateStamp(&l) && l.Words >= 3 && n > 0 && n <= 8 && unicode.IsUpper([]rune(by)[0]) && !endsLikeSentence(lower) {
			return date, by, true
		}
	}
	if i := strings.IndexAny(text, "0123456789"); i > 0 && text[i-1] == ' ' { // "di Maria Rossi 20 Novembre 2024"
		who, when := NewLine(strings.TrimSpace(text[:i])), NewLine(text[i:])
		if isByline(&who) && when.Words >= 2 && isDateStamp(&when) {
			return when.Text, who.Text, true
		}
	}
	for _, sep := range []string{", ", " | ", " – ", " - ", " on ", " • ", " · ", " am "} {
		i := strings.Index(lower, sep)
		if i < 0 {
			continue
		}
		if who := NewLine(text[:i]); isByline(&who) {
			if when := NewLine(text[i+len(sep):]); when.Words >= 2 && isDateStamp(&when) {
				return when.Text, who.Text, true
			}
		}
	}
	return "", "", false
}

func isDatedByline(l *Line) bool {
	_, _, ok := splitByline(l.Text, l.Lower)
	return ok
}
