package warc

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha1"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/textproto"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

func newTestWriter(t testing.TB, dir string, o WriterOptions) *Writer {
	t.Helper()
	w, err := NewWriter(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func filesOf(t testing.TB, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// TestOthersReadWhatIsWritten reads with the standard library alone, the way that
// the specification says: a gzip member a record, fields, a block, two line ends.
func TestOthersReadWhatIsWritten(t *testing.T) {
	dir := t.TempDir()
	w := newTestWriter(t, dir, WriterOptions{Host: "crawler/1 example", Info: []Field{{"software", "copydesk test"}}})
	const records = 5
	for i := range records {
		if err := w.Write(draft(i)); err != nil {
			t.Fatal(err)
		}
	}
	if names := filesOf(t, dir); len(names) != 1 || !strings.HasSuffix(names[0], ".warc.gz.open") || !strings.HasPrefix(names[0], "copydesk-2") || strings.ContainsAny(names[0], "/ ") {
		t.Errorf("files %v while writing", names)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	names := filesOf(t, dir)
	if len(names) != 1 || !strings.HasSuffix(names[0], "-crawler_1_example-"+fmt.Sprint(os.Getpid())+"-"+w.nonce+".warc.gz") {
		t.Fatalf("files %v", names)
	}
	data, err := os.ReadFile(filepath.Join(dir, names[0]))
	if err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(bytes.NewReader(data))
	z, err := gzip.NewReader(in)
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; ; n++ {
		z.Multistream(false)
		member, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		checkMember(t, n, names[0], member)
		if err := z.Reset(in); errors.Is(err, io.EOF) {
			if n != records {
				t.Errorf("%d members, want %d", n+1, records+1)
			}
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// checkMember reads one record.
func checkMember(t *testing.T, n int, name string, member []byte) {
	t.Helper()
	in := textproto.NewReader(bufio.NewReader(bytes.NewReader(member)))
	version, err := in.ReadLine()
	if err != nil || version != "WARC/1.1" {
		t.Fatalf("record %d begins with %q, %v", n, version, err)
	}
	h, err := in.ReadMIMEHeader()
	if err != nil {
		t.Fatal(err)
	}
	length, err := strconv.Atoi(h.Get("Content-Length"))
	if err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(in.R)
	if err != nil || len(rest) != length+4 || string(rest[length:]) != "\r\n\r\n" {
		t.Fatalf("record %d: %d bytes after the fields, Content-Length %d, %v", n, len(rest), length, err)
	}
	digest := func(b []byte) string {
		sum := sha1.Sum(b)
		return "sha1:" + base32.StdEncoding.EncodeToString(sum[:])
	}
	if h.Get("WARC-Block-Digest") != digest(rest[:length]) {
		t.Errorf("record %d: block digest %s", n, h.Get("WARC-Block-Digest"))
	}
	if n == 0 {
		if h.Get("WARC-Type") != "warcinfo" || h.Get("WARC-Filename") != name || !strings.Contains(string(rest), "software: copydesk test\r\n") || h.Get("WARC-Target-URI") != "" {
			t.Errorf("the first record is %v %q", h, rest)
		}
		return
	}
	resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(rest[:length])), nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	want := response(n - 1)
	if err != nil || !strings.HasSuffix(want, string(body)) || h.Get("WARC-Payload-Digest") != digest(body) {
		t.Errorf("record %d: body %q, payload digest %s, %v", n, body, h.Get("WARC-Payload-Digest"), err)
	}
	if h.Get("WARC-Date") != "2026-01-02T03:04:05.6789Z" || h.Get("Content-Type") != "application/http; msgtype=response" ||
		!strings.HasPrefix(h.Get("WARC-Record-ID"), "<urn:uuid:") || h.Get("WARC-Target-URI") != fmt.Sprintf("https://site.example/%d", n-1) {
		t.Errorf("record %d: %v", n, h)
	}
}

// TestWriteTogether: many writers at once, files that are full, and nothing lost.
func TestWriteTogether(t *testing.T) {
	dir := t.TempDir()
	var whole []string
	w := newTestWriter(t, dir, WriterOptions{MaxFile: 4000, Whole: func(path string) { whole = append(whole, filepath.Base(path)) }})
	var group sync.WaitGroup
	const writers, each = 8, 25
	for i := range writers {
		group.Go(func() {
			for j := range each {
				if err := w.Write(draft(i*each+j), draft(10_000+i*each+j)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	names := filesOf(t, dir)
	if len(names) < 3 || !slices.Equal(names, whole) {
		t.Errorf("files %v, told of %v", names, whole)
	}
	seen := map[string]int{}
	for _, name := range names {
		f, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		records, stats := readAll(t, f, ReaderOptions{})
		f.Close()
		if stats.Damaged > 0 || stats.Truncated || records[0].kind != TypeWarcinfo {
			t.Errorf("%s: %+v", name, stats)
		}
		for i, r := range records[1:] {
			seen[r.target]++
			if i%2 == 1 && r.target != "https://site.example/1"+fmt.Sprintf("%04d", number(records[i].target)) {
				t.Errorf("%s follows %s: records of one call are apart", r.target, records[i].target)
			}
		}
	}
	if len(seen) != 2*writers*each {
		t.Errorf("%d records, want %d", len(seen), 2*writers*each)
	}
	if err := w.Write(draft(1)); !errors.Is(err, ErrWriterClosed) {
		t.Errorf("writing after Close: %v", err)
	}
}

func number(target string) (n int) {
	fmt.Sscan(target[strings.LastIndex(target, "/")+1:], &n)
	return n
}

// TestAge: a file that is old enough is whole although it is not full.
func TestAge(t *testing.T) {
	dir := t.TempDir()
	whole := make(chan string, 1)
	w := newTestWriter(t, dir, WriterOptions{MaxAge: time.Millisecond, Whole: func(path string) { whole <- path }})
	defer w.Close()
	if err := w.Write(draft(1)); err != nil {
		t.Fatal(err)
	}
	select {
	case <-whole:
	case <-time.After(20 * time.Second):
		t.Error("the file stays open")
	}
}

// TestRepair: whatever a crash leaves, what was written whole is kept, and files
// in use are left alone.
func TestRepair(t *testing.T) {
	dir := t.TempDir()
	w := newTestWriter(t, dir, WriterOptions{})
	for i := range 3 {
		if err := w.Write(draft(i)); err != nil {
			t.Fatal(err)
		}
	}
	open := filesOf(t, dir)[0]
	if closed, err := Repair(dir); len(closed) > 0 || err != nil {
		t.Errorf("a file in use was repaired: %v, %v", closed, err)
	}
	data, err := os.ReadFile(filepath.Join(dir, open))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	first, _ := readAll(t, bytes.NewReader(data), ReaderOptions{})
	for name, c := range map[string]struct {
		left    string
		records int
	}{
		"whole":         {string(data), 4},
		"cut":           {string(data[:len(data)-9]), 3},
		"barely begun":  {string(data[:first[3].at.Offset+1]), 3},
		"zeros behind":  {string(data) + strings.Repeat("\x00", 5000), 4},
		"zeros within":  {string(data[:first[3].at.Offset+40]) + strings.Repeat("\x00", 5000), 3},
		"spoilt within": {string(data[:first[1].at.Offset+40]) + "\xff\xff\xff" + string(data[first[1].at.Offset+43:]), 3},
		"only warcinfo": {string(data[:first[1].at.Offset]), 0},
		"empty":         {"", 0},
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, "a[*]"+open)
		if err := os.WriteFile(path, []byte(c.left), 0o600); err != nil {
			t.Fatal(err)
		}
		w := newTestWriter(t, dir, WriterOptions{})
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		final := strings.TrimSuffix(path, OpenSuffix)
		got, err := os.ReadFile(final)
		if c.records == 0 {
			if names := filesOf(t, dir); len(names) > 0 {
				t.Errorf("%s: %v is left", name, names)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		records, stats := readAll(t, bytes.NewReader(got), ReaderOptions{})
		if len(records) != c.records || stats.Truncated || stats.Damaged > 0 && name != "spoilt within" {
			t.Errorf("%s: %d records, %+v; want %d", name, len(records), stats, c.records)
		}
	}
}

// TestFailedWrite: what cannot be written is an error, and writing goes on when
// it can.
func TestFailedWrite(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "archive")
	w := newTestWriter(t, dir, WriterOptions{})
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := w.Write(draft(1)); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("writing into a directory that is gone: %v", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := w.Write(draft(2)); err != nil {
		t.Error(err)
	}
	// A file that fails under the writer, as a disk that is full does.
	w.file.Close()
	if err := w.Write(draft(3)); err == nil {
		t.Error("writing to a closed file is no error")
	}
	if err := w.Write(draft(4)); err != nil {
		t.Error(err)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	w = newTestWriter(t, dir, WriterOptions{})
	defer w.Close()
	if names := filesOf(t, dir); len(names) != 2 || strings.HasSuffix(names[0], OpenSuffix) || strings.HasSuffix(names[1], OpenSuffix) {
		t.Errorf("files %v, want the abandoned one repaired and the new one", names)
	}
}

// TestVerify finds a block that is not what was written.
func TestVerify(t *testing.T) {
	dir := t.TempDir()
	w := newTestWriter(t, dir, WriterOptions{})
	if err := w.Write(draft(1), draft(2)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, filesOf(t, dir)[0]))
	if err != nil {
		t.Fatal(err)
	}
	f, err := Verify(bytes.NewReader(data), nil)
	if err != nil || f.Checked != 5 || f.Wrong != 0 || f.Records != 3 {
		t.Errorf("%+v, %v; want 5 digests that hold", f, err)
	}
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	f, err = Verify(strings.NewReader(strings.Replace(string(text), "Page 2", "Page 3", 1)), func(_ Position, err error) { told = append(told, err.Error()) })
	if err != nil || f.Wrong != 2 || len(told) != 2 || !strings.Contains(told[0], "WARC-Block-Digest") {
		t.Errorf("%+v, %v, %q; want both digests of one record wrong", f, err, told)
	}
}

func FuzzRoundTrip(f *testing.F) {
	f.Add("response", "https://site.example/", "X-Note", "a note", []byte("HTTP/1.1 200 OK\r\n\r\nbody"))
	f.Fuzz(func(t *testing.T, kind, target, name, value string, content []byte) {
		if strings.ContainsAny(name, ": \t\r\n\x00") || name == "" || strings.EqualFold(name, FieldLength) {
			return
		}
		d := &Draft{Type: kind, ID: NewID(), Target: target, Fields: []Field{{name, value}}, Content: content, Payload: -1}
		if kind == "" {
			return
		}
		data, err := newGzips().encode([]*Draft{d, draft(1)})
		if err != nil {
			t.Fatal(err)
		}
		got, stats := readAll(t, bytes.NewReader(data), ReaderOptions{})
		if len(d.head()) > DefaultMaxHeader/2 {
			return
		}
		if len(got) != 2 || got[0].block != string(content) || got[1].block != response(1) || stats.Damaged > 0 {
			t.Fatalf("%d records, %+v", len(got), stats)
		}
	})
}
