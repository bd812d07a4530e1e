// Package search serves what an index holds: an HTTP API under /api/v1, web
// pages for people, searches as Atom and JSON feeds, and a live tail. It reads
// only; everything it knows comes from an [index.Reader] and, where given, from
// [Sources] and [Live].
//
// The pages need no JavaScript and the Content-Security-Policy allows none.
// The API is described by the OpenAPI document at /openapi.json, which lies in
// this package as openapi.json; a test holds the two together.
//
// To add a route, add a row to [server.routes] and a path to openapi.json. To
// add a search parameter, add a row to searchParams.
package search

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/index"
)

// Source is a feed with the state of its polling, as /sources shows it.
type Source struct {
	URL       string
	Title     string
	Site      string
	State     string // ok, failing, new, retired, blocked or gone
	LastError string
	LastPoll  time.Time // zero: never
	NextPoll  time.Time // zero: none planned
	LastNew   time.Time // when it last had an entry not seen before; zero: never
	Failures  int       // in a row
	Entries   int       // in the feed as last read
	Note      string    // what is read in place of it, or was left for later, for people
	Push      string    // how pushes of its hub do, for people; "": it has none
}

// Publisher is how a site lets us in, as /sources shows it.
type Publisher struct {
	Site   string
	State  string    // ok, blocked, failing, missing or teasers
	Since  time.Time // when the state began; zero: not known, or ok
	Why    string    // what the last refusal, failure or teaser was; "" if ok
	LastOK time.Time // when a page of it last came; zero: not in memory
}

// Sources knows the feeds and their publishers.
type Sources interface {
	// Sources returns every feed, in any order.
	Sources(ctx context.Context) ([]Source, error)
	// Publishers returns every site that was fetched from lately, in any order.
	Publishers(ctx context.Context) ([]Publisher, error)
}

// Live follows what is being indexed.
type Live interface {
	// Live returns the articles indexed from now on, of one language and one
	// site where these are not "". The channel is closed when ctx ends or the
	// source does.
	Live(ctx context.Context, lang, site string) (<-chan article.Record, error)
}

// Options says what to serve and within which bounds. Index is required; every
// other zero value stands for the default named at it.
type Options struct {
	Index   index.Reader
	Sources Sources      // nil: /sources says that this process knows no feeds
	Tracer  Tracer       // nil: traces say that this process knows none
	Live    Live         // nil: /api/v1/live says that this process has none
	Logger  *slog.Logger // nil: nothing is logged
	Title   string       // name of the site; "copydesk"
	// BaseURL is the public address, as in "https://news.example", for absolute
	// links in feeds. "" takes the host that each request names.
	BaseURL string

	MaxSearches   int           // requests that may ask the index at once; 16
	MaxLive       int           // live clients at once; 100
	SearchTimeout time.Duration // for all that one request asks of the index; 10 s
	Heartbeat     time.Duration // between signs of life on a quiet live tail; 15 s
	Now           func() time.Time
}

// withDefaults fills in the defaults, or says which option cannot be.
func (o Options) withDefaults() (Options, error) {
	if o.Index == nil {
		return o, errors.New("search: option Index: is required")
	}
	if o.BaseURL != "" {
		u, err := url.Parse(o.BaseURL)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" ||
			(u.Path != "" && u.Path != "/") || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
			return o, fmt.Errorf("search: option BaseURL: %q: want http://host or https://host without a path", o.BaseURL)
		}
		o.BaseURL = u.Scheme + "://" + u.Host
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Title == "" {
		o.Title = "copydesk"
	}
	if o.MaxSearches <= 0 {
		o.MaxSearches = 16
	}
	if o.MaxLive <= 0 {
		o.MaxLive = 100
	}
	if o.SearchTimeout <= 0 {
		o.SearchTimeout = 10 * time.Second
	}
	if o.Heartbeat <= 0 {
		o.Heartbeat = 15 * time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o, nil
}

// server holds what every handler needs. It is read-only after New but for the
// two semaphores.
type server struct {
	Options
	log       *slog.Logger
	mux       *http.ServeMux
	pages     map[string]*template.Template
	assets    map[string]asset
	started   time.Time
	searching chan struct{} // one token for each request that asks the index
	living    chan struct{} // one token for each live client
}

// New returns the handler of the API and the pages. It starts nothing of its
// own. Time-outs for reading a request are the business of the [http.Server]
// around it; live tails end when the request's context does, so a server that
// shuts down should cancel its base context.
func New(o Options) (http.Handler, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	s := &server{
		Options:   o,
		log:       o.Logger,
		mux:       http.NewServeMux(),
		started:   o.Now(),
		searching: make(chan struct{}, o.MaxSearches),
		living:    make(chan struct{}, o.MaxLive),
	}
	if s.assets, err = loadAssets(); err != nil {
		return nil, err
	}
	if s.pages, err = parseTemplates(s.assets["style.css"].path()); err != nil {
		return nil, err
	}
	for _, r := range s.routes() {
		s.mux.Handle("GET "+r.pattern, r.handler)
	}
	s.mux.HandleFunc(catchAll, s.nothingHere)
	return s.guard(s.mux), nil
}

// route is a pattern and what answers it. All routes are for GET and HEAD.
type route struct {
	pattern string
	handler http.Handler
}

// routes is the table of everything that is served.
func (s *server) routes() []route {
	return []route{
		{"/{$}", s.bounded(s.searchPage)},
		{"/article/{id}", s.bounded(s.articlePage)},
		{"/article/{id}/diff", s.bounded(s.diffPage)},
		{"/stories", s.bounded(s.storiesPage)},
		{"/story/{id}", s.bounded(s.storyPage)},
		{"/sources", s.bounded(s.sourcesPage)},

		{"/api/v1/search", s.bounded(s.searchAPI)},
		{"/api/v1/articles/{id}", s.bounded(s.articleAPI)},
		{"/api/v1/articles/{id}/versions", s.bounded(s.versionsAPI)},
		{"/api/v1/articles/{id}/diff", s.bounded(s.diffAPI)},
		{"/api/v1/articles/{id}/trace", s.bounded(s.traceAPI)},
		{"/api/v1/trace", s.bounded(s.traceURLAPI)},
		{"/api/v1/clusters/{id}", s.bounded(s.clusterAPI)},
		{"/api/v1/stories", s.bounded(s.storiesAPI)},
		{"/api/v1/stories/{id}", s.bounded(s.storyAPI)},
		{"/api/v1/sources", s.bounded(s.sourcesAPI)},
		{"/api/v1/live", http.HandlerFunc(s.live)},

		{"/feed.atom", s.bounded(s.atomFeed)},
		{"/feed.json", s.bounded(s.jsonFeed)},
		{"/openapi.json", http.HandlerFunc(s.openAPI)},
		{"/robots.txt", http.HandlerFunc(s.robots)},
		{"/static/{name}", http.HandlerFunc(s.static)},
	}
}
