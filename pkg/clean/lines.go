//nolint:misspell // words of other languages
package clean

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// isQuoted reports whether a line holds a quotation: somebody says it.
func isQuoted(l *Line) bool { return strings.ContainsAny(l.Text, "\"“”«»") }

// isStatement recognises a sentence of some length that leads nowhere.
func isStatement(l *Line) bool { return l.Words > 10 && !l.Links && endsLikeSentence(l.Lower) }

// isArrow recognises a pointer to another page by the mark it begins with.
func isArrow(l *Line) bool {
	r, n := utf8.DecodeRuneInString(l.Text)
	switch r {
	case '▶', '►', '▸', '☞', '👉', '➤', '➜', '➡', '▷':
	case '>':
		if !strings.HasPrefix(l.Text, ">>") {
			return false
		}
	default:
		return false
	}
	return len(l.Text) > n+3 && (l.Links || !endsLikeSentence(l.Lower))
}

// isMetaLine recognises what stands under a headline in one line: a date and,
// between bars or dots, names, sections, the number of comments.
func isMetaLine(l *Line) bool {
	if endsLikeSentence(l.Lower) || !strings.ContainsAny(l.Text, "|·•") {
		return false
	}
	dated, parts := false, 0
	for part := range strings.FieldsFuncSeq(l.Text, func(r rune) bool { return r == '|' || r == '·' || r == '•' }) {
		p := NewLine(strings.TrimSpace(part))
		if p.Words > 8 {
			return false
		}
		parts++
		dated = dated || p.Words >= 2 && (isDateStamp(&p) || isClock(&p) || isDatedByline(&p))
	}
	return dated && (parts >= 3 || l.Head || l.Tail)
}

// isImprint recognises where and when something was printed: "Published in The
// Herald, May 3rd, 2019".
func isImprint(l *Line) bool {
	return l.Words <= 12 && startsWith(l.Lower, "published in") && !endsLikeSentence(l.Lower)
}

// isDownload recognises a link to a file by its form and size.
func isDownload(l *Line) bool {
	if !strings.Contains(l.Lower, "pdf") || endsLikeSentence(l.Lower) {
		return false
	}
	for _, unit := range []string{"kb", "mb", "kib", "mib"} {
		i := strings.LastIndex(l.Lower, unit)
		if i <= 0 || !wordEnd(l.Lower, i+len(unit), unit) {
			continue
		}
		before := strings.TrimRight(l.Lower[:i], " ")
		if before != "" && before[len(before)-1] >= '0' && before[len(before)-1] <= '9' {
			return true
		}
	}
	return false
}

// isAsianDate recognises a date of Chinese, Japanese or Korean writing with at
// most a short label: "发布时间：2025年1月13日", "입력 2025.01.13 21:37".
func isAsianDate(s string) bool {
	digits, others := 0, 0
	for _, r := range s {
		switch {
		case unicode.IsDigit(r):
			digits++
		case strings.ContainsRune("年月日時时分秒년월일시분초", r):
		case r >= 0x3040 && r <= 0x9FFF || r >= 0xAC00 && r <= 0xD7AF:
			others++
		case unicode.IsLetter(r):
			return false
		}
	}
	return digits >= 6 && digits <= 20 && others <= 6 && (others > 0 || strings.ContainsAny(s, "年년"))
}

// isAsianAgo recognises "3시간 전" and "2小时前".
func isAsianAgo(s string) bool {
	rest := strings.TrimLeft(s, "0123456789")
	if rest == s || utf8.RuneCountInString(rest) > 6 {
		return false
	}
	switch strings.ReplaceAll(rest, " ", "") {
	case "초전", "분전", "시간전", "일전", "개월전", "년전", "秒前", "分前", "時間前", "日前", "か月前", "年前", "秒钟前", "分钟前", "小时前", "小時前", "天前", "个月前":
		return true
	}
	return false
}

// isNumericDate recognises a date of digits alone, with its year, that stands in
// a line of its own: that of a comment, wherever it stands.
func isNumericDate(l *Line) bool {
	if len(l.Text) < 8 || len(l.Text) > 24 || l.Text[0] < '0' || l.Text[0] > '9' {
		return false
	}
	numbers, digits, year := 0, 0, false
	for i := 0; i <= len(l.Text); i++ {
		if i < len(l.Text) && l.Text[i] >= '0' && l.Text[i] <= '9' {
			digits++
			continue
		}
		if i < len(l.Text) && strings.IndexByte(" .-/:,", l.Text[i]) < 0 || digits > 4 {
			return false
		}
		if digits > 0 {
			numbers++
		}
		year = year || digits == 4
		if i < len(l.Text) && l.Text[i] == ':' && !year {
			return false
		}
		digits = 0
	}
	return year && numbers >= 3 && numbers <= 6
}

// isCounter recognises the number of views or shares that stands in a line of
// its own: four digits and more that are no year, and no item or cell.
func isCounter(l *Line) bool {
	if l.Heading || l.Item || l.Bold || len(l.Text) > 9 {
		return false
	}
	digits, t := 0, strings.TrimRight(l.Lower, " km")
	for i := range len(t) {
		switch c := t[i]; {
		case c >= '0' && c <= '9':
			digits++
		case c != '.' && c != ',' || i == len(t)-1:
			return false
		}
	}
	year := len(t) == 4 && digits == 4 && (t[:2] == "19" || t[:2] == "20")
	return !year && (digits >= 4 || digits > 0 && len(t) < len(l.Text))
}
