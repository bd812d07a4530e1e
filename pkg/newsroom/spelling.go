package newsroom

import (
	"regexp"
	"strings"
)

var lowerWord = regexp.MustCompile(`\b[a-z]+\b`)

// american spells lower-case words as American papers do; names stay.
func american(text string) string {
	return lowerWord.ReplaceAllStringFunc(text, func(w string) string {
		for _, suffix := range []string{"", "s", "ed", "d", "ing"} {
			stem, ok := strings.CutSuffix(w, suffix)
			if us := americanWord(stem); ok && us != "" {
				return us + suffix
			}
		}
		return w
	})
}

// americanWord returns the American spelling of a word, "" if it is the same.
func americanWord(w string) string {
	switch w {
	case "harbour", "colour", "neighbour", "labour", "favour", "rumour", "honour", "neighbourhood", "harbourside":
		return strings.Replace(w, "our", "or", 1)
	case "centre", "metre", "kilometre", "litre", "theatre":
		return strings.TrimSuffix(w, "re") + "er"
	case "programme":
		return "program"
	case "organise", "recognise", "modernise", "apologise", "realise", "summarise":
		return strings.TrimSuffix(w, "se") + "ze"
	case "tonne":
		return "ton"
	case "grey":
		return "gray"
	case "travelled":
		return "traveled"
	case "defence":
		return "defense" //nolint:misspell // American on purpose
	case "plough":
		return "plow" //nolint:misspell // American on purpose
	}
	return ""
}

// curlyEnglish prints quotes and apostrophes as English papers do.
func curlyEnglish(s string) string { return curly(s, '“', '”', "’") }

// curlyGerman prints quotes as German papers do.
func curlyGerman(s string) string { return curly(s, '„', '“', "’") }

func curly(s string, open, closing rune, apostrophe string) string {
	if !strings.ContainsAny(s, `"'`) {
		return s
	}
	var b strings.Builder
	inside := false
	for _, r := range s {
		switch {
		case r == '"' && !inside:
			b.WriteRune(open)
			inside = true
		case r == '"':
			b.WriteRune(closing)
			inside = false
		case r == '\'':
			b.WriteString(apostrophe)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
