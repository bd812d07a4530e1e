package app

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/copydesk/copydesk/"

// importTable is the table of ARCHITECTURE.md: what each package may import of
// this project, arrows pointing down only. A package that is not listed is an
// error, so a new one gets a row and a thought.
var importTable = map[string][]string{
	"pkg/article":           {},
	"pkg/weburl":            {},
	"pkg/textnorm":          {"pkg/article"},
	"pkg/clean":             {"pkg/article", "pkg/textnorm"},
	"pkg/htmltree":          {},
	"pkg/extract":           {"pkg/article", "pkg/textnorm", "pkg/clean", "pkg/htmltree", "pkg/weburl"},
	"pkg/feed":              {"pkg/article", "pkg/textnorm", "pkg/weburl"},
	"pkg/fetch":             {"pkg/article", "pkg/weburl"},
	"pkg/cadence":           {},
	"pkg/websub":            {"pkg/weburl"},
	"pkg/simulate":          {"pkg/cadence"},
	"pkg/simulate/day":      {"pkg/cadence", "pkg/simulate"},
	"pkg/warc":              {},
	"pkg/dedup":             {"pkg/article"},
	"pkg/story":             {"pkg/article", "pkg/dedup", "pkg/textnorm"},
	"pkg/index":             {"pkg/article"},
	"pkg/index/bleveindex":  {"pkg/article", "pkg/index"},
	"pkg/index/indextest":   {"pkg/article", "pkg/index"},
	"pkg/bus":               {"pkg/article"},
	"pkg/stage":             {"pkg/bus"},
	"pkg/ops":               {},
	"pkg/search":            {"pkg/article", "pkg/index", "pkg/weburl"},
	"pkg/newsroom":          {},
	"pkg/internal/evaldata": {},
	"pkg/quality":           {"pkg/article", "pkg/clean", "pkg/textnorm"},
	"pkg/quality/evaltable": {"pkg/quality"},
	"deploy":                {},
	"deploy/standin/wget":   {"pkg/ops"},
	"pkg/app":               nil, // the only wiring: everything
	"cmd/ingest":            {"pkg/app"},
	"cmd/normalize":         {"pkg/app"},
	"cmd/index":             {"pkg/app"},
	"cmd/copydesk":          {"pkg/app"},
}

// pure packages are plain functions of their input: no broker, no metrics, no
// HTTP server, not even through another package of ours.
var pure = []string{"pkg/article", "pkg/weburl", "pkg/textnorm", "pkg/clean", "pkg/htmltree", "pkg/extract", "pkg/feed", "pkg/cadence", "pkg/websub", "pkg/dedup", "pkg/story"}

var impure = []string{"github.com/nats-io/", "github.com/prometheus/", "go.opentelemetry.io/"}

// standardOnly packages import nothing but the standard library.
var standardOnly = []string{"pkg/article", "pkg/newsroom"}

type listed struct {
	ImportPath string
	Imports    []string
	Deps       []string
}

func TestImportTable(t *testing.T) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports,Deps", module+"...").Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("go list: %s", exit.Stderr)
		}
		t.Fatal(err)
	}
	dec := json.NewDecoder(bytes.NewReader(out))
	seen := 0
	for {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		seen++
		checkImports(t, p)
	}
	if seen < len(importTable) {
		t.Errorf("%d packages found, %d are in the table: a row is stale", seen, len(importTable))
	}
}

func checkImports(t *testing.T, p listed) {
	name := strings.TrimPrefix(p.ImportPath, module)
	allowed, known := importTable[name]
	if !known {
		t.Errorf("%s is not in the table of imports", name)
		return
	}
	for _, imp := range p.Imports {
		own, ours := strings.CutPrefix(imp, module)
		if ours && allowed != nil && !slices.Contains(allowed, own) {
			t.Errorf("%s must not import %s", name, own)
		}
		if slices.Contains(standardOnly, name) && !ours && strings.Contains(strings.Split(imp, "/")[0], ".") {
			t.Errorf("%s imports %s; it may use the standard library only", name, imp)
		}
	}
	if !slices.Contains(pure, name) {
		return
	}
	for _, dep := range p.Deps {
		for _, bad := range impure {
			if strings.HasPrefix(dep, bad) {
				t.Errorf("%s depends on %s; it must be a plain function of its input", name, dep)
			}
		}
	}
	if slices.Contains(p.Imports, "net/http") {
		t.Errorf("%s imports net/http; it must be a plain function of its input", name)
	}
}
