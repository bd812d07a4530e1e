//nolint:misspell // words of other languages
package extract

import (
	"strings"
	"unicode"
)

// ourWords begin what an outlet calls its own: "unserer Redakteurin Jana Roh".
var ourWords = map[string]bool{"our": true, "unser": true, "unsere": true, "unserem": true, "unseren": true, "unserer": true, "notre": true, "nos": true, "nuestro": true, "nuestra": true, "nosso": true, "nossa": true, "nostro": true, "nostra": true, "onze": true}

// withoutRole cuts "unserer Redakteurin" and "our correspondent" off a name.
func withoutRole(s string) string {
	first, rest, ok := strings.Cut(s, " ")
	if !ok || !ourWords[strings.ToLower(first)] {
		return s
	}
	// The last two words are the name, and more of them where they follow a role.
	words := strings.Fields(rest)
	for i, w := range words {
		if lower := strings.ToLower(w); i+1 < len(words) && (w == lower || i == 0 && len(words) > 2) || roleSuffix(lower) {
			continue
		}
		return strings.Join(words[i:], " ")
	}
	return s
}

func roleSuffix(w string) bool {
	w = strings.TrimSuffix(w, "in")
	for _, role := range []string{"redakteur", "reporter", "korrespondent", "mitarbeiter", "volontär", "autor", "fotograf", "correspondent", "editor", "writer", "journalist"} {
		if strings.HasSuffix(w, role) {
			return true
		}
	}
	return false
}

// sourceLabels are what a site that collects the reports of others sets before
// whose report it is.
var sourceLabels = []string{"source: ", "quelle: ", "source : ", "fuente: ", "fonte: ", "bron: ", "źródło: ", "källa: "}

// creditedSource returns the name in a line such as "Source: Jane Roe Added:
// 12.05.2026 10:15", which has a date and further labels behind the name.
func creditedSource(text string) string {
	for _, label := range sourceLabels {
		if !startsWithFold(text, label) || dateInWords(text) == nil {
			continue
		}
		words := strings.Fields(text[len(label):])
		for i, w := range words {
			if strings.HasSuffix(w, ":") {
				words = words[:i]
				break
			}
			if i == 5 || !unicode.IsUpper(firstRune(w)) && unicode.Is(unicode.Latin, firstRune(w)) {
				return ""
			}
		}
		return cleanName(strings.Join(words, " "))
	}
	return ""
}
