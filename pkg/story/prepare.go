package story

// Prepared is an article whose text was read: the terms in it are counted.
type Prepared struct {
	// Doc is the article without its Title, Lead and Text. All but ID, Lang
	// and Content may be changed until it is added: the cluster is often known only then.
	Doc Doc

	hash  uint64 // of Doc.Content; 0: not known
	lang  string
	terms []term
}

// Prepare reads the text of an article. It depends on nothing else, so it may be
// called on many cores at once, and before the articles that come first are
// added.
func Prepare(d Doc) *Prepared {
	p := &Prepared{Doc: d, lang: base(d.Lang)}
	p.Doc.Title, p.Doc.Lead, p.Doc.Text = "", "", ""
	if d.Content != "" {
		p.hash = max(hashString(fnvOffset, d.Content), 1)
	}
	var w words
	w.count(&d, p.lang)
	p.terms = w.terms()
	return p
}

// Add assigns d to a story, one of its own when no other fits. An article that is
// already known is replaced.
func (t *Tracker) Add(d Doc) Assignment { return t.AddPrepared(Prepare(d)) }
