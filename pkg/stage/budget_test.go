package stage

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/copydesk/copydesk/pkg/bus"
)

// TestBudgetBoundsWhatIsHeld: a worker holds what the budget has left and its
// own few, and gives back what it took.
func TestBudgetBoundsWhatIsHeld(t *testing.T) {
	t.Parallel()
	r := newRig(t, bus.Options{})
	r.pages(60)
	budget := NewBudget(16)
	if budget.take(10) != 10 { // another worker is busy
		t.Fatal("a new budget is not whole")
	}
	open := make(chan struct{})
	var inside, most atomic.Int64
	o := r.o
	o.Workers, o.MaxInFlight, o.Budget = 50, 50, budget
	o.Handler = each(func(_ context.Context, m *Msg) Result {
		most.Store(max(most.Load(), inside.Add(1)))
		defer inside.Add(-1)
		<-open
		return article(m)
	})
	w := r.start(o)
	eventually(t, "the worker holds all that it may", func() bool { return inside.Load() == 10 })
	time.Sleep(300 * time.Millisecond)
	if n := inside.Load(); n != 10 {
		t.Errorf("%d handled at the same time, want 6 of the budget and 4", n)
	}
	close(open)
	r.empty()
	r.wantExactly(60)
	w.end(t)
	if n := budget.take(100); n != 6 {
		t.Errorf("%d left in the budget, want 6", n)
	}
}
