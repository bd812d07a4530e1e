package newsroom

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// answer is a response before it is compressed, compared and sent.
type answer struct {
	status      int
	contentType string
	body        []byte
	modified    time.Time // zero where the page changes all the time
	location    string
}

// gzipFrom is the size from which answers are compressed for those who ask.
const gzipFrom = 512

// ServeHTTP answers for every host of the site; a host that is no outlet gets
// the list of them.
func (n *Newsroom) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	host := n.hostOf(r.Host)
	b := n.behaviourOf(host, r.URL)
	start := time.Now()
	rec := &statusRecorder{ResponseWriter: w, status: http.StatusOK}
	defer func() { n.log.add(host, r, rec.status, start) }()
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		rec.Header().Set("Allow", "GET, HEAD")
		http.Error(rec, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	if b != nil {
		n.misbehave(rec, r, host, *b)
		return
	}
	send(rec, r, n.answer(host, r.URL))
}

type statusRecorder struct {
	http.ResponseWriter
	status int
}

func (s *statusRecorder) WriteHeader(code int) {
	s.status = code
	s.ResponseWriter.WriteHeader(code)
}

// Unwrap lets http.ResponseController flush and hijack.
func (s *statusRecorder) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// hostOf returns the first label of a host of this site, "" for other hosts.
func (n *Newsroom) hostOf(hostport string) string {
	host := strings.ToLower(hostport)
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	key, ok := strings.CutSuffix(strings.TrimSuffix(host, "."), "."+n.opts.Domain)
	if !ok {
		return ""
	}
	return key
}

// answer routes by host and path. It depends on nothing but the options, the
// clock and its arguments.
func (n *Newsroom) answer(host string, u *url.URL) answer {
	now := n.now()
	o := n.byKey[host]
	if h, ok := n.gen.hostNumber(host); ok {
		o = n.gen.outlet(h)
	}
	if o == nil {
		return n.index(u.Path)
	}
	v := &view{Out: o, Name: n.nameOf(host, o), Base: n.base(host), Today: now.In(o.zone)}
	feeds := n.feedsOf(host, o)
	v.FeedPath, v.FeedType = feeds[0].path, feedContentType(feeds[0].format)
	switch {
	case u.Path == "/robots.txt":
		return answer{http.StatusOK, "text/plain; charset=utf-8", []byte(or(o.robots, "User-agent: *\nAllow: /\n")), n.epoch, ""}
	case u.Path == "/style.css" && n.designs.styles[o.design] != nil:
		return answer{http.StatusOK, "text/css; charset=utf-8", n.designs.styles[o.design], n.epoch, ""}
	case u.Path == "/spacer.gif":
		return answer{http.StatusOK, "image/gif", spacer(), n.epoch, ""}
	case strings.HasPrefix(u.Path, "/img/"):
		return answer{http.StatusOK, "image/svg+xml", picture(u.Path), n.epoch, ""}
	case u.Path == "/":
		return n.front(v, host, now)
	}
	for _, f := range feeds {
		if u.Path == f.path {
			return n.feed(host, o, f, now)
		}
	}
	return n.article(v, host, u, now)
}

func (n *Newsroom) nameOf(host string, o *outlet) string {
	if _, ok := n.gen.hostNumber(host); ok {
		return o.Name + " " + strings.ToUpper(host)
	}
	return o.Name
}

func (n *Newsroom) index(path string) answer {
	status, message := http.StatusOK, "These outlets are invented, and so is their news. They are here for trying things out."
	if path != "/" {
		status, message = http.StatusNotFound, "There is nothing at this address. These are the outlets:"
	}
	return n.render("index", &view{Outlets: n.Outlets(), Message: message}, status, time.Time{})
}

// front is the page that lists what a host has, newest first.
func (n *Newsroom) front(v *view, host string, now time.Time) answer {
	for _, it := range n.itemsOf(host, now) {
		if it.private || len(v.List) == 40 {
			continue
		}
		title, standfirst := it.headline(now)
		l := listed{Title: title, Standfirst: standfirst, URL: n.url(it), Section: it.section, Published: it.published.In(v.Out.zone)}
		if it.story.caption != "" {
			l.Image = "/img/" + it.story.key + ".svg"
		}
		v.List = append(v.List, l)
	}
	if len(v.List) == 0 {
		v.Heading, v.Message = v.Name, "Nothing has been published yet."
	}
	return n.render(v.Out.design, v, http.StatusOK, n.modified(v.Out, host, now))
}

