package bleveindex_test

import (
	"testing"

	"github.com/copydesk/copydesk/pkg/index"
	"github.com/copydesk/copydesk/pkg/index/bleveindex"
	"github.com/copydesk/copydesk/pkg/index/indextest"
)

func TestSuite(t *testing.T) {
	indextest.Run(t, func(t *testing.T) index.Index { return open(t, t.TempDir()) })
}

func open(t testing.TB, dir string) *bleveindex.Index {
	t.Helper()
	x, err := bleveindex.Open(dir, bleveindex.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return x
}
