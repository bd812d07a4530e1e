package extract

import "github.com/copydesk/copydesk/pkg/article"

// setRights notes what the publisher reserves: what the fetch was told, and
// what the head of the page says.
func setRights(a *article.Article, p *article.Page) {
	rights := article.RightsOfPage(p.Body, p.FetchedAt)
	rights.Add(p.Rights)
	if !rights.IsZero() {
		a.Rights = &rights
	}
}
