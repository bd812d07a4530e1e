package app

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
)

// cleanStory is a page of its own for each n; every third is heavy, so that
// results are ready out of order.
func cleanStory(n int) string {
	repeat := 1
	if n%3 == 0 {
		repeat = 200
	}
	body := fmt.Sprintf("<h1>Bridge number %d falls</h1>", n) +
		strings.Repeat(fmt.Sprintf("<p>The bridge number %d at Northport fell in the storm of Monday night, police said, and nobody was hurt.</p>", n), repeat)
	line, err := json.Marshal(map[string]string{"id": fmt.Sprint(n), "html_b64": base64.StdEncoding.EncodeToString([]byte(body))})
	if err != nil {
		panic(err)
	}
	return string(line) + "\n"
}

func cleanStories(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(cleanStory(i))
	}
	return b.String()
}

func readLines(t *testing.T, data []byte) []lineOut {
	t.Helper()
	var out []lineOut
	for line := range bytes.Lines(data) {
		var o lineOut
		if err := json.Unmarshal(line, &o); err != nil {
			t.Fatalf("line %d: %v", len(out)+1, err)
		}
		out = append(out, o)
	}
	return out
}

func TestCleanLinesInOrder(t *testing.T) {
	const pages = 40
	var out bytes.Buffer
	c := lineCleaner{}
	if err := c.run(t.Context(), iotest.HalfReader(strings.NewReader("\n"+cleanStories(pages))), &out, "pages"); err != nil {
		t.Fatal(err)
	}
	lines := readLines(t, out.Bytes())
	if len(lines) != pages {
		t.Fatalf("%d lines, want %d", len(lines), pages)
	}
	for i, l := range lines {
		if l.ID != fmt.Sprint(i) || l.Title != fmt.Sprintf("Bridge number %d falls", i) || l.Trace != nil {
			t.Errorf("line %d has id %s, title %q, a trace of %d blocks", i, l.ID, l.Title, len(l.Trace))
		}
	}
}

// TestCleanLinesGoesOn interrupts a run and has another one go on behind it.
func TestCleanLinesGoesOn(t *testing.T) {
	all := "\n" + cleanStories(7)
	var whole, rest bytes.Buffer
	if err := (&lineCleaner{}).run(t.Context(), strings.NewReader(all), &whole, "pages"); err != nil {
		t.Fatal(err)
	}
	second := &lineCleaner{skip: 3}
	if err := second.run(t.Context(), strings.NewReader(all), &rest, "pages"); err != nil {
		t.Fatal(err)
	}
	if got, want := readLines(t, rest.Bytes()), readLines(t, whole.Bytes())[3:]; len(got) != len(want) || got[0].ID != want[0].ID || got[3].ContentHash != want[3].ContentHash {
		t.Errorf("%d lines from %q, want %d from %q", len(got), got[0].ID, len(want), want[0].ID)
	}
}

// TestCleanLinesAnswersAtOnce uses the command as a service: a line in, a line
// out, before the next line is there.
func TestCleanLinesAnswersAtOnce(t *testing.T) {
	in, feed := io.Pipe()
	answers, out := io.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- (&lineCleaner{explain: true}).run(context.Background(), in, out, "pages") }()
	buf := make([]byte, 1<<20)
	for i := range 4 {
		if _, err := io.WriteString(feed, cleanStory(i)); err != nil {
			t.Fatal(err)
		}
		n, err := answers.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		if l := readLines(t, buf[:n]); len(l) != 1 || l[0].ID != fmt.Sprint(i) || len(l[0].Trace) == 0 {
			t.Fatalf("the answer to line %d is %d lines, %d bytes", i, len(l), n)
		}
	}
	feed.Close()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}

// TestCleanLinesBadLines says what becomes of lines that are no page: the run
// goes on behind a bad page and stops, naming the line, at what is no line.
func TestCleanLinesBadLines(t *testing.T) {
	good := cleanStory(1)
	for name, test := range map[string]struct {
		in     string
		errors []string // of each line of output
		err    string
	}{
		"nothing":     {"", nil, ""},
		"no page":     {good + `{"id":"x"}` + "\n" + good, []string{"", "line 2: neither html_b64 nor text", ""}, ""},
		"no base64":   {`{"id":"x","html_b64":"?"}` + "\n" + good, []string{"line 1: illegal base64", ""}, ""},
		"no HTML":     {`{"id":"x","html_b64":"JVBERi0xLjQ="}` + "\n" + good, []string{"not HTML", ""}, ""},
		"bad address": {`{"id":"x","url":"ftp://a","html_b64":"PHA+YQ=="}` + "\n" + good, []string{"line 1: ", ""}, ""},
		"no JSON":     {good + "\n<p>\n" + good, []string{""}, "pages line 3: no JSON"},
		"cut off":     {good + good[:len(good)/2], []string{""}, "pages line 2: no JSON"},
		"no line end": {strings.TrimSuffix(good, "\n"), []string{""}, ""},
		"too long":    {good + `{"text":"` + strings.Repeat("a", maxLine) + "\"}\n" + good, []string{""}, "pages line 2: longer than 16 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			err := (&lineCleaner{}).run(t.Context(), strings.NewReader(test.in), &out, "pages")
			if got := fmt.Sprint(err); err != nil != (test.err != "") || !strings.Contains(got, test.err) {
				t.Errorf("error %q, want %q", got, test.err)
			}
			lines := readLines(t, out.Bytes())
			if len(lines) != len(test.errors) {
				t.Fatalf("%d lines, want %d", len(lines), len(test.errors))
			}
			for i, want := range test.errors {
				if got := lines[i].Error; (got != "") != (want != "") || !strings.Contains(got, want) {
					t.Errorf("line %d: error %q, want %q", i+1, got, want)
				}
			}
		})
	}
}

