package warc

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
)

// shapes are the ways in which files are compressed.
func shapes(records []string) map[string]string {
	whole := strings.Join(records, "")
	return map[string]string{
		"plain":            whole,
		"a record, a part": zipEach(records),
		"one part":         zip(whole),
		"odd parts":        zip(whole[:len(whole)/3]) + zip(whole[len(whole)/3:len(whole)/2]) + zip(whole[len(whole)/2:]),
	}
}

// TestReadAndResume: every shape of file gives the same records, and reading can
// begin at each of them.
func TestReadAndResume(t *testing.T) {
	records := someRecords(30)
	want, _ := readAll(t, strings.NewReader(strings.Join(records, "")), ReaderOptions{})
	if len(want) != len(records) || want[0].kind != TypeWarcinfo || want[30].block != response(29) || want[30].target != "https://site.example/29" {
		t.Fatalf("%d records of %d, the last %+v", len(want), len(records), want[len(want)-1])
	}
	for name, data := range shapes(records) {
		for _, seekable := range []bool{true, false} {
			open := func() io.Reader {
				if seekable {
					return strings.NewReader(data)
				}
				return streamOnly{strings.NewReader(data)}
			}
			got, stats := readAll(t, open(), ReaderOptions{})
			if len(got) != len(want) || stats.Damaged != 0 || stats.Truncated || stats.Records != len(want) {
				t.Fatalf("%s: %d records, %+v; want %d", name, len(got), stats, len(want))
			}
			for i := range got {
				if got[i].block != want[i].block || got[i].target != want[i].target {
					t.Errorf("%s: record %d is %.60q", name, i, got[i].block)
				}
				rest, stats := readAll(t, open(), ReaderOptions{Start: got[i].at})
				if !slices.Equal(rest, got[i:]) || stats.Damaged != 0 {
					t.Errorf("%s: from %s (record %d) there are %d records, want %d; %+v", name, got[i].at, i, len(rest), len(got)-i, stats)
				}
			}
		}
	}
}

// TestDamage: what is spoilt costs the record that it is in, and no other.
func TestDamage(t *testing.T) {
	records := someRecords(8)
	flip := func(s string) string { return s[:len(s)/2] + "\x00\xff\x00\xff" + s[len(s)/2+4:] }
	grown := func(s string, by int) string {
		before, after, _ := strings.Cut(s, "Content-Length: ")
		digits, rest, _ := strings.Cut(after, "\r\n")
		var n int
		fmt.Sscan(digits, &n)
		return fmt.Sprintf("%sContent-Length: %d\r\n%s", before, n+by, rest)
	}
	for _, c := range []struct {
		name   string
		zipped bool
		spoil  func(r string) string
	}{
		{"spoilt data", true, flip},
		{"spoilt checksum", true, func(s string) string { return s[:len(s)-8] + "\x01\x02\x03\x04" + s[len(s)-4:] }},
		{"spoilt gzip header", true, func(s string) string { return "\x1f\x8b\x08\xff" + s[4:] }},
		{"a part that is not WARC", true, func(string) string { return zip("nothing to see here\r\n") }},
		{"bytes between", true, func(string) string { return strings.Repeat("\x1f\x8b\x08noise", 50) }},
		{"length too long", true, func(string) string { return zip(grown(records[4], 300)) }},
		{"length too short", true, func(string) string { return zip(grown(records[4], -30)) }},
		{"no length", true, func(string) string { return zip(strings.Replace(records[4], "Content-Length", "Content-Width", 1)) }},
		{"length too long", false, func(s string) string { return grown(s, 300) }},
		{"length far too long", false, func(s string) string { return grown(s, 1<<20) }},
		{"length too short", false, func(s string) string { return grown(s, -30) }},
		{"negative length", false, func(s string) string { return strings.Replace(s, "Content-Length: ", "Content-Length: -", 1) }},
		{"a version that nobody knows", false, func(s string) string { return strings.Replace(s, "WARC/1.0", "WARC/7.0", 1) }},
		{"a line that is no field", false, func(s string) string { return strings.Replace(s, "WARC-Date:", "WARC-Date", 1) }},
	} {
		parts := slices.Clone(records)
		if c.zipped {
			for i := range parts {
				parts[i] = zip(parts[i])
			}
		}
		parts[4] = c.spoil(parts[4])
		want := slices.Concat(blocksOf(t, records[:4]), blocksOf(t, records[5:]))
		var told []Position
		got, stats := readAll(t, strings.NewReader(strings.Join(parts, "")), ReaderOptions{Damage: func(at Position, _ error) { told = append(told, at) }})
		var blocks []string
		for _, g := range got {
			blocks = append(blocks, g.block)
		}
		if !slices.Equal(blocks, want) {
			t.Errorf("%s, zipped %v: %d records are left, want %d", c.name, c.zipped, len(blocks), len(want))
		}
		if at := int64(len(strings.Join(parts[:4], ""))); stats.Damaged == 0 || len(told) != stats.Damaged || told[0].Offset != at || stats.Truncated {
			t.Errorf("%s, zipped %v: %+v, told at %v; want damage at %d", c.name, c.zipped, stats, told, at)
		}
	}
}

