//nolint:misspell // words of other languages
package clean

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// DOMRule is one row of the table of markup rules. An element is recognised by
// its tag, its role, or a word of its class or id. Words are lower case; names
// are cut at hyphens, underscores and inner capitals, so that "share" finds
// "article__share", "ShareBar" and "share-bar"; a row may ask for two words in
// a row: "author-bio".
type DOMRule struct {
	Kind, Name string
	Tags       []atom.Atom
	Roles      []string
	Words      []string
	// Most is how much of the page's prose such an element may hold and still
	// be dropped: names lie, text does not.
	Most float64
}

var domRules = []DOMRule{
	{
		Kind: Hidden, Name: "hidden", Most: 0.6,
		Words: []string{"sr-only", "visually-hidden", "visuallyhidden", "screen-reader", "screenreader", "offscreen", "print-only", "printonly", "only-print", "tooltip", "tooltips", "hover-card", "hovercard", "noscript", "d-none", "visible-print", "u-hidden", "is-hidden", "assistive"},
	},
	{
		Kind: Navigation, Name: "navigation", Most: 0.2,
		Tags:  []atom.Atom{atom.Nav, atom.Menu},
		Roles: []string{"navigation", "menubar", "menu", "tablist", "search", "toolbar", "listbox"},
		Words: []string{"nav", "navbar", "navigation", "menu", "menubar", "submenu", "mainmenu", "megamenu", "topnav", "subnav", "navi", "sitemap", "skip-link", "pagination", "pager", "pagenav", "prevnext", "prev-next", "post-navigation", "jump-links", "toc", "table-contents", "on-this-page", "anchor-links", "topbar", "toolbar", "article-tools", "tools", "searchform", "search-form", "language-switcher", "langswitch"},
	},
	{
		Kind: Breadcrumb, Name: "breadcrumb", Most: 0.1,
		Words: []string{"breadcrumb", "breadcrumbs", "crumbs", "crumb", "brotkrumen"},
	},
	{
		Kind: Footer, Name: "footer", Most: 0.2,
		Tags:  []atom.Atom{atom.Footer},
		Roles: []string{"contentinfo"},
		Words: []string{"footer", "copyright", "colophon", "legal", "imprint", "foot", "disclaimer"},
	},
	{
		Kind: Navigation, Name: "site-header", Most: 0.15,
		Roles: []string{"banner"},
		Words: []string{"masthead", "site-header", "page-header", "global-header", "siteheader", "topheader", "mainheader", "top-bar"},
	},
	{
		Kind: Share, Name: "share", Most: 0.1,
		Words: []string{"share", "sharing", "sharebar", "sharebox", "social", "socials", "socialmedia", "addthis", "addtoany", "sharethis", "sharedaddy", "shariff", "follow-us", "sociable", "social-media", "socialshare", "a2a", "teilen", "partage", "compartir"},
	},
	{
		Kind: Newsletter, Name: "newsletter", Most: 0.1,
		Words: []string{"newsletter", "newsletters", "signup", "sign-up", "subscribe", "subscription", "mailing-list", "optin", "opt-in", "mc-embed", "mailchimp", "nl-signup", "boletin", "inscription", "abo-box", "abobox", "push-notification", "app-promo", "donate", "donation", "membership"},
	},
	{
		Kind: Comments, Name: "comments", Most: 0.97,
		Words: []string{"comment", "comments", "commentlist", "comment-form", "disqus", "respond", "livefyre", "kommentar", "kommentare", "commentaires", "comentarios", "comentario", "comentarios", "reacties", "discussion", "user-comments", "fb-comments", "commentarea", "commenting", "coral", "spotim", "responses"},
	},
	{
		Kind: Related, Name: "related", Most: 0.3,
		Words: []string{
			"related", "relateds", "relatedposts", "jp-relatedposts", "recommended", "recommendation", "recommendations", "recommend", "recirc", "recirculation", "readmore", "read-more", "read-next", "readnext", "read-also", "see-also", "seealso", "more-stories", "morestories", "more-news", "more-from", "more-on", "also-read", "alsoread", "alsolike", "also-like", "mostread", "most-read", "most-popular", "mostpopular", "most-viewed", "popular", "trending", "topstories", "top-stories", "latest-news", "latestnews", "latest-posts", "recent-posts", "next-article", "next-post", "similar", "outbrain", "taboola", "zergnet", "revcontent", "plista", "ligatus", "nativo", "crosslink", "crosslinks", "onward", "upsell", "weiterlesen", "meistgelesen", "leesook", "lees-ook", "lire-aussi", "leer-mas", "leggi-anche", "leia-mais", "leia-tambem", "veja-mais", "saiba-mais", "czytaj", "linkbox", "link-box", "link-list", "linklist", "infobox-links", "storylist", "story-list", "articlelist", "article-list", "teaser-list", "teaserlist", "more-articles", "further-reading", "inline-related", "inline-link", "inline-links", "inlinelink", "rich-link", "richlink", "youmaylike", "editors-picks", "editor-picks", "widget-posts", "crp", "yarpp", "backlinks", "mehr-zum", "mehrzum", "zum-thema", "themenbox", "promo", "promos", "promobox", "promoted", "internal-link", "teaser", "teasers", "feed-list",
		},
	},
	{
		Kind: Advertisement, Name: "advertisement", Most: 0.1,
		Words: []string{"ad", "ads", "advert", "adverts", "advertisement", "advertisements", "advertising", "adsense", "adslot", "adbox", "adunit", "adwrapper", "adcontainer", "ad-slot", "adsbygoogle", "dfp", "gpt", "sponsor", "sponsors", "sponsored", "sponsoring", "anzeige", "anzeigen", "werbung", "publicidad", "publicite", "publicidade", "pubblicita", "affiliate", "commercial", "partner-content", "shopping", "product-box", "merch"},
	},
	{
		Kind: Cookie, Name: "cookie", Most: 0.3,
		Words: []string{"cookie", "cookies", "consent", "gdpr", "onetrust", "cookiebar", "cookie-banner", "privacy-notice", "usercentrics", "didomi", "cmp"},
	},
	{
		Kind: Caption, Name: "caption", Most: 0.1,
		Tags:  []atom.Atom{atom.Figcaption},
		Words: []string{"caption", "captions", "figcaption", "imagecaption", "photocaption", "bildunterschrift", "bildtext", "bu", "cutline", "legende", "pie-foto", "piefoto", "didascalia", "image-text", "img-text", "photo-text", "image-description", "image-desc", "picture-text", "photo-info", "image-info", "picture-description", "onderschrift", "podpis"},
	},
	{
		Kind: PhotoCredit, Name: "photo-credit", Most: 0.05,
		Words: []string{"credit", "credits", "photocredit", "photo-credit", "image-credit", "image-source", "img-credit", "image-copyright", "photographer", "bildquelle", "copyright-text"},
	},
	{
		Kind: AuthorBio, Name: "author-bio", Most: 0.2,
		Words: []string{"author-bio", "authorbio", "about-author", "author-about", "aboutauthor", "author-box", "authorbox", "author-info", "author-card", "author-description", "author-desc", "author-profile", "author-details", "author-detail", "author-block", "author-footer", "bio", "biography", "biobox", "post-author", "contributor-bio", "entry-author", "contributors", "autor-box", "autorenbox", "staff-bio", "guest-author", "author-container", "about-the", "writer-bio"},
	},
	{
		Kind: Byline, Name: "byline", Most: 0.05,
		Words: []string{"byline", "bylines", "author", "authors", "autor", "autoren", "auteur", "writer", "post-meta", "entry-meta", "article-meta", "postmeta", "articlemeta", "story-meta", "meta-info", "meta-data", "metadata", "timestamp", "datetime", "date-time", "pubdate", "pub-date", "publish-date", "published", "date", "posted-on", "entry-date", "post-date", "postdate", "article-date", "article-info", "dateline-bar", "last-updated", "update-time", "reading-time", "read-time", "readtime", "meta"},
	},
	{
		Kind: Tags, Name: "tags", Most: 0.05,
		Words: []string{"tags", "taglist", "tag-list", "tag-links", "tag-cloud", "tagcloud", "keywords", "topics", "topic-list", "post-tags", "entry-tags", "article-tags", "cat-links", "categories", "schlagworte", "stichworte", "etiquetas", "labels", "rubrics"},
	},
	{
		Kind: Video, Name: "player", Most: 0.05,
		Words: []string{"jwplayer", "videoplayer", "video-player", "player", "brightcove", "vjs", "video-js", "video-caption", "video-description", "video-title", "audio-player", "audioplayer", "playlist", "podcast", "video-wrapper", "video-container", "transcript-toggle", "beyondwords", "listen"},
	},
	{
		Kind: PullQuote, Name: "pull-quote", Most: 0.05,
		Words: []string{"pullquote", "pull-quote", "pullout", "pullquotes", "pull-quotes", "blockquote-pull"},
	},
	{
		Kind: Gallery, Name: "gallery", Most: 0.15,
		Words: []string{"gallery", "galleries", "slideshow", "carousel", "slider", "swiper", "slick", "fotostrecke", "bildergalerie", "lightbox", "photoswipe", "fotogalerie", "galeria"},
	},
	{
		Kind: Sidebar, Name: "sidebar", Most: 0.25,
		Tags:  []atom.Atom{atom.Aside},
		Roles: []string{"complementary"},
		Words: []string{"sidebar", "sidebars", "right-rail", "rightrail", "rail", "right-column", "rightcolumn", "rightcol", "right-col", "left-column", "leftcolumn", "leftcol", "secondary", "randspalte", "marginal", "widget", "widgets", "widget-area"},
	},
	{
		Kind: Banner, Name: "overlay", Most: 0.15,
		Tags:  []atom.Atom{atom.Dialog},
		Roles: []string{"dialog", "alertdialog", "alert", "tooltip"},
		Words: []string{"modal", "popup", "overlay", "interstitial", "toast", "snackbar", "lightbox-content", "ticker", "newsticker", "breaking-news", "breakingnews", "alert", "notification", "notifications", "banner", "browser-warning", "adblock"},
	},
	{
		Kind: Paywall, Name: "paywall-box", Most: 0.03,
		Words: []string{"paywall", "paywalled", "regwall", "paygate", "pay-wall", "piano", "offer", "offers", "abo", "registration", "login", "signin", "sign-in", "meter", "metering", "subscriber-only", "plus-box"},
	},
	{
		Kind: Banner, Name: "form", Most: 0.1,
		Tags:  []atom.Atom{atom.Form, atom.Button, atom.Fieldset, atom.Legend, atom.Label, atom.Option},
		Words: []string{"poll", "quiz", "survey", "vote", "voting", "rating", "ratings", "weather", "wetter", "clock", "horoscope", "stock-ticker", "marketdata", "print-button", "print-link", "feedback", "correction-form", "report-error"},
	},
}

