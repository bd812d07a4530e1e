//nolint:misspell // words of other languages
package extract

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/clean"
	"github.com/copydesk/copydesk/pkg/textnorm"
)

// A byline stands between the headline and the first paragraphs, or below the
// last one.
const (
	maxBylineSearch = 400
	bylineAbove     = 4 // blocks above the headline
	bylineHead      = 60
	bylineTail      = 12
	maxByWord       = 12
	maxBylineWords  = 24
)

// byline reads the names in the blocks around the headline and below the text.
// Names that nothing marks as such count only where no author is declared.
func (f *authorFinder) byline(p *page, declared bool) []article.Author {
	head, lead, tail := f.zones(p)
	main := ancestors(f.m.printed)
	read := func(from, to int) []article.Author {
		for i := max(0, from); i < min(len(p.blocks), to); i++ {
			if out := f.lineNames(p, i); len(out) > 0 && !foreign(p.els[p.blocks[i].el].node, main) {
				return out
			}
		}
		return nil
	}
	if out := read(head-bylineAbove, min(lead+3, head+bylineHead)); len(out) > 0 {
		return out
	}
	if out := read(max(head+bylineHead, lead-bylineAbove), lead); len(out) > 0 {
		return out
	}
	if out := read(max(lead, tail-2), tail+bylineTail); len(out) > 0 {
		return out
	}
	if !declared {
		if out := f.bareNames(p, head, lead, tail); len(out) > 0 {
			return out
		}
	}
	for i := range min(len(p.blocks), maxBylineSearch) {
		b := &p.blocks[i]
		if b.words < 2 || b.words > maxBylineWords {
			continue
		}
		if name := creditedSource(b.text); name != "" {
			return []article.Author{f.author(name)}
		}
		if _, by := afterByWord(strings.TrimLeft(b.text, "-–—|• (")); !by && !strings.ContainsAny(b.text, "0123456789") {
			continue
		}
		l := clean.NewLine(b.text)
		l.Head = true
		if clean.Is(&l, clean.Byline) {
			if out := read(i, i+1); len(out) > 0 {
				return out
			}
		}
	}
	return nil
}

// zones returns the block of the headline, that of the first paragraph below
// it, and that of the last paragraph of the body.
func (f *authorFinder) zones(p *page) (head, lead, tail int) {
	title, chosen := "", clean.Fold(f.a.Title)
	if f.m.printed != nil {
		title = clean.Fold(headlineText(f.m.printed))
	}
	head, lead, tail = -1, -1, -1
	words := textnorm.Words(f.a.Title)
	if f.m.printed != nil {
		words = textnorm.Words(title)
	}
	for i := range p.blocks {
		b := &p.blocks[i]
		if head < 0 && len(b.text) <= maxTitle && (b.level > 0 || b.words > 2 && b.words >= words-3 && b.words <= words+3) {
			if t := clean.Fold(b.text); t == chosen || t == title {
				head = i
			}
		}
		if b.prose && (b.kept || b.Kind == clean.Standfirst && head >= 0) {
			if lead < 0 {
				lead = i
			}
			tail = i
		}
	}
	if lead < 0 {
		lead, tail = len(p.blocks), len(p.blocks)
	}
	if head < 0 || head > lead {
		head = max(0, lead-12)
	}
	return head, lead, tail
}

// lineNames reads a line that says by whom the text is.
func (f *authorFinder) lineNames(p *page, i int) []article.Author {
	b := &p.blocks[i]
	if b.words < 2 && !strings.ContainsAny(b.text, ":：") || b.words > maxBylineWords || b.level > 0 && b.level < 3 {
		return nil
	}
	text := strings.Trim(b.text, " ()（）")
	text = strings.TrimLeft(text, "-–—|• ")
	if len(text) <= maxByWord && i+1 < len(p.blocks) && isByWord(text) {
		if next := p.blocks[i+1].text; fullName(next) {
			return f.names(next, false)
		}
		return nil
	}
	if _, ok := afterByWord(text); !ok {
		before, by, dated := clean.SplitByline(text)
		if !dated {
			return f.datedName(text)
		}
		if text = by; strings.HasPrefix(b.text, by) {
			text = before
		}
		if _, ok := afterByWord(by); ok {
			text = by
		}
		return f.names(text, true)
	}
	if b.prose && b.words > 8 || strings.HasSuffix(text, "?") || strings.HasSuffix(text, "!") {
		return nil
	}
	return f.names(text, false)
}

func (f *authorFinder) names(text string, sure bool) []article.Author {
	var out []article.Author
	for _, name := range bylineNames(text) {
		if sure || clean.IsAgency(name) || nameLike(name) && properName(name) {
			out = append(out, f.author(name))
		}
	}
	return out
}

// properName refuses what has a small first letter, figures or the words of a
// sentence or of a page's own furniture.
func properName(name string) bool {
	// "FR IT EN" are editions.
	if strings.Contains(name, ": ") || utf8.RuneCountInString(name) < 3*(strings.Count(name, " ")+1) && unicode.Is(unicode.Latin, firstRune(name)) || particles[name[strings.LastIndexByte(name, ' ')+1:]] {
		return false
	}
	for w := range strings.FieldsSeq(name) {
		lower := strings.ToLower(strings.Trim(w, ".,:"))
		if furnitureWords[lower] || dateWords[lower] != wordNone && !strings.Contains(name, " ") {
			return false
		}
		if r, _ := utf8.DecodeRuneInString(w); unicode.IsLower(r) && !particles[lower] {
			return false
		}
	}
	return true
}

