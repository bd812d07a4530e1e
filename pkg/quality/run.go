package quality

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Options says what is measured and where the figures go.
type Options struct {
	Data    string // folder of the evaluation: score.py and data/SET
	Seeds   string // folder of the seeds
	Program string // the copydesk command to measure
	Work    string // folder for predictions and scores, to look into afterwards
	Record  string // file of the committed figures
	Doc     string // file that shows them
	Update  bool   // commit the figures of this run instead of comparing
	Stdout  io.Writer
	Stderr  io.Writer // progress
	Now     func() time.Time
}

// ErrWorse says that a figure fell below the committed one.
var ErrWorse = errors.New("worse than the committed figures")

// Run measures and prints the table. It returns an error that wraps [ErrWorse]
// where a figure fell. Without the pages it says so and does nothing.
func Run(ctx context.Context, o Options) error {
	if _, err := os.Stat(filepath.Join(o.Data, "score.py")); err != nil {
		fmt.Fprintf(o.Stdout, "skipped: the evaluation pages are not here (%v)\n", err)
		return nil
	}
	python, err := exec.LookPath("python3")
	if err != nil {
		return errors.New("the scorer needs python3, any from 3.8 on, without packages: apt-get install python3, brew install python, or https://www.python.org/downloads")
	}
	committed, err := ReadRecord(o.Record)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(o.Work, 0o755); err != nil {
		return fmt.Errorf("make folder for predictions: %w", err)
	}
	figures := Figures{}
	start := o.Now()
	if err := scoreSets(ctx, &o, python, figures); err != nil {
		return err
	}
	seeds, err := scoreSeeds(ctx, &o, figures)
	if err != nil {
		return err
	}
	if err := scoreGroups(ctx, &o, python, figures); err != nil {
		return err
	}
	fmt.Fprintf(o.Stderr, "measured in %v; pages and scores are in %s\n", o.Now().Sub(start).Round(time.Second/10), o.Work)
	if err := figures.print(o.Stdout, committed); err != nil {
		return fmt.Errorf("print table: %w", err)
	}
	for _, miss := range seeds.misses {
		fmt.Fprintf(o.Stdout, "seed %s\n", miss)
	}
	return conclude(&o, figures, committed)
}

// conclude commits the figures or holds them against the committed ones.
func conclude(o *Options, figures Figures, committed Record) error {
	if o.Update {
		version, err := cleanerVersion(filepath.Join(o.Work, predictionsFile))
		if err != nil {
			return err
		}
		r := Record{o.Now().UTC().Format(time.DateOnly), version, figures}
		return errors.Join(r.Write(o.Record), r.WriteDoc(o.Doc))
	}
	if worse := Worse(figures, committed.Figures); len(worse) > 0 {
		return fmt.Errorf("%w by more than %g: %s", ErrWorse, Tolerance, strings.Join(worse, "; "))
	}
	return nil
}

// predictionsFile is what the program made of the pages, in the folder for work.
const predictionsFile = "predictions.jsonl"

// cleanerVersion reads the version of the cleaner off its first answer.
func cleanerVersion(predictions string) (string, error) {
	f, err := os.Open(predictions)
	if err != nil {
		return "", fmt.Errorf("read version of the cleaner: %w", err)
	}
	defer f.Close()
	var first struct {
		Normalizer string `json:"normalizer"`
	}
	if err := json.NewDecoder(f).Decode(&first); err != nil {
		return "", fmt.Errorf("read version of the cleaner: %w", err)
	}
	return first.Normalizer, nil
}

// scoreSets cleans the pages of all sets and has the scorer judge the result.
func scoreSets(ctx context.Context, o *Options, python string, figures Figures) error {
	files, err := filepath.Glob(filepath.Join(o.Data, "data", "*", "pages.jsonl.gz"))
	if err != nil {
		return fmt.Errorf("find sets: %w", err)
	}
	predictions := filepath.Join(o.Work, predictionsFile)
	out, err := os.Create(predictions)
	if err != nil {
		return fmt.Errorf("write predictions: %w", err)
	}
	err = cleanPages(ctx, o, files, out)
	if err := errors.Join(err, out.Close()); err != nil {
		return err
	}
	fmt.Fprintln(o.Stderr, "scoring")
	data, err := output(exec.CommandContext(ctx, python, filepath.Join(o.Data, "score.py"), "--truth", filepath.Join(o.Data, "data"),
		"--pred", predictions, "--json", "--no-bootstrap", "--per-page", filepath.Join(o.Work, "pages.jsonl")))
	if err != nil {
		return fmt.Errorf("score: %w", err)
	}
	var scores map[string]any
	if err := json.Unmarshal(data, &scores); err != nil {
		return fmt.Errorf("read scores: %w", err)
	}
	figures.read(scores)
	return nil
}

// cleanPages feeds the pages of all sets to one run of the program.
func cleanPages(ctx context.Context, o *Options, files []string, out io.Writer) error {
	pages, feed := io.Pipe()
	fed := make(chan struct{})
	go func() {
		defer close(fed)
		feed.CloseWithError(feedPages(feed, files, o.Stderr)) // nil ends the input
	}()
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, o.Program, "clean", "--jsonl")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = pages, out, &stderr
	err := cmd.Run()
	_ = pages.Close() // a program that ended early lets go of the feeder
	<-fed
	if err != nil {
		return fmt.Errorf("%s clean: %w: %s", o.Program, err, bytes.TrimSpace(stderr.Bytes()))
	}
	return nil
}

func feedPages(w io.Writer, files []string, progress io.Writer) error {
	for _, file := range files {
		fmt.Fprintf(progress, "cleaning %s\n", filepath.Base(filepath.Dir(file)))
		if err := feedFile(w, file); err != nil {
			return fmt.Errorf("read pages %s: %w", file, err)
		}
	}
	return nil
}

func feedFile(w io.Writer, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, z)
	return err
}

// output runs a command and returns what it prints; its complaints are part of
// the error.
func output(cmd *exec.Cmd) ([]byte, error) {
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	data, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, bytes.TrimSpace(stderr.Bytes()))
	}
	return data, nil
}
