package app

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/bus"
	"github.com/copydesk/copydesk/pkg/stage"
	"github.com/copydesk/copydesk/pkg/warc"
)

const (
	warcBatch      = 256      // pages that are handed to the broker together
	warcBatchBytes = 16 << 20 // or bytes of them
	warcParallel   = 32
	warcProgress   = 10 * time.Second
	// warcAgain is how long files are left alone that another worker reads.
	warcAgain = 10 * time.Second
	// warcIdentity is how much of a file tells it from others, in bytes.
	warcIdentity = 64 << 10
	outcomePage  = "page"
)

// warcState is how far a file has been read; bucket copydesk_feeds keeps it.
type warcState struct {
	File     string        `json:"file"` // its name when it was read last
	Position warc.Position `json:"position"`
	Pages    int           `json:"pages"`
	Size     int64         `json:"size,omitempty"` // of the file when its end was reached
}

// warcInput reads pages from WARC files. Of several workers that are given a file
// one reads it, by a lease; after a crash it is read on where the broker has the
// pages.
type warcInput struct {
	deps
	files   []string
	stdin   io.Reader
	store   bucket
	records *prometheus.CounterVec
	full    atomic.Bool
	now     atomic.Pointer[string] // what is read, for progress
}

func newWARCInput(d deps, f IngestFlags, stdin io.Reader, feeds bucket) (*warcInput, error) {
	w := &warcInput{deps: d, files: f.WARC, stdin: stdin, store: feeds}
	for _, name := range f.WARC {
		if name == "-" {
			continue
		}
		info, err := os.Stat(name)
		if err != nil {
			return nil, fmt.Errorf("--warc: %w", err)
		}
		if info.IsDir() {
			return nil, usagef("--warc %s: is a directory; give its files", name)
		}
	}
	w.records = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "copydesk_warc_records_total",
		Help: "Records read from WARC files, by outcome: page, or why they are none.",
	}, []string{"outcome"})
	for _, outcome := range append(skipReasons(), outcomePage) {
		w.records.WithLabelValues(outcome)
	}
	d.reg.MustRegister(w.records)
	return w, nil
}

// reading says which file is read and how far, "" if none is.
func (w *warcInput) reading() string {
	if text := w.now.Load(); text != nil {
		return *text
	}
	return ""
}

// run reads the files until all are read or ctx ends. A file that cannot be read
// is told of and left.
func (w *warcInput) run(ctx context.Context) {
	left := w.files
	for len(left) > 0 && ctx.Err() == nil {
		var again []string
		for _, name := range left {
			err := w.leased(ctx, name)
			switch {
			case err == nil || ctx.Err() != nil:
			case errors.Is(err, bus.ErrLeaseHeld), bus.IsUnavailable(err), errors.Is(err, context.Canceled):
				again = append(again, name) // another worker reads it, or the broker is away
			default:
				w.log.Error("WARC file not read", "file", name, "err", err)
			}
		}
		if left = again; len(left) > 0 {
			select {
			case <-ctx.Done():
			case <-time.After(warcAgain):
			}
		}
	}
	w.now.Store(nil)
}

// leased reads a file while no other worker does.
func (w *warcInput) leased(ctx context.Context, name string) error {
	if name == "-" {
		return w.read(ctx, name, w.stdin, "", 0)
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	head, err := io.ReadAll(io.LimitReader(f, warcIdentity))
	if err != nil {
		return err
	}
	sum := sha256.Sum256(head)
	key := "warc." + article.ID(string(sum[:]))
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("%s cannot be read from a position; give - and pipe it in", name)
	}
	lease, err := w.bus.AcquireLease(ctx, key, w.name)
	if err != nil {
		return err
	}
	defer shutdown(w.log, "lease "+key, lease.Release)
	held, cancel := context.WithCancel(lease.Context())
	defer cancel()
	defer context.AfterFunc(ctx, cancel)()
	return w.read(held, name, f, key, info.Size())
}

// read publishes the pages of a file from where it was left. An empty key is that
// of a stream, which is read once.
func (w *warcInput) read(ctx context.Context, name string, r io.Reader, key string, size int64) error {
	var state warcState
	if key != "" {
		if _, err := w.store.getJSON(ctx, key, &state); err != nil {
			return err
		}
		if state.Size == size && size > 0 {
			w.log.Info("WARC file was read before", "file", name, "pages", state.Pages)
			return nil
		}
	}
	state.File, state.Size = filepath.Base(name), 0
	run := &warcRun{w: w, name: name, key: key, size: size, state: state, skipped: map[string]int{}, begun: time.Now()}
	in, err := warc.NewReader(r, warc.ReaderOptions{Start: state.Position, Damage: run.damage})
	if err != nil {
		return err
	}
	run.from, run.in = state.Position.Offset, in
	return run.all(ctx)
}

// warcRun is the reading of one file.
type warcRun struct {
	w       *warcInput
	in      *warc.Reader
	name    string
	key     string
	size    int64
	from    int64
	state   warcState
	skipped map[string]int
	begun   time.Time
	told    time.Time
	cut     *warc.Position // where the end of the file cuts a record off
	batch   []stage.Out
	bytes   int
}

func (r *warcRun) damage(at warc.Position, err error) {
	if errors.Is(err, warc.ErrTruncated) {
		r.cut = &at
	}
	r.skip(skipDamaged)
	r.w.log.Warn("WARC record skipped", "file", r.name, "at", at.String(), "err", err)
}

