package dedup

import "time"

// Prepared is an article made ready to be compared.
type Prepared struct {
	id, content string
	text        *prose
}

// Prepare makes an article ready. It depends on nothing else, so it may be
// called on many cores at once, and before the articles that come first are
// added.
func Prepare(doc Doc) *Prepared {
	return &Prepared{id: doc.ID, content: doc.Content, text: proseOf(&doc)}
}

// AddPrepared is Add for an article that was made ready before.
func (e *Engine) AddPrepared(p *Prepared, f Fingerprint, at time.Time) Decision {
	d := Decision{}
	was := before{}
	e.leave(p.id, was, &d)
	e.texts.put(p.id, p.text)
	e.table.Add(p.id, at, f)
	e.verify(p.id, p.text, f, at, was, &d)
	e.finish(p.id, was, &d)
	return d
}

// Placed is an article whose place was found before a restart.
type Placed struct {
	ID      string
	Cluster string // empty: its own
	Content string // see Doc
	At      time.Time
	// Print is that of the content that was compared. It is the zero value if
	// another content is stored by now that was not: Add is to follow, and
	// takes the article out of this cluster.
	Print Fingerprint
}
