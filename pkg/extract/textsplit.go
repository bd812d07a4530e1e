package extract

import (
	"strings"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/clean"
	"github.com/copydesk/copydesk/pkg/textnorm"
)

// A line of plain text may hold several things at once: a header its clock, the
// weather and links; the first line the breadcrumb and the headline; the lead a
// date, a dateline and the first sentence; a caption its credit. The functions
// of this file cut such lines, so that each piece gets its own kind.

// piece returns a block for a part of block b.
func piece(b *block, text string) block {
	p := *b
	p.text, p.words = text, textnorm.Words(text)
	p.prose = readsLikeProse(&p)
	return p
}

// dropped returns a block for a part of block b that goes.
func dropped(b *block, text, kind, rule string) block {
	p := piece(b, text)
	p.Verdict = clean.Verdict{Kind: kind, Rule: rule}
	return p
}

// splitHeader cuts the lines above the lead that hold a breadcrumb before the
// headline, and those that bars divide.
func splitHeader(a *article.Article, blocks []block) []block {
	out := make([]block, 0, len(blocks)+8)
	for i := range blocks {
		b := &blocks[i]
		bars := strings.Count(b.text, "|") >= 2 && strings.Contains(b.text, " | ")
		if b.prose && !bars {
			return append(out, blocks[i:]...)
		}
		path, rest := cutPath(b.text, a.Title)
		switch {
		case bars:
			out = append(out, splitBars(b)...)
		case path != "":
			out = append(out, dropped(b, path, clean.Breadcrumb, "breadcrumb-above-title"), piece(b, rest))
		default:
			out = append(out, *b)
		}
	}
	return out
}

// cutPath parts a breadcrumb from the headline that it ends in.
func cutPath(text, title string) (path, rest string) {
	if title == "" || len(text) <= len(title) || !strings.EqualFold(text[len(text)-len(title):], title) {
		return "", text
	}
	path = text[:len(text)-len(title)]
	if len(path) > maxPath || !strings.HasSuffix(path, " ") || !clean.StartsAtHome(path) {
		return "", text
	}
	return strings.Trim(path, " >»›/|"), text[len(path):]
}

// maxPath bounds a breadcrumb, in bytes.
const maxPath = 120

// maxPieces bounds the pieces of one line.
const maxPieces = 40

// splitBars cuts a line of a page's header at its bars. All pieces are
// furniture; what no rule names is navigation.
func splitBars(b *block) []block {
	var out []block
	for _, part := range strings.SplitN(b.text, "|", maxPieces) {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		if i := clockAt(part); i >= 0 {
			if before := strings.TrimSpace(part[:i]); before != "" {
				out = append(out, dropped(b, before, clean.Navigation, "page-header-line"))
			}
			out = append(out, dropped(b, part[i:], clean.Clock, "page-header-line"))
			continue
		}
		p := dropped(b, part, clean.Navigation, "page-header-line")
		l := clean.NewLine(part)
		l.Head = true
		if v := clean.Match(&l); v.Dropped() {
			p.Verdict = v
		}
		if n := len(out); p.Kind == clean.Weather && n > 0 && out[n-1].Rule == "page-header-line" && out[n-1].words <= 3 {
			p.text = out[n-1].text + " | " + p.text // the place it is the weather of
			p.words += out[n-1].words
			out = out[:n-1]
		}
		out = append(out, p)
	}
	return out
}

// clockAt returns where in s a date with a time begins that ends it, or -1.
func clockAt(s string) int {
	if !strings.Contains(s, ":") {
		return -1
	}
	for i := 0; i >= 0 && i < len(s); {
		l := clean.NewLine(s[i:])
		l.Head = true
		if v := clean.Match(&l); l.Words >= 4 && v.Kind == clean.DateStamp {
			return i
		}
		next := strings.IndexByte(s[i:], ' ')
		if next < 0 {
			break
		}
		i += next + 1
	}
	return -1
}

// splitOrigin takes the dateline off the lead and the attribution tails off all
// paragraphs, and keeps what it took as blocks of their own.
func splitOrigin(a *article.Article, blocks []block) []block {
	out := make([]block, 0, len(blocks)+4)
	leads, paragraphs := 0, 0
	for i := range blocks {
		b := blocks[i]
		if b.Dropped() {
			out = append(out, b)
			continue
		}
		if leads < maxLeads && a.Dateline == nil && b.prose && isLead(&b) {
			leads++
			if d, n := findDateline(b.text); d != nil && n < len(b.text) {
				a.Dateline = d
				out = append(out, datelineBlocks(&b, d)...)
				b = piece(&b, b.text[n:])
			}
		}
		who, rest := cutTail(b.text, nil, paragraphs)
		if b.prose {
			paragraphs++
		}
		if who == "" {
			out = append(out, b)
			continue
		}
		a.Attributions = appendNew(a.Attributions, who)
		tail := strings.TrimRight(b.text[len(rest)-1:], ". ")
		out = append(out, piece(&b, rest), dropped(&b, tail, clean.Attribution, "attribution-tail"))
	}
	return out
}

