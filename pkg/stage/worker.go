package stage

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/copydesk/copydesk/pkg/bus"
	"github.com/nats-io/nats.go/jetstream"
)

// ErrStuck ends Run: too many handlers hang. Start a new process.
var ErrStuck = errors.New("handlers do not return")

// errGrace is why the work context ends in a shutdown that took too long.
var errGrace = errors.New("shutting down")

// fetchUnit is the room that must be free to ask for one more message: the
// largest the broker takes, with its subjects.
const fetchUnit = bus.MaxPayload + 64<<10

// The phases of a worker.
const (
	phaseStarting int32 = iota
	phaseRunning
	phaseDraining
	phaseEnded
)

// Worker runs one stage.
type Worker struct {
	o      Options
	log    *slog.Logger
	m      *metrics
	health *health
	ledger *ledger

	cons    jetstream.Consumer
	ackWait time.Duration

	used  atomic.Bool
	phase atomic.Int32
	work  context.Context // ends when messages in work must be given back
	kill  context.CancelCauseFunc
	queue chan *held
	calls chan struct{}  // holds one token for each broker call in flight
	hands sync.WaitGroup // goroutines that handle
	tails sync.WaitGroup // goroutines that publish and acknowledge
	gate  sync.RWMutex   // held for reading by ordinary handlers, for writing by one that must be alone
	stuck atomic.Int32
	fatal chan error

	mu              sync.Mutex
	loops           int              // goroutines that handle
	idle            int              // those of them that wait for messages
	held            map[uint64]*held // by sequence in the stream
	count           int              // messages held, those being given back included
	asked           int              // messages that an open request may bring
	asking, charged int              // the most to ask for, and what the budget is charged
	bytes           int64            // their size
	freed           chan struct{}    // signalled when a message is no longer held
}

// New returns a worker that is not running yet.
func New(o Options) (*Worker, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	m, err := newMetrics(o.Registerer, o.Name)
	if err != nil {
		return nil, fmt.Errorf("stage %s: register metrics: %w", o.Name, err)
	}
	log := o.Logger.With("component", "stage", "stage", o.Name)
	w := &Worker{
		o: o, log: log, m: m, health: newHealth(o, log, m),
		queue: make(chan *held, o.MaxInFlight), calls: make(chan struct{}, parallelCalls),
		fatal: make(chan error, 1), held: map[uint64]*held{}, freed: make(chan struct{}, 1),
		asking: budgetReserve,
	}
	w.work, w.kill = context.WithCancelCause(context.Background())
	return w, nil
}

// Run works until ctx ends, then finishes what it holds, for at most Grace, and
// gives the rest back. It returns nil after that, or why it cannot work. It can
// be called once.
func (w *Worker) Run(ctx context.Context) error {
	if !w.used.CompareAndSwap(false, true) {
		return fmt.Errorf("stage %s: Run was called before", w.o.Name)
	}
	defer w.kill(nil)
	defer w.phase.Store(phaseEnded)
	if err := w.open(ctx); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	var keeper sync.WaitGroup
	keeping, stopKeeping := context.WithCancel(context.Background())
	keeper.Go(func() { w.keep(keeping) })
	w.phase.Store(phaseRunning)
	w.log.Log(ctx, w.news(), "stage started", "workers", w.o.Workers, "batch", w.o.BatchSize, "max_in_flight", w.o.MaxInFlight)
	err := w.fetch(ctx)
	w.phase.Store(phaseDraining)
	w.drain()
	stopKeeping()
	keeper.Wait()
	return err
}

// drain waits for the messages in work, for at most Grace, and gives back those
// that are not done by then.
func (w *Worker) drain() {
	close(w.queue)
	w.mu.Lock()
	n := w.count
	w.mu.Unlock()
	w.log.Log(w.work, w.news(), "stage is stopping", "held", n, "grace", w.o.Grace.String())
	done := make(chan struct{})
	go func() {
		w.hands.Wait()
		w.tails.Wait()
		close(done)
	}()
	grace := time.NewTimer(w.o.Grace)
	defer grace.Stop()
	select {
	case <-done:
	case <-grace.C:
		w.kill(errGrace)
		for h := range w.queue {
			w.giveBack(h, 0, outcomeReturned)
		}
		<-done
	}
	if w.o.Bus.Connected() {
		// What was given back must reach the broker before the process ends.
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		if err := w.o.Bus.Conn().FlushWithContext(ctx); err != nil {
			w.log.Warn("flush to broker", "error", err)
		}
	}
	w.log.Log(w.work, w.news(), "stage stopped")
}

