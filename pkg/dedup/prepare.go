package dedup

import (
	"cmp"
	"time"
)

// Prepared is an article made ready to be compared.
type Prepared struct {
	id      string
	content uint64
	text    *prose
}

// Prepare makes an article ready. It depends on nothing else, so it may be
// called on many cores at once, and before the articles that come first are
// added.
func Prepare(doc Doc) *Prepared {
	return &Prepared{id: doc.ID, content: contentOf(doc.Content), text: proseOf(&doc)}
}

// contentOf is what a table keeps of a hash of the content.
func contentOf(hash string) uint64 {
	if hash == "" {
		return 0
	}
	return max(hashOf([]byte(hash)), 1)
}

// AddPrepared is Add for an article that was made ready before.
func (e *Engine) AddPrepared(p *Prepared, f Fingerprint, at time.Time) Decision {
	if p.content != 0 && e.table.content(p.id) == p.content {
		return Decision{Cluster: e.clusters.Of(p.id), Same: true}
	}
	c := newChange(p.id)
	e.leave(c)
	e.texts.put(p.id, p.text)
	e.table.Add(p.id, at, f)
	e.table.setContent(p.id, p.content)
	e.verify(c, p.id, p.text, f, at)
	if !e.table.has(p.id) {
		e.clusters.leaveWindow(p.id)
	}
	return e.finish(c)
}

// Placed is an article whose place was found before a restart.
type Placed struct {
	ID      string
	Cluster string // empty: its own
	Content string // see Doc
	At      time.Time
	// Pending says that this was decided of a content that is not stored any
	// more: a newer one was written, or the article withdrawn, and that is yet to
	// be told by Add or Remove, which takes it out of its cluster. Till then
	// nothing is compared with it.
	Pending bool
	Print   Fingerprint // of the content; the zero value if it was withdrawn
}

// Restore takes in an article whose cluster is known, as after a restart,
// without looking at its text. The order does not matter, but is cheapest by
// time.
func (e *Engine) Restore(p Placed) {
	cluster := cmp.Or(p.Cluster, p.ID)
	if p.Pending {
		e.expected[p.ID] = expected{cluster, p.At.Unix()}
		return
	}
	e.table.Add(p.ID, p.At, p.Print)
	if !e.table.has(p.ID) {
		return
	}
	e.table.setContent(p.ID, contentOf(p.Content))
	e.clusters.returnToWindow(p.ID)
	if cluster == p.ID {
		return
	}
	e.clusters.assume(p.ID, cluster)
	if !e.table.has(cluster) {
		e.clusters.leaveWindow(cluster)
	}
}
