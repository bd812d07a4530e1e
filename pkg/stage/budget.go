package stage

import "sync"

// budgetReserve is how many messages each worker may hold whatever the others
// do, so that a busy one cannot starve them.
const budgetReserve = 4

// Budget bounds how many messages several workers of one process hold together,
// where each may hold many while the others hold few. Every worker may hold
// [budgetReserve] besides. It is safe for concurrent use.
type Budget struct {
	mu   sync.Mutex
	left int
}

// NewBudget returns a budget of so many messages.
func NewBudget(messages int) *Budget { return &Budget{left: messages} }

// take takes up to n and returns how many it got; give is the opposite.
func (b *Budget) take(n int) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n = max(0, min(n, b.left))
	b.left -= n
	return n
}

func (b *Budget) give(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left += n
}

// ask returns how many of n messages may be asked for, and notes them as asked
// for. A worker that finds few asks for few, because what it has asked for is
// not there for others until the broker has answered.
func (w *Worker) ask(n int) int {
	if w.o.Budget == nil {
		return n
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	n = min(n, w.asking)
	own := max(0, budgetReserve-w.count)
	if n > own {
		got := w.o.Budget.take(n - own)
		w.charged += got
		n = own + got
	}
	w.asked = n
	return n
}

// answered notes how many of those asked for have come.
func (w *Worker) answered(got, asked int) {
	if w.o.Budget == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case got == asked:
		w.asking = min(4*w.asking, w.o.MaxInFlight)
	case 2*got < asked:
		w.asking = budgetReserve
	}
	w.asked = 0
	w.settle()
}

// settle gives back what is charged for more than is held or asked for; the
// lock is held.
func (w *Worker) settle() {
	if w.o.Budget == nil {
		return
	}
	if over := w.charged - max(0, w.count+w.asked-budgetReserve); over > 0 {
		w.charged -= over
		w.o.Budget.give(over)
	}
}
