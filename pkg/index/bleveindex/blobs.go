package bleveindex

import (
	"errors"
	"fmt"
	"sort"

	"github.com/blevesearch/bleve/v2/index/scorch"
	indexapi "github.com/blevesearch/bleve_index_api"
)

// blobReader reads stored documents by their number, without looking for their
// id first and without copying them. Safe for concurrent use.
type blobReader struct {
	segments []*scorch.SegmentSnapshot
	starts   []uint64 // the number of the first document of each
}

func newBlobReader(reader indexapi.IndexReader) (*blobReader, error) {
	snapshot, ok := reader.(*scorch.IndexSnapshot)
	if !ok {
		return nil, fmt.Errorf("snapshot is a %T", reader)
	}
	b := &blobReader{segments: snapshot.Segments()}
	var start uint64
	for _, s := range b.segments {
		b.starts = append(b.starts, start)
		start += uint64(s.FullSize())
	}
	return b, nil
}

var errNoBlob = errors.New("nothing is stored")

// visit calls fn with the stored bytes of a document, which are valid until fn
// returns.
func (b *blobReader) visit(doc uint64, fn func(blob []byte)) error {
	i := sort.Search(len(b.starts), func(i int) bool { return b.starts[i] > doc }) - 1
	if i < 0 {
		return errNoBlob
	}
	found := false
	err := b.segments[i].VisitDocument(doc-b.starts[i], func(field string, _ byte, value []byte, _ []uint64) bool {
		if field != fieldStored {
			return true
		}
		found = true
		fn(value)
		// Returning false would end the visit here, and make zapx hand its
		// buffers back twice.
		return true
	})
	if err == nil && !found {
		err = errNoBlob
	}
	return err
}
