package stage

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"strconv"
	"time"

	"github.com/copydesk/copydesk/pkg/bus"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// Defaults of [Options].
const (
	DefaultMaxInFlight    = 128
	DefaultMaxBytes       = 64 << 20
	DefaultMaxDeliveries  = 6
	DefaultHandleTimeout  = time.Minute
	DefaultGrace          = 20 * time.Second
	DefaultRetryDelay     = time.Second
	DefaultStuckAfter     = 5 * time.Second
	DefaultProbeDelay     = time.Second
	DefaultMaxProbeDelay  = 30 * time.Second
	DefaultPublishTimeout = 10 * time.Second

	// MaxStuck is how many handlers may hang before Run gives up.
	MaxStuck = 8

	// maxRetryDelay bounds the pause before a failed message is tried again.
	maxRetryDelay = time.Minute
	// fetchWait is how long one request for messages stays open. A shutdown
	// waits for the open one, because what the broker sends to a request that
	// was given up counts as delivered.
	fetchWait = time.Second
	// parallelCalls bounds the publishes and acknowledgements in flight. The
	// broker syncs each to disk in turn, so more of them only wait longer.
	parallelCalls = 64
)

// Options of a worker. Name, Bus, Stream, Consumer and Handler are required.
type Options struct {
	Name     string // of the stage: a metric label and a part of dead letters' subjects, [a-z0-9_-]
	Bus      *bus.Bus
	Stream   string
	Consumer string
	Handler  Handler

	Workers     int           // handlers that run at the same time, at most; default 1
	BatchSize   int           // most messages for one call of the handler; default 1
	BatchWait   time.Duration // how long to wait for a batch to fill
	MaxInFlight int           // most messages held; default 128
	Budget      *Budget       // what several workers may hold together; nil: MaxInFlight alone counts
	MaxBytes    int64         // most bytes held, as the broker counts them; default 64 MiB, at least one message of the largest size
	// MaxDeliveries is the attempt at which a message is a dead letter without
	// being handled: 0 means 6, -1 never.
	MaxDeliveries int
	HandleTimeout time.Duration // for one call of the handler; default 1 min
	Grace         time.Duration // for messages in work when Run is told to end; default 20 s
	RetryDelay    time.Duration // before the second attempt, doubled for each further one up to a minute; default 1 s

	StuckAfter    time.Duration // how long after its timeout a handler counts as stuck; default 5 s
	ProbeDelay    time.Duration // first pause after Unavailable; default 1 s
	MaxProbeDelay time.Duration // longest pause after Unavailable; default 30 s

	Quiet      bool // start and end are no news, as for one of many
	Logger     *slog.Logger
	Registerer prometheus.Registerer
	Tracer     trace.Tracer // nil: no spans, trace context is passed on as it came
	Worker     string       // names this process in dead letters; default host name and process id

	// AckFirst is deliberately wrong: it acknowledges messages before handling
	// and publishing them, so that a crash loses them. It exists so that drills
	// can show that they catch it. No flag, file or variable sets it.
	AckFirst bool
}

var stageName = regexp.MustCompile(`^[a-z0-9_-]+$`)

// check fills in defaults and refuses what cannot work.
func (o *Options) check() error {
	switch {
	case !stageName.MatchString(o.Name):
		return fmt.Errorf("stage name %q: want a-z, 0-9, _ and -", o.Name)
	case o.Bus == nil:
		return fmt.Errorf("stage %s: no bus", o.Name)
	case o.Stream == "" || o.Consumer == "":
		return fmt.Errorf("stage %s: no stream or no consumer", o.Name)
	case o.Handler == nil:
		return fmt.Errorf("stage %s: no handler", o.Name)
	case o.MaxDeliveries < -1 || o.MaxDeliveries == 1:
		return fmt.Errorf("stage %s: MaxDeliveries %d: want 0, -1 or more than 1", o.Name, o.MaxDeliveries)
	case o.Workers < 0 || o.BatchSize < 0 || o.MaxInFlight < 0 || o.MaxBytes < 0:
		return fmt.Errorf("stage %s: %w", o.Name, errors.New("a negative limit"))
	}
	setDefault(&o.Workers, 1)
	setDefault(&o.BatchSize, 1)
	setDefault(&o.MaxInFlight, DefaultMaxInFlight)
	setDefault(&o.MaxBytes, DefaultMaxBytes)
	setDefault(&o.MaxDeliveries, DefaultMaxDeliveries)
	setDefault(&o.HandleTimeout, DefaultHandleTimeout)
	setDefault(&o.Grace, DefaultGrace)
	setDefault(&o.RetryDelay, DefaultRetryDelay)
	setDefault(&o.StuckAfter, DefaultStuckAfter)
	setDefault(&o.ProbeDelay, DefaultProbeDelay)
	setDefault(&o.MaxProbeDelay, DefaultMaxProbeDelay)
	o.BatchSize = min(o.BatchSize, o.MaxInFlight)
	o.MaxBytes = max(o.MaxBytes, fetchUnit)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Tracer == nil {
		o.Tracer = noop.NewTracerProvider().Tracer("")
	}
	if o.Worker == "" {
		host, err := os.Hostname()
		if err != nil {
			host = "unknown-host"
		}
		o.Worker = host + "-" + strconv.Itoa(os.Getpid())
	}
	return nil
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
