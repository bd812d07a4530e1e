package fetch

import (
	"slices"
	"strings"

	"github.com/copydesk/copydesk/pkg/article"
)

// trainers are the product tokens of crawlers that gather training data, by
// what their operators say of them, in lower case. A robots.txt that keeps one
// of them out of a page says that models must not be trained with it. At most
// 30 fit the bits of a group.
func trainers() []string {
	return []string{
		"gptbot", "claudebot", "anthropic-ai", "ccbot", "google-extended", "applebot-extended", "meta-externalagent", "facebookbot",
		"bytespider", "cohere-ai", "cohere-training-data-crawler", "omgilibot", "omgili", "diffbot", "amazonbot", "pangubot", "timpibot",
		"webzio-extended",
	}
}

const (
	// maxTrainerRules bounds the rules of such crawlers that are kept of one
	// robots.txt: every page is matched against them.
	maxTrainerRules = 500
	maxSignals      = 100
)

// trainerRules are the rules of one group of such crawlers.
type trainerRules struct {
	agents uint32
	rules  []rule // in order
}

// trainerBit returns the bit of a crawler that gathers training data, else 0.
func trainerBit(token string) uint32 {
	if i := slices.IndexFunc(trainers(), func(t string) bool { return strings.EqualFold(t, token) }); i >= 0 {
		return bitTrainer << i
	}
	return 0
}

// addTrainers keeps the rules of a group, if it is for such crawlers.
func (r *Robots) addTrainers(g *robotsGroup) {
	agents := g.agents &^ (bitAny | bitOwn)
	kept := 0
	for _, t := range r.trainers {
		kept += len(t.rules)
	}
	rules := slices.Clone(g.rules[:min(len(g.rules), maxTrainerRules-kept)])
	if agents == 0 || len(rules) == 0 {
		return
	}
	sortRules(rules)
	for _, x := range rules {
		r.size += int64(len(x.pattern)) + 48
	}
	r.trainers = append(r.trainers, trainerRules{agents, rules})
}

// signal is what a Content-Signal or Content-Usage line says of the pages that
// the rule matches.
type signal struct {
	rule    rule
	noAI    bool
	noIndex bool
}

// signal reads "[/path] search=yes, ai-train=no". It does not end the head of a
// group; in front of all groups it is for everybody.
func (p *robotsParser) signal(value string) {
	s := signal{rule: newRule(true, "/")}
	if strings.HasPrefix(value, "/") {
		path, rest, _ := strings.Cut(value, " ")
		s.rule, value = newRule(true, path), rest
	}
	for preference := range strings.SplitSeq(value, ",") {
		name, answer, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(preference, " ", "")), "=")
		if answer != "no" && answer != "n" {
			continue
		}
		s.noAI = s.noAI || name == "ai-train" || name == "train-ai" || name == "train-genai"
		s.noIndex = s.noIndex || name == "search"
	}
	if !s.noAI && !s.noIndex {
		return
	}
	if len(p.groups) == 0 {
		p.signals = append(p.signals, s)
	} else if g := p.group(); g != nil && len(g.signals) < maxSignals {
		g.signals = append(g.signals, s)
	}
}

// Rights returns what the robots.txt reserves of a page beyond whether it may
// be fetched: content signals, and crawlers for training data that are kept
// out of it. Sources names them.
func (r *Robots) Rights(pathQuery string) article.Rights {
	var out article.Rights
	if len(r.signals) == 0 && len(r.trainers) == 0 {
		return out
	}
	path := normalisePath(pathQuery, false)
	for _, s := range r.signals {
		if s.rule.matches(path) {
			out.Add(article.Rights{NoAI: s.noAI, NoIndex: s.noIndex, Sources: []string{"robots.txt: content signal"}})
		}
	}
	for i, name := range trainers() {
		if !r.trains(bitTrainer<<i, path) {
			out.Add(article.Rights{NoAI: true, Sources: []string{"robots.txt: " + name}})
		}
	}
	return out
}

// trains reports whether the crawler of a bit may fetch a path: the longest
// rule of all its groups decides.
func (r *Robots) trains(bit uint32, path string) bool {
	weight, allow := -1, true
	for _, t := range r.trainers {
		if t.agents&bit == 0 {
			continue
		}
		for _, x := range t.rules {
			if x.weight < weight {
				break
			}
			if x.matches(path) {
				allow = x.allow || allow && x.weight == weight
				weight = x.weight
				break
			}
		}
	}
	return allow
}