func (r *warcRun) skip(reason string) {
	r.skipped[reason]++
	r.w.records.WithLabelValues(reason).Inc()
}

func (r *warcRun) all(ctx context.Context) error {
	pages := &pageReader{r: r.in}
	r.told = time.Now()
	for {
		page, at, skip, err := pages.next()
		if err == nil && r.isFull() {
			// The page of this record is in no batch yet.
			err = r.flush(ctx, at)
		}
		switch {
		case errors.Is(err, io.EOF):
			return r.end(ctx)
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case skip != "":
			r.skip(skip)
		default:
			r.take(page)
		}
		if time.Since(r.told) >= warcProgress {
			r.told = time.Now()
			r.progress("WARC file is being read")
		}
	}
}

func (r *warcRun) isFull() bool { return len(r.batch) >= warcBatch || r.bytes >= warcBatchBytes }

func (r *warcRun) take(page *article.Page) {
	out, err := pageOut(page)
	if err != nil {
		r.skip(skipTooLarge)
		return
	}
	// The page may have said this before, and something else in between.
	out.MsgID += fmt.Sprintf(":%x", page.FetchedAt.UnixNano())
	r.batch, r.bytes = append(r.batch, out), r.bytes+len(out.Data)
}

// flush hands the batch to the broker and then notes where the rest begins.
func (r *warcRun) flush(ctx context.Context, rest warc.Position) error {
	if err := publishAll(ctx, r.w.bus, r.batch, &r.w.full); err != nil {
		return err
	}
	r.w.records.WithLabelValues(outcomePage).Add(float64(len(r.batch)))
	r.state.Pages, r.state.Position = r.state.Pages+len(r.batch), rest
	r.batch, r.bytes = r.batch[:0], 0
	if r.key == "" {
		return nil
	}
	data, err := json.Marshal(r.state)
	if err != nil {
		return err
	}
	if err := r.w.store.put(ctx, r.key, data); err != nil {
		return fmt.Errorf("save how far %s is read: %w", r.name, err)
	}
	return nil
}

// end notes that the file was read to its end. One that grows is read on there.
func (r *warcRun) end(ctx context.Context) error {
	rest := warc.Position{Offset: r.in.Offset()}
	if stats := r.in.Stats(); stats.Truncated && r.cut != nil {
		rest = *r.cut
		r.w.log.Warn("WARC file ends within a record", "file", r.name, "at", rest.String())
	}
	r.state.Size = r.size
	if err := r.flush(ctx, rest); err != nil {
		return err
	}
	if n := r.in.Stats().TooLarge; n > 0 {
		r.skipped[skipTooLarge] += n
		r.w.records.WithLabelValues(skipTooLarge).Add(float64(n))
	}
	r.progress("WARC file read")
	return nil
}

// progress says how far the file is read, how fast, and how long the rest takes.
func (r *warcRun) progress(what string) {
	took := time.Since(r.begun).Seconds()
	offset := r.in.Offset()
	rate := float64(offset-r.from) / max(took, 0.001)
	args := []any{
		slog.String("file", r.name), slog.Int("records", r.in.Stats().Records), slog.Int("pages", r.state.Pages+len(r.batch)), slog.Any("skipped", r.skipped),
		slog.String("mb_per_second", fmt.Sprintf("%.1f", rate/1e6)),
	}
	text := fmt.Sprintf("reading %s: %d MB", filepath.Base(r.name), offset/1e6)
	if r.size > 0 && rate > 0 {
		left := (time.Duration(float64(max(r.size-offset, 0))/rate) * time.Second).String()
		percent := fmt.Sprintf("%.1f %%", 100*float64(offset)/float64(r.size))
		args = append(args, slog.String("read", percent), slog.String("left", left))
		text = fmt.Sprintf("reading %s: %s, %s left", filepath.Base(r.name), percent, left)
	}
	r.w.now.Store(&text)
	r.w.log.Info(what, args...)
}

// publishAll hands messages to the broker and waits until it has all of them. A
// full stream and a broker that is away are waited for.
func publishAll(ctx context.Context, b *bus.Bus, outs []stage.Out, full *atomic.Bool) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(warcParallel)
	for _, out := range outs {
		group.Go(func() error {
			publish := func() (struct{}, error) {
				err := b.Call(ctx, stateTimeout, func(ctx context.Context) error {
					msg := &nats.Msg{Subject: out.Subject, Header: out.Header, Data: out.Data}
					_, err := b.JetStream().PublishMsg(ctx, msg, jetstream.WithMsgID(out.MsgID))
					return err
				})
				full.Store(bus.IsFull(err))
				if err != nil && !bus.IsFull(err) && !bus.IsUnavailable(err) {
					return struct{}{}, backoff.Permanent(err)
				}
				return struct{}{}, err
			}
			_, err := backoff.Retry(ctx, publish, backoff.WithMaxElapsedTime(0), backoff.WithBackOff(&backoff.ExponentialBackOff{
				InitialInterval: 100 * time.Millisecond, RandomizationFactor: 0.3, Multiplier: 2, MaxInterval: 10 * time.Second,
			}))
			if err != nil {
				return fmt.Errorf("publish %s: %w", out.Subject, err)
			}
			return nil
		})
	}
	return group.Wait()
}
