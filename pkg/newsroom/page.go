package newsroom

import (
	"slices"
	"strings"
	"time"
)

// blockKind is the role of a block on a page: content first, then furniture.
type blockKind string

const (
	paragraph blockKind = "paragraph"
	heading   blockKind = "heading"
	quotation blockKind = "quote"
	listItem  blockKind = "list_item"

	credit     blockKind = "photo_credit"
	teaser     blockKind = "related"
	newsletter blockKind = "newsletter"
	pullQuote  blockKind = "pull_quote"
	video      blockKind = "video"
	advert     blockKind = "advertisement"
)

func (k blockKind) content() bool {
	return k == paragraph || k == heading || k == quotation || k == listItem
}

// block is one block of a page. Text is what a cleaner keeps of it; Lead and
// Tail are the dateline and the attribution printed with it.
type block struct {
	Kind  blockKind
	Text  string
	Lead  string
	Tail  string
	Label string // of a teaser
	URL   string // of a teaser
}

// Shown is the text as printed.
func (b block) Shown() string {
	text := b.Text
	if b.Tail != "" {
		text = strings.TrimSuffix(text, ".") + b.Tail + "."
	}
	if b.Lead != "" {
		text = b.Lead + " " + text
	}
	return text
}

// Group is a run of blocks of one kind: the items of a list belong together.
type Group struct {
	Kind   blockKind
	Blocks []block
}

// page is an item as its outlet prints it at a time: what the designs render.
type page struct {
	it         *item
	Title      string
	Standfirst string
	Authors    []string
	Byline     string // as printed, "" for the names
	Section    string
	Tags       []string
	Language   string
	Published  time.Time // in the zone of the outlet
	Updated    time.Time
	URL        string
	Canonical  string
	Blocks     []block
	Dateline   string
	Tail       string
	Teaser     bool   // the text ends early
	Hidden     int    // blocks behind the paywall
	Image      string // path
	Caption    string
	Credit     string
	Bio        string
	Breadcrumb string
	Comments   []comment
	Related    []link
	Initials   string
}

type comment struct{ Name, Text string }

type link struct{ Title, URL, Standfirst string }

// teaserBlocks is how much of a paid article is free.
const teaserBlocks = 2

// page lays an item out as its outlet prints it. Others are the items that it
// may point to.
func (n *Newsroom) page(it *item, now time.Time) *page {
	o := it.outlet
	c := it.content(now)
	p := &page{
		it: it, Title: c.title, Standfirst: c.standfirst, Authors: c.authors, Byline: it.story.byline, Section: it.section,
		Tags: it.story.tags, Language: o.Language, Published: it.published.In(o.zone),
		Updated: it.updated(now).In(o.zone), URL: n.url(it), Teaser: it.story.teaser && it.spec == nil,
	}
	if o.design != "plain" { // the agency sends no pictures
		p.Caption, p.Credit = it.dated(it.story.caption), it.story.credit
	}
	p.Canonical = p.URL
	if it.spec != nil && it.spec.canonical {
		p.Canonical = n.url(n.originalOf(it))
	}
	if p.Caption != "" {
		p.Image = "/img/" + it.story.key + ".svg"
	}
	if p.Teaser {
		p.Hidden = len(c.blocks) - min(len(c.blocks), teaserBlocks)
		c.blocks = c.blocks[:min(len(c.blocks), teaserBlocks)]
	}
	p.Related = n.related(it, now)
	n.furnish(p, c)
	return p
}

// originalOf returns the item that a copy was made from.
func (n *Newsroom) originalOf(it *item) *item {
	for _, other := range n.items {
		if other.story == it.story && other.spec == nil {
			return other
		}
	}
	return it
}

// related returns up to five other items of the same host: those before it,
// then the newest.
func (n *Newsroom) related(it *item, now time.Time) []link {
	var list []link
	for _, other := range n.near(it, now) {
		title, standfirst := other.headline(now)
		list = append(list, link{Title: title, URL: n.url(other), Standfirst: standfirst})
	}
	return list
}

func (n *Newsroom) near(it *item, now time.Time) []*item {
	if _, ok := n.gen.hostNumber(it.host); ok {
		return n.gen.near(it.number)
	}
	var list []*item
	items := n.itemsOf(it.host, now)
	at := max(0, slices.Index(items, it))
	for step := 1; step < len(items) && len(list) < 5; step++ {
		if other := items[(at+step)%len(items)]; other != it && !other.private {
			list = append(list, other)
		}
	}
	return list
}