// modified returns when anything that a host shows last changed: front page and
// articles point to other articles. Zero where pages print the time or the day.
func (n *Newsroom) modified(o *outlet, host string, now time.Time) time.Time {
	if o.house.clock || o.charset != "" {
		return time.Time{}
	}
	return n.hostChanged(host, now)
}

func (n *Newsroom) hostChanged(host string, now time.Time) time.Time {
	last := n.epoch
	for _, it := range n.byHost[host] {
		if c := it.changed(now); it.out(now) && c.After(last) {
			last = c
		}
	}
	return last
}

// article is the page at a URL: the article, 410 after it was withdrawn, 404.
func (n *Newsroom) article(v *view, host string, u *url.URL, now time.Time) answer {
	key := n.base(host) + (&url.URL{Path: u.Path}).EscapedPath()
	if id := u.Query().Get("id"); id != "" {
		key += "?id=" + id
	}
	it := n.find(key)
	switch {
	case it == nil || !it.out(now):
		v.Heading, v.Message = "404", notFoundMessage(v.Out.Language)
		return n.render(v.Out.design, v, http.StatusNotFound, time.Time{})
	case it.gone(now):
		v.Heading, v.Message = "410", goneMessage(v.Out.Language)
		return n.render(v.Out.design, v, http.StatusGone, time.Time{})
	}
	v.Page = n.page(it, now)
	return n.render(v.Out.design, v, http.StatusOK, n.modified(v.Out, host, now))
}

func (n *Newsroom) render(design string, v *view, status int, modified time.Time) answer {
	body, err := n.designs.render(design, v)
	if err != nil {
		return answer{http.StatusInternalServerError, "text/plain; charset=utf-8", []byte(err.Error()), time.Time{}, ""}
	}
	contentType := "text/html; charset=utf-8"
	if v.Out != nil && v.Out.charset == "windows-1252" {
		// Old servers say nothing of the character set; the page does.
		contentType, body = "text/html", toWindows1252(string(body))
	}
	return answer{status, contentType, body, modified, ""}
}

func notFoundMessage(language string) string {
	switch language {
	case "de":
		return "Diese Seite gibt es nicht."
	case "ar":
		return "هذه الصفحة غير موجودة"
	}
	return "There is no such page."
}

func goneMessage(language string) string {
	switch language {
	case "de":
		return "Dieser Artikel wurde zurückgezogen."
	case "ar":
		return "تم سحب هذا المقال"
	}
	return "This article has been withdrawn."
}

// send writes an answer with strong validators: they are derived from the bytes
// sent, so the two encodings have two.
func send(w http.ResponseWriter, r *http.Request, a answer) {
	h := w.Header()
	h.Set("Content-Type", a.contentType)
	h.Set("Vary", "Accept-Encoding")
	if a.status != http.StatusOK {
		w.WriteHeader(a.status)
		if r.Method != http.MethodHead {
			w.Write(a.body) //nolint:errcheck // the client went away
		}
		return
	}
	sum := sha256.Sum256(a.body)
	tag := hex.EncodeToString(sum[:12])
	body := a.body
	if len(body) >= gzipFrom && acceptsGzip(r) {
		body = compress(body)
		tag += "-gz"
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("ETag", `"`+tag+`"`)
	http.ServeContent(w, r, "", a.modified, bytes.NewReader(body))
}

func acceptsGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(strings.Join(r.Header.Values("Accept-Encoding"), ","), ",") {
		name, q, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(name, "gzip") && strings.Trim(q, " ") != "q=0" {
			return true
		}
	}
	return false
}

func compress(body []byte) []byte {
	var b bytes.Buffer
	zw, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed) // a valid level never fails
	zw.Write(body)                                   //nolint:errcheck // neither does a buffer
	zw.Close()                                       //nolint:errcheck
	return b.Bytes()
}
