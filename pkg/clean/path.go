//nolint:misspell // words of other languages
package clean

import (
	"strings"
	"unicode"
)

// StartsAtHome reports whether text begins with a word for the home page, as a
// breadcrumb does.
func StartsAtHome(text string) bool {
	s, e := nextWord(text, 0)
	return homeWords[strings.ToLower(text[s:e])]
}

// maxSteps bounds the steps of a breadcrumb.
const maxSteps = 10

// Path cuts a breadcrumb into its steps: at its marks or, where the marks were
// lost, before the names of sections.
func Path(text string) []string {
	for _, lead := range []string{"You are here:", "Sie sind hier:", "Vous êtes ici :", "Je bent hier:"} {
		text = strings.TrimPrefix(text, lead)
	}
	var steps []string
	for _, step := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(">»›→/|\\", r) }) {
		if step = strings.TrimSpace(step); step != "" && len(steps) < maxSteps {
			steps = append(steps, step)
		}
	}
	if len(steps) != 1 {
		return steps
	}
	return pathWords(strings.Fields(steps[0]))
}

// pathWords groups the words of a breadcrumb without marks: each name of a
// section begins a step, "news" goes with the name before it, and other words
// in lower case with the word before them.
func pathWords(words []string) []string {
	var steps []string
	for i, w := range words {
		lower := strings.ToLower(w)
		first := []rune(w)[0]
		starts := i == 0 || sections[lower] && lower != "news" || unicode.IsUpper(first) && !sections[strings.ToLower(words[i-1]+" "+w)] && lower != "news"
		switch {
		case starts && len(steps) < maxSteps:
			steps = append(steps, w)
		case len(steps) > 0:
			steps[len(steps)-1] += " " + w
		}
	}
	return steps
}

// sections is [sectionNames] as a set.
var sections = func() map[string]bool {
	m := make(map[string]bool, len(sectionNames))
	for _, s := range sectionNames {
		m[s] = true
	}
	return m
}()

// BioName returns the name that a portrait of an author begins with, or "".
func BioName(bio string) string {
	if startsWithAny(strings.ToLower(bio), "about the author", "about the writer", "über den autor", "über die autorin", "the writer", "the author", "sobre el autor", "sobre o autor") {
		_, after, ok := strings.Cut(bio, ":")
		if !ok {
			return ""
		}
		bio = strings.TrimSpace(after)
	}
	var name []string
	for _, w := range strings.Fields(bio) {
		r := []rune(w)
		if !unicode.IsUpper(r[0]) || len(name) == 5 {
			break
		}
		name = append(name, strings.TrimRight(w, ",.:"))
		if strings.HasSuffix(w, ",") || strings.HasSuffix(w, ":") {
			break
		}
	}
	return strings.Join(name, " ")
}
