package app

import (
	"context"
	"slices"
	"strings"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/fetch"
)

// nothingReserved is what the state of a page says whose publisher reserves
// nothing; states of versions before this one say nothing of rights.
const nothingReserved = "nothing"

// reservedBy returns what is reserved of a page, as its state keeps it.
func reservedBy(r article.Rights) string {
	var words []string
	for _, w := range []struct {
		reserved bool
		word     string
	}{
		{r.NoArchive, "noarchive"},
		{r.NoIndex, "noindex"},
		{r.NoSnippet, "nosnippet"},
		{r.NoAI, "noai"},
		{r.NoImageAI, "noimageai"},
		{r.TDMReserved, "tdm"},
	} {
		if w.reserved {
			words = append(words, w.word)
		}
	}
	if len(words) == 0 {
		return nothingReserved
	}
	return strings.Join(words, ",")
}

// rightsChanged reports whether a look found other rights than the one before,
// which may be reason to withdraw a page of which not a byte has changed.
func rightsChanged(before, now string) bool { return before != "" && before != now }

// reservesMore reports whether an answer without the page reserves what was not
// reserved before. What it leaves out may stand in the page.
func reservesMore(before string, r article.Rights) bool {
	now := reservedBy(r)
	if before == "" || now == nothingReserved {
		return false
	}
	known := strings.Split(before, ",")
	return slices.ContainsFunc(strings.Split(now, ","), func(word string) bool { return !slices.Contains(known, word) })
}

// look gets a page. A server that says that the page is what it was, and reserves
// more of it than then, is asked for all of it, because what goes downstream is a
// page with its rights.
func (p *pageFetcher) look(ctx context.Context, state *pageState, m urlMessage, req fetch.Request) (*fetch.Response, error) {
	resp, err := p.get(ctx, state, m, req)
	if err != nil || !resp.NotModified || !reservesMore(state.Rights, resp.Rights) {
		return resp, err
	}
	req.ETag, req.LastModified = "", ""
	return p.get(ctx, state, m, req)
}
