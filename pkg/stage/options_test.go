package stage

import (
	"fmt"
	"strings"
	"testing"

	"github.com/copydesk/copydesk/pkg/bus"
	"github.com/nats-io/nats.go"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

func TestTraceIsPassedOn(t *testing.T) {
	t.Parallel()
	const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	for _, traced := range []bool{false, true} {
		t.Run(fmt.Sprint("tracer ", traced), func(t *testing.T) {
			r := newRig(t, bus.Options{})
			m := &nats.Msg{Subject: bus.PageSubject("p"), Header: nats.Header{bus.HeaderID: {"p"}, "traceparent": {parent}}}
			if _, err := r.bus.JetStream().PublishMsg(t.Context(), m); err != nil {
				t.Fatal(err)
			}
			o := r.o
			spans := tracetest.NewSpanRecorder()
			if traced {
				o.Tracer = trace.NewTracerProvider(trace.WithSpanProcessor(spans)).Tracer("test")
			}
			w := r.start(o)
			r.empty()
			w.end(t)
			s, err := r.bus.JetStream().Stream(t.Context(), bus.StreamArticles)
			if err != nil {
				t.Fatal(err)
			}
			out, err := s.GetMsg(t.Context(), 1)
			if err != nil {
				t.Fatal(err)
			}
			got := out.Header["traceparent"]
			if len(got) != 1 || !strings.HasPrefix(got[0], parent[:36]) {
				t.Fatalf("traceparent %v", got)
			}
			if !traced {
				if got[0] != parent {
					t.Errorf("traceparent %v", got)
				}
				return
			}
			ended := spans.Ended()
			if len(ended) != 1 || ended[0].Parent().SpanID().String() != "b7ad6b7169203331" || !strings.Contains(got[0], ended[0].SpanContext().SpanID().String()) {
				t.Errorf("%d spans, traceparent %v", len(ended), got)
			}
		})
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	r := newRig(t, bus.Options{})
	r.pages(20)
	w := r.start(r.o)
	r.empty()
	w.end(t)
	for _, c := range []struct {
		name, label, value string
		want               float64
	}{
		{"copydesk_stage_messages_total", "outcome", "ok", 20},
		{"copydesk_stage_messages_total", "outcome", "retry", 0},
		{"copydesk_stage_inflight_messages", "", "", 0},
		{"copydesk_stage_duration_seconds", "", "", 20},
		{"copydesk_stage_bytes_total", "direction", "in", float64(10*len("body of page-0") + 10*len("body of page-10"))},
		{"copydesk_stage_bytes_total", "direction", "out", float64(10*len("body of page-0") + 10*len("body of page-10"))},
		{"copydesk_stage_paused", "cause", "full", 0},
	} {
		if got := r.metric(c.name, c.label, c.value); got != c.want {
			t.Errorf("%s{%s=%s} = %v, want %v", c.name, c.label, c.value, got, c.want)
		}
	}
	problems, err := testutil.GatherAndLint(r.reg)
	if err != nil || len(problems) > 0 {
		t.Errorf("lint: %v, %v", problems, err)
	}
	// Another stage of the same process shares the names.
	o := r.o
	o.Name = "other"
	if _, err := New(o); err != nil {
		t.Errorf("second stage: %v", err)
	}
	// The same stage again, after its lease was lost, goes on counting.
	again, err := New(r.o)
	if err != nil {
		t.Fatalf("the same stage again: %v", err)
	}
	third, err := New(r.o)
	if err != nil {
		t.Fatalf("the same stage once more: %v", err)
	}
	before := testutil.ToFloat64(again.m.messages.WithLabelValues(outcomeOK))
	third.m.messages.WithLabelValues(outcomeOK).Inc()
	if after := testutil.ToFloat64(again.m.messages.WithLabelValues(outcomeOK)); before == 0 || after != before+1 {
		t.Errorf("the same stage again counts by itself: %v, then %v", before, after)
	}
}

func TestOptionErrors(t *testing.T) {
	t.Parallel()
	good := Options{Name: "normalize", Bus: &bus.Bus{}, Stream: "S", Consumer: "c", Handler: echo}
	for want, change := range map[string]func(*Options){
		`stage name "Normal ize": want a-z, 0-9, _ and -`:             func(o *Options) { o.Name = "Normal ize" },
		`stage normalize: no bus`:                                     func(o *Options) { o.Bus = nil },
		`stage normalize: no stream or no consumer`:                   func(o *Options) { o.Stream = "" },
		`stage normalize: no handler`:                                 func(o *Options) { o.Handler = nil },
		`stage normalize: MaxDeliveries 1: want 0, -1 or more than 1`: func(o *Options) { o.MaxDeliveries = 1 },
		`stage normalize: a negative limit`:                           func(o *Options) { o.MaxInFlight = -1 },
	} {
		o := good
		change(&o)
		if _, err := New(o); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestRunSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	r := newRig(t, bus.Options{})
	o := r.o
	o.Consumer, o.Registerer = "nobody", prometheus.NewRegistry()
	w, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Ready(t.Context()); err == nil || !strings.Contains(err.Error(), "starting") {
		t.Errorf("Ready before Run: %v", err)
	}
	err = w.Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "stage normalize: open consumer nobody of stream PAGES: ") {
		t.Errorf("Run: %v", err)
	}
	if err := w.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "called before") {
		t.Errorf("second Run: %v", err)
	}
}
