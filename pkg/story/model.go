package story

import "math"

// The weights of a pair: a logistic regression over pairs of articles on the
// same and on different events, fitted to one half of the events of four sets
// (TestFit prints it), rounded, and checked on the other half. Zero is where an
// article joins. The constants are the same for all languages.
const (
	weightAll     = 4.5
	weightNames   = 2.5
	weightTitles  = 2
	weightLeads   = 4
	weightCrossed = 4
	weightTime    = -3.25 // of the logarithm of the days between
	weightDated   = 1     // that both say when is a sign of its own
	weightBias    = -3
)

const (
	clampScore = 6 // one pair does not decide for all of a story
	joinAt     = 0
	relatedAt  = -1.5
	noScore    = -clampScore // of articles that share nothing
)

// features are what the regression sees.
type features [7]float64

func pairFeatures(a, b *unit) features {
	l := compare(&a.vector, &b.vector)
	dated := 0.0
	if a.dated && b.dated {
		dated = 1
	}
	return features{l.all, l.names, l.titles, l.leads, l.crossed, math.Log1p(days(a.at, b.at)), dated}
}

var weights = features{weightAll, weightNames, weightTitles, weightLeads, weightCrossed, weightTime, weightDated}

// pairScore says how much two units speak of one event: the logarithm of the
// odds, more than zero if they rather do.
func pairScore(a, b *unit) float64 {
	f := pairFeatures(a, b)
	if f[0] < minLikeness {
		return noScore
	}
	score := weightBias + 0.0
	for i, x := range f {
		score += weights[i] * x
	}
	return max(-clampScore, min(clampScore, score))
}

// minLikeness is what two articles on one event always have in common.
const minLikeness = 0.03

// days is the distance of two times in seconds.
func days(a, b int64) float64 {
	return math.Abs(float64(a-b)) / 86400
}
