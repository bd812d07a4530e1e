package story

import "math"

// features are what is known of a pair of articles.
type features [numFeatures]float64

const (
	fAll     = iota // cosine of the texts
	fNames          // of their names
	fTitles         // of their titles
	fLeads          // of titles and first sentences
	fCrossed        // of the title of each with the whole of the other
	fTime           // logarithm of the days between
	fDated          // that both say when is a sign of its own
	numFeatures
)

// model is a logistic regression over pairs of articles: more than zero when
// they rather speak of one event.
type model struct {
	weights features
	bias    float64
}

// defaultModel was fitted to the pairs of one half of the events of four sets
// (TestFit prints it), rounded, and checked on the other half. It is the same
// for all languages. The bias is such that zero is where an article joins; that,
// and what dates are worth, leans to precision, as an archive has more strangers
// than the sets.
func defaultModel() model {
	return model{
		weights: features{fAll: 6.5, fNames: 2.5, fTitles: 2, fLeads: 5, fCrossed: 2.5, fTime: -3.25, fDated: 2},
		bias:    -4.5,
	}
}

const (
	clampScore  = 6 // one pair does not decide for all of a story
	joinAt      = 0
	relatedAt   = -1.5
	noScore     = -clampScore // of articles that share nothing
	minLikeness = 0.03        // what articles on one event always have in common
)

func pairFeatures(a, b *unit) features {
	f := compare(&a.vector, &b.vector)
	f[fTime] = math.Log1p(apart(a, b))
	if a.dated && b.dated {
		f[fDated] = 1
	}
	return f
}

// score says how much two units speak of one event, as the logarithm of the odds.
func (m *model) score(a, b *unit) float64 {
	f := pairFeatures(a, b)
	if f[fAll] < minLikeness {
		return noScore
	}
	return max(-clampScore, min(clampScore, m.logit(&f)))
}

func (m *model) logit(f *features) float64 {
	z := m.bias
	for i, x := range f {
		z += m.weights[i] * x
	}
	return z
}

// days is the distance of two times in seconds.
// apart is how many days lie between two units. Where one of them has no date, it
// goes by when they arrived: an old report that is read today arrives with others
// of its time.
func apart(a, b *unit) float64 {
	if a.dated && b.dated {
		return days(a.at, b.at)
	}
	return days(a.arrived, b.arrived)
}

func days(a, b int64) float64 {
	return math.Abs(float64(a-b)) / 86400
}
