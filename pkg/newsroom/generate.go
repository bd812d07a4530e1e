package newsroom

import (
	_ "embed" // the grammar
	"fmt"
	"iter"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

//go:embed grammar.txt
var grammarText string

// pagesPerHost is how many generated pages share a host, so that a polite
// crawler is not held up by one of them.
const pagesPerHost = 20

// copyShare is how many generated pages go to one that repeats another's text.
const copyShare = 8

// generator makes pages by number. It keeps none of them.
type generator struct {
	seed    uint64
	count   int
	opening time.Time
	looks   []*outlet
	rules   map[string][]string
}

func newGenerator(seed uint64, count int, outlets []*outlet, opening time.Time) *generator {
	g := &generator{seed: seed, count: count, opening: opening, rules: parseGrammar(grammarText)}
	for _, key := range generatedOutlets() {
		for _, o := range outlets {
			if o.Key == key {
				g.looks = append(g.looks, o)
			}
		}
	}
	return g
}

func parseGrammar(text string) map[string][]string {
	rules := map[string][]string{}
	for line := range strings.Lines(text) {
		name, choices, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if ok && !strings.HasPrefix(line, "#") {
			rules[name] = strings.Split(choices, " | ")
		}
	}
	return rules
}

func hostKey(h int) string { return fmt.Sprintf("g%02d", h) }

func generatedPath(i int) string { return "/stories/" + strconv.Itoa(i) + ".html" }

var (
	generatedHost = regexp.MustCompile(`^g(\d{2,7})$`)
	generatedFile = regexp.MustCompile(`^/stories/(\d{1,8})\.html$`)
)

// hosts yields the numbers of the hosts in use.
func (g *generator) hosts() iter.Seq[int] {
	return func(yield func(int) bool) {
		for h := range (g.count + pagesPerHost - 1) / pagesPerHost {
			if !yield(h) {
				return
			}
		}
	}
}

// hostNumber reads the first label of a host name.
func (g *generator) hostNumber(key string) (int, bool) {
	m := generatedHost.FindStringSubmatch(key)
	if m == nil {
		return 0, false
	}
	h, err := strconv.Atoi(m[1])
	return h, err == nil && h*pagesPerHost < g.count && hostKey(h) == key
}

// outlet lends a host its design.
func (g *generator) outlet(h int) *outlet { return g.looks[h%len(g.looks)] }

// items returns the pages of a host.
func (g *generator) items(h int) []*item {
	var list []*item
	for i := h * pagesPerHost; i < min((h+1)*pagesPerHost, g.count); i++ {
		list = append(list, g.item(i))
	}
	return list
}

// near returns up to five pages of the same host that follow a page.
func (g *generator) near(i int) []*item {
	first := i / pagesPerHost * pagesPerHost
	size := min(pagesPerHost, g.count-first)
	var list []*item
	for step := 1; step < min(size, 6); step++ {
		list = append(list, g.item(first+(i-first+step)%size))
	}
	return list
}

func (g *generator) find(key, path string) *item {
	h, ok := g.hostNumber(key)
	m := generatedFile.FindStringSubmatch(path)
	if !ok || m == nil {
		return nil
	}
	i, err := strconv.Atoi(m[1])
	if err != nil || i >= g.count || i/pagesPerHost != h {
		return nil
	}
	return g.item(i)
}

// root returns the page whose text a page repeats: itself, for most.
func (g *generator) root(i int) int {
	for i >= pagesPerHost {
		r := rand.New(rand.NewPCG(g.seed, uint64(i)<<8|1))
		if r.IntN(copyShare) != 0 {
			break
		}
		i = r.IntN(i / pagesPerHost * pagesPerHost) // of an earlier host
	}
	return i
}

// published spreads the texts over the days before the opening; copies follow.
func (g *generator) published(i, root int) time.Time {
	r := rand.New(rand.NewPCG(g.seed, uint64(root)<<8|2))
	t := g.opening.Add(-BeforeOpening + time.Duration(r.IntN(66*60))*time.Minute)
	if i != root {
		t = t.Add(time.Duration(5+rand.New(rand.NewPCG(g.seed, uint64(i)<<8|2)).IntN(300)) * time.Minute)
	}
	return t
}

// item makes a page without its text, which is made when it is asked for.
func (g *generator) item(i int) *item {
	root := g.root(i)
	own := g.writer(i, 3)
	text := g.writer(root, 3)
	s := &story{
		key: "gen-" + strconv.Itoa(i), title: text.headline(), standfirst: text.standfirst(),
		place: text.vars["town"], section: text.expand("{section}"), tags: []string{text.vars["town"], text.expand("{thing}")},
		agency: i != root,
	}
	s.authors = []string{own.vars["person"]}
	if i != root {
		s.title = own.headline()
	}
	if i%3 == 0 {
		s.caption, s.credit = capital(own.expand("{caption}")), "Photo: "+own.vars["person"]
	}
	s.lazy = func() []block { return g.body(root) }
	h := i / pagesPerHost
	return &item{
		outlet: g.outlet(h), host: hostKey(h), story: s, number: i, slug: strconv.Itoa(i), section: s.section,
		published: g.published(i, root), path: generatedPath(i),
		family: "gen-" + strconv.Itoa(root), text: "gen-" + strconv.Itoa(root),
	}
}

// body writes 150 to 900 words.
func (g *generator) body(root int) []block {
	w := g.writer(root, 4)
	w.vars = g.writer(root, 3).vars
	want := 150 + w.IntN(700)
	blocks := []block{{Kind: paragraph, Text: capital(w.expand("{lead}")) + " " + w.sentence()}}
	words := len(strings.Fields(blocks[0].Text))
	for words < want {
		switch {
		case len(blocks) > 4 && blocks[len(blocks)-1].Kind == paragraph && w.IntN(9) == 0:
			blocks = append(blocks, block{Kind: heading, Text: capital(w.expand("{crosshead}"))})
		case len(blocks) > 3 && blocks[len(blocks)-1].Kind == paragraph && w.IntN(16) == 0:
			for range 3 {
				blocks = append(blocks, block{Kind: listItem, Text: capital(w.expand("{point}"))})
			}
		}
		var list []string
		for range 1 + w.IntN(4) {
			list = append(list, w.sentence())
		}
		text := strings.Join(list, " ")
		blocks = append(blocks, block{Kind: paragraph, Text: text})
		words += len(strings.Fields(text))
	}
	return blocks
}

// writer expands the grammar with the chance and the names of one page.
type writer struct {
	*rand.Rand
	rules map[string][]string
	vars  map[string]string
}

func (g *generator) writer(i, purpose int) *writer {
	w := &writer{Rand: rand.New(rand.NewPCG(g.seed, uint64(i)<<8|uint64(purpose))), rules: g.rules}
	w.vars = map[string]string{}
	for _, name := range []string{"town", "person", "body", "thing"} {
		w.vars[name] = w.expand("{" + name + "}")
	}
	return w
}

func (w *writer) headline() string { return capital(w.expand("{headline}")) }

func (w *writer) sentence() string { return capital(w.expand("{sentence}")) }

// longestStandfirst is how many words a generated standfirst has at most: one
// that is as long as a paragraph and says what the text does not is part of it.
const longestStandfirst = 15

func (w *writer) standfirst() string {
	for range 20 {
		if s := w.expand("{standfirst}"); len(strings.Fields(s)) <= longestStandfirst {
			return capital(s)
		}
	}
	return capital(w.headline())
}

// expand replaces every {rule}. {Rule} starts with a capital.
func (w *writer) expand(text string) string {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(text, "{")
		if !ok {
			b.WriteString(before)
			return b.String()
		}
		name, after, _ := strings.Cut(rest, "}")
		word := w.word(name)
		b.WriteString(withArticle(before, word))
		b.WriteString(word)
		text = after
	}
}

