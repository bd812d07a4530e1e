package weburl

import (
	"slices"
	"strings"
)

// maxWraps bounds redirectors inside of redirectors.
const maxWraps = 3

// redirectorPaths are last segments of paths under which nothing is shown:
// they count a click and send the reader on. Pages that show something of the
// address that they are given (share, login, translate, archive) do not belong.
var redirectorPaths = []string{
	"link", "links", "redirect", "redirect.php", "redir", "redir.php", "redirector", "out", "out.php", "away", "away.php", "goto",
	"go", "go.php", "click", "click.php", "exit", "exit.php", "l.php", "url", "apiclick.aspx", "rd", "track", "outbound", "leave",
}

// targetParams are where redirectors write the target, the usual ones first.
var targetParams = []string{"url", "u", "target", "to", "dest", "destination", "link", "redirect", "redirect_url", "q", "goto", "r"}

// PageURL returns the address under which a page that a feed or list names is
// asked for and remembered: that behind a redirector where it stands in the
// URL, in canonical form. Errors wrap [ErrInvalid].
func PageURL(raw string) (string, error) {
	canonical, err := Canonical(raw)
	for range maxWraps {
		if err != nil {
			return "", err
		}
		target := behind(canonical)
		if target == "" {
			break
		}
		canonical = target
	}
	return canonical, nil
}

// behind returns the canonical target that a URL holds, "" if it is no
// redirector's or holds none.
func behind(raw string) string {
	// Most URLs hold no other; that is told without taking them apart.
	if rest := raw[min(len(raw), len("http://")):]; !strings.Contains(rest, "http") && !strings.Contains(rest, "/amp/") && !strings.Contains(rest, "ampproject") {
		return ""
	}
	u, err := Parse(raw)
	if err != nil {
		return ""
	}
	target := cachedPage(u)
	if target == "" {
		target = linkTarget(u)
	}
	canonical, err := Canonical(target)
	if err != nil {
		return ""
	}
	return canonical
}

// linkTarget returns the absolute web address in the query of a redirector. One
// that leads to the same site is left alone: it may be a way in, not a way out.
func linkTarget(u *URL) string {
	path := strings.TrimSuffix(u.Path(), "/")
	last := strings.ToLower(path[strings.LastIndexByte(path, '/')+1:])
	if !slices.Contains(redirectorPaths, last) {
		return ""
	}
	values := map[string]string{}
	for part := range strings.SplitSeq(u.query, "&") {
		name, value, _ := strings.Cut(part, "=")
		name = strings.ToLower(name)
		if _, twice := values[name]; !twice {
			values[name] = unescape(strings.ReplaceAll(value, "+", " "))
		}
	}
	for _, name := range targetParams {
		target := values[name]
		t, err := Parse(target)
		if err == nil && siteOf(t.Host()) != siteOf(u.Host()) && strings.Contains(t.Host(), ".") {
			return target
		}
	}
	return ""
}

// cachedPage returns the page that an AMP cache or viewer shows under a URL of
// its own: ".../c/s/HOST/PATH", where s stands for https.
func cachedPage(u *URL) string {
	path := u.PathQuery()
	var rest string
	switch host := u.Host(); {
	case host == "cdn.ampproject.org", strings.HasSuffix(host, ".cdn.ampproject.org"):
		for _, kind := range []string{"/c/", "/v/"} {
			if r, ok := strings.CutPrefix(path, kind); ok {
				rest = r
			}
		}
	case strings.HasPrefix(siteOf(host), "google."):
		rest, _ = strings.CutPrefix(path, "/amp/")
		if rest == path {
			return ""
		}
	}
	if rest == "" {
		return ""
	}
	scheme := "http://"
	if r, ok := strings.CutPrefix(rest, "s/"); ok {
		scheme, rest = "https://", r
	}
	if host, _, _ := strings.Cut(rest, "/"); !strings.Contains(host, ".") {
		return ""
	}
	return scheme + rest
}
