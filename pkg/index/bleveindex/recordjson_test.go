package bleveindex

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/copydesk/copydesk/pkg/article"
)

// FuzzRecord checks that a record comes back from the codec as it went in, with
// texts that look like the JSON around them.
func FuzzRecord(f *testing.F) {
	f.Add("A quiet street", "paragraph", "It was paved anew.", "caption", 2)
	f.Add(`,"body":[`, `],"body":[`, `"},{"kind":"quote","text":"`, `,"removed":[{"kind":"`, 3)
	f.Add(`\`, `\"`, `\\",`, `\\\`, 1)
	f.Add("tab\tline\nreturn\r", "heading", "<b>&amp;</b> \u2028 \u2029 \x00 \x1f", "\U0001f9ed", 5)
	f.Add("", "", "", "", 0)
	f.Fuzz(func(t *testing.T, title, kind, text, removed string, blocks int) {
		c, err := newCodec()
		if err != nil {
			t.Fatal(err)
		}
		defer c.close()
		valid := func(s string) string { return strings.ToValidUTF8(s, "?") }
		in := stored{
			Record: article.Record{
				Article: article.Article{
					ID: "a", Title: valid(title), FetchedAt: time.Unix(1, 0).UTC(),
					Tags: []string{valid(text), valid(removed)},
				},
				Version: 1, Related: []string{valid(title)},
			},
			Placed: valid(kind),
		}
		for i := range max(0, min(blocks, 8)) {
			in.Body = append(in.Body, article.Block{Kind: article.BlockKind(valid(kind)), Text: valid(text[:len(text)*i/8])})
			in.Removed = append(in.Removed, article.Removed{Kind: valid(kind), Text: valid(removed), Rule: valid(title)})
		}
		if blocks < 0 {
			in.Body = []article.Block{}
			in.Text = valid(text)
		} else {
			in.Text = article.JoinText(in.Body)
		}
		blob, err := c.encodeRecord(&in)
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.decodeRecord(blob)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, &in) {
			t.Errorf("got\n%#v, want\n%#v", got, &in)
		}
		lean, err := c.decodeLean(blob, &scratch{text: make([]byte, 10)})
		if err != nil {
			t.Fatal(err)
		}
		in.Removed = nil
		if !reflect.DeepEqual(lean, &in) {
			t.Errorf("lean: got\n%#v, want\n%#v", lean, &in)
		}
	})
}

// FuzzParseRecord checks that JSON from elsewhere, whole or not, is read as
// encoding/json reads it or refused.
func FuzzParseRecord(f *testing.F) {
	for _, text := range []string{
		`{"id":"a","kind":"article","body":[{"kind":"paragraph","text":"One."},{"kind":"quote","text":"Tw\"o\""}],"text":"","words":2,"removed":[{"kind":"x","text":"]"}],"sketch":"1:"}`,
		`{"id":"a","body":[{"kind":"paragraph","text":"One.`,
		`{"id":"a","body":[{"text":"One.","kind":"heading"}]}`,
		`{"id":"a","body":null,"text":"Two"}`,
		`{"id":"a","body":[]}`,
		`{"id":"a","body":[{"kind":"paragraph","text":"\ud83d\ude00 \u00e9"}]}`,
		`{"id":"a","removed":[[[`, `{`, ``, `[]`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := parseRecord([]byte(text))
		var want stored
		if json.Unmarshal([]byte(text), &want) != nil || !utf8.ValidString(text) {
			return // never stored: it is enough that nothing panics
		}
		if strings.Count(strings.ToLower(text), "body") > 1 || strings.Contains(text, `\u00`) {
			return // encoding/json merges what comes twice, in whatever spelling
		}
		if err != nil {
			t.Fatalf("refused: %v", err)
		}
		if want.Text == "" {
			want.Text = article.JoinText(want.Body)
		}
		if !reflect.DeepEqual(got, &want) {
			t.Fatalf("got\n%#v, want\n%#v", got, &want)
		}
	})
}