// withArticle turns an indefinite article at the end of a text into "an" where
// the next word asks for it.
func withArticle(before, word string) string {
	stem, ok := strings.CutSuffix(strings.ToLower(before), "a ")
	if !ok || stem != "" && !strings.HasSuffix(stem, " ") || word == "" || !strings.ContainsRune("aeiou", rune(word[0])) {
		return before
	}
	return strings.TrimSuffix(before, " ") + "n "
}

func (w *writer) word(name string) string {
	if v, ok := strings.CutPrefix(name, "$"); ok {
		return w.vars[v]
	}
	if v, ok := strings.CutPrefix(name, "#"); ok {
		lo, hi, _ := strings.Cut(v, "-")
		a, _ := strconv.Atoi(lo)
		z, _ := strconv.Atoi(hi)
		return strconv.Itoa(a + w.IntN(z-a+1))
	}
	choices, ok := w.rules[name]
	if !ok {
		return capital(w.word(strings.ToLower(name)))
	}
	return w.expand(choices[w.IntN(len(choices))])
}

// capital makes the first letter one.
func capital(s string) string {
	quote := ""
	if rest, ok := strings.CutPrefix(s, `"`); ok {
		quote, s = `"`, rest
	}
	r, size := utf8.DecodeRuneInString(s)
	return quote + string(unicode.ToUpper(r)) + s[size:]
}
