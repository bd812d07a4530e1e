package app

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/copydesk/copydesk/pkg/dedup"
	"github.com/copydesk/copydesk/pkg/extract"
	"github.com/copydesk/copydesk/pkg/story"
)

// ClusterCommand finds the copies and stories of a file of articles, without a
// broker and an index.
type ClusterCommand struct {
	JSONL  bool          `name:"jsonl" help:"Read articles as JSON, one {\"id\", \"title\"?, \"text\", \"published\"?, \"lang\"?, \"url\"?, \"source\"?} a line, in the order in which they came; an id that comes again is a new version of its article. Once all are read, write {\"id\", \"cluster\", \"story\", \"links\"} a line for each article, in the order of their last versions. The output of \"clean --jsonl\" is such input."`
	Window time.Duration `name:"window" default:"168h" help:"How long after it came a copy of an article is looked for, by the times of the articles. Default: ${default}."`
	Inputs []string      `arg:"" optional:"" name:"input" help:"Files, or - for standard input (the default). Several are one stream."`
}

// clusterIn is a line that `cluster --jsonl` reads.
type clusterIn struct {
	ID         string `json:"id"`
	Title      string `json:"title"`
	Standfirst string `json:"standfirst"`
	Text       string `json:"text"`
	Published  string `json:"published"`
	Lang       string `json:"lang"`
	Language   string `json:"language"` // as "clean --jsonl" has it
	URL        string `json:"url"`
	Source     string `json:"source"`
	Site       string `json:"site"`
}

// clusterOut is a line that it writes.
type clusterOut struct {
	ID      string   `json:"id"`
	Cluster string   `json:"cluster"`
	Story   string   `json:"story"`
	Links   []string `json:"links"`
}

// Run reads all articles, then writes where they belong.
func (c *ClusterCommand) Run(ctx context.Context, env Env) error {
	if !c.JSONL {
		return usagef("cluster reads JSON lines: copydesk cluster --jsonl [FILE]...")
	}
	if c.Window <= 0 {
		return usagef("--window %s: must be longer than nothing", c.Window)
	}
	inputs := c.Inputs
	if len(inputs) == 0 {
		inputs = []string{"-"}
	}
	k := newClusterer(c.Window)
	for _, input := range inputs {
		if err := k.readInput(ctx, env, input); err != nil {
			return err
		}
	}
	if err := k.relate(ctx, env.Stderr); err != nil {
		return err
	}
	return k.write(env.Stdout)
}

// clusterer holds the articles of one run.
type clusterer struct {
	window   time.Duration
	articles []clusterArticle
	at       map[string]int // of an id: the place of its last version that was taken in
}

// clusterArticle is an article, and where it was found to belong.
type clusterArticle struct {
	doc     dedup.Doc
	lead    string
	lang    string
	source  string
	arrived time.Time
	print   dedup.Fingerprint
	out     clusterOut
}

func newClusterer(window time.Duration) *clusterer {
	return &clusterer{window: window, at: map[string]int{}}
}

func (k *clusterer) readInput(ctx context.Context, env Env, input string) error {
	r, err := openInput(env, input)
	if err != nil {
		return err
	}
	defer r.Close()
	lines := lineReader{r: bufio.NewReaderSize(r, 1<<16)}
	for {
		line, err := lines.next(false)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = ctx.Err()
		}
		if err == nil && len(bytes.TrimSpace(line)) > 0 {
			err = k.add(line)
		}
		if err != nil {
			return fmt.Errorf("%s line %d: %w", inputName(input), lines.n, err)
		}
	}
}

// add keeps the article of a line.
func (k *clusterer) add(line []byte) error {
	var in clusterIn
	if err := json.Unmarshal(line, &in); err != nil {
		return fmt.Errorf("--jsonl takes one {\"id\", \"title\"?, \"text\", ...} a line: %w", err)
	}
	if in.ID == "" {
		return errors.New(`no "id"; the answer goes by it`)
	}
	a := clusterArticle{
		doc:  dedup.Doc{ID: in.ID, Title: in.Title, Text: in.Text, Published: clusterTime(in.Published)},
		lead: in.Standfirst, lang: cmp.Or(in.Lang, in.Language), source: cmp.Or(in.Source, in.Site, in.URL),
		out: clusterOut{ID: in.ID, Cluster: in.ID, Story: in.ID, Links: []string{}},
	}
	k.articles = append(k.articles, a)
	return nil
}