// TestCleanLinesSkipsLongLine goes on behind a line that stopped a run.
func TestCleanLinesSkipsLongLine(t *testing.T) {
	var out bytes.Buffer
	in := `{"text":"` + strings.Repeat("a", maxLine) + "\"}\n" + cleanStory(1)
	if err := (&lineCleaner{skip: 1}).run(t.Context(), strings.NewReader(in), &out, "pages"); err != nil {
		t.Fatal(err)
	}
	if l := readLines(t, out.Bytes()); len(l) != 1 || l[0].ID != "1" {
		t.Errorf("%d lines", len(l))
	}
}

func TestCleanSkipNeedsLines(t *testing.T) {
	status, _, stderr := command("copydesk", &Tool{}, "clean", "--skip", "3", "x.html")
	if status != 2 || !strings.Contains(stderr, "--jsonl") {
		t.Errorf("status %d: %s", status, stderr)
	}
}

// TestLineDecode holds the short way of reading a line to the long one.
func TestLineDecode(t *testing.T) {
	for _, line := range []string{
		`{"id":"a","html_b64":"PHA+YQ==","url":"https://a.example/"}`, `{"html_b64" : "PHA+YQ=="}`, `{"html_b64":   "PHA+YQ==", "id":"b"}`,
		`{"html_b64":null,"text":"x"}`, `{"html_b64":"","text":"x"}`, `{"html_b64":"PHA\/YQ=="}`, `{"html_b64":"PHA+YQ==","html_b64":"PGI+YQ=="}`,
		`{"x":{"html_b64":"PHA+YQ=="},"text":"y"}`, `{"x":"\"html_b64\":","text":"\"html_b64\":\"PHA+YQ==\""}`, `{"a\"html_b64":"PHA+YQ==","text":"y"}`,
		`{"html_b64":"?"}`, `{"html_b64":"PHA+YQ=="`, `{"html_b64":"PHA+`, `{"html_b64":`, `{"html_b64":["PHA+YQ=="]}`, `{"id":7,"html_b64":"PHA+YQ=="}`, "",
		`{"html_b64":"` + pageMarkB64 + `"}`,
	} {
		var got, want lineIn
		gotErr, wantErr := got.decode([]byte(line)), json.Unmarshal([]byte(line), &want)
		if fmt.Sprint(gotErr) != fmt.Sprint(wantErr) || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, %v; want %+v, %v", line, got, gotErr, want, wantErr)
		}
	}
}

func TestExplain(t *testing.T) {
	page := writeFile(t, "bridge.html", `<title>The bridge fell - The Herald</title><h1>The bridge fell</h1><p class=byline>By Jane Roe</p><time datetime=2024-05-01T10:00:00Z>1 May</time>
		<p>NORTHPORT (Reuters) - The bridge at Northport fell in the storm of Monday night, police said, and nobody was hurt.</p><h2>What comes now</h2>
		<p>The mayor said on Tuesday that the harbour would stay open and that a ferry would take people over the river.</p><p>Photo Reuters</p>
		<p>Nobody knows when the bridge will be built again, he said, for the money is not there and will not be there next year either.</p>`)
	status, stdout, stderr := command("copydesk", &Tool{}, "clean", "--explain", page)
	if status != 0 {
		t.Fatalf("status %d: %s", status, stderr)
	}
	for _, want := range []string{
		"title:         The bridge fell\n", "authors:       Jane Roe\n", "published:     2024-05-01T10:00:00Z (from time)\n", "dateline:      NORTHPORT (Reuters) -\n",
		"language en, kind article, access full\n", "\n# What comes now\n", "\n  The mayor said on Tuesday", "\n- Photo Reuters [photo_credit: ",
	} {
		if !strings.Contains(stdout, want) {
			t.Errorf("%q is not in\n%s", want, stdout)
		}
	}
	if kept, removed := strings.Count(stdout, "\n  ")+strings.Count(stdout, "\n# "), strings.Count(stdout, "\n- "); !strings.Contains(stdout, fmt.Sprintf("; %d blocks kept, %d removed (-)\n", kept, removed)) {
		t.Errorf("%d blocks kept, %d removed:\n%s", kept, removed, stdout)
	}
}
