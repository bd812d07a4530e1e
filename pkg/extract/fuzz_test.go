package extract

import (
	"bytes"
	"reflect"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/copydesk/copydesk/pkg/article"
)

func FuzzExtract(f *testing.F) {
	for _, s := range []string{
		"<h1>The bridge fell</h1><p>The bridge at Northport fell on Monday.</p>", "<table><tr><td>a<td>b<tr><td>c<td>d</table>",
		"<p>NORTHPORT (Reuters) - The bridge fell on Monday night, reports BBC.</p>", "<ul><li><a href=x>A linked headline here</a><li>b</ul><br><br>c",
		`<script type="application/ld+json">{"@type":"NewsArticle","headline":"x","author":[{"name":"Jane Roe"}],"datePublished":"2024-05-01"}</script>`,
		"<figure><img src=a.jpg><figcaption>The bridge. (Jane Roe/Reuters)</figcaption></figure>", "<p lang=ar dir=rtl>انهار الجسر يوم الاثنين</p>",
		"<p>By Jane Roe and John Doe, 1 May 2024</p><p>Br\xfccke<p>Ã¼ber\xe2\x82", "<div class=date>1 May</div><time datetime=2024-05-01>1 May</time><h2>a</h2><h2>b</h2>",
	} {
		f.Add([]byte(s))
	}
	for _, h := range hostilePages {
		f.Add([]byte(h.make(200)))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		p := pageOf("")
		p.Body = bytes.Clone(body)
		r, err := Extract(p, Options{Explain: true})
		if !bytes.Equal(p.Body, body) {
			t.Error("the page was changed")
		}
		if err != nil {
			return
		}
		checkArticle(t, p, &r.Article)
		again, err := Extract(p, Options{Explain: true})
		if err != nil || !reflect.DeepEqual(again, r) {
			t.Errorf("the same page gives another article: %v", err)
		}
	})
}

// checkArticle holds an article to what is true of all of them.
func checkArticle(t *testing.T, p *article.Page, a *article.Article) {
	t.Helper()
	if a.Text != article.JoinText(a.Body) {
		t.Error("text is not the body joined")
	}
	if d := a.Published; d != nil && d.Time.After(p.FetchedAt.Add(zoneSlack)) {
		t.Errorf("published %v after the fetch", d.Time)
	}
	// No character becomes more than three bytes, no text is there twice.
	if most := 3*len(p.Body) + 1000; len(a.Text) > most {
		t.Errorf("%d bytes of text from %d", len(a.Text), len(p.Body))
	}
	if len(a.Removed) > maxRemoved {
		t.Errorf("%d removed blocks", len(a.Removed))
	}
	eachString(reflect.ValueOf(a), func(s string) {
		if !utf8.ValidString(s) {
			t.Errorf("not valid UTF-8: %q", s)
		}
	})
}

// eachString calls f with every string of a value.
func eachString(v reflect.Value, f func(string)) {
	switch v.Kind() {
	case reflect.String:
		f(v.String())
	case reflect.Pointer:
		if !v.IsNil() {
			eachString(v.Elem(), f)
		}
	case reflect.Slice:
		for i := range v.Len() {
			eachString(v.Index(i), f)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range v.NumField() {
			eachString(v.Field(i), f)
		}
	}
}

func FuzzFromText(f *testing.F) {
	f.Add("The bridge fell\n\nThe bridge at Northport fell on Monday\nnight, police said.\n\nPhoto Reuters\n")
	f.Add("Duration 2:02\n- a\n- b\n")
	f.Fuzz(func(t *testing.T, text string) {
		if r, err := FromText("x", text, Options{Explain: true}); err == nil && r.Article.Text != article.JoinText(r.Article.Body) {
			t.Error("text is not the body joined")
		}
	})
}
