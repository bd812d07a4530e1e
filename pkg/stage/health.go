package stage

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"time"
)

// The causes of a pause, as a metric label.
const (
	causeFull        = "full"
	causeUnavailable = "unavailable"
	causeBroker      = "broker"
)

// The states of what the handler needs.
const (
	stateUp      = iota
	stateDown    // take nothing until the pause is over
	stateProbing // take one message, and decide by it
)

// health decides whether the stage takes messages. It logs each change once.
type health struct {
	o   Options
	log *slog.Logger
	m   *metrics

	mu    sync.Mutex
	state int
	err   error // of the last Unavailable
	since time.Time
	until time.Time
	delay time.Duration
	// stalled counts the publishes that wait, by cause.
	stalled  map[string]int
	stallErr map[string]error
	broker   error // why messages cannot be taken
}

func newHealth(o Options, log *slog.Logger, m *metrics) *health {
	return &health{o: o, log: log, m: m, stalled: map[string]int{}, stallErr: map[string]error{}}
}

// admit returns how many messages may be taken while so many are held, and, if
// none, when to ask again at the latest.
func (h *health) admit(holding int) (limit int, wait time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.stalled) > 0 {
		return 0, time.Second
	}
	switch h.state {
	case stateDown:
		if d := time.Until(h.until); d > 0 {
			return 0, d
		}
		if holding > 0 {
			return 0, 50 * time.Millisecond
		}
		h.state = stateProbing
		return 1, 0
	case stateProbing:
		if holding > 0 {
			return 0, 50 * time.Millisecond
		}
		return 1, 0
	}
	return math.MaxInt, 100 * time.Millisecond
}

// down notes that what the handler needs is unavailable and returns for how long
// to give messages back.
func (h *health) down(err error) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.err = err
	if h.state == stateDown {
		return h.delay
	}
	if h.state == stateUp {
		h.since = time.Now()
		h.delay = h.o.ProbeDelay
		h.m.paused.WithLabelValues(causeUnavailable).Set(1)
		h.log.Warn("unavailable, taking no messages", "error", err)
	} else {
		h.delay = min(2*h.delay, h.o.MaxProbeDelay)
	}
	h.state = stateDown
	h.until = time.Now().Add(h.delay)
	return h.delay
}

// isDown reports whether messages must be given back without being handled.
func (h *health) isDown() (time.Duration, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.delay, h.state == stateDown
}

// works notes that a handler got an answer.
func (h *health) works() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.state == stateProbing {
		h.up()
	}
}

// up ends an outage; the lock is held.
func (h *health) up() {
	h.state = stateUp
	h.err = nil
	h.m.paused.WithLabelValues(causeUnavailable).Set(0)
	h.log.Info("available again", "after", time.Since(h.since).Round(time.Millisecond).String())
}

// fetched notes that the broker answered a request with so many messages.
func (h *health) fetched(n int) {
	h.brokerDown(false)
	h.mu.Lock()
	defer h.mu.Unlock()
	// Without messages nothing can be probed. Others may have taken those that
	// were given back; do not stay unready for ever.
	if h.state == stateProbing && n == 0 && time.Since(h.until) > 2*h.o.MaxProbeDelay {
		h.up()
	}
}

func (h *health) brokerDown(down bool) {
	var err error
	if down {
		err = errors.New("broker is not connected")
	}
	h.fetchFailed(err)
}

// fetchFailed notes why messages cannot be taken, nil when they can.
func (h *health) fetchFailed(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.broker = err
	h.setBrokerGauge()
}

func (h *health) setBrokerGauge() {
	v := 0.0
	if h.broker != nil || h.stalled[causeBroker] > 0 {
		v = 1
	}
	h.m.paused.WithLabelValues(causeBroker).Set(v)
}

// stall notes that a publish waits. The caller must unstall.
func (h *health) stall(cause, subject string, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stalled[cause]++
	h.stallErr[cause] = err
	if h.stalled[cause] > 1 {
		return
	}
	h.m.paused.WithLabelValues(cause).Set(1)
	if cause == causeFull {
		h.log.Warn("stream is full, waiting and taking no messages", "subject", subject, "error", err)
	} else {
		h.log.Warn("broker does not take messages, waiting", "subject", subject, "error", err)
	}
}

func (h *health) unstall(cause string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stalled[cause]--; h.stalled[cause] > 0 {
		return
	}
	delete(h.stalled, cause)
	delete(h.stallErr, cause)
	h.m.paused.WithLabelValues(cause).Set(0)
	h.setBrokerGauge()
	h.log.Info("publishing again", "cause", cause)
}

// failure says what makes the stage unready.
func (h *health) failure() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.state != stateUp:
		return fmt.Errorf("unavailable since %s: %w", h.since.Format(time.RFC3339), h.err)
	case h.stalled[causeBroker] > 0:
		return fmt.Errorf("broker does not take messages: %w", h.stallErr[causeBroker])
	case h.broker != nil:
		return fmt.Errorf("cannot take messages: %w", h.broker)
	}
	return nil
}

// degraded says what slows the stage without making it unready.
func (h *health) degraded() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stalled[causeFull] > 0 {
		return fmt.Errorf("%d messages wait for a full stream: %w", h.stalled[causeFull], h.stallErr[causeFull])
	}
	return nil
}
