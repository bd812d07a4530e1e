// Package story groups articles that report one event, whoever wrote them:
// online, in the order of arrival, within one language, and aware of time.
//
// The unit is a cluster of copies (see package dedup): a copy joins the story of
// its cluster. Of each unit the heaviest terms are kept; a new one is compared
// with the units that share its rarest terms, and joins the story whose members
// are closest to it on average. What arrives later may show that two stories are
// one, or that an article is nearer to another story: that is reported, so that
// an index can follow.
//
// Nothing is stored here. The state is rebuilt by adding the articles of the
// window again, in order, each with the story it had.
package story

import (
	"cmp"
	"slices"
	"time"
)

// Doc is an article as the tracker sees it.
type Doc struct {
	ID      string
	Cluster string // of copies; empty: the article is alone
	Story   string // the story it had before a restart: taken as it is; empty: to be found
	Title   string
	Lead    string // standfirst; empty: the first words of Text
	Text    string
	Lang    string // articles of different languages never meet; regions do not matter
	Source  string // not weighed: who wrote an article does not say what happened

	// Content is a hash of what tells versions apart, or empty: an article that
	// is added again with the same one, in the same cluster, stays where it is.
	Content string

	Published time.Time // zero, or later than Arrived: Arrived counts
	Arrived   time.Time // zero: the time of the article before it, and nothing expires
}

// Options bounds a Tracker.
type Options struct {
	// Window is for how long after its arrival an article is compared with new
	// ones, and how far apart the dates of a story's neighbours may be. 0 means
	// 10 days.
	Window time.Duration
	// MaxArticles bounds the memory: beyond it the oldest are forgotten before
	// their time. 0 means two million.
	MaxArticles int
}

// Assignment is what Add decided.
type Assignment struct {
	Story   string   // the story of the article
	Related []string // stories on something close, nearest first; never Story; none for a copy
	Moved   []Move   // other articles whose story changed, in order
}

// Move says that an article left one story for another.
type Move struct {
	ID, From, To string
}

// Stats is the size of a Tracker.
type Stats struct {
	Articles, Units, Stories int
	Bytes                    int // estimate of the memory held
}

// Tracker assigns articles to stories. It is not safe for concurrent use.
type Tracker struct {
	opts     Options
	model    model
	vectors  *vectorizer
	postings *postings
	finder   *finder

	articles map[string]*unit
	clusters map[string]*unit
	stories  map[string]*group

	slots []slot // units by number, from first on
	first uint32
	live  int // units that are not nil

	clock int64 // latest arrival
	last  int64 // time of the article before
}

// unit is a cluster of copies with the terms of the first of them.
type unit struct {
	vector
	score   float32 // against the article that is being added, if mark says so
	mark    uint32
	number  uint32
	dated   bool
	size    uint16 // terms of the article that stands for it
	at      int64  // seconds
	arrived int64  // seconds; at, if it is not known
	story   *group
	cluster string
	docs    []string
	hashes  []uint64 // of the contents of docs; 0: not known
}

// slot keeps the place of a unit among the postings when the unit is gone.
type slot struct {
	unit    *unit
	arrived int64
	posted  uint8
}

// group is a story: its units in order of arrival.
type group struct {
	id    string
	units []*unit
}

// New returns an empty tracker.
func New(opts Options) *Tracker {
	if opts.Window <= 0 {
		opts.Window = 10 * 24 * time.Hour
	}
	if opts.MaxArticles <= 0 {
		opts.MaxArticles = 2_000_000
	}
	vectors := newVectorizer()
	return &Tracker{
		opts:     opts,
		model:    defaultModel(),
		vectors:  vectors,
		postings: newPostings(vectors.terms),
		finder:   newFinder(),
		articles: map[string]*unit{},
		clusters: map[string]*unit{},
		stories:  map[string]*group{},
	}
}

// AddPrepared is Add for an article whose text was read before. It leaves p as it
// is.
func (t *Tracker) AddPrepared(p *Prepared) Assignment {
	d := &p.Doc
	arrived := t.arrive(d)
	cluster := cmp.Or(d.Cluster, d.ID)
	prior := ""
	old, known := t.articles[d.ID]
	if known && p.hash != 0 && old.cluster == cluster && old.hashes[slices.Index(old.docs, d.ID)] == p.hash {
		return Assignment{Story: old.story.id}
	}
	if known {
		prior = old.story.id
		t.Remove(d.ID)
	}
	if u := t.clusters[cluster]; u != nil {
		t.attach(d.ID, p.hash, u)
		if u.standsFor(p) {
			return t.refit(u, p, arrived)
		}
		return Assignment{Story: u.story.id}
	}

	u := &unit{at: t.last, arrived: t.last, dated: !d.Published.IsZero(), cluster: cluster}
	if !d.Arrived.IsZero() {
		u.arrived = d.Arrived.Unix()
	}
	terms := t.vectors.vector(p, known, &u.vector)
	u.size = uint16(min(len(p.terms), 1<<16-1))
	var a Assignment
	if d.Story != "" {
		t.enter(u, t.group(d.Story))
	} else {
		a = t.place(u, terms, t.freeID(d.ID, prior))
	}
	t.post(u, terms, arrived)
	t.clusters[cluster] = u
	t.attach(d.ID, p.hash, u)
	a.Story = u.story.id
	return a
}

