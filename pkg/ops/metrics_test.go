package ops

import (
	"runtime"
	"runtime/debug"
	"slices"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

func TestNewRegistry(t *testing.T) {
	reg := NewRegistry("1.2.3")
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, f := range families {
		names[f.GetName()] = true
		if f.GetName() != "copydesk_build_info" {
			continue
		}
		labels := map[string]string{}
		for _, l := range f.GetMetric()[0].GetLabel() {
			labels[l.GetName()] = l.GetValue()
		}
		if labels["version"] != "1.2.3" || labels["goversion"] != runtime.Version() || labels["revision"] == "" {
			t.Errorf("build_info labels = %v", labels)
		}
	}
	for _, want := range []string{"copydesk_build_info", "go_goroutines", "process_resident_memory_bytes"} {
		if !names[want] {
			t.Errorf("registry lacks %s", want)
		}
	}
	if _, err := testutil.GatherAndLint(reg); err != nil {
		t.Error(err)
	}
}

func TestReadBuild(t *testing.T) {
	setting := func(k, v string) debug.BuildSetting { return debug.BuildSetting{Key: k, Value: v} }
	for _, tt := range []struct {
		name string
		info *debug.BuildInfo
		want build
	}{
		{"no build information", nil, build{"dev", "unknown"}},
		{"go run", &debug.BuildInfo{Main: debug.Module{Version: "(devel)"}}, build{"dev", "unknown"}},
		{
			"released", &debug.BuildInfo{
				Main:     debug.Module{Version: "v0.3.0"},
				Settings: []debug.BuildSetting{setting("vcs.revision", "abc"), setting("vcs.modified", "false")},
			},
			build{"v0.3.0", "abc"},
		},
		{
			"uncommitted", &debug.BuildInfo{
				Settings: []debug.BuildSetting{setting("vcs.modified", "true"), setting("vcs.revision", "abc")},
			},
			build{"dev", "abc-dirty"},
		},
	} {
		if got := readBuild(tt.info, tt.info != nil); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

func TestHistogramIsClassicAndNative(t *testing.T) {
	for _, name := range []string{"index_batch_seconds", "copydesk_index_batch_seconds"} {
		reg := prometheus.NewRegistry()
		h := prometheus.NewHistogram(Histogram(name, "How long a batch takes.", WorkBuckets()))
		reg.MustRegister(h)
		h.Observe(0.2)
		families, err := reg.Gather()
		if err != nil {
			t.Fatal(err)
		}
		if got := families[0].GetName(); got != "copydesk_index_batch_seconds" {
			t.Errorf("%s: name = %s", name, got)
		}
		got := families[0].GetMetric()[0].GetHistogram()
		if len(got.GetBucket()) != len(WorkBuckets()) || len(got.GetPositiveSpan()) == 0 {
			t.Errorf("%s: %d classic buckets, native spans %v", name, len(got.GetBucket()), got.GetPositiveSpan())
		}
	}
}

func TestBucketsAscendAndAreFresh(t *testing.T) {
	for name, f := range map[string]func() []float64{"work": WorkBuckets, "age": AgeBuckets} {
		b := f()
		if !slices.IsSorted(b) || len(slices.Compact(slices.Clone(b))) != len(b) {
			t.Errorf("%s buckets do not ascend: %v", name, b)
		}
		b[0] = -1
		if f()[0] == -1 {
			t.Errorf("%s buckets are shared", name)
		}
	}
}
