package feed

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// listResult is what the expected files of lists hold.
type listResult struct {
	Error   string
	Sources []listSource `json:",omitempty"`
}

type listSource struct {
	URL, Title, Interval string
	Tags                 []string
}

// TestReadList reads every file of testdata/lists and compares the result, most
// often the exact error, with the .golden file beside it.
func TestReadList(t *testing.T) {
	files, err := filepath.Glob("testdata/lists/*")
	if err != nil || len(files) == 0 {
		t.Fatalf("no test data: %v", err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		if strings.HasSuffix(name, ".golden") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			sources, err := ReadList(name, bytes.NewReader(data))
			var got listResult
			if err != nil {
				got.Error = err.Error()
				if strings.ContainsAny(got.Error, "\n\r\x1b") {
					t.Errorf("error %q is not one printable line", got.Error)
				}
			}
			for _, s := range sources {
				got.Sources = append(got.Sources, listSource{s.URL, s.Title, s.Interval.String(), s.Tags})
			}
			compareGolden(t, file+".golden", got)
			roundTrip(t, sources)
		})
	}
}

// roundTrip checks that sources survive being written as OPML.
func roundTrip(t *testing.T, sources []Source) {
	t.Helper()
	var b bytes.Buffer
	if err := WriteOPML(&b, "A <title> & more", sources); err != nil {
		t.Fatal(err)
	}
	again, err := ReadList("written.opml", &b)
	if err != nil {
		t.Fatal(err)
	}
	if len(sources) > 0 && !reflect.DeepEqual(again, sources) {
		t.Errorf("written and read back:\n%#v, was\n%#v", again, sources)
	}
}

func TestWriteOPMLEscapes(t *testing.T) {
	roundTrip(t, []Source{
		{URL: "https://a.example/?q=%22%3C&b=1", Title: `"Quotes" & <tags> 'n more`, Tags: []string{"a/b", "c & d"}, Interval: 90 * time.Second},
		{URL: "https://b.example/", Interval: time.Hour},
	})
	if err := WriteOPML(failingWriter{}, "x", nil); err == nil {
		t.Error("a failed write is no error")
	}
}

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func TestReadListLimits(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"size", strings.Repeat("# a comment\n", 1<<20), "larger than 10 MB"},
		{"line", "https://a.example/1\nhttps://a.example/" + strings.Repeat("x", 9000), "list:2: longer than 8 KB"},
		{"folders", "<opml><body>" + strings.Repeat(`<outline text="a">`, 1000), "nest deeper"},
		{"depth", "<opml><body>" + strings.Repeat(`<a>`, 100_000), "malformed OPML"},
		{"aliases", "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nfeeds: [*b,*b,*b,*b]\n", "list:"},
		{"deep YAML", "feeds: " + strings.Repeat("[", 100_000), "list:"},
		{"entities", `<!DOCTYPE x [<!ENTITY a "b">]><opml><body><outline xmlUrl="&a;"/></body></opml>`, "no web address"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ReadList("list", strings.NewReader(tt.in))
			if err == nil || !strings.Contains(err.Error(), tt.want) || len(err.Error()) > 400 {
				t.Errorf("error = %v, want one with %q", err, tt.want)
			}
		})
	}
	broken := errors.New("broken disk")
	if _, err := ReadList("list", iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("error = %v, want %v", err, broken)
	}
	if _, err := ReadURLs("list", iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("error = %v, want %v", err, broken)
	}
}

func TestReadURLs(t *testing.T) {
	got, err := ReadURLs("urls.txt", strings.NewReader("# pages\nhttps://a.example/1\n\nhttps://A.example:443/1\nhttps://a.example/2\n"))
	want := []string{"https://a.example/1", "https://a.example/2"}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("ReadURLs = %q, %v, want %q", got, err, want)
	}
	_, err = ReadURLs("urls.txt", strings.NewReader("https://a.example/1\n<html>\n"))
	if err == nil || !strings.HasPrefix(err.Error(), "urls.txt:2: ") {
		t.Errorf("error = %v, want one at urls.txt:2", err)
	}
	few := newList("urls.txt")
	few.limit = 2
	err = readLines("urls.txt", strings.NewReader("https://a.example/1\nhttps://a.example/2\nhttps://a.example/3\n"), few.addLine)
	if err == nil || !strings.HasPrefix(err.Error(), "urls.txt:3: more than 2 ") {
		t.Errorf("error = %v, want one about the limit", err)
	}
}

func FuzzReadList(f *testing.F) {
	files, _ := filepath.Glob("testdata/lists/*")
	for _, file := range files {
		if data, err := os.ReadFile(file); err == nil && !strings.HasSuffix(file, ".golden") {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		sources, err := ReadList("fuzz", bytes.NewReader(data))
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\r\x1b\x00") {
				t.Errorf("error %q is not one printable line", err)
			}
			return
		}
		roundTrip(t, sources)
	})
}
