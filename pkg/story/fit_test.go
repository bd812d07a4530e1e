package story

import (
	"math"
	"os"
	"testing"
)

// pair is one example of the regression.
type pair struct {
	f      features
	same   bool
	weight float64
}

// evalPairs returns the pairs of a half of a set, as the tracker would see them:
// with the document frequencies of the time.
func evalPairs(docs []*evalDoc, half int) []pair {
	tr := New(Options{})
	var units []*unit
	for _, d := range docs {
		tr.Add(d.doc())
		units = append(units, tr.articles[d.ID])
	}
	var pairs []pair
	positive := 0.0
	for i, a := range docs {
		for j, b := range docs[:i] {
			if a.half() != half || b.half() != half || a.Lang != b.Lang || days(units[i].at, units[j].at) > 10 {
				continue
			}
			f := pairFeatures(units[i], units[j])
			if f[fAll] < minLikeness {
				continue
			}
			same := a.Cluster == b.Cluster
			if same {
				positive++
			}
			pairs = append(pairs, pair{f, same, 1})
		}
	}
	for i := range pairs { // each set has the same say
		pairs[i].weight = 1000 / positive
	}
	return pairs
}

// fitModel fits a regression by Newton's method, with a light pull to zero.
func fitModel(pairs []pair) model {
	const n = numFeatures + 1
	var w [n]float64
	for range 30 {
		var g [n]float64
		var h [n][n]float64
		for i := range w {
			g[i], h[i][i] = -3*w[i], 3
		}
		for _, p := range pairs {
			var x [n]float64
			copy(x[:], p.f[:])
			x[n-1] = 1
			z := 0.0
			for i := range x {
				z += w[i] * x[i]
			}
			q := 1 / (1 + math.Exp(-z))
			y := 0.0
			if p.same {
				y = 1
			}
			for i := range x {
				g[i] += p.weight * (y - q) * x[i]
				for j := range x {
					h[i][j] += p.weight * q * (1 - q) * x[i] * x[j]
				}
			}
		}
		step := solve(h[:], g)
		for i := range w {
			w[i] += step[i]
		}
	}
	m := model{bias: w[n-1]}
	copy(m.weights[:], w[:])
	return m
}

// solve is Gauss-Jordan elimination; the matrix is positive definite.
func solve(a [][numFeatures + 1]float64, b [numFeatures + 1]float64) [numFeatures + 1]float64 {
	for i := range b {
		for k := range b {
			if k == i {
				continue
			}
			f := a[k][i] / a[i][i]
			for j := range b {
				a[k][j] -= f * a[i][j]
			}
			b[k] -= f * b[i]
		}
	}
	for i := range b {
		b[i] /= a[i][i]
	}
	return b
}

// TestFit prints what the regression learns from each half of the events, and how
// that does on the other half. Set COPYDESK_STORY_FIT to run it.
func TestFit(t *testing.T) {
	if os.Getenv("COPYDESK_STORY_FIT") == "" {
		t.Skip("COPYDESK_STORY_FIT is not set")
	}
	sets := evalSets[:4]
	for half := range 2 {
		var pairs []pair
		for _, s := range sets {
			pairs = append(pairs, evalPairs(inOrder(readEval(t, s.name), "time"), half)...)
		}
		m := fitModel(pairs)
		t.Logf("half %d: %d pairs, weights %.2f bias %.2f", half, len(pairs), m.weights, m.bias)
		for _, shift := range []float64{0, .25, .5, .75, 1, 1.25, 1.5} {
			shifted := m
			shifted.bias += shift
			mean := 0.0
			var fs []float64
			for _, order := range []string{"time", "shuffled"} {
				for _, s := range sets {
					docs := inOrder(readEval(t, s.name), order)
					got, _ := track(docs, shifted)
					_, _, f := bcubed(docs, got, 1-half)
					fs = append(fs, f)
					mean += f / 8
				}
			}
			t.Logf("  bias %+.2f: mean %.4f on the other half: %.3f", shift, mean, fs)
		}
	}
}
