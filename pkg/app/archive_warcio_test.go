package app

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// readWithWarcio reads the files of an archive with warcio, which is not ours,
// checks every digest, and returns a line for each record: its kind, its
// address, the status and the length of the decoded body.
func readWithWarcio(t *testing.T, dir string) []string {
	t.Helper()
	const program = `
import sys
from warcio.archiveiterator import ArchiveIterator
for name in sys.argv[1:]:
    with open(name, 'rb') as f:
        for r in ArchiveIterator(f, check_digests='raise'):
            body = r.content_stream().read()
            status = r.http_headers.get_statuscode() if r.rec_type in ('response', 'revisit') and r.http_headers else '-'
            print(r.rec_type, r.rec_headers.get_header('WARC-Target-URI') or '-', status, len(body))
`
	if err := exec.Command("python3", "-c", "import warcio").Run(); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("warcio is missing: pip install warcio")
		}
		t.Skip("warcio is missing: pip install warcio; the archive was checked by our own reader only")
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.warc.gz"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no archive in %s: %v", dir, err)
	}
	out, err := exec.CommandContext(t.Context(), "python3", append([]string{"-c", program}, files...)...).Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("warcio: %v\n%s", err, exit.Stderr)
		}
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}
