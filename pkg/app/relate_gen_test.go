package app

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/bus"
	"github.com/copydesk/copydesk/pkg/dedup"
	"github.com/copydesk/copydesk/pkg/extract"
	"github.com/copydesk/copydesk/pkg/newsroom"
)

// waves is in how many parts the traffic comes. Versions of one article come in
// different parts: each part is worked off before the next begins, as revisits
// come hours apart, so no older version is delivered after a newer one.
const waves = 3

// traffic is what the stream of articles carries in a drill: articles of known
// origin, most of them copies of each other in some way. It lies in a file,
// because 20,000 articles are more than a test should hold.
type traffic struct {
	file  *os.File
	waves [waves][]span
	ids   []string       // of every article, sorted
	kinds map[string]int // how many messages there are of which sort
}

// span is where a message lies in the file.
type span struct{ offset, size int64 }

// maker makes traffic. What it makes depends on nothing but the newsroom.
type maker struct {
	t      testing.TB
	r      *rand.Rand
	out    *traffic
	offset int64
	clock  time.Time
	step   time.Duration
	texts  []newsroom.Known // reports that nobody has copied yet
	form   string           // a daily report that changes by its figures
	forms  int              // how often one has come
	known  []*article.Article
	pages  map[string]*article.Article // the latest version, by id
	gone   []string                    // taken down, and not back
}

// draft is a page that is still to arrive.
type draft struct {
	at   int // when, in the order of arrival
	sort string
	a    article.Article
}

// newTraffic makes some n messages about the reports of a newsroom.
func newTraffic(t testing.TB, site *newsroom.Newsroom, n int) *traffic {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "traffic"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	m := &maker{
		t: t, r: rand.New(rand.NewPCG(11, 5)), out: &traffic{file: file, kinds: map[string]int{}}, pages: map[string]*article.Article{},
		clock: time.Now().UTC().Add(-60 * time.Hour).Truncate(time.Second), step: 48 * time.Hour / time.Duration(n),
	}
	for _, url := range slices.Sorted(site.URLs()) {
		if k, ok := site.KnownOf(url); ok && len(k.Text) > 400 {
			m.texts = append(m.texts, k)
		}
	}
	m.r.Shuffle(len(m.texts), func(i, j int) { m.texts[i], m.texts[j] = m.texts[j], m.texts[i] })
	for wave, share := range [waves]float64{.7, .2, .1} {
		m.wave(wave, int(float64(n)*share))
	}
	m.out.ids = slices.Sorted(maps.Keys(m.pages))
	return m.out
}

// wave makes one part: new families of articles, and what becomes of earlier ones.
func (m *maker) wave(wave, n int) {
	var drafts []draft
	for len(drafts) < n {
		start := len(drafts)
		fresh := m.family(fmt.Sprintf("%d-%d", wave, start))
		for i := range fresh {
			// Copies come while others do, some of them before their original.
			fresh[i].at = start + m.r.IntN(n/8+1)
		}
		drafts = append(drafts, fresh...)
	}
	if wave > 0 {
		drafts = append(drafts, m.revisits(len(drafts)/3, len(drafts))...)
	}
	slices.SortStableFunc(drafts, func(a, b draft) int { return cmp.Compare(a.at, b.at) })
	for _, d := range drafts {
		m.clock = m.clock.Add(m.step)
		m.out.kinds[d.sort]++
		if d.sort == "takedown" {
			m.takeDown(wave, d.a.ID, d.a.URL)
			continue
		}
		m.publish(wave, &d.a)
		m.pages[d.a.ID] = &d.a
	}
	m.known = m.known[:0]
	for _, id := range slices.Sorted(maps.Keys(m.pages)) {
		m.known = append(m.known, m.pages[id])
	}
}

// family makes a report with its copies, or something else that hangs together.
func (m *maker) family(name string) []draft {
	report := m.report()
	var out []draft
	add := func(sort, text string, change func(a *article.Article)) {
		a := m.page(fmt.Sprintf("https://%s.example/%s/%d.html", outlets[m.r.IntN(len(outlets))], name, len(out)), report.Title, text, report.Language)
		if change != nil {
			change(&a)
		}
		out = append(out, draft{sort: sort, a: a})
	}
	switch p := m.r.IntN(100); {
	case p < 12: // somebody's own report that quotes the wire at length
		own := m.report()
		add("wire", report.Text, m.wire)
		quoted := firstParagraphs(report.Text, 3)
		add("reuse", own.Text+"\n\n"+quoted+"\n\n"+lastParagraphs(own.Text, 2), func(a *article.Article) { a.Title = own.Title })
	case p < 20: // the daily figures
		if m.forms%25 == 0 { // no more than are compared with each other
			m.form = m.newForm()
		}
		m.forms++
		add("form", m.figures(m.form), func(a *article.Article) { a.Title = "The figures of the day" })
	case p < 27:
		text := m.foreign()
		add("foreign", text, func(a *article.Article) { a.Language = "fi" })
		for range m.r.IntN(4) {
			add("foreign copy", m.edited(text), func(a *article.Article) { a.Language = "fi" })
		}
	default:
		add("report", report.Text, nil)
		first := out[0].a
		for range m.copies() {
			switch m.r.IntN(6) {
			case 0:
				add("exact copy", report.Text, nil)
			case 1:
				add("named copy", m.edited(report.Text), func(a *article.Article) { a.CanonicalURL = first.URL })
			case 2:
				add("wire copy", m.edited(report.Text), m.wire)
			default:
				add("edited copy", m.edited(report.Text), nil)
			}
		}
	}
	return out
}

