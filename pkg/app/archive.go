package app

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/fetch"
	"github.com/copydesk/copydesk/pkg/stage"
	"github.com/copydesk/copydesk/pkg/warc"
)

const (
	// archiveProbe is how much must fit on the disk before pages are fetched again
	// after a write failed.
	archiveProbe = 1 << 20
	// origLength keeps a Content-Length that is not that of the stored body.
	origLength = "X-Archive-Orig-Content-Length"
	// The fields of the metadata record of a page.
	metaFound  = "found"
	metaFeed   = "feed"
	metaEntry  = "entry"
	metaRights = "rights"
)

// archiveMark is where the present content of a page is archived.
type archiveMark struct {
	In     string    `json:"in"` // which archive
	URI    string    `json:"uri"`
	Date   time.Time `json:"date"`
	Digest string    `json:"digest"` // of the payload
}

// archiveMetrics count what is archived.
type archiveMetrics struct {
	records *prometheus.CounterVec
	bytes   prometheus.Counter
	uploads *prometheus.CounterVec
}

func newArchiveMetrics(reg prometheus.Registerer, failing func() bool, waiting func() int) *archiveMetrics {
	m := &archiveMetrics{
		records: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "copydesk_archive_records_total", Help: "Records written to the archive, by type: request, response, revisit, metadata.",
		}, []string{"type"}),
		bytes: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "copydesk_archive_bytes_total", Help: "Bytes of the records written to the archive, before compression.",
		}),
		uploads: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "copydesk_archive_uploads_total", Help: "Uploads of archive files to object storage, by outcome: done, failed.",
		}, []string{"outcome"}),
	}
	for _, t := range []string{warc.TypeRequest, warc.TypeResponse, warc.TypeRevisit, warc.TypeMetadata} {
		m.records.WithLabelValues(t)
	}
	for _, o := range []string{"done", "failed"} {
		m.uploads.WithLabelValues(o)
	}
	reg.MustRegister(m.records, m.bytes, m.uploads,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "copydesk_archive_failing", Help: "1 while the archive cannot be written and no page is published, else 0.",
		}, func() float64 {
			if failing() {
				return 1
			}
			return 0
		}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "copydesk_archive_waiting_files", Help: "Archive files that wait for their upload.",
		}, func() float64 { return float64(waiting()) }))
	return m
}

// archive keeps every answer to a fetch of a page, before anything goes
// downstream. A nil archive keeps nothing.
type archive struct {
	name    string // as it was given
	id      string // tells archives apart in the states of pages
	dir     string // where files are written
	writer  *warc.Writer
	upload  *uploader // nil for an archive that stays in dir
	policy  policy
	failing atomic.Bool
	metrics *archiveMetrics
	log     *slog.Logger
}

// openArchive opens the archive that the flags name, or returns nil.
func openArchive(ctx context.Context, f IngestFlags, d deps) (*archive, error) {
	if f.Archive == "" {
		// A panel that shows nothing looks broken, one that shows zero does not.
		newArchiveMetrics(d.reg, func() bool { return false }, func() int { return 0 })
		return nil, nil
	}
	wishes, err := newPolicy(f.Honour)
	if err != nil {
		return nil, err
	}
	a := &archive{policy: wishes, name: f.Archive, id: article.ID(f.Archive)[:8], dir: f.Archive, log: d.log.With("component", "archive")}
	o := warc.WriterOptions{Info: []warc.Field{
		{Name: "software", Value: "copydesk/" + Version()},
		{Name: "http-header-user-agent", Value: userAgent(f.Contact)},
		{Name: "operator", Value: cmp.Or(f.Contact, fetch.DefaultContact)},
		{Name: "conformsTo", Value: "https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/"},
		{Name: "robots", Value: "obeyed"},
	}}
	o.Host, _ = os.Hostname()
	if isObjectStore(f.Archive) {
		if a.upload, err = newUploader(ctx, f, a.log); err != nil {
			return nil, err
		}
		a.dir = a.upload.dir
		o.MaxAge, o.Whole = a.upload.every, func(string) { a.upload.look() }
	}
	a.metrics = newArchiveMetrics(d.reg, a.failing.Load, a.upload.waiting)
	if a.writer, err = warc.NewWriter(a.dir, o); err != nil {
		return nil, fmt.Errorf("--archive %s: %w", f.Archive, err)
	}
	if a.upload != nil {
		a.upload.start(a.metrics)
	}
	return a, nil
}