func blocksOf(t *testing.T, records []string) (blocks []string) {
	all, _ := readAll(t, strings.NewReader(strings.Join(records, "")), ReaderOptions{})
	for _, r := range all {
		blocks = append(blocks, r.block)
	}
	return blocks
}

// TestTruncatedEnd: a file cut off anywhere gives its whole records and says that
// it is cut off.
func TestTruncatedEnd(t *testing.T) {
	records := someRecords(3)
	for name, data := range shapes(records) {
		for cut := len(data) - 6; cut > len(data)/2; cut -= 7 {
			got, stats := readAll(t, strings.NewReader(data[:cut]), ReaderOptions{})
			if len(got) >= len(records) && name != "one part" && name != "odd parts" {
				t.Errorf("%s: %d of %d bytes give %d records", name, cut, len(data), len(got))
			}
			whole, atEnd := 0, false
			for i := range records {
				end := len(strings.Join(records[:i+1], ""))
				if name == "a record, a part" {
					end = len(zipEach(records[:i+1]))
				}
				if end <= cut {
					whole, atEnd = i+1, end == cut
				}
			}
			if (name == "plain" || name == "a record, a part") && (len(got) != whole || stats.Truncated == atEnd || stats.Damaged > 0) {
				t.Errorf("%s: %d of %d bytes give %d records, want %d; %+v", name, cut, len(data), len(got), whole, stats)
			}
		}
	}
}

// TestBounds: fields, records and lines have limits.
func TestBounds(t *testing.T) {
	big := record("response", "https://big.example/", strings.Repeat("x", 5000))
	small := record("response", "https://small.example/", "y")
	got, stats := readAll(t, strings.NewReader(big+small), ReaderOptions{MaxRecord: 4000})
	if len(got) != 1 || got[0].target != "https://small.example/" || stats.TooLarge != 1 || stats.Damaged != 0 {
		t.Errorf("%d records, %+v; want the small one", len(got), stats)
	}
	for name, bad := range map[string]string{
		"endless line":   strings.Replace(small, "WARC-Date", strings.Repeat("x", 1<<20), 1),
		"endless fields": strings.Replace(small, "WARC-Date", strings.Repeat("X: y\r\n", 1<<16)+"WARC-Date", 1),
	} {
		got, stats := readAll(t, strings.NewReader(bad+small), ReaderOptions{})
		if len(got) != 1 || stats.Damaged != 1 {
			t.Errorf("%s: %d records, %+v", name, len(got), stats)
		}
	}
	bomb := zip(record("response", "https://bomb.example/", strings.Repeat("\x00", 64<<20)))
	got, stats = readAll(t, strings.NewReader(bomb+zip(small)), ReaderOptions{})
	if len(got) != 1 || stats.TooLarge != 1 {
		t.Errorf("a bomb: %d records, %+v", len(got), stats)
	}
}

// TestFields: names in any case, continued lines, brackets around addresses.
func TestFields(t *testing.T) {
	in, err := NewReader(strings.NewReader("\r\n\r\nWARC/1.0\nwarc-type: Response\nX-Long: one\n two\nWARC-target-uri: <https://a.example/>\nwarc-date: 2016-01-11T23:24:25.412030Z\ncontent-length: 2\n\nab"), ReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	rec, err := in.Next()
	if err != nil {
		t.Fatal(err)
	}
	block, err := io.ReadAll(rec)
	if rec.Type != TypeResponse || rec.Header.Get("x-long") != "one two" || rec.Header.Target() != "https://a.example/" ||
		rec.Header.Date().Nanosecond() != 412030000 || string(block) != "ab" || err != nil {
		t.Errorf("%+v, block %q, %v", rec, block, err)
	}
}

func FuzzReader(f *testing.F) {
	for _, data := range shapes(someRecords(3)) {
		f.Add([]byte(data))
		f.Add([]byte(data[:len(data)-20]))
	}
	f.Add([]byte(zip("WARC/1.1\r\nContent-Length: 99\r\n\r\n") + zip("WARC/1.1\r\n\r\n")))
	f.Fuzz(func(t *testing.T, data []byte) {
		seek, stats := readAll(t, bytes.NewReader(data), ReaderOptions{MaxRecord: 1 << 20})
		readAll(t, streamOnly{bytes.NewReader(data)}, ReaderOptions{MaxRecord: 1 << 20})
		if stats.Damaged > len(data) || len(seek) > stats.Records {
			t.Fatalf("%d bytes: %+v", len(data), stats)
		}
		if stats.Damaged+stats.TooLarge > 0 || stats.Truncated {
			return
		}
		for i := range seek {
			if rest, _ := readAll(t, bytes.NewReader(data), ReaderOptions{Start: seek[i].at, MaxRecord: 1 << 20}); !slices.Equal(rest, seek[i:]) {
				t.Fatalf("from record %d at %s there are %d records, want %d", i, seek[i].at, len(rest), len(seek)-i)
			}
		}
	})
}
