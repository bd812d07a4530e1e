package app

import (
	"log/slog"
	"os"
	"strings"
	"testing"
)

func TestListsAreReadAgain(t *testing.T) {
	feeds := writeFile(t, "feeds.txt", "https://a.example/feed\n")
	l, err := newLists([]string{feeds, "-"}, nil, strings.NewReader("https://b.example/feed\n"), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(l.allSources()); n != 2 {
		t.Fatalf("%d feeds, want one of the file and one of standard input", n)
	}
	write := func(content string) {
		t.Helper()
		if err := os.WriteFile(feeds, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if changed, _ := l.reload(false); changed {
		t.Error("nothing changed and a change is reported")
	}
	write("https://a.example/feed\nhttps://c.example/feed\n")
	if changed, _ := l.reload(false); !changed || len(l.allSources()) != 3 {
		t.Errorf("changed %v, %d feeds; want a third", changed, len(l.allSources()))
	}
	write("https://a.example/feed\nhalf a li")
	if changed, _ := l.reload(false); changed || len(l.allSources()) != 3 {
		t.Error("a broken list replaced the good one")
	}
	if err := os.Remove(feeds); err != nil {
		t.Fatal(err)
	}
	if changed, _ := l.reload(false); changed || len(l.allSources()) != 3 {
		t.Error("a missing list replaced the good one")
	}
}
