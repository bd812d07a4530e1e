package app

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"text/tabwriter"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/extract"
	"github.com/copydesk/copydesk/pkg/weburl"
)

// siteChange is what another cleaning changes on a site. Words are counted as
// often as they stand in a text.
type siteChange struct {
	Site           string `json:"site"`
	Same           int    `json:"same"`            // articles that stay as they are
	Changed        int    `json:"changed"`         // articles whose title or text changes
	ArticlesGained int    `json:"articles_gained"` // pages that are an article only now
	ArticlesLost   int    `json:"articles_lost"`   // articles whose page is none any more
	WordsGained    int    `json:"words_gained"`
	WordsLost      int    `json:"words_lost"`
	Other          int    `json:"other_fetch"` // the index has another fetch of the page
}

func (s *siteChange) add(o siteChange) {
	s.Same += o.Same
	s.Changed += o.Changed
	s.ArticlesGained += o.ArticlesGained
	s.ArticlesLost += o.ArticlesLost
	s.WordsGained += o.WordsGained
	s.WordsLost += o.WordsLost
	s.Other += o.Other
}

// reprocessReport is what a run of reprocess found. It is safe for concurrent use.
type reprocessReport struct {
	mu         sync.Mutex
	Normalizer string         `json:"normalizer"`
	Pages      int            `json:"pages"`
	Articles   int            `json:"articles"`
	Withdrawn  int            `json:"withdrawn,omitempty"` // articles whose page holds none any more
	Skipped    map[string]int `json:"skipped,omitempty"`   // records that are no page, by reason
	Total      *siteChange    `json:"total,omitempty"`
	Sites      []siteChange   `json:"sites,omitempty"`

	sites map[string]*siteChange // nil unless two cleanings are compared
}

func newReprocessReport(compare bool) *reprocessReport {
	r := &reprocessReport{Normalizer: extract.Version, Skipped: map[string]int{}}
	if compare {
		r.sites = map[string]*siteChange{}
	}
	return r
}

func (r *reprocessReport) skipped(reason string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Skipped[reason]++
}

func (r *reprocessReport) cleaned(isArticle bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Pages++
	if isArticle {
		r.Articles++
	}
}

func (r *reprocessReport) withdrew(articles int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Withdrawn += articles
}

// compare notes what becomes of one page. Only the same fetch tells something of
// the cleaner: what was fetched at another time may say something else.
func (r *reprocessReport) compare(p cleanedPage, indexed *article.Record) {
	var c siteChange
	switch {
	case p.art == nil && (indexed == nil || indexed.Withdrawn):
		return // no article then, none now
	case indexed == nil:
		c.ArticlesGained, c.WordsGained = 1, len(strings.Fields(p.art.Text))
	case !indexed.FetchedAt.Equal(p.page.FetchedAt):
		c.Other = 1
	case p.lost(indexed):
		c.ArticlesLost, c.WordsLost = 1, len(strings.Fields(indexed.Text))
	case p.art.ContentHash == indexed.ContentHash:
		c.Same = 1
	default:
		c.Changed = 1
		c.WordsGained, c.WordsLost = wordChange(indexed.Text, p.art.Text)
	}
	site := weburl.Site(p.page.FinalURL)
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.sites[site]
	if s == nil {
		s = &siteChange{Site: site}
		r.sites[site] = s
	}
	s.add(c)
}

// wordChange counts the words that only one of two texts has.
func wordChange(before, after string) (gained, lost int) {
	count := map[string]int{}
	for w := range strings.FieldsSeq(before) {
		count[w]--
	}
	for w := range strings.FieldsSeq(after) {
		count[w]++
	}
	for _, n := range count {
		if n > 0 {
			gained += n
		} else {
			lost -= n
		}
	}
	return gained, lost
}

// print writes the report as a table or as JSON.
func (r *reprocessReport) print(out io.Writer, asJSON bool) error {
	if r.sites != nil {
		r.Total = &siteChange{Site: "all"}
		for _, site := range sortedKeys(r.sites) {
			r.Sites = append(r.Sites, *r.sites[site])
			r.Total.add(*r.sites[site])
		}
	}
	if asJSON {
		enc := json.NewEncoder(out)
		enc.SetIndent("", "  ")
		return enc.Encode(r)
	}
	if r.sites != nil {
		table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
		fmt.Fprintln(table, "same\tchanged\tarticles gained\tlost\twords gained\tlost\tother fetch\t  site")
		for _, s := range append(r.Sites, *r.Total) {
			fmt.Fprintf(table, "%d\t%d\t%d\t%d\t%d\t%d\t%d\t  %s\n", s.Same, s.Changed, s.ArticlesGained, s.ArticlesLost,
				s.WordsGained, s.WordsLost, s.Other, printable(s.Site))
		}
		if err := table.Flush(); err != nil {
			return err
		}
	}
	done := "published for the index"
	if r.sites != nil {
		done = "compared, nothing was changed"
	}
	fmt.Fprintf(out, "%d pages, %d articles by version %s of the cleaner, %s\n", r.Pages, r.Articles, r.Normalizer, done)
	if r.Withdrawn > 0 {
		fmt.Fprintf(out, "%d articles withdrawn, whose page holds none for this version\n", r.Withdrawn)
	}
	for _, reason := range sortedKeys(r.Skipped) {
		fmt.Fprintf(out, "%d records skipped: %s\n", r.Skipped[reason], reason)
	}
	return nil
}
