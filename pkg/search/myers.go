package search

import "math"

// op says what became of a piece between two versions.
type op string

const (
	opEqual  op = "equal"
	opInsert op = "insert"
	opDelete op = "delete"
	opChange op = "change" // of blocks only: the same block, reworded
)

// step is one step of an edit script: the element at index a of the old
// sequence, or at index b of the new one, or both.
type step struct {
	op   op
	a, b int
}

// maxEdits bounds one edit script: two sequences further apart than this are
// called different as a whole. Time and memory grow with its square.
const maxEdits = 1000

// effort is how much work is left for the edit scripts of one comparison, in
// squares of edits. It is shared by all of them: an article can have thousands
// of paragraphs that were all rewritten.
type effort struct{ left int }

// newEffort is the work that one comparison may take, well below a second.
func newEffort() *effort { return &effort{left: 16 * maxEdits * maxEdits} }

// limit is how many edits the next script may have.
func (e *effort) limit() int { return min(maxEdits, int(math.Sqrt(float64(e.left)))) }

// spend takes the work of a script with that many edits.
func (e *effort) spend(edits int) { e.left = max(0, e.left-edits*edits) }

// editScript returns the shortest way from a sequence of n elements to one of m
// by Myers' algorithm; same compares element i of the old with j of the new.
// Where more steps are needed than e allows, everything that differs between
// the common start and the common end is deleted and inserted.
func (e *effort) editScript(n, m int, same func(i, j int) bool) []step {
	var out []step
	start := 0
	for start < n && start < m && same(start, start) {
		out = append(out, step{opEqual, start, start})
		start++
	}
	end := 0
	for end < n-start && end < m-start && same(n-1-end, m-1-end) {
		end++
	}
	middle := e.myers(n-start-end, m-start-end, func(i, j int) bool { return same(start+i, start+j) })
	for _, s := range middle {
		out = append(out, step{s.op, s.a + start, s.b + start})
	}
	for i := end; i > 0; i-- {
		out = append(out, step{opEqual, n - i, m - i})
	}
	return out
}

// myers is the greedy algorithm with its furthest-reaching points kept for the
// way back.
func (e *effort) myers(n, m int, same func(i, j int) bool) []step {
	limit := min(n+m, e.limit())
	// x of the furthest point on diagonal k is v[k+limit+1].
	v := make([]int, 2*limit+3)
	var trace [][]int
	for d := 0; d <= limit; d++ {
		trace = append(trace, append([]int(nil), v[limit+1-d-1:limit+1+d+2]...))
		for k := -d; k <= d; k += 2 {
			at := k + limit + 1
			x := v[at-1] + 1
			if k == -d || (k != d && v[at-1] < v[at+1]) {
				x = v[at+1]
			}
			for x < n && x-k < m && x-k >= 0 && same(x, x-k) {
				x++
			}
			v[at] = x
			if x >= n && x-k >= m {
				e.spend(d)
				return walkBack(trace, n, m)
			}
		}
	}
	e.spend(limit)
	return replaceAll(n, m)
}

// walkBack reads the edit script from the kept points. trace[d] holds the
// points before round d, for the diagonals -d-1 to d+1.
func walkBack(trace [][]int, n, m int) []step {
	var back []step
	x, y := n, m
	for d := len(trace) - 1; d >= 0; d-- {
		v := func(k int) int { return trace[d][k+d+1] }
		k := x - y
		from := k - 1
		if k == -d || (k != d && v(k-1) < v(k+1)) {
			from = k + 1
		}
		px := v(from)
		py := px - from
		for x > max(px, 0) && y > max(py, 0) && x > 0 && y > 0 {
			x, y = x-1, y-1
			back = append(back, step{opEqual, x, y})
		}
		if d == 0 {
			break
		}
		if from == k+1 {
			y--
			back = append(back, step{opInsert, x, y})
		} else {
			x--
			back = append(back, step{opDelete, x, y})
		}
	}
	for i, j := 0, len(back)-1; i < j; i, j = i+1, j-1 {
		back[i], back[j] = back[j], back[i]
	}
	return back
}

// replaceAll deletes everything and inserts everything.
func replaceAll(n, m int) []step {
	out := make([]step, 0, n+m)
	for i := range n {
		out = append(out, step{opDelete, i, 0})
	}
	for j := range m {
		out = append(out, step{opInsert, n, j})
	}
	return out
}