// close finishes the file that is being written, and uploads what it can in a
// short time; the rest is uploaded at the next start.
func (a *archive) close() {
	if a == nil {
		return
	}
	if err := a.writer.Close(); err != nil {
		a.log.Error("archive file not closed; the next start does it", "err", err)
	}
	if a.upload != nil {
		a.upload.stop()
	}
}

// ready says whether a page can be archived, before it is fetched: a publisher
// must not be asked again and again for what then has no place.
func (a *archive) ready() error {
	if a == nil || !a.failing.Load() {
		return nil
	}
	f, err := os.CreateTemp(a.dir, ".probe-*")
	if err != nil {
		return a.failed(err)
	}
	_, err = f.Write(make([]byte, archiveProbe))
	err = errors.Join(err, f.Sync(), f.Close(), os.Remove(f.Name()))
	if err != nil {
		return a.failed(err)
	}
	a.failing.Store(false)
	return nil
}

// failed is the error of an archive that cannot be written.
func (a *archive) failed(err error) error {
	a.failing.Store(true)
	return fmt.Errorf("archive %s cannot be written (no page is fetched or published until it can be: make room in %s, or mend what the error says): %w", a.name, a.dir, err)
}

// get fetches a page, and archives every answer before it returns.
func (p *pageFetcher) get(ctx context.Context, state *pageState, m urlMessage, req fetch.Request) (*fetch.Response, error) {
	if p.archive == nil {
		return p.fetcher.Fetch(ctx, req)
	}
	if err := p.archive.ready(); err != nil {
		return nil, stage.Unavailable(err)
	}
	if state.Archived == nil || state.Archived.In != p.archive.id {
		req.ETag, req.LastModified = "", "" // "not modified" says nothing to an archive that does not have it
	}
	var seen []*fetch.Exchange
	req.Observe = func(e *fetch.Exchange) { seen = append(seen, e) }
	resp, err := p.fetcher.Fetch(ctx, req)
	if len(seen) == 0 {
		return resp, err
	}
	var rights article.Rights
	if resp != nil {
		rights = resp.Rights
	}
	if last := seen[len(seen)-1]; rights.NoArchive && p.archive.policy.noArchive {
		last.Body, last.Truncated = nil, true // that it was fetched is kept, not what it says
	}
	mark, failed := p.archive.store(seen, state, m, rights)
	if failed != nil {
		return nil, stage.Unavailable(failed)
	}
	if mark != nil {
		state.Archived = mark
	}
	return resp, err
}

// store writes what one fetch saw. It returns where the page is now archived, nil
// if that is where it was.
func (a *archive) store(seen []*fetch.Exchange, state *pageState, m urlMessage, rights article.Rights) (*archiveMark, error) {
	var drafts []*warc.Draft
	var mark *archiveMark
	for i, e := range seen {
		answer, isNew := a.answer(e, state)
		common := []warc.Field{{Name: warc.FieldConcurrent, Value: answer.ID}}
		drafts = append(drafts, &warc.Draft{
			Type: warc.TypeRequest, ID: warc.NewID(), Date: e.At, Target: e.URL, Media: warc.MediaRequest,
			Fields: append(common, addressFields(e)...), Content: requestHead(e), Payload: -1,
		})
		if last := i == len(seen)-1; last && isNew {
			mark = &archiveMark{In: a.id, URI: e.URL, Date: e.At.UTC(), Digest: warc.Digest(e.Body)}
			drafts = append(drafts, &warc.Draft{
				Type: warc.TypeMetadata, ID: warc.NewID(), Date: e.At, Target: e.URL, Media: warc.MediaFields,
				Fields: common, Content: metadata(m, rights), Payload: -1,
			})
		}
		// The answer comes last, so that who reads it knows what is said of it.
		drafts = append(drafts, answer)
	}
	if err := a.writer.Write(drafts...); err != nil {
		return nil, a.failed(err)
	}
	for _, d := range drafts {
		a.metrics.records.WithLabelValues(d.Type).Inc()
		a.metrics.bytes.Add(float64(len(d.Content)))
	}
	return mark, nil
}