// itemsOf returns what a host shows at now, newest first.
func (n *Newsroom) itemsOf(host string, now time.Time) []*item {
	if h, ok := n.gen.hostNumber(host); ok {
		return n.gen.items(h)
	}
	var list []*item
	for _, it := range n.byHost[host] {
		if it.live(now) {
			list = append(list, it)
		}
	}
	slices.Reverse(list)
	return list
}

// furnish adds to the content what the outlet prints around and between it.
func (n *Newsroom) furnish(p *page, c content) {
	o, h := p.it.outlet, p.it.outlet.house
	agency := p.it.story.agency
	blocks := c.blocks
	if first := &blocks[0]; first.Kind == paragraph {
		if h.dateline != nil && p.it.story.place != "" {
			p.Dateline = h.dateline(p.it.story.place, p.Published, agency)
			first.Lead = p.Dateline
		}
		if agency && p.it.spec != nil && len(h.attribution) > 0 && strings.HasSuffix(first.Text, ".") {
			p.Tail = h.attribution[p.it.number%len(h.attribution)]
			first.Tail = p.Tail
		}
	}
	p.Blocks = n.insertFurniture(p, blocks)
	if h.bio {
		p.Bio = c.bio
	}
	if h.breadcrumb {
		p.Breadcrumb = o.Home + " > " + p.Section
	}
	if h.comments {
		for _, line := range p.it.story.comments {
			name, text, _ := strings.Cut(line, ": ")
			p.Comments = append(p.Comments, comment{name, text})
		}
	}
	if h.initials {
		p.Initials = initials(p.Authors, agency)
	}
}

// insertFurniture puts the outlet's inserts between the paragraphs: the first
// after the second block, each further one two blocks later, never at the end,
// inside a list or under a heading.
func (n *Newsroom) insertFurniture(p *page, blocks []block) []block {
	inserts := p.it.outlet.house.inserts
	teasers := p.Related
	var out []block
	next, since := 0, 0
	for i, b := range blocks {
		out = append(out, b)
		since++
		if next == len(inserts) || i+1 == len(blocks) || since < 2 ||
			b.Kind != paragraph || blocks[i+1].Kind != paragraph {
			continue
		}
		in := inserts[next]
		next++
		f := block{Kind: in.kind}
		switch {
		case in.kind == teaser && len(teasers) > 0:
			f.Label, f.Text, f.URL = in.texts[0], teasers[0].Title, teasers[0].URL
			teasers = teasers[1:]
		case in.kind == pullQuote && p.it.story.quote != "":
			f.Text = p.it.story.quote
		case len(in.texts) > 0 && in.kind != teaser:
			f.Text = in.texts[(p.it.number+next)%len(in.texts)]
		default:
			continue
		}
		out = append(out, f)
		since = 0
	}
	return out
}

// initials are what a newspaper prints at the end of an article, as in
// "(nwd/hw)".
func initials(authors []string, agency bool) string {
	var list []string
	if agency {
		list = append(list, "nwd")
	}
	for _, a := range authors {
		var b strings.Builder
		for w := range strings.FieldsSeq(a) {
			b.WriteString(strings.ToLower(string([]rune(w)[0])))
		}
		if b.Len() > 1 {
			list = append(list, b.String())
		}
	}
	if len(list) == 0 {
		return ""
	}
	return "(" + strings.Join(list, "/") + ")"
}

// Groups returns the blocks with the items of each list together.
func (p *page) Groups() []Group {
	var list []Group
	for _, b := range p.Blocks {
		if k := len(list) - 1; k >= 0 && b.Kind == listItem && list[k].Kind == listItem {
			list[k].Blocks = append(list[k].Blocks, b)
			continue
		}
		list = append(list, Group{b.Kind, []block{b}})
	}
	return list
}

// text returns the body that a perfect cleaner keeps.
func (p *page) text() string {
	var parts []string
	for _, b := range p.Blocks {
		if b.Kind.content() {
			parts = append(parts, b.Text)
		}
	}
	return strings.Join(parts, "\n\n")
}
