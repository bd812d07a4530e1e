// Package extract finds the article in a page: its body, title, standfirst,
// authors, dates, language, pictures, and whether it is all there.
//
// The way of a page: package textnorm decodes the bytes; package htmltree
// builds the tree of what a reader sees; buildPage turns it into blocks of text;
// chooseBody finds the element that holds the article; label asks package clean
// which of its blocks are furniture; the finders of metadata read JSON-LD, meta
// elements and the text around the headline. Everything is a pure function of
// the page: the same input gives the same article.
package extract

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/net/html"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/clean"
	"github.com/copydesk/copydesk/pkg/htmltree"
	"github.com/copydesk/copydesk/pkg/textnorm"
	"github.com/copydesk/copydesk/pkg/weburl"
)

// Version names the behaviour of this package; it changes whenever the same
// page may give another article.
const Version = "2"

// The permanent failures of a page. Trying again gives the same.
var (
	ErrNotHTML = errors.New("not HTML")
	ErrEmpty   = errors.New("no text")
)

// Options controls what is reported, never what is found.
type Options struct {
	// AsPrinted leaves datelines and attribution tails in the body and the text of
	// a page, where [Extract] takes them off: they are what copies of one report
	// differ in. Article.Dateline and Attributions hold them either way, and
	// ContentHash is that of the text without them.
	AsPrinted bool

	Explain bool // fill Result.Trace
}

// Result is an article and, with Options.Explain, how it came about.
type Result struct {
	Article article.Article
	Trace   []TraceBlock // every block that was looked at, in page order
}

// TraceBlock says what became of one block of the page.
type TraceBlock struct {
	Text  string  `json:"text"`
	Kind  string  `json:"kind"` // of body block when kept, of furniture when not
	Rule  string  `json:"rule,omitempty"`
	Kept  bool    `json:"kept"`
	Score float64 `json:"score"`
}

// Extract returns the article of a page. Errors wrap [ErrNotHTML] or
// [ErrEmpty] and are permanent. All fields of the article are filled but
// Sketch.
func Extract(p *article.Page, o Options) (*Result, error) {
	if len(p.Body) == 0 {
		return nil, fail(p.FinalURL, ErrEmpty)
	}
	if !looksLikeHTML(p.Body, p.ContentType) {
		return nil, fail(p.FinalURL, ErrNotHTML)
	}
	text, _, warnings := textnorm.Decode(p.Body, p.ContentType)
	doc := htmltree.Parse(text)
	defer doc.Release()
	if doc.Cut {
		warnings = append(warnings, "page cut: too deep or too large")
	}
	pg := buildPage(doc.Root)
	defer pg.release()
	m := readMeta(doc.Root, doc.JSONLD, p.FinalURL)
	a := article.Article{URL: p.FinalURL, FetchedAt: p.FetchedAt, Feed: p.Feed, Normalizer: Version, Warnings: warnings}
	setAddress(&a, p, m)
	setTitle(&a, pg, m, p.Entry)
	body := pg.chooseBody(m.ld.Body)
	pg.label(&a, body, m)
	body = pg.rescue(&a, body, m, doc, text)
	finishBody(&a, pg.blocks)
	printed := takeOrigin(&a, m.names(&a))
	finishTitle(&a, m)
	setAuthors(&a, pg, m, p.Entry)
	noteAside(&a, pg.blocks)
	setDates(&a, pg, m, doc, p)
	a.Language = detectLanguage(m.lang, p.Entry.Language, languageSample(&a))
	setTopics(&a, pg, m)
	setImages(&a, pg, m, body)
	setAccess(&a, pg, m, p.Status)
	setKind(&a, pg, m, body)
	setRights(&a, p)
	a.ContentHash = article.ContentHash(a.Title, a.Text)
	if o.AsPrinted {
		a.Body, a.Text = printed, article.JoinText(printed)
	}
	if len(a.Body) == 0 && a.Title == "" {
		return nil, fail(p.FinalURL, ErrEmpty)
	}
	return result(&a, pg.blocks, o), nil
}

func fail(what string, err error) error { return fmt.Errorf("extract %s: %w", what, err) }