// datelineBlocks returns a dateline as one block, or as two where a date stands
// before it.
func datelineBlocks(b *block, d *article.Dateline) []block {
	if i := strings.Index(d.Raw, d.Date); d.Date != "" && i >= 0 && i <= len("date ") {
		stamp, rest := d.Raw[:i+len(d.Date)], strings.TrimSpace(d.Raw[i+len(d.Date):])
		out := []block{dropped(b, stamp, clean.DateStamp, "dateline")}
		if rest != "" {
			out = append(out, dropped(b, rest, clean.DateLine, "dateline"))
		}
		return out
	}
	return []block{dropped(b, d.Raw, clean.DateLine, "dateline")}
}

// splitCredits parts the credits from the captions that they end, and notes
// both as those of pictures whose address is not known.
func splitCredits(a *article.Article, blocks []block) []block {
	out := make([]block, 0, len(blocks)+8)
	add := func(caption, credit string) {
		im := article.Image{Caption: caption, Credit: credit}
		for _, have := range a.Images {
			if have == im {
				return
			}
		}
		if len(a.Images) < maxImages {
			a.Images = append(a.Images, im)
		}
	}
	for i := range blocks {
		b := &blocks[i]
		if b.Kind == clean.PhotoCredit {
			add("", clean.CreditName(b.text))
		}
		at := -1
		if b.Kind == clean.Caption {
			at = clean.Credit(b.text)
		}
		if at <= 0 {
			out = append(out, *b)
			continue
		}
		caption, credit := strings.TrimSpace(b.text[:at]), strings.TrimSpace(b.text[at:])
		add(caption, clean.CreditName(credit))
		out = append(out, dropped(b, caption, b.Kind, b.Rule), dropped(b, credit, clean.PhotoCredit, b.Rule))
	}
	return out
}

// noteText takes from the labelled blocks what belongs to the metadata.
func noteText(a *article.Article, blocks []block) {
	for i := range blocks {
		b := &blocks[i]
		switch b.Kind {
		case clean.SectionLabel:
			if a.Section == "" {
				a.Section = b.text
			}
		case clean.Standfirst:
			if a.Standfirst == "" {
				a.Standfirst = b.text
			}
		case clean.Breadcrumb:
			if a.Breadcrumb == nil {
				a.Breadcrumb = clean.Path(b.text)
			}
		case clean.KeyPoints:
			if b.kind == article.ListItem && len(a.KeyPoints) < maxKeyPoints {
				a.KeyPoints = append(a.KeyPoints, b.text)
			}
		case clean.AuthorBio:
			noteBio(a, b.text)
		}
	}
	if n := len(a.Breadcrumb); a.Section == "" && n > 1 {
		a.Section = a.Breadcrumb[n-1]
	}
}

// maxKeyPoints bounds the key points of an article.
const maxKeyPoints = 20

// noteBio gives a portrait to the author whom it names. Where nobody is named
// above the text, who is portrayed below it has written it.
func noteBio(a *article.Article, bio string) {
	if name := clean.BioName(bio); !giveBio(a, name, bio) && len(a.Authors) == 0 && name != "" {
		a.Authors = []article.Author{{Name: name, Kind: article.Person, Bio: bio}}
	}
}

// giveBio gives a portrait of name to the author of that name.
func giveBio(a *article.Article, name, bio string) bool {
	for i := range a.Authors {
		if au := &a.Authors[i]; name != "" && au.Name != "" && (strings.Contains(au.Name, name) || strings.Contains(name, au.Name)) {
			if au.Bio == "" {
				au.Bio = bio
			}
			return true
		}
	}
	return false
}

const (
	minBio = 8    // words of a portrait, the least
	maxBio = 1000 // bytes of one, the most
)

// noteAside takes the breadcrumb and the portraits of the authors from what was
// dropped of a page.
func noteAside(a *article.Article, blocks []block) {
	for i := range blocks {
		b := &blocks[i]
		switch {
		case b.Kind == clean.AuthorBio && b.words >= minBio && len(b.text) <= maxBio:
			giveBio(a, clean.BioName(b.text), b.text)
		case b.Kind == clean.Breadcrumb && a.Breadcrumb == nil && len(b.text) <= maxPath:
			a.Breadcrumb = pathOf(blocks[i:])
		}
	}
}

// maxPathBlocks bounds the blocks of one breadcrumb.
const maxPathBlocks = 10

// pathOf returns the breadcrumb at the beginning of blocks: one block with all
// steps, or one block a step.
func pathOf(blocks []block) []string {
	n := 0
	for n < len(blocks) && n < maxPathBlocks && blocks[n].Kind == clean.Breadcrumb {
		n++
	}
	if n == 1 {
		return clean.Path(blocks[0].text)
	}
	var steps []string
	for i := range n {
		if strings.ContainsAny(blocks[i].text, ">»›") { // all of it, beside a label
			return clean.Path(blocks[i].text)
		}
		if step := strings.Trim(blocks[i].text, " >»›/|"); blocks[i].words > 0 && len(step) <= maxPath {
			steps = append(steps, step)
		}
	}
	return steps
}
