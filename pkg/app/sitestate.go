package app

import (
	"fmt"
	"math/bits"
	"time"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/fetch"
)

// The states of a publisher, as /sources shows them.
const (
	siteOK      = "ok"
	siteBlocked = "blocked" // robots.txt, 401, 403 or a challenge, and nothing else
	siteFailing = "failing" // no answer, 429 or 5xx, and nothing else
	siteMissing = "missing" // hardly a page of it is found: its takedowns are held
	siteTeasers = "teasers" // hardly an article of it is whole
)

const (
	// streakOf is how many fetches in a row must end alike before that is the
	// state of the site: a page that is refused is no refused site.
	streakOf = 3
	// teaserWindow is how many of the last articles of a site are looked at;
	// minTeaserTexts of them must be there, and teaserShare in a hundred of
	// them not whole.
	teaserWindow   = 32
	minTeaserTexts = 5
	teaserShare    = 80
)

// streak is what happened in a row, up to now.
type streak struct {
	Kind  string    `json:"kind,omitempty"` // blocked or failing; "" when the last one went well
	Count int       `json:"count,omitempty"`
	Since time.Time `json:"since,omitzero"`
	Why   string    `json:"why,omitempty"` // of the last one; a bounded set of words
}

// add continues a streak with another that came after it.
func (s *streak) add(next streak) {
	if s.Kind == next.Kind && s.Kind != "" {
		next.Count += s.Count
		next.Since = s.Since
	}
	*s = next
}

// siteState is what bucket copydesk_sites holds of a site.
type siteState struct {
	Site   string    `json:"site"`
	Pages  streak    `json:"pages,omitzero"`
	Feeds  streak    `json:"feeds,omitzero"`
	LastOK time.Time `json:"last_ok,omitzero"` // when a page last came

	// Texts is the last articles, the latest in bit 0: 1 is no whole article.
	Texts      uint32    `json:"texts,omitempty"`
	TextCount  int       `json:"text_count,omitempty"` // up to 32
	TextsSince time.Time `json:"texts_since,omitzero"` // first of the teasers in a row
	TextWhy    string    `json:"text_why,omitempty"`   // access of the last of them
	Looks      lookRow   `json:"looks,omitzero"`       // whether its pages are found
	// Empty counts what came in a row and held no article.
	Empty streak `json:"empty,omitzero"`
}

// verdict returns the state of a site, since when and why. Being kept out
// comes before failing, and both before what its pages and articles are like.
func (s *siteState) verdict() (state string, since time.Time, why string) {
	for _, kind := range []string{siteBlocked, siteFailing} {
		for _, x := range []streak{s.Pages, s.Feeds, s.Empty} {
			if x.Kind == kind && x.Count >= streakOf {
				return kind, x.Since, x.Why
			}
		}
	}
	if s.Looks.missing() {
		return siteMissing, s.Looks.Since, "404 or 410"
	}
	if s.onlyTeasers() {
		return siteTeasers, s.TextsSince, s.TextWhy
	}
	return siteOK, time.Time{}, ""
}

// seen adds what happened to a site since the record was last written.
func (s *siteState) seen(n *siteNews) {
	for _, part := range []struct {
		to   *streak
		news *streakNews
	}{{&s.Pages, &n.pages}, {&s.Feeds, &n.feeds}, {&s.Empty, &n.empty}} {
		if part.news.well {
			*part.to = streak{}
		}
		if part.news.Kind != "" {
			part.to.add(part.news.streak)
		}
	}
	if n.lastOK.After(s.LastOK) {
		s.LastOK = n.lastOK
	}
	for _, l := range n.looks {
		s.Looks.add(l)
	}
	for _, t := range n.texts {
		s.text(t)
	}
}

// text notes one article.
func (s *siteState) text(t textNews) {
	s.Texts <<= 1
	s.TextCount = min(s.TextCount+1, teaserWindow)
	if t.access != article.Full {
		s.Texts |= 1
		s.TextWhy = string(t.access)
		if s.TextsSince.IsZero() {
			s.TextsSince = t.at
		}
	} else if !s.onlyTeasers() {
		s.TextsSince = time.Time{}
	}
}

// onlyTeasers reports whether hardly one of the last articles was whole.
func (s *siteState) onlyTeasers() bool {
	return s.TextCount >= minTeaserTexts && bits.OnesCount32(s.Texts)*100 >= s.TextCount*teaserShare
}

// siteNews is what happened to a site since its record was last written.
type siteNews struct {
	pages, feeds, empty streakNews
	lastOK              time.Time
	texts               []textNews // the last of them
	looks               []lookNews // the last of them
	changed             bool       // there is something to write
	urgent              bool       // that may change the state
	written             time.Time
	state               string // as last written
}

// streakNews is a streak that may have begun after things went well.
type streakNews struct {
	streak
	well bool
}

type textNews struct {
	access article.Access
	at     time.Time
}

func (n *streakNews) ended(kind, why string, at time.Time) {
	if kind == "" {
		*n = streakNews{well: true}
		return
	}
	n.add(streak{Kind: kind, Count: 1, Since: at, Why: why})
}

// fetchKind sorts the ends of fetches: those that keep us out, those that fail,
// good ones (""), and those that say nothing of the site.
func fetchKind(err *fetch.Error) (kind, why string, counts bool) {
	if err == nil {
		return "", "", true
	}
	switch err.Class {
	case fetch.ClassRobots:
		return siteBlocked, "robots.txt", true
	case fetch.ClassChallenge:
		return siteBlocked, "challenge", true
	case fetch.ClassRobotsUnreachable:
		return siteFailing, "robots.txt does not answer", true
	case fetch.ClassDNS, fetch.ClassConnect, fetch.ClassTLS, fetch.ClassTimeout, fetch.ClassProtocol, fetch.ClassTruncated, fetch.ClassEncoding:
		return siteFailing, err.Class, true
	}
	switch {
	case err.Status == 401 || err.Status == 402 || err.Status == 403 || err.Status == 451:
		return siteBlocked, fmt.Sprintf("status %d", err.Status), true
	case err.Status == 429 || err.Status >= 500 && err.Status < 600:
		return siteFailing, fmt.Sprintf("status %d", err.Status), true
	}
	return "", "", false
}
