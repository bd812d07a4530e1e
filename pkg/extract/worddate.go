//nolint:misspell // words of other languages
package extract

import (
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/clean"
)

// monthWords are the names of the months, lower case, in twelve groups.
var monthWords = monthIndex(
	"january jan januar jänner janvier enero ene gennaio gen janeiro januari",
	"february feb februar février fevrier febrero febbraio fevereiro februari",
	"march mar märz maerz mrz mars marzo março maart",
	"april apr avril abril aprile abr",
	"may mai mayo maggio maio mei",
	"june jun juni juin junio giugno junho",
	"july jul juli juillet julio luglio julho",
	"august aug août aout agosto augustus ago",
	"september sep sept septembre septiembre settembre setembro",
	"october oct oktober okt octobre octubre ottobre outubro",
	"november nov novembre noviembre novembro",
	"december dec dezember dez décembre decembre diciembre dic dicembre dezembro",
)

func monthIndex(groups ...string) map[string]time.Month {
	m := map[string]time.Month{}
	for i, g := range groups {
		for w := range strings.FieldsSeq(g) {
			m[w] = time.Month(i + 1)
		}
	}
	return m
}

// zoneWords are the abbreviations of time zones that say one thing in the news,
// with their offsets in minutes.
var zoneWords = map[string]int{"utc": 0, "gmt": 0, "bst": 60, "cet": 60, "mez": 60, "cest": 120, "mesz": 120, "eet": 120, "eest": 180, "est": -300, "edt": -240, "cdt": -300, "mst": -420, "mdt": -360, "pst": -480, "pdt": -420}

// wordDate is a date that a line of text gives, as it is read word by word.
type wordDate struct {
	year, day   int
	month       time.Month
	hour, min   int
	timed, zone bool
	offset      int // of the zone, in minutes
}

// dateInWords reads the date, and the time, of a line such as "Posted Friday,
// 13 November 2026, 10:08 UTC"; a time without a date is none. Where the line
// names no zone the time is taken for UTC.
func dateInWords(s string) *foundDate {
	var w wordDate
	words := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return unicode.IsSpace(r) || r == ',' || r == '(' || r == ')' || r == '|' })
	for i, word := range words {
		w.read(strings.TrimRight(word, "."), words[i+1:])
	}
	if w.year == 0 || w.month == 0 || w.day == 0 {
		return nil
	}
	loc := time.UTC
	if w.offset != 0 {
		loc = time.FixedZone("", w.offset*60)
	}
	t := time.Date(w.year, w.month, w.day, w.hour, w.min, 0, 0, loc)
	if t.Day() != w.day {
		return nil
	}
	d := &foundDate{Date: article.Date{Time: t, Precision: article.Day, From: article.FromText}, zoned: w.zone}
	if w.timed {
		d.Precision = article.Minute
	}
	return d
}

func (w *wordDate) read(word string, next []string) {
	if m, ok := monthWords[word]; ok && w.month == 0 {
		w.month = m
		return
	}
	if offset, ok := zoneWords[word]; ok && w.timed && !w.zone {
		w.offset, w.zone = offset, true
		return
	}
	if w.readNumeric(word) || w.readTime(word, next) {
		return
	}
	n, err := strconv.Atoi(strings.TrimRight(word, "stndrhº°"))
	switch {
	case err != nil:
	case n >= 1990 && n < 2100 && w.year == 0:
		w.year = n
	case n >= 1 && n <= 31 && w.day == 0 && len(word) <= 4:
		w.day = n
	}
}

// readNumeric reads 13.11.2026 and 2026-11-13. With slashes nobody knows which
// is the month.
func (w *wordDate) readNumeric(word string) bool {
	if w.year != 0 || w.month != 0 {
		return false
	}
	for _, layout := range []string{"2.1.2006", "2006-01-02"} {
		if t, err := time.Parse(layout, word); err == nil {
			w.year, w.month, w.day = t.Year(), t.Month(), t.Day()
			return true
		}
	}
	return false
}

// readTime reads 10:08, 10:08am, 10.08 before "Uhr", and 10h08.
func (w *wordDate) readTime(word string, next []string) bool {
	if w.timed {
		return false
	}
	following := ""
	if len(next) > 0 {
		following = strings.ReplaceAll(next[0], ".", "")
	}
	half := ""
	for _, s := range []string{"am", "pm"} {
		if rest, ok := strings.CutSuffix(word, s); ok {
			word, half = rest, s
		} else if following == s {
			half = s
		}
	}
	h, m, ok := strings.Cut(word, ":")
	if !ok {
		h, m, ok = strings.Cut(word, "h")
	}
	if !ok && (following == "uhr" || half != "") {
		h, m, ok = strings.Cut(word, ".")
	}
	if !ok {
		return false
	}
	m, _, _ = strings.Cut(m, ":")
	hour, err1 := strconv.Atoi(h)
	minute, err2 := strconv.Atoi(m)
	if err1 != nil || err2 != nil || hour > 23 || minute > 59 || hour < 0 || minute < 0 {
		return false
	}
	if half != "" && hour <= 12 {
		hour %= 12
		if half == "pm" {
			hour += 12
		}
	}
	w.hour, w.min, w.timed = hour, minute, true
	return true
}

// updatedWords say of a date that it is not when the article came out.
var updatedWords = []string{"update", "modified", "aktualisiert", "geändert", "stand:", "mis à jour", "modifié", "actualiza", "modifica", "aggiorna", "atualiza", "bijgewerkt", "gewijzigd", "today", "heute", "aujourd'hui", "edition", "ausgabe"}

// publishedWords say of a date that it is when the article came out.
var publishedWords = []string{"posted", "published", "publish", "veröffentlicht", "erschienen", "publié", "publicado", "pubblicato", "gepubliceerd", "geplaatst", "added", "written", "released", "created", "erstellt"}

func mentions(s string, words []string) bool {
	s = strings.ToLower(s)
	for _, w := range words {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}

const (
	// belowTitle and aboveTitle are how many blocks away from the headline a line
	// with the date may stand.
	belowTitle = 6
	aboveTitle = 2
)

// lineDate reads the line with the date that stands at the headline: one with
// names or with a word such as "Posted" before one that is a date and nothing
// else. It leaves the clocks, tide tables and marks of the last change that
// stand elsewhere.
func lineDate(a *article.Article, p *page) *foundDate {
	title := clean.Fold(a.Title)
	var plain *foundDate
	for i := range p.blocks {
		if clean.Fold(p.blocks[i].text) != title || title == "" {
			continue
		}
		for k := max(0, i-aboveTitle); k < min(len(p.blocks), i+1+belowTitle); k++ {
			b := &p.blocks[k]
			if b.words < 2 || b.words > 24 || mentions(b.text, updatedWords) && !mentions(b.text, publishedWords) {
				continue
			}
			l := clean.NewLine(b.text)
			l.Head = true
			v := clean.Match(&l)
			labelled := v.Rule == "dated-byline" || v.Kind == clean.DateStamp && mentions(b.text, publishedWords)
			if !labelled && (v.Kind != clean.DateStamp || k < i) {
				continue
			}
			d := dateInWords(b.text)
			if labelled && d != nil {
				return d
			}
			if plain == nil {
				plain = d
			}
		}
	}
	return plain
}
