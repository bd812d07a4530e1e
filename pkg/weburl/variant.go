package weburl

import "strings"

// Publishers serve one article under several addresses: for phones, as AMP, to
// print. Which of them is the article's own is for the publisher to say
// (rel=canonical); the rules here only tell whether what it says can be.

// Variants returns the addresses that an AMP or mobile address may stand for,
// in canonical form, none if it is not of that kind. They are guesses: use one
// only where the page confirms it.
func Variants(raw string) []string {
	u, err := Parse(raw)
	if err != nil {
		return nil
	}
	hosts := []string{u.HostPort()}
	for _, prefix := range []string{"m.", "amp.", "mobile.", "touch."} {
		if rest, ok := strings.CutPrefix(u.HostPort(), prefix); ok && strings.Contains(rest, ".") {
			hosts = append(hosts, rest, "www."+rest)
		}
	}
	paths := []string{u.Path()}
	for _, form := range []struct{ with, without string }{
		{"/amp/", "/"}, {"/amp", ""}, {".amp.html", ".html"}, {".amp", ""}, {"/amp.html", ""}, {"/amphtml", ""}, {"-amp.html", ".html"},
	} {
		if rest, ok := strings.CutSuffix(u.Path(), form.with); ok {
			paths = append(paths, rest+form.without, strings.TrimSuffix(rest+form.without, "/"))
		}
	}
	if rest, ok := strings.CutPrefix(u.Path(), "/amp/"); ok {
		paths = append(paths, "/"+rest)
	}
	queries := []string{u.query}
	if q := withoutVariant(u.query); q != u.query {
		queries = append(queries, q)
	}
	return combine(u, hosts, paths, queries)
}

// combine returns the canonical addresses of all combinations but u itself.
func combine(u *URL, hosts, paths, queries []string) []string {
	self, _ := Canonical(u.String())
	var all []string
	seen := map[string]bool{self: true, "": true}
	for _, host := range hosts {
		for _, path := range paths {
			for _, query := range queries {
				if query != "" {
					query = "?" + query
				}
				c, _ := Canonical(u.Scheme() + "://" + host + path + query)
				if !seen[c] {
					seen[c] = true
					all = append(all, c)
				}
			}
		}
	}
	return all
}

// withoutVariant returns a query without the parameters that ask for another
// form of a page.
func withoutVariant(query string) string {
	var kept []string
	for part := range strings.SplitSeq(query, "&") {
		switch strings.ToLower(part) {
		case "amp", "amp=1", "amp=true", "outputtype=amp", "output=amp", "mobile=1", "m=1", "view=mobile", "":
		default:
			kept = append(kept, part)
		}
	}
	return strings.Join(kept, "&")
}

// isVariantOf reports whether a may be the AMP or mobile form of b. The scheme
// does not matter.
func isVariantOf(a, b string) bool {
	_, b, _ = strings.Cut(b, "://")
	for _, v := range Variants(a) {
		if _, v, _ = strings.Cut(v, "://"); v == b || strings.TrimSuffix(v, "/") == strings.TrimSuffix(b, "/") {
			return true
		}
	}
	return false
}

// Confirmed returns the address of its own that a page has: named, what its
// rel=canonical says (absolute), or final, the one it was fetched from, where
// named cannot be right. It cannot where it is the front page or a section of
// the site, which many pages name by mistake and which would make one of all
// their articles; nor where it is the AMP or mobile form of final. Both results
// are canonical; "" stands for a final that is no URL.
func Confirmed(final, named string) string {
	own, _ := Canonical(final)
	other, err := Canonical(named)
	if err != nil || other == own {
		return own
	}
	f, errF := Parse(own)
	n, errN := Parse(other)
	switch {
	case errF != nil || errN != nil:
		return other
	case isVariantOf(own, other):
		return other
	case isVariantOf(other, own), isSectionOf(n, f):
		return own
	}
	return other
}

// isSectionOf reports whether n is a page above f that lists articles and is
// none: its path is the beginning of that of f and ends in a plain word.
func isSectionOf(n, f *URL) bool {
	if n.query != "" {
		return false
	}
	dir := strings.TrimSuffix(n.Path(), "/")
	rest, below := strings.CutPrefix(f.Path(), dir+"/")
	if dir == "" {
		return f.PathQuery() != "/"
	}
	if !below || strings.Trim(rest, "/") == "" || isPart(strings.Trim(rest, "/")) {
		return false
	}
	last := dir[strings.LastIndexByte(dir, '/')+1:]
	isWord := strings.Trim(last, "abcdefghijklmnopqrstuvwxyz-_") == "" // an id has digits or capitals
	return isWord && strings.Count(last, "-")+strings.Count(last, "_") < 2
}

// isPart reports whether what follows a path names a piece or a form of the
// page there: its second page, its comments, its version to print.
func isPart(rest string) bool {
	if len(rest) <= 3 && strings.Trim(rest, "0123456789") == "" {
		return true // more digits are the number of an article
	}
	first, _, _ := strings.Cut(rest, "/")
	switch strings.ToLower(first) {
	case "page", "amp", "print", "comments", "all", "full", "single", "index.html", "index.htm", "index.php":
		return true
	}
	return false
}
