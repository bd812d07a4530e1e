// Package evaldata finds the test data that are no part of the project.
package evaldata

import (
	"os"
	"path/filepath"
	"testing"
)

// Dir returns a folder of the test data beside the repository, or skips the
// test where they are absent.
func Dir(t testing.TB, sub string) string {
	t.Helper()
	dir, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no module root found")
		}
	}
	dir = filepath.Join(filepath.Dir(dir), "shared", sub)
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("optional test data is absent: %v", err)
	}
	return dir
}
