package search

import (
	"strings"
	"time"
	"unicode"

	"github.com/clipperhouse/uax29/v2/words"

	"github.com/copydesk/copydesk/pkg/article"
)

// comparison is what changed between two versions of an article.
type comparison struct {
	ID     string       `json:"id"`
	From   versionFacts `json:"from"`
	To     versionFacts `json:"to"`
	Title  []piece      `json:"title"`
	Blocks []blockDiff  `json:"blocks"`
	// WordsAdded and WordsRemoved count words of the body.
	WordsAdded   int `json:"words_added"`
	WordsRemoved int `json:"words_removed"`
}

// versionFacts names a version.
type versionFacts struct {
	Version     int       `json:"version"`
	ContentHash string    `json:"content_hash"`
	Title       string    `json:"title"`
	FetchedAt   time.Time `json:"fetched_at"`
}

// blockDiff is one block of either version. Words is set for opChange only;
// Text is then the new text. Moved is set for a deleted and an inserted block
// that are the same one at two places.
type blockDiff struct {
	Op    op                `json:"op"`
	Kind  article.BlockKind `json:"kind"`
	Text  string            `json:"text"`
	Words []piece           `json:"words,omitempty"`
	Moved bool              `json:"moved,omitempty"`
}

// piece is a run of words with one fate.
type piece struct {
	Op   op     `json:"op"`
	Text string `json:"text"`
}

const (
	// similar is the share of words that two blocks have in common from which
	// one counts as the other reworded.
	similar = 0.4
	// maxPairing bounds the table in which reworded blocks are matched, and
	// maxBagWork the words that are looked up to fill it.
	maxPairing = 250_000
	maxBagWork = 10_000_000
)

// compare finds what changed from one version to another: blocks first, then
// words within the blocks that were reworded.
func compare(id string, from, to article.Version) comparison {
	e := newEffort()
	c := comparison{
		ID: id, From: factsOf(from), To: factsOf(to),
		Title: e.diffWords(from.Title, to.Title), Blocks: []blockDiff{},
	}
	a, b := from.Body, to.Body
	steps := e.editScript(len(a), len(b), func(i, j int) bool { return a[i] == b[j] })
	for len(steps) > 0 {
		if steps[0].op == opEqual {
			block := b[steps[0].b]
			c.Blocks = append(c.Blocks, blockDiff{Op: opEqual, Kind: block.Kind, Text: block.Text})
			steps = steps[1:]
			continue
		}
		var gone, come []article.Block
		for len(steps) > 0 && steps[0].op != opEqual {
			if steps[0].op == opDelete {
				gone = append(gone, a[steps[0].a])
			} else {
				come = append(come, b[steps[0].b])
			}
			steps = steps[1:]
		}
		c.Blocks = append(c.Blocks, e.pairBlocks(gone, come)...)
	}
	markMoved(c.Blocks)
	for _, b := range c.Blocks {
		added, removed := b.count()
		c.WordsAdded += added
		c.WordsRemoved += removed
	}
	return c
}

// markMoved finds the blocks that were deleted at one place and inserted, word
// for word, at another.
func markMoved(blocks []blockDiff) {
	gone := map[article.Block][]int{}
	for i, b := range blocks {
		if b.Op == opDelete {
			key := article.Block{Kind: b.Kind, Text: b.Text}
			gone[key] = append(gone[key], i)
		}
	}
	for i, b := range blocks {
		if b.Op != opInsert {
			continue
		}
		key := article.Block{Kind: b.Kind, Text: b.Text}
		if from := gone[key]; len(from) > 0 {
			blocks[i].Moved, blocks[from[0]].Moved = true, true
			gone[key] = from[1:]
		}
	}
}

func factsOf(v article.Version) versionFacts {
	return versionFacts{Version: v.Version, ContentHash: v.ContentHash, Title: v.Title, FetchedAt: v.FetchedAt}
}

// changed reports whether the two versions differ at all.
func (c *comparison) changed() bool {
	for _, p := range c.Title {
		if p.Op != opEqual {
			return true
		}
	}
	for _, b := range c.Blocks {
		if b.Op != opEqual {
			return true
		}
	}
	return false
}

// count returns how many words a block adds and removes. One that was moved
// does neither.
func (b blockDiff) count() (added, removed int) {
	if b.Moved {
		return 0, 0
	}
	switch b.Op {
	case opInsert:
		return countWords(b.Text), 0
	case opDelete:
		return 0, countWords(b.Text)
	case opChange:
		for _, p := range b.Words {
			switch p.Op {
			case opInsert:
				added += countWords(p.Text)
			case opDelete:
				removed += countWords(p.Text)
			}
		}
	}
	return added, removed
}