// DOMRules returns a copy of the table of markup rules.
func DOMRules() []DOMRule { return append([]DOMRule(nil), domRules...) }

// domIndex finds markup rules by tag, role and word; lower bits come first.
type domIndex struct {
	tags  map[atom.Atom]int
	roles map[string]int
	words []domWord // a hash table; its length is a power of two
}

// domWord is a word of a class, or two with a hyphen.
type domWord struct {
	word string
	hash uint32
	rule int
}

// wordSeed and wordStep are of the hash function FNV-1a.
const (
	wordSeed = 2166136261
	wordStep = 16777619
)

// find returns the rule of a word, or -1.
func (x *domIndex) find(w []byte, hash uint32) int {
	mask := uint32(len(x.words) - 1)
	for i := hash & mask; x.words[i].word != ""; i = (i + 1) & mask {
		if x.words[i].hash == hash && x.words[i].word == string(w) {
			return x.words[i].rule
		}
	}
	return -1
}

// add sets the rule of a word; the last one to claim it has it.
func (x *domIndex) add(w string, rule int) {
	hash := uint32(wordSeed)
	for i := range len(w) {
		hash = (hash ^ uint32(w[i])) * wordStep
	}
	mask := uint32(len(x.words) - 1)
	i := hash & mask
	for x.words[i].word != "" && x.words[i].word != w {
		i = (i + 1) & mask
	}
	x.words[i] = domWord{w, hash, rule}
}

