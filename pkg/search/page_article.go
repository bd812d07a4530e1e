package search

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/index"
)

const (
	// maxCopiesShown bounds the copies that an article page lists; the search
	// has them all.
	maxCopiesShown = 50
	// maxLinksShown bounds the articles with shared text that it lists.
	maxLinksShown = 10
)

// articleView is the page of an article.
type articleView struct {
	frame
	R         *article.Record
	Source    string // address of the article at its publisher, or ""
	Publisher string
	SiteURL   string
	Byline    string
	Dates     []dateView
	Notices   []string
	Body      []bodyGroup
	Images    []imageView
	Copies    []copyView
	Original  *copyView // where this article is a copy
	MoreURL   string    // all copies, where more than those listed
	Reason    string    // why the original is thought to be it
	Links     []sharedView
	Versions  []versionView
	Facts     []fact
	Removed   []removedGroup
	Story     *storyBox
	Related   []storyItem // stories on something close
	RemovedN  int
}

type dateView struct {
	Label, Note string
	*stamp
}

// bodyGroup is one block, or a run of list items or quotes that belong
// together.
type bodyGroup struct {
	Kind  article.BlockKind
	Texts []string
}

type imageView struct{ URL, Name, Caption, Credit string }

// copyView is another article with the same text.
type copyView struct {
	Page, Title, Publisher, Language string
	Date                             *stamp
	Original, Withdrawn              bool
}

// sharedView is another article with part of the text.
type sharedView struct {
	Page, Title, Publisher string
	Percent                int
}

type versionView struct {
	Version int
	Date    *stamp
	Title   string
	Compare string // address of the comparison with the version before, or ""
	Since   int    // the version compared with, where some before this one are not kept
	Current bool
}

// fact is a row of the table of what is known about an article.
type fact struct {
	Label, Value, URL string
	Stamp             *stamp
}

// removedGroup is what was dropped as one kind of furniture.
type removedGroup struct {
	Kind   string
	Blocks []article.Removed
}

// articlePage answers /article/{id}.
func (s *server) articlePage(w http.ResponseWriter, r *http.Request) error {
	rec, err := s.record(r)
	if err != nil {
		return err
	}
	v := articleView{
		frame: s.frame(titleOf(rec.Title), ""), R: rec, Source: httpURL(rec.URL), Publisher: publisherOf(rec),
		Byline: byline(rec.Authors), Dates: datesOf(rec), Notices: noticesOf(rec), Body: groupBody(rec.Body),
		Images: imagesOf(rec.Images), Facts: factsOfRecord(rec), Reason: reasonText(rec.OriginalBy), Removed: groupRemoved(rec.Removed), RemovedN: len(rec.Removed),
	}
	if rec.Site != "" {
		v.SiteURL = link("/", url.Values{"site": {rec.Site}})
	}
	if err := s.addCopies(r.Context(), rec, &v); err != nil {
		return err
	}
	if v.Story, err = s.storyBox(r.Context(), rec); err != nil {
		return err
	}
	related, err := s.relatedStories(r.Context(), rec.Related, rec.Story)
	if err != nil {
		return err
	}
	v.Related = s.storyItemsOf(related)
	if v.Links, err = s.shared(r.Context(), rec); err != nil {
		return err
	}
	vs, err := s.versions(r)
	if err != nil {
		return err
	}
	v.Versions = versionsOf(rec, vs)
	return s.render(w, http.StatusOK, "article", v)
}

// addCopies lists the other members of the article's cluster.
func (s *server) addCopies(ctx context.Context, rec *article.Record, v *articleView) error {
	if rec.Cluster == "" || rec.Copies < 2 {
		return nil
	}
	res, err := s.search(ctx, index.Query{
		Cluster: rec.Cluster, Sort: index.SortDate, Size: maxCopiesShown, IncludeWithdrawn: true,
	})
	if err != nil {
		return err
	}
	for i := range res.Hits {
		m := &res.Hits[i].Record
		if m.ID == rec.ID {
			continue
		}
		c := copyViewOf(m)
		c.Original = m.ID == rec.Original
		if c.Original {
			v.Original = &c
			v.Copies = append([]copyView{c}, v.Copies...)
		} else {
			v.Copies = append(v.Copies, c)
		}
	}
	if res.Next != "" {
		v.MoreURL = link("/", url.Values{"cluster": {rec.Cluster}, "withdrawn": {"true"}})
	}
	if v.Original != nil || rec.Original == rec.ID || rec.Original == "" {
		return nil
	}
	// Of many copies the newest are listed; the original is rarely one of them.
	original, err := s.Index.Get(ctx, rec.Original)
	if errors.Is(err, index.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("search: get original %s: %w", rec.Original, err)
	}
	c := copyViewOf(&original)
	c.Original = true
	v.Original, v.Copies = &c, append([]copyView{c}, v.Copies...)
	return nil
}

