package ops

import (
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// Namespace begins the name of every metric of this project.
const Namespace = "copydesk"

// NewRegistry returns a registry that knows the Go runtime, the process and
// copydesk_build_info{version,revision,goversion}, which is always 1. An empty
// version is taken from the binary, "dev" if it has none.
func NewRegistry(version string) *prometheus.Registry {
	b := readBuild(debug.ReadBuildInfo())
	if version != "" {
		b.version = version
	}
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Namespace: Namespace,
		Name:      "build_info",
		Help:      "What runs; always 1.",
		ConstLabels: prometheus.Labels{
			"version": b.version, "revision": b.revision, "goversion": runtime.Version(),
		},
	})
	info.Set(1)

	reg := prometheus.NewRegistry()
	reg.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		info,
	)
	return reg
}

type build struct{ version, revision string }

// readBuild takes what the Go tool stamped into the binary. A revision that
// does not say all (uncommitted changes) is marked.
func readBuild(bi *debug.BuildInfo, ok bool) build {
	b := build{version: "dev", revision: "unknown"}
	if !ok {
		return b
	}
	if v := bi.Main.Version; v != "" && v != "(devel)" {
		b.version = v
	}
	dirty := false
	for _, s := range bi.Settings {
		switch s.Key {
		case "vcs.revision":
			b.revision = s.Value
		case "vcs.modified":
			dirty = s.Value == "true"
		}
	}
	if dirty {
		b.revision += "-dirty"
	}
	return b
}

// Histogram returns the options of a histogram that is both classic (with these
// buckets, upper bounds in ascending order) and native (10 % resolution, at
// most 160 buckets). The prefix "copydesk_" is put before the name if it is
// missing. Pass it to prometheus.NewHistogram or, with labels, NewHistogramVec.
func Histogram(name, help string, buckets []float64) prometheus.HistogramOpts {
	return prometheus.HistogramOpts{
		Namespace: Namespace,
		Name:      strings.TrimPrefix(name, Namespace+"_"),
		Help:      help,
		Buckets:   buckets,

		NativeHistogramBucketFactor:     1.1,
		NativeHistogramMaxBucketNumber:  160,
		NativeHistogramMinResetDuration: time.Hour,
	}
}

// WorkBuckets are seconds that a piece of work takes, 1 ms to 1 minute.
func WorkBuckets() []float64 {
	return []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}
}

// AgeBuckets are seconds that an article waits, 1 second to 1 week.
func AgeBuckets() []float64 {
	return []float64{1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 4 * 3600, 12 * 3600, 24 * 3600, 7 * 24 * 3600}
}