// news is the level of start and end in the log.
func (w *Worker) news() slog.Level {
	if w.o.Quiet {
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

// open finds the consumer and the record of attempts, waiting for a broker that
// is away.
func (w *Worker) open(ctx context.Context) error {
	for warned := false; ; warned = true {
		err := w.tryOpen(ctx)
		if err == nil || !bus.IsUnavailable(err) || ctx.Err() != nil {
			return err
		}
		if !warned {
			w.log.Warn("broker does not answer, waiting", "error", err)
		}
		if !sleep(ctx, time.Second) {
			return ctx.Err()
		}
	}
}

func (w *Worker) tryOpen(ctx context.Context) error {
	cons, err := w.o.Bus.JetStream().Consumer(ctx, w.o.Stream, w.o.Consumer)
	if err != nil {
		return fmt.Errorf("stage %s: open consumer %s of stream %s: %w", w.o.Name, w.o.Consumer, w.o.Stream, err)
	}
	config := cons.CachedInfo().Config
	if config.AckPolicy != jetstream.AckExplicitPolicy || config.AckWait <= 0 {
		return fmt.Errorf("stage %s: consumer %s of stream %s has no explicit acknowledgement", w.o.Name, w.o.Consumer, w.o.Stream)
	}
	w.cons, w.ackWait = cons, config.AckWait
	if w.o.MaxDeliveries < 0 {
		return nil
	}
	kv, err := w.o.Bus.Bucket(ctx, bus.BucketAttempts)
	if err != nil {
		return fmt.Errorf("stage %s: %w", w.o.Name, err)
	}
	w.ledger = &ledger{bus: w.o.Bus, kv: kv, stage: w.o.Name, limit: w.o.MaxDeliveries - 1}
	return nil
}

// Ready reports whether the stage takes and finishes messages. A full stream
// downstream is no failure, see [Worker.Degraded].
func (w *Worker) Ready(ctx context.Context) error {
	switch w.phase.Load() {
	case phaseStarting:
		return fmt.Errorf("stage %s is starting", w.o.Name)
	case phaseDraining, phaseEnded:
		return fmt.Errorf("stage %s is stopping", w.o.Name)
	}
	if err := w.health.failure(); err != nil {
		return fmt.Errorf("stage %s: %w", w.o.Name, err)
	}
	return w.o.Bus.Ready(ctx)
}

// Failure says what makes the stage unready, without asking the broker; nil when
// nothing is known to.
func (w *Worker) Failure() error {
	if err := w.health.failure(); err != nil {
		return fmt.Errorf("stage %s: %w", w.o.Name, err)
	}
	return nil
}

// Degraded says why the stage takes nothing new although it is ready: a stream
// that it publishes to is full. It is nil when nothing is wrong.
func (w *Worker) Degraded() error {
	if err := w.health.degraded(); err != nil {
		return fmt.Errorf("stage %s: %w", w.o.Name, err)
	}
	return nil
}

// keep tells the broker that every message held is in work.
func (w *Worker) keep(ctx context.Context) {
	tick := time.NewTicker(w.ackWait / 3)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		w.touch()
	}
}

// touch tells the broker of each message held.
func (w *Worker) touch() {
	w.mu.Lock()
	all := slices.Collect(maps.Values(w.held))
	w.mu.Unlock()
	for _, h := range all {
		// A failure means that the connection is down. The message may then be
		// delivered to another worker; that is what AckWait is for.
		if err := h.msg.InProgress(); err != nil && !errors.Is(err, jetstream.ErrMsgAlreadyAckd) {
			return
		}
	}
}

// sleep waits for d and reports whether ctx still runs.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