// storyBox is what an article page shows of the story around it.
type storyBox struct {
	storyItem
	Others []copyView // articles that say something else, those of the newest texts first
}

// maxOthersShown bounds the other articles of a story that an article page
// lists.
const maxOthersShown = 5

// storyBox describes the story of an article, or is nil where the article is
// all of it.
func (s *server) storyBox(ctx context.Context, rec *article.Record) (*storyBox, error) {
	if rec.Story == "" {
		return nil, nil //nolint:nilnil // no story is no error
	}
	facts, err := s.storiesByID(ctx, []string{rec.Story})
	if err != nil || len(facts) == 0 || (facts[0].Articles < 2 && !rec.Withdrawn) {
		return nil, err
	}
	// One hit may be this article's own text.
	res, err := s.search(ctx, index.Query{
		Story: rec.Story, Sort: index.SortDate, Size: maxOthersShown + 1, Collapse: index.CollapseCluster,
	})
	if err != nil {
		return nil, err
	}
	box := &storyBox{storyItem: s.storyItemOf(&facts[0])}
	for i := range res.Hits {
		m := &res.Hits[i].Record
		if m.ID == rec.ID || (m.Cluster != "" && m.Cluster == rec.Cluster) || len(box.Others) == maxOthersShown {
			continue
		}
		if m.Original != m.ID {
			original, err := s.originalOf(ctx, m.Original, rec.Story)
			if err != nil {
				return nil, err
			}
			m = cmp.Or(original, m)
		}
		box.Others = append(box.Others, copyViewOf(m))
	}
	return box, nil
}

// shared lists the articles that share part of the text, one of each cluster of
// copies.
func (s *server) shared(ctx context.Context, rec *article.Record) ([]sharedView, error) {
	var out []sharedView
	seen := map[string]bool{rec.Cluster: true}
	for _, l := range rec.Links {
		if len(out) == maxLinksShown {
			break
		}
		other, err := s.Index.Get(ctx, l.ID)
		if errors.Is(err, index.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("search: get linked article %s: %w", l.ID, err)
		}
		if other.Cluster != "" && seen[other.Cluster] {
			continue
		}
		seen[other.Cluster] = true
		out = append(out, sharedView{
			Page: "/article/" + url.PathEscape(other.ID), Title: titleOf(other.Title),
			Publisher: publisherOf(&other), Percent: int(l.Share*100 + 0.5),
		})
	}
	return out, nil
}

// byline names the authors: people first, then those without a face.
func byline(authors []article.Author) string {
	var people, others []string
	for _, a := range authors {
		switch {
		case a.Name == "":
		case a.Kind == article.Person || a.Kind == "":
			people = append(people, a.Name)
		default:
			others = append(others, a.Name)
		}
	}
	if len(people) > 0 && len(others) > 0 {
		return list(people) + " · " + list(others)
	}
	return list(append(people, others...))
}

func datesOf(r *article.Record) []dateView {
	var out []dateView
	if s := dateStamp(r.Published); s != nil {
		out = append(out, dateView{"Published", precisionText(r.Published), s})
	} else if s := stampOf(r.FirstSeen); s != nil {
		out = append(out, dateView{"Found", "the page gives no date of publication", s})
	}
	if s := dateStamp(r.Modified); s != nil {
		out = append(out, dateView{"Modified", precisionText(r.Modified), s})
	}
	return out
}

