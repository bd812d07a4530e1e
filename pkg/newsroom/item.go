package newsroom

import (
	"fmt"
	"hash/fnv"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// item is a story on the site of one outlet: what has a URL.
type item struct {
	outlet    *outlet
	host      string // first label of the host name
	story     *story
	spec      *copySpec // nil for the outlet's own
	number    int
	slug      string
	section   string
	private   bool
	published time.Time
	filed     time.Time // when the original was published, in its zone
	withdrawn time.Time // zero for never
	edited    []time.Time
	path      string
	family    string // group of the same report
	text      string // SameText of generated pages, "" to derive it
}

// loadItems lays the stories out over the outlets.
func (n *Newsroom) loadItems() error {
	stories, err := loadStories()
	if err != nil {
		return err
	}
	for _, s := range stories {
		if err := n.addItem(s, nil); err != nil {
			return fmt.Errorf("%s: %w", s.key, err)
		}
		for _, c := range s.copies {
			if err := n.addItem(s, c); err != nil {
				return fmt.Errorf("%s: copy %s: %w", s.key, c.outlet, err)
			}
		}
	}
	slices.SortStableFunc(n.items, func(a, b *item) int { return a.published.Compare(b.published) })
	for _, it := range n.items {
		n.byHost[it.host] = append(n.byHost[it.host], it)
	}
	return nil
}

func (n *Newsroom) addItem(s *story, c *copySpec) error {
	key, title, section := s.outlet, s.title, s.section
	filed := n.opening().Add(s.offset)
	if home := n.byKey[s.outlet]; home != nil {
		filed = filed.In(home.zone)
	}
	at := filed
	if c != nil {
		key, title, section = c.outlet, or(c.title, s.title), or(c.section, s.section)
		at = at.Add(c.delay)
	}
	o := n.byKey[key]
	if o == nil {
		return fmt.Errorf("no outlet %q", key)
	}
	it := &item{
		outlet: o, host: key, story: s, spec: c, section: section, published: at, filed: filed, private: s.private,
		number: numberOf(s.key + "/" + key), slug: slug(title), family: s.key,
	}
	if it.slug == "" {
		it.slug = s.key
	}
	if c == nil {
		for _, e := range s.edits {
			it.edited = append(it.edited, n.opening().Add(e.offset))
		}
		if s.withdrawn != 0 {
			it.withdrawn = n.opening().Add(s.withdrawn)
		}
	}
	it.path = o.path(it)
	url := n.url(it)
	if n.byURL[url] != nil {
		return fmt.Errorf("URL %s is taken by %s", url, n.byURL[url].story.key)
	}
	n.byURL[url] = it
	n.items = append(n.items, it)
	return nil
}

func (n *Newsroom) url(it *item) string { return n.base(it.host) + it.path }

// out reports whether the item has been published at now, withdrawn or not.
func (it *item) out(now time.Time) bool { return !now.Before(it.published) }

// gone reports whether the item has been withdrawn at now.
func (it *item) gone(now time.Time) bool {
	return !it.withdrawn.IsZero() && !now.Before(it.withdrawn)
}

func (it *item) live(now time.Time) bool { return it.out(now) && !it.gone(now) }

// updated returns the time of the last edit before now, or of publication.
func (it *item) updated(now time.Time) time.Time {
	t := it.published
	for _, e := range it.edited {
		if !now.Before(e) && e.After(t) {
			t = e
		}
	}
	return t
}

// changed returns the last time at which anything about the item changed.
func (it *item) changed(now time.Time) time.Time {
	if it.gone(now) {
		return it.withdrawn
	}
	return it.updated(now)
}

// content is what an item says at a time, before the outlet furnishes it.
type content struct {
	title, standfirst, bio string
	authors                []string
	blocks                 []block
}

// headline returns what lists and feeds tell of the item.
func (it *item) headline(now time.Time) (title, standfirst string) {
	title, standfirst = it.story.title, it.story.standfirst
	if sp := it.spec; sp != nil {
		title, standfirst = or(sp.title, title), or(sp.standfirst, standfirst)
		if sp.american {
			title, standfirst = american(title), american(standfirst)
		}
		return title, standfirst
	}
	for i, e := range it.story.edits {
		if !now.Before(it.edited[i]) {
			title = or(e.title, title)
		}
	}
	return title, standfirst
}

func (it *item) authors() []string {
	if it.spec != nil && it.spec.authors != nil {
		return it.spec.authors
	}
	return it.story.authors
}

func (it *item) content(now time.Time) content {
	s := it.story
	c := content{authors: it.authors(), bio: s.bio, blocks: slices.Clone(s.blocks)}
	c.title, c.standfirst = it.headline(now)
	if s.lazy != nil {
		c.blocks = s.lazy()
	}
	if it.spec != nil {
		it.spec.apply(&c)
	}
	for i, at := range it.edited {
		if !now.Before(at) {
			s.edits[i].apply(&c)
		}
	}
	for i := range c.blocks {
		c.blocks[i].Text = it.dated(c.blocks[i].Text)
	}
	return c
}

var dayMark = regexp.MustCompile(`\{day([+-]\d)?\}`)

// dated puts the names of weekdays in.
func (it *item) dated(text string) string {
	return dayMark.ReplaceAllStringFunc(text, func(mark string) string {
		days, _ := strconv.Atoi(dayMark.FindStringSubmatch(mark)[1]) // none is 0
		return weekday(it.outlet.Language, it.filed.AddDate(0, 0, days).Weekday())
	})
}

func weekday(language string, day time.Weekday) string {
	switch language {
	case "de":
		return strings.Fields("Sonntag Montag Dienstag Mittwoch Donnerstag Freitag Samstag")[day]
	case "ar":
		return strings.Fields("الأحد الاثنين الثلاثاء الأربعاء الخميس الجمعة السبت")[day]
	}
	return day.String()
}

func (e *edit) apply(c *content) {
	for _, k := range slices.Sorted(maps.Keys(e.replace)) {
		if k >= 1 && k <= len(c.blocks) {
			c.blocks[k-1].Text = e.replace[k]
		}
	}
	c.blocks = append(c.blocks, e.extra...)
}

func (sp *copySpec) apply(c *content) {
	c.bio = sp.bio
	c.blocks = c.blocks[:max(1, len(c.blocks)-sp.cut)]
	c.blocks = append(c.blocks, sp.extra...)
	if sp.american {
		for i := range c.blocks {
			c.blocks[i].Text = american(c.blocks[i].Text)
		}
	}
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// numberOf derives the number in a URL from a key, so that a new article does
// not renumber the others.
func numberOf(key string) int {
	h := fnv.New32a()
	h.Write([]byte(key)) //nolint:errcheck // a hash never fails
	return 10_000 + int(h.Sum32()%890_000)
}

// slug turns a title into a part of a path: at most nine words of a-z, 0-9. It
// is empty for scripts that it cannot spell.
func slug(title string) string {
	title = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "Ä", "ae", "Ö", "oe", "Ü", "ue", "ß", "ss", "'", "").Replace(title)
	words := strings.FieldsFunc(strings.ToLower(title), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
	return strings.Join(words[:min(len(words), 9)], "-")
}
