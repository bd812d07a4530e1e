package extract

import (
	"strings"
	"time"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/htmltree"
)

const (
	// zoneSlack is how far past the fetch a time may lie that names no zone.
	zoneSlack = 14 * time.Hour
	// clockSlack is the same where the zone is known: clocks differ.
	clockSlack = 5 * time.Minute
	// nightSlack is how far from midnight, in the publisher's zone, a time may be
	// and the page show the next day, or the one before.
	nightSlack = 3 * time.Hour
)

// foundDate is a date as one source gives it.
type foundDate struct {
	article.Date
	zoned  bool     // the source names the zone
	turned bool     // day and month may be the other way round
	label  dateWord // what stands before it in its line
}

// publishedMeta, looseMeta and modifiedMeta name the meta elements that carry
// dates, the most trusted first. Those of looseMeta often say when the page was
// made or changed.
var (
	publishedMeta = []string{
		"article:published_time", "og:article:published_time", "article:published", "article:published:time", "og:published_time", "datepublished", "parsely-pub-date", "sailthru.date", "publishdate", "publish-date", "publish_date", "pubdate", "publication_date", "published_at", "dc.date.issued", "dcterms.issued", "cxenseparse:recs:publishtime", "article.published", "published", "rnews:datepublished", "citation_date", "citation_publication_date", "bt:pubdate", "ptime", "displaydate", "originalpublicationdate", "og:pubdate", "iso-8601-publish-date",
	}
	looseMeta    = []string{"dcterms.created", "dc.date", "dcterms.date", "dc.date.created", "date.created", "date", "datecreated", "article.created", "created", "gsa-date", "last_updated_date"}
	modifiedMeta = []string{"article:modified_time", "og:updated_time", "datemodified", "og:article:modified_time", "article:updated_time", "last-modified", "dcterms.modified", "dc.date.modified", "revised", "modified", "lastmod", "article.updated"}
)

// dater finds the dates of one page.
type dater struct {
	fetched   time.Time
	order     dateOrder
	zone      zoneRule
	zoneKnown bool
}

func newDater(m *meta, p *article.Page) *dater {
	country := m.country()
	d := &dater{fetched: p.FetchedAt, order: m.order(country)}
	d.zone, d.zoneKnown = countryZones[country]
	return d
}

// setDates finds when the article was published and last changed. What the page
// says to machines comes first, then what it shows to readers at the headline,
// then its address, the data of its scripts, and any other line. Two sources
// that agree beat one; a line at the headline beats a loose meta element. The
// time of the fetch is never a date, nor is a time that is only relative to it
// ("3 hours ago"): a page kept for a year would say the same.
func setDates(a *article.Article, pg *page, m *meta, doc *htmltree.Document, p *article.Page) {
	d := newDater(m, p)
	machine := []*foundDate{
		d.read(m.ld.Published, article.FromJSONLD), d.meta(m, publishedMeta), d.marked(m, true), d.meta(m, looseMeta), d.marked(m, false), fromFeed(p.Entry.Published),
	}
	modified := []*foundDate{d.read(m.ld.Modified, article.FromJSONLD), d.meta(m, modifiedMeta), fromFeed(p.Entry.Updated)}
	url := urlDate(p.FinalURL)
	f := newDateFinder(a, pg, d.order)
	seen := d.best(f.near(nil))
	published := d.choose(machine, modified, seen.published)
	if published == nil {
		published = d.lastResort(f, seen, url, doc, m)
	}
	if published != nil {
		d.refine(published, machine, seen.published)
		d.localise(published, append(machine, modified...), seen.published, url)
		a.Published = &published.Date
	}
	datelineDate(a)
	if changed := d.first(append(modified, seen.updated)...); changed != nil {
		d.localise(changed, append(machine, modified...), nil, nil)
		a.Modified = &changed.Date
	}
	if a.Published == nil && a.Modified != nil {
		day := *a.Modified
		a.Published = &day
	}
	if a.Modified != nil && a.Published != nil && a.Modified.Time.Before(a.Published.Time) {
		a.Modified = nil
	}
}

// rankLoose is from where on the sources that choose is given are loose ones.
const rankLoose = 3

// choose takes the date that the page gives to machines, unless what readers
// see at the headline says otherwise. Where that is the last change by the
// metadata it must stand there as the date of the article, and no other.
func (d *dater) choose(machine, modified []*foundDate, seen *seenDate) *foundDate {
	var first *foundDate
	rank := 0
	for i, m := range machine {
		if d.plausible(m) {
			first, rank = m, i
			break
		}
	}
	if first == nil || seen == nil {
		return first
	}
	shown := seen.found(article.FromText)
	if !d.plausible(shown) || d.near(first, shown) {
		return first
	}
	for _, m := range machine[rank+1:] {
		// An element of the text is no second witness for its own line.
		if d.plausible(m) && m.From != article.FromTime && d.near(m, shown) {
			return m
		}
	}
	for _, m := range modified {
		if m != nil && d.near(m, shown) && seen.score < plainSeen {
			return first
		}
	}
	limit := sureSeen
	if rank >= rankLoose {
		limit = sureLoose
	}
	if seen.score >= limit && !seen.turned {
		return shown
	}
	return first
}