// noticesOf says what a reader should know before reading.
func noticesOf(r *article.Record) []string {
	var out []string
	if r.Withdrawn {
		out = append(out, "The publisher has withdrawn this article.")
	}
	switch r.Access {
	case article.Teaser:
		out = append(out, "The page gave a teaser only, not the whole article.")
	case article.Paywall:
		out = append(out, "The rest of this article is behind a paywall.")
	case article.Challenge:
		out = append(out, "The page asked to prove that a person reads it; this may not be the article.")
	case article.Consent:
		out = append(out, "The page asked for consent first; this may not be the article.")
	case article.Soft404:
		out = append(out, "The page seems to say that the article does not exist.")
	}
	return out
}

// groupBody puts list items in a row into one list, and quotes into one quote.
func groupBody(body []article.Block) []bodyGroup {
	var out []bodyGroup
	for _, b := range body {
		n := len(out)
		if n > 0 && out[n-1].Kind == b.Kind && (b.Kind == article.ListItem || b.Kind == article.Quote) {
			out[n-1].Texts = append(out[n-1].Texts, b.Text)
			continue
		}
		out = append(out, bodyGroup{b.Kind, []string{b.Text}})
	}
	return out
}

func imagesOf(images []article.Image) []imageView {
	var out []imageView
	for i, img := range images {
		out = append(out, imageView{httpURL(img.URL), fmt.Sprintf("Picture %d", i+1), img.Caption, img.Credit})
	}
	return out
}

// groupRemoved sorts what was dropped by kind, in order of appearance.
func groupRemoved(removed []article.Removed) []removedGroup {
	var out []removedGroup
	place := map[string]int{}
	for _, b := range removed {
		kind := b.Kind
		if kind == "" {
			kind = "other"
		}
		i, ok := place[kind]
		if !ok {
			i = len(out)
			place[kind] = i
			out = append(out, removedGroup{Kind: kind})
		}
		out[i].Blocks = append(out[i].Blocks, b)
	}
	return out
}

// versionsOf lists the versions, the newest first. A title is shown where it was
// another one.
func versionsOf(r *article.Record, vs []article.Version) []versionView {
	var out []versionView
	for i := len(vs) - 1; i >= 0; i-- {
		v := versionView{
			Version: vs[i].Version, Date: stampOf(vs[i].FetchedAt), Current: i == len(vs)-1,
		}
		if vs[i].Title != r.Title {
			v.Title = titleOf(vs[i].Title)
		}
		if i > 0 {
			v.Compare = fmt.Sprintf("/article/%s/diff?from=%d&to=%d", url.PathEscape(r.ID), vs[i-1].Version, vs[i].Version)
			if vs[i-1].Version != vs[i].Version-1 {
				v.Since = vs[i-1].Version
			}
		}
		out = append(out, v)
	}
	return out
}

// factsOfRecord is the table of what is known about an article.
func factsOfRecord(r *article.Record) []fact {
	all := []fact{
		{Label: "Id", Value: r.ID},
		{Label: "Address", Value: r.URL, URL: httpURL(r.URL)},
		{Label: "Canonical address", Value: r.CanonicalURL, URL: httpURL(r.CanonicalURL)},
		{Label: "Site", Value: r.Site},
		{Label: "Kind", Value: string(r.Kind)},
		{Label: "Access", Value: string(r.Access)},
		{Label: "Words", Value: number(r.Words)},
		{Label: "Fetched", Stamp: stampOf(r.FetchedAt)},
		{Label: "First seen", Stamp: stampOf(r.FirstSeen)},
		{Label: "Indexed", Stamp: stampOf(r.IndexedAt)},
		{Label: "Version", Value: number(r.Version)},
		{Label: "Feed", Value: r.Feed, URL: httpURL(r.Feed)},
		{Label: "Sources named", Value: strings.Join(r.Attributions, ", ")},
		{Label: "Cluster", Value: r.Cluster},
		{Label: "Content hash", Value: r.ContentHash},
		{Label: "Normalizer", Value: r.Normalizer},
		{Label: "Warnings", Value: strings.Join(r.Warnings, ", ")},
	}
	var out []fact
	for _, f := range all {
		if f.Value != "" || f.Stamp != nil {
			out = append(out, f)
		}
	}
	return out
}