// answer is the record of an answer: a revisit if the archive has its body, and
// the index what was made of it.
func (a *archive) answer(e *fetch.Exchange, state *pageState) (d *warc.Draft, isNew bool) {
	head := responseHead(e)
	d = &warc.Draft{
		Type: warc.TypeResponse, ID: warc.NewID(), Date: e.At, Target: e.URL, Media: warc.MediaResponse,
		Fields: addressFields(e), Content: append(head, e.Body...), Payload: len(head),
	}
	if strings.HasPrefix(e.Proto, "HTTP/2") {
		d.Fields = append(d.Fields, warc.Field{Name: warc.FieldProtocol, Value: "h2"})
	}
	if e.Truncated {
		d.Fields = append(d.Fields, warc.Field{Name: warc.FieldTruncated, Value: "length"})
		return d, false
	}
	earlier := state.Archived
	known := earlier != nil && earlier.In == a.id
	profile, digest := "", ""
	switch {
	case e.Status == http.StatusNotModified && known:
		profile = warc.ProfileNotModified
	case e.Status != http.StatusOK:
		return d, false
	case known && state.TakenDown.IsZero() && warc.Digest(e.Body) == earlier.Digest:
		profile, digest = warc.ProfileIdentical, earlier.Digest
	default:
		return d, true
	}
	d.Type, d.Content, d.Payload = warc.TypeRevisit, head, -1
	d.Fields = append(d.Fields,
		warc.Field{Name: warc.FieldProfile, Value: profile},
		warc.Field{Name: warc.FieldRefersTarget, Value: earlier.URI},
		warc.Field{Name: warc.FieldRefersDate, Value: earlier.Date.UTC().Format(time.RFC3339Nano)},
		warc.Field{Name: warc.FieldPayloadDigest, Value: digest})
	return d, false
}

// addressFields name the server.
func addressFields(e *fetch.Exchange) []warc.Field {
	host, _, err := net.SplitHostPort(e.Address)
	if err != nil {
		return nil
	}
	return []warc.Field{{Name: warc.FieldAddress, Value: host}}
}

// requestHead is the request as HTTP/1.1 has it.
func requestHead(e *fetch.Exchange) []byte {
	path := "/"
	if u, err := url.Parse(e.URL); err == nil {
		path = u.RequestURI()
	}
	return warc.Head("GET "+path+" HTTP/1.1", e.RequestHeader)
}

// responseHead is the head of an answer. Its body is stored as received, but
// without a Transfer-Encoding, so that its length is that of the stored bytes.
func responseHead(e *fetch.Exchange) []byte {
	h := e.Header.Clone()
	if sent, length := h.Get("Content-Length"), fmt.Sprint(len(e.Body)); e.Status != http.StatusNotModified && sent != length {
		h.Set("Content-Length", length)
		if sent != "" {
			h.Set(origLength, sent)
		}
	}
	return warc.Head(strings.TrimSpace(fmt.Sprintf("HTTP/1.1 %d %s", e.Status, e.StatusText)), h)
}

// metadata is what is known of a page beside what its server says.
func metadata(m urlMessage, rights article.Rights) []byte {
	fields := []warc.Field{{Name: metaFound, Value: m.URL}, {Name: metaFeed, Value: m.Feed}}
	note := func(name string, v any) {
		if data, err := json.Marshal(v); err == nil {
			fields = append(fields, warc.Field{Name: name, Value: string(data)})
		}
	}
	if !m.Entry.IsZero() {
		note(metaEntry, m.Entry)
	}
	if !rights.IsZero() {
		note(metaRights, rights)
	}
	return warc.Fields(fields...)
}

// spoolDir is where the files of an archive on object storage wait.
func spoolDir(f IngestFlags) string { return cmp.Or(f.ArchiveSpool, filepath.Join("data", "archive")) }
