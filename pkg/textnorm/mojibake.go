package textnorm

import (
	"bytes"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

const (
	// minRepairs is how many characters must become valid before text is taken for
	// UTF-8 that somebody read as windows-1252 and stored again as UTF-8.
	minRepairs = 3
	// maxRounds is how many times over text may have been stored that way.
	maxRounds = 2
	// sureShare is how many of the characters beyond ASCII must become valid, to one
	// that does not, before they are taken for another script.
	sureShare = 9
)

// Repair undoes UTF-8 that was read as windows-1252 or Latin-1 and stored as
// UTF-8, once or twice over: "â€™" and "Ã¢â‚¬â„¢" for an apostrophe, "ÐœÐ¾ÑÑ‚" for
// a Russian word. It reports false, and returns text as it is, unless that is
// certain.
func Repair(text string) (string, bool) {
	out, ok := repairTwiceDecoded([]byte(text))
	if !ok {
		return text, false
	}
	return string(out), true
}

// repairTwiceDecoded is [Repair] for bytes. For nearly all pages it costs one
// search for a byte.
func repairTwiceDecoded(b []byte) ([]byte, bool) {
	fixed := false
	for range maxRounds {
		if !suspect(b) {
			break
		}
		sure, wide := tally(b)
		if !sure && !wide {
			break
		}
		b, fixed = rewrite(b, wide), true
	}
	return b, fixed
}

// suspect reports whether b holds as many places as must become valid: a letter
// from U+00C2 to U+00F4, which the first byte of a character turns into, before
// another character beyond ASCII.
func suspect(b []byte) bool {
	for n := 0; n < minRepairs; n++ {
		for {
			i := bytes.IndexByte(b, 0xC3)
			if i < 0 || i+2 >= len(b) {
				return false
			}
			hit := b[i+1] >= 0x82 && b[i+1] <= 0xB4 && b[i+2] >= utf8.RuneSelf
			b = b[i+2:]
			if hit {
				break
			}
		}
	}
	return true
}

// tally reports whether the places that read as Latin letters and punctuation
// are to be repaired, and whether all are.
func tally(b []byte) (sure, wide bool) {
	var buf [64]byte
	latin, other, broken, rest := 0, 0, 0, 0
	for i := 0; i < len(b); {
		if b[i] < utf8.RuneSelf {
			i++
			continue
		}
		end, raw, ok := latinRun(b, i, buf[:0])
		run := b[i:end]
		i = end
		switch {
		case ok && len(raw) > 1 && utf8.Valid(raw):
			if readsLatin(raw) {
				latin += utf8.RuneCount(raw)
			} else {
				other += utf8.RuneCount(raw)
			}
		default:
			rest += utf8.RuneCount(run)
			if len(raw) > 0 && (raw[0] == 0xC3 || raw[0] == 0xC2 || raw[0] == 0xE2) {
				broken++
			}
		}
	}
	sure = latin >= minRepairs && broken <= latin
	return sure, latin+other >= minRepairs && latin+other >= sureShare*rest
}

// rewrite repairs the places that read as Latin, or all that become valid.
func rewrite(b []byte, wide bool) []byte {
	var buf [64]byte
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); {
		if b[i] < utf8.RuneSelf {
			out = append(out, b[i])
			i++
			continue
		}
		end, raw, ok := latinRun(b, i, buf[:0])
		if ok && len(raw) > 1 && utf8.Valid(raw) && (wide || readsLatin(raw)) {
			out = append(out, raw...)
		} else {
			out = append(out, b[i:end]...)
		}
		i = end
	}
	return out
}

// readsLatin reports whether UTF-8 holds letters of the Latin script and
// punctuation alone, such as text in ASCII otherwise has. Other results may be
// chance: a French capital before a quotation mark reads as a phonetic sign.
func readsLatin(raw []byte) bool {
	for _, r := range string(raw) {
		switch {
		case r >= 0xA0 && r <= 0x17F, r >= 0x2010 && r <= 0x203A, r >= 0x218 && r <= 0x21B, r == 0x192, r == 0x2C6, r == 0x2DC, r == 0x20AC, r == 0x2122:
		default:
			return false
		}
	}
	return true
}

// latinRun returns the end of the run of characters beyond ASCII that starts at
// i, and its bytes in windows-1252 in buf; ok is false when one has none.
func latinRun(b []byte, i int, buf []byte) (end int, raw []byte, ok bool) {
	raw, ok = buf, true
	for i < len(b) && b[i] >= utf8.RuneSelf {
		r, n := utf8.DecodeRune(b[i:])
		i += n
		if !ok {
			continue
		}
		switch c, known := charmap.Windows1252.EncodeRune(r); {
		case known:
			raw = append(raw, c)
		case r < 0x100: // the five unassigned bytes pass through as C1 controls
			raw = append(raw, byte(r))
		default:
			ok = false
		}
	}
	return i, raw, ok
}
