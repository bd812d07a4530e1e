package story

// Prepared is what counts of an article, read out of its text once and for all.
// The fields of Doc but for Title, Lead and Text may be changed until it is
// added: the cluster is often known only then.
type Prepared struct {
	Doc Doc // without Title, Lead and Text

	doc Doc
}

// Prepare reads an article. It depends on nothing else, so it may be called on
// many cores at once, and before the articles that come first are added.
func Prepare(d Doc) *Prepared {
	p := &Prepared{Doc: d, doc: d}
	p.Doc.Title, p.Doc.Lead, p.Doc.Text = "", "", ""
	return p
}

// AddPrepared is Add for an article that was read before. It can be added once.
func (t *Tracker) AddPrepared(p *Prepared) Assignment {
	d := p.Doc
	d.Title, d.Lead, d.Text = p.doc.Title, p.doc.Lead, p.doc.Text
	return t.Add(d)
}