// pairBlocks matches the blocks that went with those that came in their place:
// of all ways to pair them in order, the one with the most in common. What has
// no partner was deleted or inserted.
func (e *effort) pairBlocks(gone, come []article.Block) []blockDiff {
	n, m := len(gone), len(come)
	score := make([][]float64, n+1)
	for i := range score {
		score[i] = make([]float64, m+1)
	}
	common := func(i, j int) float64 { return 0 }
	if bagA, bagB := bags(gone), bags(come); n > 0 && m > 0 && n*m <= maxPairing && m*sizes(bagA)+n*sizes(bagB) <= maxBagWork {
		shares := make([]float64, n*m)
		for i := range n {
			for j := range m {
				shares[i*m+j] = share(bagA[i], bagB[j])
			}
		}
		common = func(i, j int) float64 { return shares[i*m+j] }
		for i := n - 1; i >= 0; i-- {
			for j := m - 1; j >= 0; j-- {
				score[i][j] = max(score[i+1][j], score[i][j+1])
				if c := common(i, j); c >= similar {
					score[i][j] = max(score[i][j], score[i+1][j+1]+c)
				}
			}
		}
	}
	var out []blockDiff
	i, j := 0, 0
	for i < n || j < m {
		switch {
		case i < n && j < m && common(i, j) >= similar && score[i][j] == score[i+1][j+1]+common(i, j):
			out = append(out, blockDiff{
				Op: opChange, Kind: come[j].Kind, Text: come[j].Text, Words: e.diffWords(gone[i].Text, come[j].Text),
			})
			i, j = i+1, j+1
		case i < n && (j == m || score[i][j] == score[i+1][j]):
			out = append(out, blockDiff{Op: opDelete, Kind: gone[i].Kind, Text: gone[i].Text})
			i++
		default:
			out = append(out, blockDiff{Op: opInsert, Kind: come[j].Kind, Text: come[j].Text})
			j++
		}
	}
	return out
}

// bags counts the words of each block.
func bags(blocks []article.Block) []map[string]int {
	out := make([]map[string]int, len(blocks))
	for i, b := range blocks {
		out[i] = map[string]int{}
		for _, w := range tokens(b.Text) {
			if w.isWord {
				out[i][w.key]++
			}
		}
	}
	return out
}

// sizes is how many words the bags hold together, each once a bag.
func sizes(bags []map[string]int) int {
	n := 0
	for _, b := range bags {
		n += len(b)
	}
	return n
}

// share is the part of their words that two bags have in common, 0 to 1 (Dice).
func share(a, b map[string]int) float64 {
	total, both := 0, 0
	for w, n := range a {
		total += n
		both += min(n, b[w])
	}
	for _, n := range b {
		total += n
	}
	if total == 0 {
		return 0
	}
	return 2 * float64(both) / float64(total)
}

// token is a word or a mark with the white space that follows it; key is what
// is compared.
type token struct {
	text, key string
	isWord    bool
}

// tokens splits text by the Unicode rules, which know words in languages that
// put no spaces between them.
func tokens(text string) []token {
	var out []token
	it := words.FromString(text)
	for it.Next() {
		v := it.Value()
		if strings.TrimSpace(v) == "" && len(out) > 0 {
			out[len(out)-1].text += v
			continue
		}
		isWord := strings.ContainsFunc(v, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) })
		out = append(out, token{text: v, key: v, isWord: isWord})
	}
	return out
}

func countWords(text string) int {
	n := 0
	for _, t := range tokens(text) {
		if t.isWord {
			n++
		}
	}
	return n
}

// diffWords compares two texts word by word. A lone mark that stays between two
// changes is counted as changed with them: the result reads better.
func (e *effort) diffWords(old, now string) []piece {
	a, b := tokens(old), tokens(now)
	steps := e.editScript(len(a), len(b), func(i, j int) bool { return a[i].key == b[j].key })
	pieces := []piece{}
	var del, ins strings.Builder
	flush := func() {
		if del.Len() > 0 {
			pieces = append(pieces, piece{opDelete, del.String()})
		}
		if ins.Len() > 0 {
			pieces = append(pieces, piece{opInsert, ins.String()})
		}
		del.Reset()
		ins.Reset()
	}
	for i, s := range steps {
		switch s.op {
		case opDelete:
			del.WriteString(a[s.a].text)
		case opInsert:
			ins.WriteString(b[s.b].text)
		default:
			t := b[s.b]
			between := i > 0 && i+1 < len(steps) && steps[i-1].op != opEqual && steps[i+1].op != opEqual
			if between && !t.isWord {
				del.WriteString(a[s.a].text)
				ins.WriteString(t.text)
				continue
			}
			flush()
			if n := len(pieces); n > 0 && pieces[n-1].Op == opEqual {
				pieces[n-1].Text += t.text
			} else {
				pieces = append(pieces, piece{opEqual, t.text})
			}
		}
	}
	flush()
	return joinChanges(pieces)
}

// joinChanges takes what stayed between two replacements, and is no longer than
// either, as replaced with them: a text that was written anew has "the" in
// common with the old one by accident.
func joinChanges(pieces []piece) []piece {
	replaced := func(ps []piece) (length int, ok bool) {
		if len(ps) < 2 || ps[0].Op != opDelete || ps[1].Op != opInsert {
			return 0, false
		}
		return max(len(ps[0].Text), len(ps[1].Text)), true
	}
	out := pieces[:0]
	for i := 0; i < len(pieces); i++ {
		p := pieces[i]
		before, changed := replaced(out[max(0, len(out)-2):])
		after, changes := replaced(pieces[i+1:])
		if p.Op != opEqual || !changed || !changes || len(p.Text) > min(before, after) {
			out = append(out, p)
			continue
		}
		n := len(out)
		out[n-2].Text += p.Text + pieces[i+1].Text
		out[n-1].Text += p.Text + pieces[i+2].Text
		i += 2
	}
	return out
}
