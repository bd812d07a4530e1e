package story

import (
	"testing"
	"time"
	"unicode/utf8"
)

func FuzzAdd(f *testing.F) {
	f.Add("a", "b", "Quake in Northport", "The quake 6.1 shook Northport.", "en", int64(0), int64(60))
	f.Add("a", "a", "", "", "", int64(-1), int64(1<<40))
	f.Add("", "", "地震", "地震発生ล่าสุด\xff\xfe's U.S. 1,,2.", "zh-Hant", int64(1<<62), int64(-1<<62))
	f.Fuzz(func(t *testing.T, a, b, title, text, lang string, first, second int64) {
		tr := New(Options{MaxArticles: 4})
		half := len(text) / 2
		for half > 0 && !utf8.RuneStart(text[half]) {
			half--
		}
		docs := []Doc{
			{ID: a, Title: title, Text: text, Lang: lang, Published: time.Unix(first, 0)},
			{ID: b, Cluster: a, Title: text, Text: title, Lang: lang, Arrived: time.Unix(second, 0)},
			{ID: a + b, Title: title, Lead: text[:half], Text: text[half:], Lang: lang, Arrived: time.Unix(second, 0), Published: time.Unix(first, 0)},
			{ID: b, Title: title, Text: text, Lang: lang},
			{ID: title, Story: lang, Title: title, Text: text, Lang: lang, Arrived: time.Unix(first, 0)},
			{ID: text, Cluster: b, Text: text},
		}
		for _, d := range docs {
			got := tr.Add(d)
			if s, ok := tr.Of(d.ID); !ok || s != got.Story {
				t.Fatalf("%q was put into %q, is in %q", d.ID, got.Story, s)
			}
			check(t, tr)
		}
		tr.SetCluster(a, b)
		check(t, tr)
		tr.Remove(a)
		check(t, tr)
		tr.Expire(time.Unix(first, 0))
		check(t, tr)
	})
}

// check finds whatever the maps of a tracker disagree on.
func check(t *testing.T, tr *Tracker) {
	t.Helper()
	articles, units := 0, 0
	for id, g := range tr.stories {
		if g.id != id || len(g.units) == 0 {
			t.Fatalf("story %q is called %q and has %d units", id, g.id, len(g.units))
		}
		for i, u := range g.units {
			if u.story != g || tr.clusters[u.cluster] != u || tr.unit(u.number) != u {
				t.Fatalf("unit %d of story %q is lost", u.number, id)
			}
			if i > 0 && byNumber(g.units[i-1], u) >= 0 {
				t.Fatalf("units of story %q are not in order", id)
			}
			for _, d := range u.docs {
				if tr.articles[d] != u {
					t.Fatalf("article %q is lost", d)
				}
			}
			articles += len(u.docs)
		}
		units += len(g.units)
	}
	if s := tr.Stats(); articles != s.Articles || units != s.Units || len(tr.clusters) != units {
		t.Fatalf("%d articles, %d units, %d clusters; stats %+v", articles, units, len(tr.clusters), s)
	}
}
