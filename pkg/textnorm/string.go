package textnorm

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/words"
	"golang.org/x/text/unicode/norm"
)

// String returns s as one line in the spelling of the archive: NFC, straight
// quotes and apostrophes, ordinary spaces in single runs with none at the ends,
// no soft hyphens and no invisible characters. Dashes and ellipses stay as
// written. The zero-width joiner and non-joiner stay where a script needs them:
// between two letters of Arabic or of the scripts of India and Ceylon.
func String(s string) string {
	kept := asItStands(s, 0)
	if kept == len(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	b.WriteString(s[:kept])
	space, composed := false, true // composed: NFC without a look
	for i := kept; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			return String(strings.ToValidUTF8(s, "\uFFFD"))
		case isSpace(r):
			space = true
			i += n
			continue
		}
		if r >= utf8.RuneSelf {
			last := rune(0)
			if r == '\u200C' || r == '\u200D' {
				last, _ = utf8.DecodeLastRuneInString(b.String())
			}
			var keep bool
			if r, keep = spell(r, last, s[i:]); !keep {
				i += n
				continue
			}
			composed = composed && r < firstCombining
		} else if r < ' ' || r == 0x7F {
			i += n
			continue
		}
		if space && b.Len() > 0 {
			b.WriteByte(' ')
		}
		space = false
		b.WriteRune(r)
		i += n
		if end := asItStands(s, i); end > i {
			b.WriteString(s[i:end])
			i = end
		}
	}
	out := b.String()
	if !composed && !norm.NFC.IsNormalString(out) {
		out = norm.NFC.String(out)
	}
	return out
}

// firstCombining is the first character that NFC may join to the one before it.
const firstCombining = 0x300

// asItStands returns the end of the text from i on that String leaves alone for
// a cheap reason: printable ASCII, Latin letters, dashes and ellipses, with
// single spaces that another of these follows.
func asItStands(s string, i int) int {
	for i < len(s) {
		switch c := s[i]; {
		case c > ' ' && c < 0x7F:
			i++
		case c == ' ':
			if i == 0 || i+1 >= len(s) || s[i-1] <= ' ' || s[i+1] <= ' ' || s[i+1] >= 0x7F && s[i+1] < 0xC3 || s[i+1] > 0xCB {
				return i
			}
			i++
		case c >= 0xC3 && c <= 0xCB && i+1 < len(s) && s[i+1]&0xC0 == 0x80:
			i += 2
		case c == 0xE2 && i+2 < len(s) && s[i+1] == 0x80 && (s[i+2] == 0x93 || s[i+2] == 0x94 || s[i+2] == 0xA6):
			i += 3
		default:
			return i
		}
	}
	return i
}

// spell maps one character; keep is false for those that are dropped.
func spell(r, last rune, rest string) (_ rune, keep bool) {
	switch {
	case r < utf8.RuneSelf:
		return r, r >= ' ' && r != 0x7F
	case r < 0xA0: // C1 controls
		return r, false
	}
	switch r {
	case '‘', '’', '‚', '‛', '`', '´', '\u1FFD': // the last is an acute accent to NFC
		return '\'', true
	case '“', '”', '„', '‟':
		return '"', true
	case '\u00AD', '\u200B', '\u200E', '\u200F', '\u2060', '\uFEFF', '\u061C',
		'\u202A', '\u202B', '\u202C', '\u202D', '\u202E', '\u2066', '\u2067', '\u2068', '\u2069', '\uFFFC':
		return r, false
	case '\u200C', '\u200D':
		next, _ := utf8.DecodeRuneInString(rest[utf8.RuneLen(r):])
		return r, joins(last) && (joins(next) || r == '\u200D')
	}
	return r, true
}

// joins reports whether r belongs to a script in which zero-width joiners are
// spelling.
func joins(r rune) bool {
	return r >= 0x0600 && r <= 0x08FF || r >= 0x0900 && r <= 0x0DFF || r >= 0xFB50 && r <= 0xFEFC ||
		r >= 0x1F000 && r <= 0x1FAFF // emoji sequences
}

func isSpace(r rune) bool {
	switch {
	case r <= ' ':
		return r == ' ' || r >= '\t' && r <= '\r'
	case r < 0xA0:
		return r == 0x85
	}
	return r == 0xA0 || r == 0x2028 || r == 0x2029 || r == 0x180E || r >= 0x2000 && r <= 0x200A ||
		r == 0x202F || r == 0x205F || r == 0x3000 || r == 0x2800
}

// Words counts the words of s: runs that hold a letter or a digit. Scripts
// without spaces are segmented by the rules of Unicode Annex 29.
func Words(s string) int {
	n, from := 0, 0
	word, dense := false, false // the run from from on holds a letter or digit; is of a script without spaces
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			switch {
			case c > ' ':
				word = word || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
			case c == ' ' || c >= '\t' && c <= '\r':
				switch {
				case dense:
					n += wordsOfRun(s[from:i], word, dense)
				case word:
					n++
				}
				from, word, dense = i+1, false, false
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if unicode.IsSpace(r) {
			n += wordsOfRun(s[from:i], word, dense)
			from, word, dense = i+size, false, false
		} else {
			word = word || alnum(r)
			dense = dense || r >= 0x0E00 && spaceless(r)
		}
		i += size
	}
	return n + wordsOfRun(s[from:], word, dense)
}

func wordsOfRun(run string, word, dense bool) int {
	switch {
	case !word:
		return 0
	case !dense:
		return 1
	}
	n := 0
	for tokens := words.FromString(run); tokens.Next(); {
		if strings.IndexFunc(tokens.Value(), alnum) >= 0 {
			n++
		}
	}
	return n
}

// spaceless reports whether r is of a script that is written without spaces
// between words.
func spaceless(r rune) bool {
	return r >= 0x0E00 && (r <= 0x0EFF || r >= 0x1780 && r <= 0x17FF || r >= 0x3040 && r <= 0x30FF ||
		r >= 0x3400 && r <= 0x9FFF || r >= 0x1000 && r <= 0x109F || r >= 0x20000)
}

func alnum(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