// looksLikeHTML refuses other media by their header and by their first bytes.
func looksLikeHTML(body []byte, contentType string) bool {
	kind, _, _ := strings.Cut(strings.ToLower(contentType), ";")
	switch kind = strings.TrimSpace(kind); {
	case kind == "", strings.HasPrefix(kind, "text/"), strings.Contains(kind, "html"), strings.Contains(kind, "xml"), kind == "application/octet-stream":
	default:
		return false
	}
	head := body[:min(len(body), 1024)]
	for _, magic := range []string{"%PDF-", "\x89PNG", "\xFF\xD8\xFF", "GIF8", "PK\x03\x04", "\x1F\x8B", "\x00\x00\x00\x18ftyp", "\x00\x00\x00\x20ftyp", "RIFF", "ID3", "OggS", "\x7FELF", "BM6"} {
		if bytes.HasPrefix(head, []byte(magic)) {
			return false
		}
	}
	var zeros [2]int
	for i, c := range head {
		if c == 0 {
			zeros[i%2]++
		}
	}
	// UTF-16 has its zeros at every other byte, all on one side.
	return zeros[0]+zeros[1] == 0 || (zeros[0] == 0 || zeros[1] == 0) && (zeros[0]+zeros[1])*10 > len(head)*3
}

// setAddress fills in who published the article and under which address.
func setAddress(a *article.Article, p *article.Page, m *meta) {
	base := p.FinalURL
	if base == "" {
		base = p.URL
	}
	canonical := base
	if c, err := weburl.Canonical(base); err == nil {
		canonical = c
	}
	named := canonicalLink(m.canonical, base)
	if named != "" && (base == "" || weburl.SameSite(named, canonical)) {
		canonical = named
	}
	if a.URL == "" {
		a.URL = p.URL
	}
	// What names a page of another site is a copy of it, and an article of its own.
	a.CanonicalURL = cmp.Or(named, canonical)
	a.ID = article.ID(canonical)
	a.Site = weburl.Site(canonical)
	a.Publisher = publisherOf(a, p, m)
}

// canonicalLink returns the address that a page gives as its canonical one, or
// its own where that cannot be; "" if it gives none.
func canonicalLink(link, base string) string {
	if link == "" {
		return ""
	}
	abs, err := weburl.Resolve(base, link)
	if err != nil {
		return ""
	}
	return weburl.Confirmed(base, abs)
}

func publisherOf(a *article.Article, p *article.Page, m *meta) string {
	for _, name := range []string{m.ld.Publisher, m.first("og:site_name"), m.first("application-name"), p.Entry.Publisher, m.siteName()} {
		if name = textnorm.String(name); name != "" && len(name) < 80 && !strings.Contains(name, "://") {
			return name
		}
	}
	return a.Site
}

// finishBody turns the kept blocks into the body and the dropped ones that read
// like content into the list of what was removed.
func finishBody(a *article.Article, blocks []block) {
	a.Body = make([]article.Block, 0, len(blocks))
	for i := range blocks {
		b := &blocks[i]
		if b.kept {
			a.Body = append(a.Body, article.Block{Kind: b.kind, Text: b.text})
			continue
		}
		if b.Dropped() && (b.words >= minRemovedWords || b.Kind == clean.PhotoCredit || b.Kind == clean.Caption) && len(a.Removed) < maxRemoved {
			a.Removed = append(a.Removed, article.Removed{Kind: b.Kind, Text: b.text, Rule: b.Rule})
		}
	}
	a.Text = article.JoinText(a.Body)
	for i := range a.Body {
		a.Words += textnorm.Words(a.Body[i].Text)
	}
}

const (
	// minRemovedWords is from how many words on a dropped block reads like content.
	minRemovedWords = 6
	// maxRemoved bounds the list of dropped blocks that an article carries.
	maxRemoved = 100
)

func result(a *article.Article, blocks []block, o Options) *Result {
	r := &Result{Article: *a}
	if !o.Explain {
		return r
	}
	for i := range blocks {
		b := &blocks[i]
		t := TraceBlock{Text: b.text, Kept: b.kept, Score: b.score}
		if b.kept {
			t.Kind = string(b.kind)
		} else {
			t.Kind, t.Rule = b.Kind, b.Rule
			if t.Kind == "" {
				t.Kind, t.Rule = "outside", "outside-body"
			}
		}
		r.Trace = append(r.Trace, t)
	}
	return r
}

// textOf returns the visible text of a small element as one line.
func textOf(n *html.Node) string {
	var b strings.Builder
	gatherText(n, &b, 0)
	return textnorm.String(b.String())
}

// maxGather bounds how much text of an element textOf reads.
const maxGather = 2000

func gatherText(n *html.Node, b *strings.Builder, depth int) {
	if n.Type == html.TextNode {
		b.WriteString(n.Data)
		return
	}
	if invisible(n.DataAtom) || depth > 100 {
		return
	}
	if n.DataAtom != 0 && isBlock(n.DataAtom) || n.Data == "br" {
		b.WriteByte(' ')
	}
	for c := n.FirstChild; c != nil && b.Len() < maxGather; c = c.NextSibling {
		gatherText(c, b, depth+1)
	}
	if n.DataAtom != 0 && isBlock(n.DataAtom) {
		b.WriteByte(' ')
	}
}
