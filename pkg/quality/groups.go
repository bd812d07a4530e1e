package quality

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// groupSets are the sets of articles whose copies or stories are known, each a
// folder data/neardup_NAME. Where events are what is known, stories are scored.
var groupSets = []struct {
	name    string
	stories bool
}{
	{"wire2018", false},
	{"synth", false},
	{"reuters21578", false},
	{"basil", true},
	{"allsides_dated", true},
	{"vimds", true},
	{"ecbplus", true},
}

// groupScores is what the scorer of copies and stories answers.
type groupScores struct {
	Groups struct {
		ARI    float64 `json:"ari"`
		BCubed float64 `json:"b3_f1"`
	} `json:"near_duplicate"`
	Pairs struct {
		TemplatesJoined float64 `json:"template_merged"`
	} `json:"labelled_pairs"`
	Reuse *struct {
		Links  float64 `json:"links"`
		Recall float64 `json:"recall"`
		Joined float64 `json:"merged"`
	} `json:"partial_reuse_links"`
}

// scoreGroups has the program find copies and stories in the sets and scores
// them. A set that is not there has no figures.
func scoreGroups(ctx context.Context, o *Options, python string, figures Figures) error {
	for _, set := range groupSets {
		dir := filepath.Join(o.Data, "data", "neardup_"+set.name)
		docs := filepath.Join(dir, "docs.jsonl")
		if _, err := os.Stat(docs); err != nil {
			continue
		}
		fmt.Fprintf(o.Stderr, "clustering %s\n", set.name)
		answer, err := output(exec.CommandContext(ctx, o.Program, "cluster", "--jsonl", docs))
		if err != nil {
			return fmt.Errorf("cluster %s: %w", docs, err)
		}
		if set.stories {
			if answer, err = storiesAsClusters(answer); err != nil {
				return fmt.Errorf("cluster %s: %w", docs, err)
			}
		}
		predictions := filepath.Join(o.Work, set.name+".jsonl")
		if err := os.WriteFile(predictions, answer, 0o644); err != nil {
			return fmt.Errorf("write predictions: %w", err)
		}
		data, err := output(exec.CommandContext(ctx, python, filepath.Join(o.Data, "score_neardup.py"), "--truth", dir, "--pred", predictions, "--json"))
		if err != nil {
			return fmt.Errorf("score %s: %w", set.name, err)
		}
		var scores groupScores
		if err := json.Unmarshal(data, &scores); err != nil {
			return fmt.Errorf("read scores of %s: %w", set.name, err)
		}
		templates, err := countTemplates(filepath.Join(dir, "pairs.jsonl"))
		if err != nil {
			return err
		}
		scores.note(figures, set.name, set.stories, templates)
	}
	return nil
}

// note adds the figures of a set.
func (s *groupScores) note(figures Figures, set string, stories bool, templates int) {
	if stories {
		figures[set+".stories"] = s.Groups.BCubed
		return
	}
	figures[set+".copies"] = s.Groups.ARI
	if s.Reuse != nil && s.Reuse.Links > 0 {
		figures[set+".links"] = s.Reuse.Recall
		figures[set+".apart"] = 1 - s.Reuse.Joined/s.Reuse.Links
	}
	if templates > 0 {
		figures[set+".templates"] = 1 - s.Pairs.TemplatesJoined/float64(templates)
	}
}

// storiesAsClusters puts the story of every line where the scorer looks for its
// group.
func storiesAsClusters(lines []byte) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	for line := range bytes.Lines(lines) {
		var in struct {
			ID    string `json:"id"`
			Story string `json:"story"`
		}
		if err := json.Unmarshal(line, &in); err != nil {
			return nil, fmt.Errorf("read answer: %w", err)
		}
		if err := enc.Encode(map[string]string{"id": in.ID, "cluster": in.Story}); err != nil {
			return nil, fmt.Errorf("write answer: %w", err)
		}
	}
	return out.Bytes(), nil
}

// countTemplates counts the pairs that have a form in common and nothing else.
func countTemplates(file string) (int, error) {
	data, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read pairs: %w", err)
	}
	n := 0
	for line := range bytes.Lines(data) {
		var pair struct {
			Relation string `json:"relation"`
		}
		if err := json.Unmarshal(line, &pair); err != nil {
			return 0, fmt.Errorf("read %s: %w", file, err)
		}
		if pair.Relation == "template" {
			n++
		}
	}
	return n, nil
}
