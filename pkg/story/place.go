package story

import (
	"cmp"
	"slices"
)

const (
	maxQueried    = 24 // rarest terms of a new article that are looked up
	maxCandidates = 48 // units it is compared with
	maxTouched    = maxQueried * maxChain
	maxStories    = 8  // stories it is compared with
	nearest       = 16 // members that speak for a story: its nearest ones
	sample        = 24 // members of a story that are compared at most
	maxRelated    = 5
	moveMargin    = 0.5 // how much nearer another story must be for an article to move
)

// finder collects units by the terms that they share; its buffers are reused.
type finder struct {
	table  []touched // open addressing, a power of two
	used   []uint32
	round  uint32
	best   []touched
	groups []ranked
	scores []float64
}

type touched struct {
	unit, round uint32
	weight      float64
}

// ranked is a story with its score.
type ranked struct {
	group *group
	score float64
}

func newFinder() *finder { return &finder{table: make([]touched, 4*1024)} }

func (f *finder) touch(unit uint32, weight float64) {
	mask := uint32(len(f.table) - 1)
	i := unit * 2654435761 >> 7 & mask
	for f.table[i].round == f.round && f.table[i].unit != unit {
		i = (i + 1) & mask
	}
	if f.table[i].round != f.round {
		f.table[i] = touched{unit: unit, round: f.round}
		f.used = append(f.used, i)
	}
	f.table[i].weight += weight
}

// candidates returns the units that share the most with the terms, best first.
func (t *Tracker) candidates(terms []weighed) []touched {
	f := t.finder
	f.round++
	f.used, f.best = f.used[:0], f.best[:0]
	for _, x := range terms[:min(len(terms), maxQueried)] {
		t.postings.each(x.key, func(unit uint32) { f.touch(unit, x.finding) })
	}
	for _, i := range f.used {
		f.best = append(f.best, f.table[i])
	}
	slices.SortFunc(f.best, func(a, b touched) int {
		return cmp.Or(cmp.Compare(b.weight, a.weight), int(int32(b.unit-a.unit)))
	})
	return f.best[:min(len(f.best), maxCandidates)]
}

// place finds the story of a new unit, and lets its neighbours follow.
func (t *Tracker) place(u *unit, terms []weighed, newID string) Assignment {
	window := t.opts.Window.Hours() / 24
	var near []*unit
	for _, c := range t.candidates(terms) {
		v := t.unit(c.unit)
		if v == nil || apart(u, v) > window {
			continue
		}
		t.score(u, v)
		if v.score > relatedAt {
			near = append(near, v)
		}
	}
	slices.SortStableFunc(near, func(a, b *unit) int { return cmp.Compare(b.score, a.score) })
	groups := t.rank(u, near)
	var a Assignment
	if moves, done := t.regroup(u, groups, newID); done {
		a.Moved = moves
	} else {
		t.enter(u, groups[0].group)
		a.Moved = t.follow(u, near, groups[1:])
	}
	for _, g := range groups {
		if g.group != u.story && len(g.group.units) > 0 && g.score >= relatedAt && len(a.Related) < maxRelated {
			a.Related = append(a.Related, g.group.id)
		}
	}
	return a
}

// score compares a known unit with the one that is being added.
func (t *Tracker) score(u, v *unit) float64 {
	if v.mark != t.finder.round {
		v.mark, v.score = t.finder.round, float32(t.model.score(u, v))
	}
	return float64(v.score)
}

// rank returns the stories of the nearest units, best first.
func (t *Tracker) rank(u *unit, near []*unit) []ranked {
	groups := t.finder.groups[:0]
	for _, v := range near {
		if slices.ContainsFunc(groups, func(r ranked) bool { return r.group == v.story }) {
			continue
		}
		scores := t.finder.scores[:0]
		members := v.story.units
		for _, m := range near { // known already
			if m.story == v.story {
				scores = append(scores, float64(m.score))
			}
		}
		for i := len(members) - 1; i >= 0 && len(scores) < sample; i-- {
			if !slices.Contains(near, members[i]) {
				scores = append(scores, t.score(u, members[i]))
			}
		}
		t.finder.scores = scores
		groups = append(groups, ranked{v.story, meanOfBest(scores)})
		if len(groups) == maxStories {
			break
		}
	}
	t.finder.groups = groups
	slices.SortStableFunc(groups, func(a, b ranked) int { return cmp.Compare(b.score, a.score) })
	return groups
}

// meanOfBest is how near a story is: the mean of its nearest members, so that a
// story may last for days, and one near member does not chain two stories.
func meanOfBest(scores []float64) float64 {
	if len(scores) == 0 {
		return noScore
	}
	slices.Sort(scores)
	scores = scores[max(0, len(scores)-nearest):]
	sum := 0.0
	for _, s := range scores {
		sum += s
	}
	return sum / float64(len(scores))
}

// fit is how near a unit, known already, is to a story without itself.
func (t *Tracker) fit(u *unit, g *group) float64 {
	scores := t.finder.scores[:0]
	for i := len(g.units) - 1; i >= 0 && len(scores) < sample; i-- {
		if g.units[i] != u {
			scores = append(scores, t.model.score(u, g.units[i]))
		}
	}
	t.finder.scores = scores
	return meanOfBest(scores)
}

// follow looks at what the new unit changes for its neighbours: stories that it
// shows to be one are merged, and units that are nearer to its story move there.
func (t *Tracker) follow(u *unit, near []*unit, others []ranked) []Move {
	var moves []Move
	for _, o := range others {
		if o.score < joinAt || o.group == u.story {
			break
		}
		into, from := u.story, o.group
		if len(from.units) > len(into.units) {
			into, from = from, into
		}
		if t.nearness(from, into) >= joinAt {
			for len(from.units) > 0 {
				moves = t.move(moves, from.units[0], into)
			}
		}
	}
	for _, v := range near {
		if v.score < joinAt {
			break
		}
		if v.story == u.story {
			continue
		}
		if there := t.fit(v, u.story); there >= joinAt && there > t.fit(v, v.story)+moveMargin {
			moves = t.move(moves, v, u.story)
		}
	}
	return moves
}

// nearness of two stories is the mean over the latest units of the smaller one.
func (t *Tracker) nearness(small, large *group) float64 {
	sum, n := 0.0, 0
	for i := len(small.units) - 1; i >= 0 && n < nearest; i-- {
		sum += t.fit(small.units[i], large)
		n++
	}
	return sum / float64(n)
}

// move takes v from its story to another, and notes it for its articles. The
// unit that is being added has none yet.
func (t *Tracker) move(moves []Move, v *unit, to *group) []Move {
	from := v.story.id
	t.leave(v)
	t.enter(v, to)
	for _, id := range v.docs {
		moves = append(moves, Move{ID: id, From: from, To: to.id})
	}
	return moves
}
