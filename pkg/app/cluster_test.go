package app

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/copydesk/copydesk/pkg/newsroom"
)

// clusterLines runs `cluster --jsonl` on articles and returns its answers by id,
// in the order in which they were printed.
func clusterLines(t *testing.T, articles ...map[string]any) (ids []string, answers map[string]clusterOut) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "articles.jsonl")
	var b strings.Builder
	for _, a := range articles {
		line, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(line)
		b.WriteString("\n\n") // blank lines are nothing
	}
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	status, stdout, stderr := command("copydesk", &Tool{}, "cluster", "--jsonl", file)
	if status != 0 {
		t.Fatalf("exit status %d: %s", status, stderr)
	}
	answers = map[string]clusterOut{}
	for line := range strings.Lines(stdout) {
		var out clusterOut
		if err := json.Unmarshal([]byte(line), &out); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		ids, answers[out.ID] = append(ids, out.ID), out
	}
	return ids, answers
}

// TestClusterNewsroom finds the copies of the newsroom, whose makers are known.
func TestClusterNewsroom(t *testing.T) {
	epoch := time.Now().Add(-10 * 24 * time.Hour).UTC().Truncate(time.Minute)
	site, err := newsroom.New(newsroom.Options{
		Port: 8090, Seed: 7, Generated: 200, Epoch: epoch,
		Now: func() time.Time { return epoch.Add(newsroom.BeforeOpening + 30*time.Minute) },
	})
	if err != nil {
		t.Fatal(err)
	}
	var lines []map[string]any
	of := map[string]string{} // page: the text that it copies
	for url, k := range expected(site) {
		lines = append(lines, map[string]any{"id": url, "title": k.Title, "text": k.Text, "lang": k.Language, "source": k.Outlet})
		of[url] = k.Text
	}
	ids, answers := clusterLines(t, lines...)
	if len(ids) != len(lines) {
		t.Fatalf("%d answers for %d articles", len(ids), len(lines))
	}
	for i, l := range lines {
		if ids[i] != l["id"] {
			t.Fatalf("answer %d is of %s, want %s", i, ids[i], l["id"])
		}
	}
	clusters := map[string]string{}
	for url, text := range of {
		c := answers[url].Cluster
		if before, ok := clusters[text]; ok && before != c {
			t.Errorf("%s: cluster %s, but another page with the same text is in %s", url, c, before)
		}
		clusters[text] = c
		if answers[url].Story == "" || answers[url].Links == nil {
			t.Errorf("%s: no story or no list of links: %+v", url, answers[url])
		}
	}
	if len(clusters) == len(of) {
		t.Error("the newsroom has no copies to find")
	}
}

func TestClusterTellsCopiesFromReports(t *testing.T) {
	const fire = "A fire at the old rope works in Northport kept forty crews busy through the night, the fire service said on Tuesday. " +
		"Nobody was hurt. The building, empty since 1994, had been sold in May to a firm that wanted to turn it into flats.\n\n" +
		"Smoke drifted over the harbour until noon and the ferry to Ebbing Sands was cancelled twice. " +
		"The mayor, Ida Kvist, said that the tower, which leans by a hand's breadth, would have to come down before anybody could look for the cause.\n\n" +
		"Insurers put the damage at eleven million crowns. A watchman had seen two boys on the roof on Monday evening."
	ids, got := clusterLines(t,
		map[string]any{"id": "wire", "title": "Fire at rope works", "text": fire, "published": "2026-03-03T08:00:00Z"},
		map[string]any{"id": "copy", "title": "Rope works on fire", "text": "More follows.", "published": "2026-03-03T08:30:00Z"},
		map[string]any{"id": "copy", "title": "Rope works burn", "text": "NORTHPORT (Meridian) - " + fire + "\n\nMore from the harbour every evening at six.", "published": "2026-03-03T09:00:00Z"},
		map[string]any{"id": "other", "title": "Council votes on trams", "text": strings.Repeat("The council voted nine to four for the tram line to the hospital after a debate about noise, bridges and money. ", 6), "published": "2026-03-03"},
	)
	if len(ids) != 3 {
		t.Errorf("answers for %q, want one for each article", ids)
	}
	if got["wire"].Cluster != got["copy"].Cluster || got["wire"].Story != got["copy"].Story {
		t.Errorf("copy not joined: %+v and %+v", got["wire"], got["copy"])
	}
	if got["other"].Cluster == got["wire"].Cluster || got["other"].Story == got["wire"].Story {
		t.Errorf("another report joined: %+v and %+v", got["other"], got["wire"])
	}
}

func TestClusterBadInput(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	for _, c := range []struct {
		name   string
		args   []string
		status int
		words  []string
	}{
		{"no json asked for", []string{"cluster"}, 2, []string{"--jsonl"}},
		{"no window", []string{"cluster", "--jsonl", "--window=0s"}, 2, []string{"--window"}},
		{"no file", []string{"cluster", "--jsonl", filepath.Join(dir, "none")}, 1, []string{"none"}},
		{"no json", []string{"cluster", "--jsonl", write("bad", "{\"id\":\"a\",\"text\":\"b\"}\nnonsense\n")}, 1, []string{"bad line 2", "--jsonl"}},
		{"no id", []string{"cluster", "--jsonl", write("noid", `{"text":"b"}`)}, 1, []string{"noid line 1", `"id"`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, stdout, stderr := command("copydesk", &Tool{}, c.args...)
			if status != c.status || stdout != "" {
				t.Errorf("exit status %d, want %d; printed %q", status, c.status, stdout)
			}
			for _, w := range c.words {
				if !strings.Contains(stderr, w) {
					t.Errorf("%q does not name %q", stderr, w)
				}
			}
		})
	}
}