// clusterTime reads the time of an article; zero where there is none.
func clusterTime(s string) time.Time {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t
		}
	}
	return time.Time{}
}

// relate sketches the articles on all cores and then takes them in one by one,
// as the index worker does.
func (k *clusterer) relate(ctx context.Context, progress io.Writer) error {
	k.setArrivals()
	if err := k.sketch(ctx); err != nil {
		return err
	}
	engine := dedup.NewEngine(dedup.EngineOptions{
		TableOptions: dedup.TableOptions{Window: k.window},
		Fetch: func(id string) (dedup.Doc, bool) {
			i, ok := k.at[id]
			if !ok {
				return dedup.Doc{}, false
			}
			return k.articles[i].doc, true
		},
	})
	stories := story.New(story.Options{})
	for i := range k.articles {
		if err := ctx.Err(); err != nil {
			return err
		}
		if i > 0 && i%clusterProgress == 0 {
			fmt.Fprintf(progress, "%d of %d articles\n", i, len(k.articles))
		}
		k.place(i, engine, stories)
	}
	return nil
}

// setArrivals says when the articles came, which is what the window goes by: at
// the time that they carry; without one, with the article before them, and the
// first ones with the first that has one.
func (k *clusterer) setArrivals() {
	last := time.Unix(0, 0).UTC()
	for i := range k.articles {
		if t := k.articles[i].doc.Published; !t.IsZero() {
			last = t
			break
		}
	}
	for i := range k.articles {
		if t := k.articles[i].doc.Published; !t.IsZero() {
			last = t
		}
		k.articles[i].arrived = last
	}
}

// clusterProgress is how many articles are taken in between two lines of
// progress.
const clusterProgress = 50_000

// place takes in one article and notes what changes for others.
func (k *clusterer) place(i int, engine *dedup.Engine, stories *story.Tracker) {
	a := &k.articles[i]
	k.at[a.doc.ID] = i
	d := engine.Add(a.doc, a.print, a.arrived)
	a.out.Cluster = d.Cluster
	for _, l := range d.Links {
		if l.Kind == dedup.KindLink {
			a.out.Links = append(a.out.Links, l.ID)
		}
	}
	s := stories.Add(story.Doc{
		ID: a.doc.ID, Cluster: d.Cluster, Title: a.doc.Title, Lead: a.lead, Text: a.doc.Text,
		Lang: a.lang, Source: a.source, Published: a.doc.Published, Arrived: a.arrived,
	})
	a.out.Story = s.Story
	k.move(s.Moved)
	for _, id := range sortedKeys(d.Clusters) {
		k.articles[k.at[id]].out.Cluster = d.Clusters[id]
		k.move(stories.SetCluster(id, d.Clusters[id]))
	}
}

func (k *clusterer) move(moves []story.Move) {
	for _, m := range moves {
		if i, ok := k.at[m.ID]; ok {
			k.articles[i].out.Story = m.To
		}
	}
}

// sketch fills in fingerprints, and languages that were not given.
func (k *clusterer) sketch(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	procs := runtime.GOMAXPROCS(0)
	for p := range procs {
		group.Go(func() error {
			for i := p; i < len(k.articles); i += procs {
				if err := ctx.Err(); err != nil {
					return err
				}
				a := &k.articles[i]
				a.print = dedup.Take(a.doc.Text)
				if a.lang == "" {
					a.lang = extract.Language("", a.doc.Text)
				}
			}
			return nil
		})
	}
	return group.Wait()
}

func (k *clusterer) write(w io.Writer) error {
	out := bufio.NewWriterSize(w, 1<<16)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	for i := range k.articles {
		if k.at[k.articles[i].doc.ID] != i {
			continue // an earlier version
		}
		if err := enc.Encode(&k.articles[i].out); err != nil {
			return fmt.Errorf("write clusters: %w", err)
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write clusters: %w", err)
	}
	return nil
}
