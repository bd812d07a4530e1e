package extract

import (
	"strings"
	"unicode"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/clean"
	"github.com/copydesk/copydesk/pkg/textnorm"
)

// authorNames are the meta elements that name authors, the most explicit first.
var authorNames = []string{"citation_author", "author", "article:author", "og:article:author", "articleauthor", "parsely-author", "sailthru.author", "dc.creator", "dcterms.creator", "byl", "article:author_name", "dcsext.author", "cxenseparse:author", "authors", "article_author"}

// setAuthors takes the names from the best source that has some: people before
// agencies and organisations, and those before accounts and the site itself.
func setAuthors(a *article.Article, p *page, m *meta, entry article.Entry) {
	f := authorFinder{a: a, m: m, site: newSiteNames(a, m)}
	var lists [5][]article.Author
	lists[0] = f.linked()
	for _, name := range authorNames {
		if list := f.fromStrings(m.values[name]); f.best(list) > f.best(lists[1]) {
			lists[1] = list
		}
	}
	if declared := max(f.best(lists[0]), f.best(lists[1])); declared < isAgency {
		lists[2] = f.marked()
		if f.best(lists[2]) < isAccount {
			lists[3] = f.byline(p, declared > isAccount || f.best(lists[2]) > isAccount)
		}
	}
	lists[4] = f.fromStrings(entry.Authors)
	best, bestRank := -1, isNothing
	for i, list := range lists {
		if r := f.best(list); r > bestRank {
			best, bestRank = i, r
		}
	}
	if best >= 0 {
		a.Authors = f.unique(lists[best], bestRank)
	}
}

// authorFinder gathers the authors of one page.
type authorFinder struct {
	a    *article.Article
	m    *meta
	site *siteNames
}

// nameRank says how much a name tells of who wrote the article.
type nameRank int

const (
	isNothing nameRank = iota
	isSite             // the name of the outlet
	isAccount          // a user name: "jroe"
	isGroup            // an organisation
	isAgency
	isPerson
)

func (f *authorFinder) rank(au article.Author) nameRank {
	switch {
	case f.isSite(au.Name):
		return isSite
	case au.Kind == article.Agency:
		return isAgency
	case au.Kind != article.Person:
		return isGroup
	case account(au.Name):
		return isAccount
	}
	return isPerson
}

// isSite reports the name of the outlet, also with its address or a bare mark
// behind it.
func (f *authorFinder) isSite(name string) bool {
	if f.site.has(name) || f.site.begins(name) {
		return true
	}
	head, tail, ok := strings.Cut(name, " /")
	return ok && len(tail) <= 4 && f.site.has(head)
}

// account reports a name that looks like one of a user: one word without a
// capital.
func account(name string) bool {
	if strings.IndexByte(name, ' ') >= 0 {
		return false
	}
	for _, r := range name {
		if unicode.IsUpper(r) || unicode.IsLetter(r) && !unicode.IsLower(r) {
			return false
		}
	}
	return true
}

func (f *authorFinder) best(list []article.Author) nameRank {
	best := isNothing
	for _, au := range list {
		best = max(best, f.rank(au))
	}
	return best
}

// unique drops repetitions and, beside people, the site itself.
func (f *authorFinder) unique(list []article.Author, best nameRank) []article.Author {
	var out []article.Author
	seen := map[string]bool{}
	for _, au := range list {
		k := clean.Fold(au.Name)
		if k == "" || seen[k] || len(out) >= maxAuthors || best == isPerson && f.rank(au) == isSite {
			continue
		}
		seen[k] = true
		out = append(out, au)
	}
	return out
}

func (f *authorFinder) linked() []article.Author {
	var out []article.Author
	for _, n := range f.m.ld.Authors {
		names := splitNames(n.Name)
		org := strings.Contains(n.Type, "organization") //nolint:misspell // the name that schema.org gave it
		if org && len(names) > 0 {
			names = []string{strings.TrimSpace(textnorm.String(n.Name))}
		}
		for _, name := range names {
			au := f.author(name)
			if org && au.Kind == article.Person {
				au.Kind = article.Organisation
			}
			out = append(out, au)
		}
	}
	return out
}

func (f *authorFinder) author(name string) article.Author {
	kind := authorKind(name, f.a)
	if kind == article.Person && f.site.begins(name) {
		kind = article.Organisation
	}
	return article.Author{Name: name, Kind: kind}
}

func (f *authorFinder) fromStrings(bylines []string) []article.Author {
	var out []article.Author
	for _, v := range bylines {
		if f.isSite(textnorm.String(v)) { // whole, as "Ships & Bridges"
			out = append(out, article.Author{Name: textnorm.String(v), Kind: article.Organisation})
			continue
		}
		names := splitNames(v)
		if len(names) == 1 && strings.Contains(f.a.Site, ".") && strings.Contains(v, f.a.Site) {
			f.site.add(names[0]) // "Northport Radio (www.northport.example)"
		}
		for _, name := range names {
			out = append(out, f.author(name))
		}
	}
	return out
}
