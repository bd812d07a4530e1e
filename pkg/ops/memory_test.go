package ops

import (
	"bytes"
	"log/slog"
	"runtime/debug"
	"strings"
	"testing"
)

func TestSetMemoryLimitLeavesTheOperatorsChoice(t *testing.T) {
	before := debug.SetMemoryLimit(-1)
	t.Cleanup(func() { debug.SetMemoryLimit(before) })
	t.Setenv("GOMEMLIMIT", "1GiB") // read at start only; its presence decides

	SetMemoryLimit(nil)
	if got := debug.SetMemoryLimit(-1); got != before {
		t.Errorf("limit = %d, want %d", got, before)
	}
}

func TestSetMemoryLimitReportsABadRatio(t *testing.T) {
	before := debug.SetMemoryLimit(-1)
	t.Cleanup(func() { debug.SetMemoryLimit(before) })
	t.Setenv("AUTOMEMLIMIT", "7")

	var logs bytes.Buffer
	SetMemoryLimit(slog.New(slog.NewTextHandler(&logs, nil)))
	if !strings.Contains(logs.String(), `level=WARN msg="no memory limit`) {
		t.Errorf("log = %q", logs.String())
	}
	if got := debug.SetMemoryLimit(-1); got != before {
		t.Errorf("limit = %d, want %d", got, before)
	}
}
