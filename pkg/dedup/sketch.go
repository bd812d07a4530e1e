package dedup

import (
	"strings"

	"github.com/copydesk/copydesk/pkg/article"
)

// sketchVersion is the version of the sketches that this package writes.
const sketchVersion = "1"

// Sketch returns what an article carries of its text so that its copies can be
// found: the value of [article.Article.Sketch]. It is "" for a text without
// words, which is a copy of nothing.
func Sketch(text string) string {
	exact := Exact(text)
	if exact == "" {
		return ""
	}
	return sketchVersion + ":" + exact
}

// ExactOf returns the exact hash that a sketch holds, or "" if the sketch is
// empty, malformed or of a version that this package does not know.
func ExactOf(sketch string) string {
	version, fields, ok := strings.Cut(sketch, ":")
	if !ok || version != sketchVersion {
		return ""
	}
	exact, _, _ := strings.Cut(fields, ":")
	if !article.ValidID(exact) {
		return ""
	}
	return exact
}
