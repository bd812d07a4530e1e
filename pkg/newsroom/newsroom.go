// Package newsroom is a small web site of invented news outlets, written for
// this project: what a first run shows, and what end-to-end tests crawl. Towns,
// people and companies in it do not exist.
//
// Every outlet lives at its own host, <key>.<domain>, has its own design, feeds,
// robots.txt and habits: copying agency reports, cutting them, adding credits
// and teasers between the paragraphs, hiding text behind a subscription. What a
// perfect cleaner keeps of each page is told by [Newsroom.Known].
//
// The articles are text files under articles/; [parseStory] describes their
// format. All times are relative to the opening, three days after the epoch, so
// a site that is started again with the same epoch goes on where it was:
// articles appear, are edited and are withdrawn as the clock passes.
//
// To add an outlet, add a row to [outletTable] and a template to designs/.
package newsroom

import (
	"errors"
	"fmt"
	"iter"
	"net/http"
	"regexp"
	"strconv"
	"sync"
	"time"
)

// BeforeOpening is the time from the epoch to the opening: articles with a
// negative time lie in it (or before).
const BeforeOpening = 72 * time.Hour

// Options configure a [Newsroom]. The zero Options are valid.
type Options struct {
	// Domain is the parent of every host name; "" means "localhost".
	Domain string
	// Port is written into absolute links; 0 writes none.
	Port int
	// Seed decides everything about the generated pages.
	Seed uint64
	// Generated is the number of generated pages beside the hand-written ones.
	Generated int
	// Now is the clock that publishes, edits and withdraws; nil means time.Now.
	Now func() time.Time
	// Epoch is where the site's time starts. Keep it (see [Newsroom.Epoch]) to
	// continue the same site later; zero means three days before Now, so that
	// the opening is now.
	Epoch time.Time
	// LogSize bounds the log of requests; 0 means 65,536 entries.
	LogSize int
}

// DefaultOptions are the options of the site that a first run shows.
func DefaultOptions() Options {
	return Options{Domain: "localhost", Seed: 1, Now: time.Now, LogSize: 1 << 16}
}

// Newsroom serves the outlets. It is safe for concurrent use.
type Newsroom struct {
	opts    Options
	epoch   time.Time
	outlets []*outlet
	byKey   map[string]*outlet
	items   []*item            // hand-written pages, in order of publication
	byURL   map[string]*item   // by page URL
	byHost  map[string][]*item // by outlet key
	designs *designSet
	gen     *generator
	log     *requestLog

	mu        sync.Mutex
	behaviour map[target]Behaviour
}

var validDomain = regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)*$`)

func (o *Options) complete() error {
	def := DefaultOptions()
	if o.Domain == "" {
		o.Domain = def.Domain
	}
	if o.Now == nil {
		o.Now = def.Now
	}
	if o.LogSize == 0 {
		o.LogSize = def.LogSize
	}
	var errs []error
	if !validDomain.MatchString(o.Domain) {
		errs = append(errs, fmt.Errorf("domain %q: not a lower-case host name", o.Domain))
	}
	if o.Port < 0 || o.Port > 65535 {
		errs = append(errs, fmt.Errorf("port %d: not between 0 and 65535", o.Port))
	}
	if o.Generated < 0 {
		errs = append(errs, fmt.Errorf("generated pages %d: negative", o.Generated))
	}
	if o.LogSize < 0 {
		errs = append(errs, fmt.Errorf("log size %d: negative", o.LogSize))
	}
	return errors.Join(errs...)
}

// New builds the site. It fails on options out of range and on articles that
// cannot be read.
func New(o Options) (*Newsroom, error) {
	if err := o.complete(); err != nil {
		return nil, fmt.Errorf("newsroom: options: %w", err)
	}
	n := &Newsroom{
		opts:      o,
		epoch:     o.Epoch,
		outlets:   outletTable(),
		byKey:     map[string]*outlet{},
		byURL:     map[string]*item{},
		byHost:    map[string][]*item{},
		behaviour: map[target]Behaviour{},
		log:       newRequestLog(o.LogSize),
	}
	if n.epoch.IsZero() {
		n.epoch = o.Now().Add(-BeforeOpening)
	}
	// Pages print minutes, so nothing may lie between two of them.
	n.epoch = n.epoch.UTC().Truncate(time.Minute)
	for _, ot := range n.outlets {
		n.byKey[ot.Key] = ot
	}
	var err error
	if n.designs, err = loadDesigns(); err != nil {
		return nil, fmt.Errorf("newsroom: designs: %w", err)
	}
	if err := n.loadItems(); err != nil {
		return nil, fmt.Errorf("newsroom: articles: %w", err)
	}
	n.gen = newGenerator(o.Seed, o.Generated, n.outlets, n.opening())
	return n, nil
}

// Epoch returns where the site's time starts, to be kept for the next start.
func (n *Newsroom) Epoch() time.Time { return n.epoch }

func (n *Newsroom) opening() time.Time { return n.epoch.Add(BeforeOpening) }

// Outlet is a news outlet of the site.
type Outlet struct {
	Key      string
	Name     string
	Host     string // host name without port
	Home     string // URL of the front page
	Language string
	Feeds    []string // URLs to subscribe to; for one outlet its front page, which names the feed
}

// Outlets returns the hand-written outlets.
func (n *Newsroom) Outlets() []Outlet {
	list := make([]Outlet, 0, len(n.outlets))
	for _, o := range n.outlets {
		base := n.base(o.Key)
		out := Outlet{
			Key: o.Key, Name: o.Name, Host: o.Key + "." + n.opts.Domain,
			Home: base + "/", Language: o.Language,
		}
		for _, f := range o.feeds {
			if f.listed {
				out.Feeds = append(out.Feeds, base+f.path)
			}
		}
		if len(out.Feeds) == 0 {
			out.Feeds = []string{base + "/"}
		}
		list = append(list, out)
	}
	return list
}

// Feeds returns the URLs to subscribe to of all outlets, then of the hosts of
// generated pages.
func (n *Newsroom) Feeds() []string {
	var list []string
	for _, o := range n.Outlets() {
		list = append(list, o.Feeds...)
	}
	for h := range n.gen.hosts() {
		list = append(list, n.base(hostKey(h))+generatedFeedPath)
	}
	return list
}

// URLs yields the URLs of the pages that can be read now: the hand-written ones
// in order of publication, then the generated ones.
func (n *Newsroom) URLs() iter.Seq[string] {
	now := n.now()
	return func(yield func(string) bool) {
		for _, it := range n.items {
			if it.live(now) && !yield(n.url(it)) {
				return
			}
		}
		for i := range n.gen.count {
			if !yield(n.base(hostKey(i/pagesPerHost)) + generatedPath(i)) {
				return
			}
		}
	}
}

func (n *Newsroom) now() time.Time { return n.opts.Now().UTC() }

// base returns the origin of a host, without a slash at the end.
func (n *Newsroom) base(key string) string {
	base := "http://" + key + "." + n.opts.Domain
	if n.opts.Port != 0 {
		base += ":" + strconv.Itoa(n.opts.Port)
	}
	return base
}

var _ http.Handler = (*Newsroom)(nil)