// near reports that a date of the metadata and one that readers see can be of
// the same moment, in two zones.
func (d *dater) near(m, shown *foundDate) bool {
	diff := m.Time.Sub(shown.Time)
	switch {
	case m.Precision == article.Day && shown.Precision == article.Day:
		return sameDay(m.Time, shown.Time)
	case m.Precision == article.Day:
		return diff > -24*time.Hour && diff < zoneSlack
	case shown.Precision != article.Day:
		return diff >= -zoneSlack && diff <= zoneSlack
	}
	slack := zoneSlack
	local := m.Time
	if _, offset := local.Zone(); offset != 0 {
		slack = nightSlack
	} else if d.zoneKnown && m.zoned {
		local, slack = local.In(fixedZone(d.zone.offsetAt(local))), nightSlack
	}
	return sameDay(local, shown.Time) || sameDay(local.Add(slack), shown.Time) || sameDay(local.Add(-slack), shown.Time)
}

// seenDates are the best dates that readers see.
type seenDates struct {
	published *seenDate
	updated   *foundDate
}

func (d *dater) best(list []seenDate) seenDates {
	var out seenDates
	updated := -100
	for i := range list {
		s := &list[i]
		found := s.found(article.FromText)
		if !d.plausible(found) {
			continue
		}
		if s.label == wordUpdated {
			if s.score > updated {
				updated, out.updated = s.score, found
			}
			continue
		}
		if out.published == nil || s.score > out.published.score {
			out.published = s
		}
	}
	if updated < -20 {
		out.updated = nil
	}
	return out
}

// lastResort finds a date where the page gives none to machines.
func (d *dater) lastResort(f *dateFinder, seen seenDates, url *foundDate, doc *htmltree.Document, m *meta) *foundDate {
	if s := seen.published; s != nil && (s.score >= sureSeen || s.score >= wantSeen && !d.plausible(url)) {
		return s.found(article.FromText)
	}
	if d.plausible(url) {
		return url
	}
	if found := d.scriptDate(doc); found != nil {
		return found
	}
	if seen.published == nil || seen.published.score < 0 {
		seen = d.best(f.all(nil))
	}
	if s := seen.published; s != nil && s.score > leastSeen && (seen.updated == nil || s.score >= 0) {
		return s.found(article.FromText)
	}
	if seen.updated == nil {
		if image := urlDate(m.first("og:image")); d.plausible(image) {
			return image
		}
	}
	return nil
}

// datelineDate takes the date of the dateline where nothing else gave one and
// it says the year.
func datelineDate(a *article.Article) {
	if a.Published != nil || a.Dateline == nil {
		return
	}
	d := dater{fetched: a.FetchedAt}
	if found := d.read(a.Dateline.Date, article.FromText); d.plausible(found) {
		a.Published = &found.Date
	}
}

// refine replaces a date by one of the same day that is known more exactly.
func (d *dater) refine(date *foundDate, machine []*foundDate, seen *seenDate) {
	if date.Precision != article.Day {
		return
	}
	try := func(m *foundDate) bool {
		if !d.plausible(m) || m.Precision == article.Day {
			return false
		}
		if diff := m.Time.Sub(date.Time); diff <= -zoneSlack || diff >= 24*time.Hour+zoneSlack || m.Time.Day() != date.Time.Day() && !m.zoned {
			return false
		}
		*date = *m
		return true
	}
	for _, m := range machine {
		if try(m) {
			return
		}
	}
	if seen != nil && seen.score >= wantSeen {
		try(seen.found(article.FromText))
	}
}

func (d *dater) first(dates ...*foundDate) *foundDate {
	for _, f := range dates {
		if d.plausible(f) {
			return f
		}
	}
	return nil
}

// plausible refuses dates before newspapers went online and after the fetch.
func (d *dater) plausible(f *foundDate) bool {
	if f == nil {
		return false
	}
	slack := zoneSlack
	if f.zoned {
		slack = clockSlack
	}
	year := f.Time.Year()
	return year >= 1990 && year < 2100 && (d.fetched.IsZero() || f.Time.Before(d.fetched.Add(slack)))
}

// read reads a date as machines write it.
func (d *dater) read(s string, from article.DateSource) *foundDate {
	f := parseDate(s, d.order)
	if f != nil {
		f.From = from
	}
	return f
}

// meta returns the first date that the meta elements of these names give.
func (d *dater) meta(m *meta, names []string) *foundDate {
	for _, name := range names {
		for _, v := range m.values[name] {
			if f := d.read(v, article.FromMeta); d.plausible(f) {
				return f
			}
		}
	}
	return nil
}

func fromFeed(t time.Time) *foundDate {
	if t.IsZero() {
		return nil
	}
	return &foundDate{Date: article.Date{Time: t, Precision: article.Second, From: article.FromFeed}, zoned: true}
}

// marked reads the machine-readable dates of the text: the first that is marked
// as that of publication, or the first other one outside comments.
func (d *dater) marked(m *meta, published bool) *foundDate {
	for _, n := range m.times {
		if marksPublished(n) != published || inComments(n) {
			continue
		}
		value := attr(n, "datetime")
		if value == "" {
			value = attr(n, "content")
		}
		if value == "" && n.DataAtom == atom.Time {
			value = textOf(n)
		}
		if f := d.read(value, article.FromTime); d.plausible(f) {
			return f
		}
	}
	return nil
}

func marksPublished(n *html.Node) bool {
	if strings.Contains(attr(n, "itemprop"), "datePublished") || hasAttr(n, "pubdate") {
		return true
	}
	class := attr(n, "class")
	return foldContains(class, "publish") || foldContains(class, "entry-date") && !foldContains(class, "updated")
}
