package textnorm

import (
	"bytes"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// minRepairs is how many places must become valid before text is taken for
// UTF-8 that somebody read as windows-1252 and stored again as UTF-8.
const minRepairs = 3

// repairTwiceDecoded undoes UTF-8 that was read as windows-1252 ("â€™" for an
// apostrophe). It reports false, and costs two searches, for everything else.
func repairTwiceDecoded(b []byte) ([]byte, bool) {
	if bytes.Count(b, []byte("Ã"))+bytes.Count(b, []byte("â€"))+bytes.Count(b, []byte("Â")) < minRepairs {
		return b, false
	}
	out := make([]byte, 0, len(b))
	repaired, broken := 0, 0
	for i := 0; i < len(b); {
		if b[i] < utf8.RuneSelf {
			out = append(out, b[i])
			i++
			continue
		}
		end, raw, ok := latinRun(b, i)
		switch {
		case ok && len(raw) > 1 && utf8.Valid(raw):
			out = append(out, raw...)
			repaired++
		default:
			out = append(out, b[i:end]...)
			if len(raw) > 0 && (raw[0] == 0xC3 || raw[0] == 0xC2 || raw[0] == 0xE2) {
				broken++
			}
		}
		i = end
	}
	if repaired < minRepairs || broken > repaired {
		return b, false
	}
	return out, true
}

// latinRun returns the end of the run of characters beyond ASCII that starts at
// i, and its bytes in windows-1252; ok is false when one has none.
func latinRun(b []byte, i int) (end int, raw []byte, ok bool) {
	ok = true
	for i < len(b) && b[i] >= utf8.RuneSelf {
		r, n := utf8.DecodeRune(b[i:])
		switch c, known := charmap.Windows1252.EncodeRune(r); {
		case known:
			raw = append(raw, c)
		case r < 0x100: // the five unassigned bytes pass through as C1 controls
			raw = append(raw, byte(r))
		default:
			ok = false
		}
		i += n
	}
	return i, raw, ok
}
