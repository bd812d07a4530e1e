package newsroom

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

func TestGeneratedPages(t *testing.T) {
	const pages = 600
	n := siteAt(t, 0, pages)
	texts := map[string]string{}
	copies := 0
	for i := range pages {
		it := n.gen.item(i)
		k := n.known(it, n.now())
		words := len(strings.Fields(k.Text))
		if words < 120 || words > 1000 {
			t.Errorf("page %d has %d words", i, words)
		}
		if strings.ContainsAny(k.Text+k.Title+k.Standfirst, "{}|$#") {
			t.Errorf("page %d: the grammar shows: %q", i, k.Title)
		}
		if group, ok := texts[k.Text]; ok && group != k.SameText {
			t.Errorf("page %d repeats the text of %s", i, group)
		}
		if group, ok := texts[k.Text]; ok == k.Original || (ok && group != k.SameText) {
			t.Errorf("page %d of group %s: original %t", i, k.SameText, k.Original)
		}
		texts[k.Text] = k.SameText
		if !k.Original {
			copies++
			root := n.gen.item(n.gen.root(i))
			if !it.published.After(root.published) || it.host == root.host {
				t.Errorf("page %d is on %s before or beside its original on %s", i, it.host, root.host)
			}
		}
		if it.published.After(n.opening()) {
			t.Errorf("page %d is published after the opening", i)
		}
	}
	if copies < pages/16 || copies > pages/4 {
		t.Errorf("%d of %d pages are copies", copies, pages)
	}
}

// TestGeneratedTextsDiffer measures what copy detection does: the share of
// words in runs of five that another text has as well.
func TestGeneratedTextsDiffer(t *testing.T) {
	n := siteAt(t, 0, 200)
	runs := map[string][]int{}
	total := map[int]int{}
	for i := range 200 {
		if n.gen.root(i) != i {
			continue
		}
		words := strings.Fields(strings.ToLower(n.known(n.gen.item(i), n.now()).Text))
		seen := map[string]bool{}
		for k := 0; k+5 <= len(words); k++ {
			run := strings.Join(words[k:k+5], " ")
			if !seen[run] {
				seen[run] = true
				runs[run] = append(runs[run], i)
			}
		}
		total[i] = len(seen)
	}
	shared := map[[2]int]int{}
	for _, in := range runs {
		for a, i := range in {
			for _, j := range in[a+1:] {
				shared[[2]int{i, j}]++
			}
		}
	}
	worst := 0.0
	for pair, count := range shared {
		worst = max(worst, float64(count)/float64(min(total[pair[0]], total[pair[1]])))
	}
	t.Logf("largest share of common runs: %.3f", worst)
	if worst > 0.1 {
		t.Errorf("two texts share %.3f of their runs of five words", worst)
	}
}

func TestGeneratedAddresses(t *testing.T) {
	n := siteAt(t, 0, 45)
	urls := slices.Collect(n.URLs())
	generated := urls[len(urls)-45:]
	if generated[0] != "http://g00.localhost:8090/stories/0.html" || generated[44] != "http://g02.localhost:8090/stories/44.html" {
		t.Errorf("first %s, last %s", generated[0], generated[44])
	}
	for _, bad := range []string{
		"http://g02.localhost:8090/stories/45.html", "http://g00.localhost:8090/stories/20.html",
		"http://g000.localhost:8090/stories/0.html", "http://g03.localhost:8090/", "http://g00.localhost:8090/stories/00.html",
	} {
		if res := get(n, bad); res.StatusCode == http.StatusOK && !strings.HasSuffix(bad, "/") {
			t.Errorf("%s: status 200", bad)
		}
	}
	feeds := n.Feeds()
	text := string(bodyOf(t, get(n, feeds[len(feeds)-1])))
	if strings.Count(text, "<item>") != 5 {
		t.Errorf("the last feed has %d items, want 5", strings.Count(text, "<item>"))
	}
}
