package extract

import (
	"strings"
	"unicode/utf8"
)

// endsSentence reports whether s ends as a sentence does, in any script, after
// closing quotes and brackets.
func endsSentence(s string) bool {
	s = strings.TrimRight(s, "\"')]»›”’ ")
	r, _ := utf8.DecodeLastRuneInString(s)
	switch r {
	case '.', '!', '?', '…', '。', '！', '？', '؟', '۔', '।', '॥', '።', '։', '៕':
		return true
	}
	return false
}