// copies is how many copies a report has: most have none, few have many.
func (m *maker) copies() int {
	switch p := m.r.IntN(100); {
	case p < 45:
		return 0
	case p < 97:
		return 1 + m.r.IntN(3)
	}
	return 5 + m.r.IntN(12)
}

// revisits makes new versions of what arrived in earlier waves: pages that now
// say something else, pages that now carry somebody else's report, small
// corrections, repeats, pages that are gone and pages that are back.
func (m *maker) revisits(n, among int) []draft {
	var out []draft
	add := func(sort string, a article.Article) {
		out = append(out, draft{at: m.r.IntN(among + 1), sort: sort, a: a})
	}
	back := m.gone[:min(len(m.gone), n/10)]
	m.gone = m.gone[len(back):]
	for _, id := range back {
		add("back", *m.pages[id])
	}
	order := m.r.Perm(len(m.known))
	for _, i := range order[:min(n-len(back), len(order))] {
		a := *m.known[i]
		if slices.Contains(back, a.ID) || slices.Contains(m.gone, a.ID) {
			continue
		}
		switch p := m.r.IntN(100); {
		case p < 20:
			m.setText(&a, m.report().Text)
			add("leaves", a)
		case p < 40:
			other := m.known[m.r.IntN(len(m.known))]
			m.setText(&a, m.edited(other.Text))
			add("joins", a)
		case p < 65:
			m.setText(&a, m.edited(a.Text))
			add("corrected", a)
		case p < 75:
			a.Title += ": what is known"
			add("new title", a)
		case p < 85:
			add("repeat", a)
		default:
			m.gone = append(m.gone, a.ID)
			add("takedown", a)
		}
	}
	return out
}

// page makes an article as normalize would.
func (m *maker) page(url, title, text, lang string) article.Article {
	published := m.clock.Add(-time.Duration(m.r.IntN(600)) * time.Minute)
	a := article.Article{
		ID: article.ID(url), URL: url, Site: strings.Split(url, "/")[2], Title: title, Language: lang,
		Access: article.Full, Kind: article.KindArticle, Normalizer: extract.Version,
	}
	if m.r.IntN(5) > 0 {
		a.Published = &article.Date{Time: published, Precision: article.Second, From: article.FromJSONLD}
	}
	m.setText(&a, text)
	return a
}

func (m *maker) setText(a *article.Article, text string) {
	a.Text, a.Body, a.Words = text, nil, len(strings.Fields(text))
	for p := range strings.SplitSeq(text, "\n\n") {
		a.Body = append(a.Body, article.Block{Kind: article.Paragraph, Text: p})
	}
	a.Sketch = ""
	if a.Words >= minCopyWords {
		a.Sketch = dedup.Sketch(text)
	}
}

// publish appends an article to a wave, fetched now.
func (m *maker) publish(wave int, a *article.Article) {
	a.FetchedAt, a.ContentHash = m.clock, article.ContentHash(a.Title, a.Text)
	data, err := json.Marshal(a)
	if err != nil {
		m.t.Fatal(err)
	}
	m.append(wave, &nats.Msg{
		Subject: bus.ArticleSubject(a.ID), Data: data,
		Header: nats.Header{
			nats.MsgIdHdr:        {a.ID + ":" + strconv.FormatInt(m.clock.UnixNano(), 10) + ":" + extract.Version},
			article.HeaderSchema: {strconv.Itoa(article.Schema)}, article.HeaderID: {a.ID}, article.HeaderURL: {a.URL},
		},
	})
}

func (m *maker) takeDown(wave int, id, url string) {
	gone := article.Takedown{Page: id, URL: url, Status: http.StatusGone, At: m.clock}
	headers, body, err := gone.Message()
	if err != nil {
		m.t.Fatal(err)
	}
	headers[nats.MsgIdHdr] = []string{gone.MsgID()}
	m.append(wave, &nats.Msg{Subject: bus.ArticleSubject(id), Header: headers, Data: body})
}

func (m *maker) append(wave int, msg *nats.Msg) {
	data, err := json.Marshal(msg)
	if err == nil {
		_, err = m.out.file.Write(data)
	}
	if err != nil {
		m.t.Fatal(err)
	}
	m.out.waves[wave] = append(m.out.waves[wave], span{m.offset, int64(len(data))})
	m.offset += int64(len(data))
}

// message reads a message.
func (tr *traffic) message(s span) (*nats.Msg, error) {
	data := make([]byte, s.size)
	if _, err := tr.file.ReadAt(data, s.offset); err != nil {
		return nil, err
	}
	msg := &nats.Msg{}
	return msg, json.Unmarshal(data, msg)
}
