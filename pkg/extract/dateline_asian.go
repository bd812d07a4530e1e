package extract

import (
	"strings"
	"unicode/utf8"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/clean"
)

// asianDateline recognises the datelines of Korean, Japanese and Chinese: the
// agency stands with place and day in brackets, or opens a report that says
// with 电 where it was sent from.
func asianDateline(text string) (*article.Dateline, int) {
	r, size := utf8.DecodeRuneInString(text)
	var end string
	switch r {
	case '(', '（':
		end = ")）"
	case '[', '［':
		end = "]］"
	case '【':
		end = "】"
	default:
		return wiredDateline(text)
	}
	head := text[size:min(len(text), maxDateline)]
	i := strings.IndexAny(head, end)
	if i < 0 {
		return nil, 0
	}
	d := inBrackets(head[:i])
	if d == nil {
		return nil, 0
	}
	_, closing := utf8.DecodeRuneInString(head[i:])
	n := size + i + closing
	return d, n + afterBrackets(text[n:])
}

// inBrackets reads "서울=연합뉴스", "東京　３日　ロイター" and "中央社記者...台北3日電".
func inBrackets(s string) *article.Dateline {
	if place, agency, ok := strings.Cut(s, "="); ok && clean.IsAgency(agency) {
		return &article.Dateline{Place: strings.TrimSpace(place), Agency: strings.TrimSpace(agency)}
	}
	d := &article.Dateline{}
	for _, w := range strings.Fields(s) {
		switch {
		case clean.IsAgency(w):
			d.Agency = w
		case strings.HasSuffix(w, "日"):
			d.Date = w
		case d.Place == "":
			d.Place = w
		}
	}
	if d.Agency == "" || utf8.RuneCountInString(s) > 40 || !strings.ContainsFunc(s, isIdeographic) {
		return nil
	}
	return d
}

func isIdeographic(r rune) bool { return r >= 0x3040 && r <= 0x9FFF || r >= 0xAC00 && r <= 0xD7AF }

// afterBrackets is how much of what follows belongs to the dateline: a dash, or
// the reporter with an equals sign.
func afterBrackets(rest string) int {
	trimmed := strings.TrimLeft(rest, " ")
	if dash := dashLen(trimmed); dash > 0 {
		trimmed = strings.TrimLeft(trimmed[dash:], " ")
	} else if i := strings.IndexByte(trimmed[:min(len(trimmed), 60)], '='); i >= 0 && !strings.Contains(trimmed[:i], ".") {
		trimmed = strings.TrimLeft(trimmed[i+1:], " ")
	}
	return len(rest) - len(trimmed)
}

// wired are the agencies whose reports open with their name, the place, the day
// and 电 or 電.
var wired = []string{"新华社", "中新社", "中新网", "中央社", "新華社", "中通社"}

func wiredDateline(text string) (*article.Dateline, int) {
	for _, agency := range wired {
		rest, ok := strings.CutPrefix(text, agency)
		if !ok {
			continue
		}
		head := rest[:min(len(rest), 60)]
		i := strings.IndexAny(head, "电電")
		if i < 0 || strings.ContainsAny(head[:i], "，。") {
			return nil, 0
		}
		d := &article.Dateline{Agency: agency, Place: head[:i]}
		if j := strings.IndexAny(head[:i], "0123456789"); j >= 0 {
			d.Place, d.Date = head[:j], head[j:i]
		}
		n := len(agency) + i + len("电")
		if after := text[n:]; strings.HasPrefix(after, "（") || strings.HasPrefix(after, "(") {
			if j := strings.IndexAny(after[:min(len(after), 90)], ")）"); j > 0 {
				_, size := utf8.DecodeRuneInString(after[j:])
				n += j + size
			}
		}
		return d, n + len(text[n:]) - len(strings.TrimLeft(text[n:], " :：,，"))
	}
	return nil, 0
}
