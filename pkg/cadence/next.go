package cadence

import (
	"hash/fnv"
	"math"
	"time"
)

const (
	// DeadAfter is how long a feed fails in a way that does not pass by itself
	// until it counts as dead; of any other failure three times as long.
	DeadAfter = 14 * 24 * time.Hour
	// DeadPoll is how often a dead feed is looked at.
	DeadPoll = 7 * 24 * time.Hour
	// maxHold bounds how long a cache lifetime is waited for.
	maxHold = time.Hour
	// trusted is how many entries make a rate a better guide than what the feed
	// asks for: most feeds ask for the default of the program that writes them.
	trusted = 3
	// ticks is in how many steps a target is looked at.
	ticks = 9
	// gain is how much better than an earlier poll a later one must be.
	gain = 0.01
	// windowShare is the part of a feed's length that may have come anew before
	// it is polled: what is pushed out of a feed is never found.
	windowShare = 0.4
)

// Dead reports whether the feed has failed so long that it is only looked at
// once a week.
func (s *State) Dead() bool {
	if s.Failures == 0 || s.Failure == FailureBlock {
		return false
	}
	limit := DeadAfter
	if s.Failure != FailureHard {
		limit *= 3
	}
	return s.FailedAt.Sub(s.FailingSince) >= limit
}

// Next returns when the feed is polled after the last poll observed. key names
// the feed; it spreads feeds that would all be due in the same moment.
func (p Policy) Next(s *State, key string) time.Time {
	if s.Failures > 0 {
		return s.FailedAt.Add(max(spread(p.failureWait(s), key, s.FailedAt), s.RetryAfter))
	}
	if s.At.IsZero() {
		return time.Time{}
	}
	wait := s.skip(max(p.wait(s), p.hold(s, key), p.Min))
	return s.At.Add(p.shift(min(wait, p.Max), key, s.At))
}

// failureWait doubles from failure to failure, but a feed that has failed for an
// hour is not left for a day.
func (p Policy) failureWait(s *State) time.Duration {
	switch {
	case s.Dead():
		return DeadPoll
	case s.Failure == FailureBlock:
		return p.Max
	}
	wait := p.Min
	for i := 1; i < min(s.Failures, 20) && wait < p.Max; i++ {
		wait *= 2
	}
	limit := max(time.Hour, s.FailedAt.Sub(s.FailingSince)/8)
	if !s.At.IsZero() {
		limit = max(limit, p.wait(s))
	}
	return max(min(wait, limit, s.filling(), p.Max), p.Min)
}

// filling returns how long a feed that fails takes to bring a fifth of its
// length anew at this hour's rate. A feed that is short and busy loses entries
// when it is asked again long after its server has recovered.
func (s *State) filling() time.Duration {
	if s.Entries == 0 || s.At.IsZero() {
		return math.MaxInt64
	}
	hourly := s.model(s.At).between(s.FailedAt, s.FailedAt.Add(time.Hour))
	hours := windowShare / 2 * float64(s.Entries) / max(hourly, 0.01)
	return time.Duration(min(hours, 1000) * float64(time.Hour))
}

// hold returns how long the copy that was read last is served by caches: asking
// earlier brings the same again. Many servers state a lifetime that no cache
// keeps to, so polls ask earlier until they would have found something, and now
// and then after that; when those
// find something, which no true cache allows, the lifetime is not believed.
func (p Policy) hold(s *State, key string) time.Duration {
	if s.known() < trusted {
		return min(max(s.Fresh, s.TTL), maxHold) // nothing better is known
	}
	explore := uint64(1)
	if s.Early >= 4 {
		explore = 8
	}
	if s.Fresh <= 0 || s.Hits > 0 && s.Hits*8 >= s.Early || chance(key, s.At)%explore == 0 {
		return 0
	}
	return min(s.Fresh+time.Second, maxHold)
}

// known returns how many entries the feed's rate is known from.
func (s *State) known() float64 {
	sum := 0.0
	for _, n := range s.Days {
		sum += n
	}
	return sum
}

// wait returns the time from the last good poll until the next is worth its
// price, in ticks.
func (p Policy) wait(s *State) time.Duration {
	v := newValue(s, p)
	tick := p.Target / ticks
	steps := int(p.Max / tick)
	best, at, last := 0.0, 0, steps
	for i := 1; i <= last; i++ {
		worth := v.step()
		if v.all > v.window && i > 1 {
			return time.Duration(i-1) * tick
		}
		if time.Duration(i)*tick < p.Min {
			continue
		}
		if at == 0 {
			if worth < p.Price {
				continue
			}
			// It is worth a poll from now on. Wait as long as more comes than gets
			// late.
			last = min(last, i+ticks)
			v.late = 0
		}
		if score := v.soon - v.late; at == 0 || score > best*(1+gain) {
			best, at = score, i
		}
	}
	if at == 0 {
		return p.Max
	}
	return time.Duration(at) * tick
}

// value follows what a poll would be worth, tick by tick since the last.
type value struct {
	m        *model
	t        time.Time
	patience float64
	tick     time.Duration
	window   float64        // entries that may come before some are lost
	ring     [ticks]float64 // entries expected in each of the last ticks
	n        int
	soon     float64 // entries waiting for less than the target
	late     float64 // entries that have become late since it was last set
	all      float64 // entries waiting
	waited   float64 // entry minutes waited
	hourly   float64
	until    time.Time // the end of the hour that hourly is of
}

func newValue(s *State, p Policy) *value {
	window := float64(1 << 30)
	if s.Entries > 0 {
		window = max(windowShare*float64(s.Entries), 3)
	}
	return &value{
		m: s.model(s.At), t: s.At.UTC(), patience: p.Patience / ticks, window: window, tick: p.Target / ticks,
	}
}

// step goes on by a minute and returns the worth of a poll then.
func (v *value) step() float64 {
	if !v.t.Before(v.until) {
		v.hourly, v.until = v.m.hourly(v.t), v.t.Truncate(time.Hour).Add(time.Hour)
	}
	entries := v.hourly * v.m.minutes[v.t.Minute()] * v.tick.Minutes()
	v.waited += v.all + entries/2
	v.all += entries
	slot := &v.ring[v.n%ticks]
	v.soon += entries - *slot
	v.late += *slot
	*slot = entries
	v.n++
	v.t = v.t.Add(v.tick)
	return v.soon + v.patience*v.waited
}

// shift moves a poll by up to a tenth of its wait, at most a minute for short
// ones: later only, so that a minute in which entries come is not missed.
func (p Policy) shift(wait time.Duration, key string, at time.Time) time.Duration {
	room := wait / 10
	if wait < time.Hour {
		room = min(room, 30*time.Second)
	}
	if room < time.Millisecond {
		return wait
	}
	return min(wait-room/2+time.Duration(chance(key, at)>>8)%room, p.Max)
}

// spread moves a wait by a twentieth up or down.
func spread(wait time.Duration, key string, at time.Time) time.Duration {
	room := wait / 10
	if room < time.Millisecond {
		return wait
	}
	return wait - room/2 + time.Duration(chance(key, at)>>8)%room
}

// chance is a number that only feed and time decide.
func chance(key string, at time.Time) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(key))
	var b [8]byte
	n := uint64(at.UnixNano())
	for i := range b {
		b[i] = byte(n >> (8 * i))
	}
	_, _ = h.Write(b[:])
	x := h.Sum64()
	// FNV leaves the low bits of near inputs alike.
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	return x ^ x>>33
}