// arrive sets the clock, and the time that counts for d.
func (t *Tracker) arrive(d *Doc) int64 {
	at := t.last
	if !d.Arrived.IsZero() {
		at = d.Arrived.Unix()
		t.clock = max(t.clock, at)
		t.expire(t.clock)
	}
	if !d.Published.IsZero() && (d.Arrived.IsZero() || d.Published.Before(d.Arrived)) {
		at = d.Published.Unix()
	}
	for t.live >= t.opts.MaxArticles || len(t.articles) >= t.opts.MaxArticles && t.live > 0 {
		t.dropOldest()
	}
	t.last = at
	return t.clock
}

// base is the language without its region.
func base(lang string) string {
	for i := range len(lang) {
		if lang[i] == '-' || lang[i] == '_' {
			return lang[:i]
		}
	}
	return lang
}

// attach makes an article one of a unit's copies.
func (t *Tracker) attach(id string, hash uint64, u *unit) {
	u.docs = append(u.docs, id)
	u.hashes = append(u.hashes, hash)
	t.articles[id] = u
}

// group returns a story by its id, a new one if there is none.
func (t *Tracker) group(id string) *group {
	g := t.stories[id]
	if g == nil {
		g = &group{id: id}
		t.stories[id] = g
	}
	return g
}

// freeID names a new story: by the story that its article alone was, or else by
// the article. Where an older story has that name, which the article founded and
// left, it is varied.
func (t *Tracker) freeID(id, prior string) string {
	if prior != "" && t.stories[prior] == nil {
		return prior
	}
	for t.stories[id] != nil {
		id += "~"
	}
	return id
}

// enter puts a unit into a story, in the order of arrival. A unit that has no
// number yet is the latest.
func (t *Tracker) enter(u *unit, g *group) {
	i, _ := slices.BinarySearchFunc(g.units, u, byNumber)
	g.units = slices.Insert(g.units, i, u)
	u.story = g
}

// leave takes a unit out of its story.
func (t *Tracker) leave(u *unit) {
	g := u.story
	if len(g.units) > 0 && g.units[0] == u { // what expires is the first
		g.units[0] = nil
		g.units = g.units[1:]
	} else if i := slices.Index(g.units, u); i >= 0 {
		g.units = slices.Delete(g.units, i, i+1)
	}
	if len(g.units) == 0 {
		delete(t.stories, g.id)
	}
}

func byNumber(a, b *unit) int {
	switch {
	case a.number == 0:
		return 1
	case b.number == 0:
		return -1
	}
	return int(int32(a.number - b.number))
}

// Remove forgets an article.
func (t *Tracker) Remove(id string) {
	u := t.articles[id]
	if u == nil {
		return
	}
	delete(t.articles, id)
	i := slices.Index(u.docs, id)
	u.docs = slices.Delete(u.docs, i, i+1)
	u.hashes = slices.Delete(u.hashes, i, i+1)
	if len(u.docs) == 0 {
		t.forget(u)
	}
}

// forget drops a unit whose articles are gone.
func (t *Tracker) forget(u *unit) {
	delete(t.clusters, u.cluster)
	t.leave(u)
	t.slots[u.number-t.first].unit = nil
	t.live--
}

// SetCluster moves an article to another cluster of copies, and with it to the
// story of that cluster. It returns the move if the story changed.
func (t *Tracker) SetCluster(id, cluster string) []Move {
	u := t.articles[id]
	if u == nil || u.cluster == cluster || cluster == "" {
		return nil
	}
	from := u.story.id
	v := t.clusters[cluster]
	switch {
	case v == nil && len(u.docs) == 1:
		delete(t.clusters, u.cluster)
		u.cluster = cluster
		t.clusters[cluster] = u
		return nil
	case v == nil:
		v = &unit{vector: u.vector, size: u.size, at: u.at, arrived: u.arrived, dated: u.dated, cluster: cluster}
		t.enter(v, u.story)
		t.post(v, v.heaviest(), t.slots[u.number-t.first].arrived)
		t.clusters[cluster] = v
	}
	hash := u.hashes[slices.Index(u.docs, id)]
	t.Remove(id)
	t.attach(id, hash, v)
	if v.story.id == from {
		return nil
	}
	return []Move{{ID: id, From: from, To: v.story.id}}
}

// Of returns the story of an article.
func (t *Tracker) Of(id string) (story string, ok bool) {
	u := t.articles[id]
	if u == nil {
		return "", false
	}
	return u.story.id, true
}

// Members returns the articles of a story in the order in which their clusters
// arrived.
func (t *Tracker) Members(story string) []string {
	g := t.stories[story]
	if g == nil {
		return nil
	}
	var ids []string
	for _, u := range g.units {
		ids = append(ids, u.docs...)
	}
	return ids
}
