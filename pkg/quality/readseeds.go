package quality

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// seed is one text with its labels.
type seed struct {
	id    string
	raw   []byte
	spans []span
	facts seedFacts
}

// scoreSeeds cleans the seeds as plain text and scores what became of each line.
func scoreSeeds(ctx context.Context, o *Options, figures Figures) (*seedScore, error) {
	score := &seedScore{}
	seeds, err := readSeeds(o.Seeds)
	if err != nil || len(seeds) == 0 {
		return score, err
	}
	cleaned, err := cleanSeeds(ctx, o, seeds)
	if err != nil {
		return nil, err
	}
	for i := range seeds {
		s := &seeds[i]
		score.add(s.id, s.spans, &s.facts, &cleaned[i])
	}
	figures[seedWords], figures[seedKinds], figures[seedMeta] = score.words, score.lines.figure(), score.facts.figure()
	return score, nil
}

// readSeeds reads NNN.raw.txt, NNN.labels.jsonl and NNN.meta.json of a folder;
// a folder that is not there has none.
func readSeeds(dir string) ([]seed, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.raw.txt"))
	if err != nil {
		return nil, fmt.Errorf("find seeds: %w", err)
	}
	seeds := make([]seed, len(files))
	for i, file := range files {
		if err := seeds[i].read(file); err != nil {
			return nil, fmt.Errorf("read seed %s: %w", file, err)
		}
	}
	return seeds, nil
}

func (s *seed) read(file string) error {
	base := strings.TrimSuffix(file, ".raw.txt")
	s.id = filepath.Base(base)
	var err error
	if s.raw, err = os.ReadFile(file); err != nil {
		return err
	}
	facts, err := os.ReadFile(base + ".meta.json")
	if err != nil {
		return err
	}
	if err := json.Unmarshal(facts, &s.facts); err != nil {
		return err
	}
	labels, err := os.ReadFile(base + ".labels.jsonl")
	if err != nil {
		return err
	}
	s.spans, err = decodeLines[span](labels)
	return err
}

// cleanSeeds runs the program over all seeds, with the fate of every block.
func cleanSeeds(ctx context.Context, o *Options, seeds []seed) ([]cleaned, error) {
	var in bytes.Buffer
	enc := json.NewEncoder(&in)
	for i := range seeds {
		if err := enc.Encode(map[string]string{"id": seeds[i].id, "text": string(seeds[i].raw)}); err != nil {
			return nil, fmt.Errorf("write seeds: %w", err)
		}
	}
	cmd := exec.CommandContext(ctx, o.Program, "clean", "--jsonl", "--explain")
	cmd.Stdin = &in
	data, err := output(cmd)
	if err != nil {
		return nil, fmt.Errorf("clean seeds: %w", err)
	}
	out, err := decodeLines[cleaned](data)
	if err == nil && len(out) != len(seeds) {
		err = fmt.Errorf("%d answers to %d seeds", len(out), len(seeds))
	}
	if err != nil {
		return nil, fmt.Errorf("clean seeds: %w", err)
	}
	return out, nil
}

func decodeLines[T any](data []byte) ([]T, error) {
	var out []T
	for line := range bytes.Lines(data) {
		var v T
		if err := json.Unmarshal(line, &v); err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}