// domSlots is the size of the hash table, some four times the number of words.
const domSlots = 4096

var compiledDOM = compileDOM(domRules)

func compileDOM(rules []DOMRule) domIndex {
	x := domIndex{tags: map[atom.Atom]int{}, roles: map[string]int{}, words: make([]domWord, domSlots)}
	for i, r := range rules {
		for _, t := range r.Tags {
			x.tags[t] = i
		}
		for _, role := range r.Roles {
			x.roles[role] = i
		}
		for _, w := range r.Words {
			x.add(w, i)
		}
	}
	return x
}

// MatchElement returns the rule that recognises an element, or nil. Whether it
// is dropped depends on what it holds; see DOMRule.Most.
func MatchElement(n *html.Node) *DOMRule { return matchElement(n, nil) }

func matchElement(n *html.Node, m *Matcher) *DOMRule {
	switch n.DataAtom {
	case atom.Html, atom.Body, atom.Main, atom.P, atom.H1, atom.H2, atom.Blockquote:
		if n.DataAtom == atom.P || n.DataAtom == atom.H2 || n.DataAtom == atom.Blockquote {
			break // the class of a paragraph may well say that it is a caption
		}
		return nil
	}
	best := -1
	if i, ok := compiledDOM.tags[n.DataAtom]; ok {
		best = i
	}
	for k := range n.Attr {
		a := &n.Attr[k]
		switch a.Key {
		case "class", "id":
			if i := m.words(a.Val); i >= 0 && (best < 0 || i < best) {
				best = i
			}
		case "role":
			if i, ok := compiledDOM.roles[a.Val]; ok {
				best = i
			}
		case "hidden":
			if !streamed(n) {
				return &domRules[0]
			}
		case "style":
			if hidesByStyle(a.Val) {
				return &domRules[0]
			}
		case "aria-hidden":
			if a.Val == "true" {
				best = 0
			}
		}
	}
	if best < 0 {
		return nil
	}
	return &domRules[best]
}

