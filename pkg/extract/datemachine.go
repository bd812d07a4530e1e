package extract

import (
	"bytes"
	"strings"
	"time"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/htmltree"
)

const (
	// minDateLen and maxDateLen bound a date as machines write it, in bytes.
	minDateLen = 6
	maxDateLen = 80
)

// parseDate reads a date as machines write it, in any of the many forms: ISO
// 8601 and what is meant to be, the forms of mail and of JavaScript, seconds
// since 1970, and dates in words. It returns nil for anything else. A time
// without a zone is taken for UTC until localise knows better.
func parseDate(s string, order dateOrder) *foundDate {
	s = strings.TrimSpace(s)
	if len(s) < minDateLen || len(s) > maxDateLen {
		return nil
	}
	if digitsOnly(s) {
		return parseDigits(s)
	}
	if len(s) >= 15 && s[8] == 'T' && digitsOnly(s[:8]) && digitsOnly(s[9:15]) { // 20260512T101500Z
		s = s[:4] + "-" + s[4:6] + "-" + s[6:11] + ":" + s[11:13] + ":" + s[13:]
	}
	var t dateTokens
	var buf [maxDates]textDate
	t.cut(s)
	dates := t.dates(order, buf[:0])
	if len(dates) == 0 || t.others() > 6 {
		return nil
	}
	f := dates[0].found("")
	if c := &dates[0].clock; c.hour == 0 && c.min == 0 && c.sec == 0 {
		f.Precision = article.Day // midnight sharp is how a day without a time is written
	}
	return f
}

// parseDigits reads 20260512 and the seconds or milliseconds since 1970.
func parseDigits(s string) *foundDate {
	var n int64
	for i := range min(len(s), 14) {
		n = n*10 + int64(s[i]-'0')
	}
	f := &foundDate{Date: article.Date{Precision: article.Second}, zoned: true}
	switch len(s) {
	case 8:
		year, month, day := int(n/10000), time.Month(n/100%100), int(n%100)
		if !validDay(year, month, day) {
			return nil
		}
		f.Precision, f.zoned = article.Day, false
		f.Time = time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	case 10:
		f.Time = time.Unix(n, 0).UTC()
	case 13:
		f.Time = time.UnixMilli(n).UTC()
	default:
		return nil
	}
	return f
}

func digitsOnly(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// urlDate reads /2019/10/21/, -2019-10-21 and _20191021 in an address.
func urlDate(u string) *foundDate {
	for i := 0; i+8 < len(u); i++ {
		if c := u[i]; c != '/' && c != '-' && c != '_' || u[i+1] != '2' && u[i+1] != '1' {
			continue
		}
		year, month, day := 0, 0, 0
		rest := u[i+1:]
		switch {
		case len(rest) >= 8 && digitsOnly(rest[:8]) && (len(rest) == 8 || rest[8] < '0' || rest[8] > '9'):
			year, month, day = twoDigits(rest)*100+twoDigits(rest[2:]), twoDigits(rest[4:]), twoDigits(rest[6:])
		case len(rest) >= 8 && digitsOnly(rest[:4]) && (rest[4] == '/' || rest[4] == '-' || rest[4] == '_'):
			year = twoDigits(rest)*100 + twoDigits(rest[2:])
			var n int
			month, n = shortNumber(rest[5:])
			if at := 5 + n; n > 0 && at < len(rest) && rest[at] == rest[4] {
				day, _ = shortNumber(rest[at+1:])
			}
		default:
			continue
		}
		if validDay(year, time.Month(month), day) {
			return &foundDate{Date: article.Date{Time: time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC), Precision: article.Day, From: article.FromURL}}
		}
	}
	return nil
}

func twoDigits(s string) int { return int(s[0]-'0')*10 + int(s[1]-'0') }

// shortNumber reads one or two digits that no third follows.
func shortNumber(s string) (n, length int) {
	for length < len(s) && s[length] >= '0' && s[length] <= '9' {
		n = n*10 + int(s[length]-'0')
		if length++; length > 2 {
			return 0, 0
		}
	}
	return n, length
}

const (
	// maxScriptHits is how many keys that name a publication are looked at.
	maxScriptHits = 200
	// maxKey bounds such a key, in bytes.
	maxKey = 40
)

// scriptDate searches the data of the scripts, and JSON-LD of other types than
// articles, for a key such as "publishedAt" or "uploadDate".
func (d *dater) scriptDate(doc *htmltree.Document) *foundDate {
	left := maxScriptHits
	for _, list := range [][][]byte{doc.JSONLD, doc.State} {
		for _, s := range list {
			for _, word := range [...]string{"ublish", "uploadDate", "publication", "displayDate", "deployDt", "dateCreated", "createdAt", "created_at"} {
				if f := d.keyDate(s, word, &left); f != nil {
					return f
				}
			}
		}
	}
	return nil
}

func (d *dater) keyDate(s []byte, word string, left *int) *foundDate {
	for *left > 0 {
		i := bytes.Index(s, []byte(word))
		if i < 0 {
			break
		}
		*left--
		s = s[i+len(word):]
		end := bytes.IndexByte(s[:min(len(s), maxKey)], '"')
		if end < 0 {
			continue
		}
		rest := bytes.TrimLeft(s[end+1:min(len(s), end+1+maxKey+maxDateLen)], " \t\r\n")
		if len(rest) == 0 || rest[0] != ':' {
			continue
		}
		rest = bytes.TrimLeft(rest[1:], " \t\r\n\\\"")
		stop := bytes.IndexAny(rest, "\",}]\\")
		if stop < minDateLen {
			continue
		}
		if f := d.read(string(rest[:stop]), article.FromJSONLD); d.plausible(f) {
			return f
		}
	}
	return nil
}
