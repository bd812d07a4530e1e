package htmltree

import (
	"strings"

	"golang.org/x/net/html/atom"
)

// flags say how the parser treats an element.
type flags uint32

const (
	isVoid       flags = 1 << iota // has no content
	isSpecial                      // an unknown end tag does not close it
	isBlock                        // its start tag closes an open p
	isScoped                       // its end tag closes all that it holds
	isFormatting                   // goes on after the block that it was closed in
	isImplied                      // its end tag may be missing
	isScope                        // what is open around it is out of reach
	isButton
	isHeading
	isMarker  // formatting from outside does not reach into it
	isHead    // belongs to the head
	isTabular // holds rows or cells, and no text
	isSection // of a table
	isCell    // of a table, or its caption
	isTablePart
	isSelect   // select and what may stand in it
	isVerbatim // white space in it counts
	isText     // holds text only: no tag but its own ends it
	isQuiet    // white space beside it is not seen
	isIgnored
)

// tag is what is known of the elements of one name.
type tag struct {
	name  string
	atom  atom.Atom
	flags flags
}

// tagGroups lists the names of the elements that have a flag.
//
//nolint:misspell // one is spelled the American way
var tagGroups = []struct {
	flags flags
	names string
}{
	{isVoid, "area base basefont bgsound br col embed hr img input keygen link meta param source track wbr"},
	{isSpecial, "address applet area article aside base basefont bgsound blockquote body br button caption center col colgroup dd details dir div dl dt embed fieldset figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html iframe img input keygen li link listing main marquee menu meta nav noembed noframes noscript object ol p param plaintext pre script section select source style summary table tbody td template textarea tfoot th thead title tr track ul wbr xmp"},
	{isBlock, "address article aside blockquote center details dialog dir div dl fieldset figcaption figure footer header hgroup hr main menu nav ol p search section summary ul h1 h2 h3 h4 h5 h6 pre listing plaintext xmp"},
	{isScoped, "address article aside blockquote button center details dialog dir div dl fieldset figcaption figure footer header hgroup listing main menu nav ol pre search section summary ul li dd dt p applet marquee object"},
	{isFormatting, "a b big code em font i nobr s small strike strong tt u"},
	{isImplied, "dd dt li optgroup option p rb rp rt rtc"},
	{isScope, "applet caption html table td th marquee object template"},
	{isButton, "button"},
	{isHeading, "h1 h2 h3 h4 h5 h6"},
	{isMarker, "applet marquee object td th caption"},
	{isHead, "base basefont bgsound link meta title"},
	{isTabular, "table tbody tfoot thead tr"},
	{isSection, "tbody tfoot thead"},
	{isCell, "td th caption"},
	{isTablePart, "table caption col colgroup tbody td tfoot th thead tr"},
	{isSelect, "select option optgroup"},
	{isVerbatim, "pre listing plaintext xmp textarea"},
	{isText, "title textarea xmp noembed noframes"},
	{isQuiet, "html head body br address article aside blockquote button caption center dd details dialog dir div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr legend li main menu nav ol p pre search section summary table tbody td tfoot th thead tr ul base link meta title"},
	{isIgnored, "frame frameset"},
}

const tagSlots = 1024

// tagTable finds the known tags by their names.
type tagTable [tagSlots]*tag

var knownTags = newTagTable()

var (
	tagHTML  = knownTags.get([]byte("html"))
	tagHead  = knownTags.get([]byte("head"))
	tagBody  = knownTags.get([]byte("body"))
	tagTbody = knownTags.get([]byte("tbody"))
	tagTr    = knownTags.get([]byte("tr"))
	tagBr    = knownTags.get([]byte("br"))
	tagP     = knownTags.get([]byte("p"))
)

func newTagTable() *tagTable {
	t := &tagTable{}
	for _, g := range tagGroups {
		for name := range strings.FieldsSeq(g.names) {
			t.add(name).flags |= g.flags
		}
	}
	for name := range strings.FieldsSeq("span time label cite abbr picture video audio canvas math ruby sub sup q mark ins del var kbd samp dfn bdi bdo data datalist meter output progress slot") {
		t.add(name)
	}
	return t
}

func (t *tagTable) add(name string) *tag {
	if found := t.get([]byte(name)); found != nil {
		return found
	}
	i := tagHash([]byte(name))
	for t[i] != nil {
		i = (i + 1) % tagSlots
	}
	t[i] = &tag{name: name, atom: atom.Lookup([]byte(name))}
	return t[i]
}

// get returns the tag of a name in lower case, or nil.
func (t *tagTable) get(name []byte) *tag {
	for i := tagHash(name); t[i] != nil; i = (i + 1) % tagSlots {
		if t[i].name == string(name) {
			return t[i]
		}
	}
	return nil
}

func tagHash(name []byte) uint32 {
	h := uint32(len(name))
	for _, c := range name {
		h = h*31 + uint32(c)
	}
	return (h ^ h>>7) % tagSlots
}

// maxName bounds the names of elements and attributes, in bytes.
const maxName = 64

// tag returns the tag of a name in any case.
func (p *parser) tag(name []byte) *tag {
	if len(name) > maxName {
		name = name[:maxName]
	}
	var buf [maxName]byte
	for i, c := range name {
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		buf[i] = c
	}
	if t := knownTags.get(buf[:len(name)]); t != nil {
		return t
	}
	return &tag{name: p.slabs.shared(buf[:len(name)]), atom: atom.Lookup(buf[:len(name)])}
}