// Matcher is [MatchElement] for many elements of one page, whose classes repeat.
// Its zero value is ready.
type Matcher struct {
	seen [256]struct {
		val  string
		rule int
	}
}

// MatchElement returns what the function of that name does.
func (m *Matcher) MatchElement(n *html.Node) *DOMRule { return matchElement(n, m) }

// words is matchWords with a look at what was asked before.
func (m *Matcher) words(val string) int {
	n := len(val)
	if m == nil || n < 4 {
		return matchWords(val)
	}
	slot := &m.seen[(uint32(n)*131+uint32(val[0])*17+uint32(val[n/2])*31+uint32(val[n-1])*7+uint32(val[n-2]))%uint32(len(m.seen))]
	if slot.val != val {
		slot.val, slot.rule = val, matchWords(val)
	}
	return slot.rule
}

// streamed reports whether a hidden element is one that a script moves into
// place once the page has arrived: pages rendered in pieces keep text there.
func streamed(n *html.Node) bool {
	for i := range n.Attr {
		if n.Attr[i].Key == "id" {
			return strings.HasPrefix(n.Attr[i].Val, "S:")
		}
	}
	return false
}

func hidesByStyle(style string) bool {
	i := strings.Index(style, "display")
	if i >= 0 && strings.HasPrefix(strings.TrimLeft(style[i+7:], " :"), "none") {
		return true
	}
	i = strings.Index(style, "visibility")
	return i >= 0 && strings.HasPrefix(strings.TrimLeft(style[i+10:], " :"), "hidden")
}

// maxClass bounds how much of an attribute is looked at: utility classes run to
// kilobytes.
const maxClass = 400

// matchWords looks the words of a class or id up, one by one and in pairs.
func matchWords(val string) int {
	if len(val) > maxClass {
		val = val[:maxClass]
	}
	best := -1
	note := func(w []byte, hash uint32) {
		if i := compiledDOM.find(w, hash); i >= 0 && (best < 0 || i < best) {
			best = i
		}
	}
	var buf [maxClass * 2]byte
	pair := buf[:0] // "last-current"
	start := 0      // of the current word in pair
	hash, pairHash := uint32(wordSeed), uint32(wordSeed)
	flush := func() {
		if len(pair) == start {
			return
		}
		note(pair[start:], hash)
		if start > 0 {
			note(pair, pairHash)
		}
		pair = append(append(buf[:0], pair[start:]...), '-')
		start = len(pair)
		hash, pairHash = wordSeed, (hash^'-')*wordStep
	}
	lower := false
	for i := 0; i < len(val); i++ {
		c := val[i]
		switch {
		case c >= 'a' && c <= 'z' || c >= utf8.RuneSelf:
			lower = true
		case c >= '0' && c <= '9':
		case c >= 'A' && c <= 'Z':
			if lower {
				flush()
			}
			c |= 0x20
			lower = false
		default:
			flush()
			lower = false
			if c == ' ' {
				pair, start = buf[:0], 0
			}
			continue
		}
		pair = append(pair, c)
		hash, pairHash = (hash^uint32(c))*wordStep, (pairHash^uint32(c))*wordStep
	}
	flush()
	return best
}