// particles are the words of a name that are written small.
var particles = wordSet("van von de der den del della di da dos das du la le el al bin ibn ben ter zu zur af av y i e und and")

// furnitureWords do not occur in the names of people, but in the short lines
// around a headline.
var furnitureWords = wordSet(`share print save article articles news read listen more comment comments photo photos image images getty video videos published updated posted login log sign subscribe follow menu home page search latest top related stories story minutes min ago the this that your our you we us with about contact facebook twitter whatsapp email mail link copy copyright all rights reserved close open new back overview next previous
	teilen drucken artikel nachrichten lesen mehr kommentare kommentar foto fotos bild bilder quelle anmelden abonnieren startseite suche weitere alle neue uhr zurück übersicht weiter nächste
	compartir imprimir noticias leer más comentarios partager imprimer lire plus commentaires condividi stampa leggi credit symbolbild symbolfoto archiv archivbild`)

// datedName reads "Jane Roe | 12 May 2026" and "12.05.2026 - Jane Roe".
func (f *authorFinder) datedName(text string) []article.Author {
	if len(text) > 90 || !strings.ContainsAny(text, "0123456789") {
		return nil
	}
	name := strings.TrimSpace(withoutDates(text))
	if name == text || dateInWords(text) == nil && !strings.ContainsAny(text, "|•·") {
		return nil
	}
	if _, ok := afterByWord(name); ok {
		return f.names(name, false)
	}
	if n := strings.Count(name, " "); n < 1 || n > 3 || !fullName(name) {
		return nil
	}
	return f.names(name, false)
}

// bareNames reads a name that stands alone: beside a date below the headline,
// or as the last line of the text.
func (f *authorFinder) bareNames(p *page, head, lead, tail int) []article.Author {
	for i := head + 1; i < min(lead, len(p.blocks), head+10); i++ {
		if f.bare(&p.blocks[i]) && (f.dateAt(p, i-1) || f.dateAt(p, i+1) || f.dateAt(p, i+2)) {
			return f.names(p.blocks[i].text, false)
		}
	}
	for i := head + 1; i < min(lead+4, len(p.blocks), head+12); i++ {
		if b := &p.blocks[i]; strings.Contains(b.text, "/") && f.bare(b) { // "Jane Roe/Agency"
			name, _, _ := strings.Cut(b.text, "/")
			return f.names(name, false)
		}
	}
	if i := lead - 1; i > head && i < len(p.blocks) && f.bare(&p.blocks[i]) {
		return f.names(p.blocks[i].text, false)
	}
	for i := tail + 1; i < min(tail+3, len(p.blocks)); i++ {
		if b := &p.blocks[i]; f.bare(b) {
			return f.names(b.text, false)
		}
	}
	return nil
}

// scrapRule drops short lines below the text for want of a better reason.
const scrapRule = "scrap-below-text"

func (f *authorFinder) bare(b *block) bool {
	if b.level > 0 || b.words < 2 || b.words > 4 || len(b.text) > 50 || b.Kind != "" && b.Kind != clean.Byline && !b.kept && b.Rule != scrapRule {
		return false
	}
	first, _, _ := strings.Cut(b.text, "/")
	return fullName(first) && !f.site.has(b.text) && !strings.Contains(clean.Fold(f.a.Title), clean.Fold(b.text)) && authorKind(b.text, f.a) == article.Person && f.site.section != key(b.text)
}

// fullName reports two to four words that are all those of a name.
func fullName(s string) bool {
	n := 0
	for w := range strings.FieldsSeq(s) {
		r, _ := utf8.DecodeRuneInString(w)
		if n++; n > 4 || !unicode.IsUpper(r) && !particles[w] || strings.ContainsAny(w, "0123456789:!?&\"%#@") {
			return false
		}
	}
	return n >= 2 && properName(s)
}

func (f *authorFinder) dateAt(p *page, i int) bool {
	return i >= 0 && i < len(p.blocks) && p.blocks[i].words <= 12 && dateInWords(p.blocks[i].text) != nil
}

// sourceLabels are what a site that collects the reports of others sets before
// whose report it is.
var sourceLabels = []string{"source: ", "quelle: ", "source : ", "fuente: ", "fonte: ", "bron: ", "źródło: ", "källa: "}

// creditedSource returns the name in a line such as "Source: Jane Roe Added:
// 12.05.2026 10:15", which has a date and further labels behind the name.
func creditedSource(text string) string {
	for _, label := range sourceLabels {
		if !startsWithFold(text, label) || dateInWords(text) == nil {
			continue
		}
		words := strings.Fields(text[len(label):])
		for i, w := range words {
			if strings.HasSuffix(w, ":") {
				words = words[:i]
				break
			}
			if i == 5 || !unicode.IsUpper(firstRune(w)) && unicode.Is(unicode.Latin, firstRune(w)) {
				return ""
			}
		}
		return cleanName(strings.Join(words, " "))
	}
	return ""
}
