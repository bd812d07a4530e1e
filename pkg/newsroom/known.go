package newsroom

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"
)

// Known is what is true of a page: what a perfect pipeline makes of it.
type Known struct {
	URL        string
	Outlet     string // key, or the first label of a generated host
	Title      string
	Standfirst string
	// Text is the body: paragraphs, subheadings, list items and quotations
	// separated by blank lines, quotes straight, without dateline, attribution
	// tail, credit, caption, teaser or any other furniture.
	Text        string
	Language    string
	Section     string
	Authors     []string
	Published   time.Time // to the minute, in the outlet's zone
	Updated     time.Time // of the last edit; Published if there was none
	Dateline    string    // as printed, "" without
	Attribution string    // as printed, without the comma: "reports Meridian Wire"
	Canonical   string    // rel=canonical; the outlet's own URL but for one copy
	Access      string    // "full" or "teaser"
	SameText    string    // equal for pages of exactly equal body text
	Family      string    // equal for pages of one report, however edited
	Original    bool      // the page that the others of its family come from
	Furniture   []string  // texts of the page that must not be in the body
	Withdrawn   bool      // answers 410
	Disallowed  bool      // robots.txt forbids it
}

// Known returns what is true of every hand-written page published by now, in
// order of publication. Withdrawn pages are among them, with what they said.
func (n *Newsroom) Known() []Known {
	now := n.now()
	var list []Known
	for _, it := range n.items {
		if it.out(now) {
			list = append(list, n.known(it, now))
		}
	}
	return list
}

// KnownOf returns what is true of the page at a URL, generated or not, and
// whether there is such a page now.
func (n *Newsroom) KnownOf(url string) (Known, bool) {
	now := n.now()
	it := n.find(url)
	if it == nil || !it.out(now) {
		return Known{}, false
	}
	return n.known(it, now), true
}

// find returns the item of a URL, or nil.
func (n *Newsroom) find(url string) *item {
	if it := n.byURL[url]; it != nil {
		return it
	}
	rest, ok := strings.CutPrefix(url, "http://")
	if !ok {
		return nil
	}
	host, path, _ := strings.Cut(rest, "/")
	key, _, _ := strings.Cut(host, ".")
	if it := n.gen.find(key, "/"+path); it != nil && n.url(it) == url {
		return it
	}
	return nil
}

func (n *Newsroom) known(it *item, now time.Time) Known {
	p := n.page(it, now)
	k := Known{
		URL: p.URL, Outlet: it.host, Title: p.Title, Standfirst: p.Standfirst, Text: p.text(),
		Language: strings.ToLower(p.Language[:2]), Section: p.Section, Authors: p.Authors,
		Published: p.Published, Updated: p.Updated, Dateline: p.Dateline,
		Attribution: strings.TrimPrefix(p.Tail, ", "), Canonical: p.Canonical, Access: "full",
		SameText: it.text, Family: it.family, Original: it.spec == nil && it.original(),
		Furniture: n.furniture(p, now), Withdrawn: it.gone(now), Disallowed: it.private,
	}
	if p.Teaser {
		k.Access = "teaser"
	}
	if k.SameText == "" {
		sum := sha256.Sum256([]byte(k.Text))
		k.SameText = it.family + "/" + hex.EncodeToString(sum[:6])
	}
	return k
}

// furniture returns the strings of a page that a cleaner must drop.
func (n *Newsroom) furniture(p *page, now time.Time) []string {
	o := p.it.outlet
	h := o.house
	list := []string{o.Tagline, p.Dateline, p.Tail, p.Caption, p.Credit, p.Bio, p.Breadcrumb, p.Initials}
	for _, b := range p.Blocks {
		if !b.Kind.content() && b.Kind != pullQuote {
			list = append(list, b.Text)
		}
		if b.Label != "" {
			list = append(list, b.Label+" "+b.Text)
		}
	}
	for _, c := range p.Comments {
		list = append(list, c.Text)
	}
	for _, l := range p.Related {
		list = append(list, l.Title)
	}
	list = append(list, h.weather, h.banner, h.cookie, h.share)
	list = append(list, designNotes(o.design)...)
	if o.design == "blog" && len(p.Tags) > 0 {
		list = append(list, "Tagged: "+strings.Join(p.Tags, " "))
	}
	if p.Teaser {
		list = append(list, paywallNotice)
	}
	if h.clock {
		list = append(list, clock(now.In(o.zone)))
	}
	var kept []string
	for _, s := range list {
		if s != "" {
			kept = append(kept, s)
		}
	}
	return kept
}

// original reports whether an item that is no copy of a story is no copy of a
// generated page either.
func (it *item) original() bool { return it.story.key == it.family }
