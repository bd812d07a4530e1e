package bus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/nats-io/nats.go/jetstream"
)

// shareTable says which worker owns which part. It lies under one key and is
// changed only by compare-and-set, so every change of owners is one write that
// all workers see in the same order.
type shareTable struct {
	Parts []sharePart `json:"parts"`
}

type sharePart struct {
	Owner string `json:"owner,omitempty"` // id of a worker, not its name; empty: free
	Used  bool   `json:"used,omitempty"`  // somebody has owned it
}

// of returns the table for so many parts; a table of another size is not ours
// to understand, and its parts count as used.
func (t shareTable) of(parts int) shareTable {
	if len(t.Parts) == parts {
		return t
	}
	n := shareTable{Parts: make([]sharePart, parts)}
	for i := range n.Parts {
		n.Parts[i].Used = len(t.Parts) > 0
	}
	return n
}

func (t shareTable) clone() shareTable { return shareTable{slices.Clone(t.Parts)} }

// owned returns the parts of a worker.
func (t shareTable) owned(id string) []int {
	var parts []int
	for i, p := range t.Parts {
		if p.Owner == id {
			parts = append(parts, i)
		}
	}
	return parts
}

// give returns the table with parts given to id.
func (t shareTable) give(parts []int, id string) shareTable {
	t = t.clone()
	for _, i := range parts {
		t.Parts[i] = sharePart{Owner: id, Used: true}
	}
	return t
}

// free returns the parts whose owner is none of the workers that count as alive
// or not surely dead; first those that were given back.
func (t shareTable) free(mayLive func(id string) bool) []int {
	var parts []int
	for i, p := range t.Parts {
		if p.Owner == "" {
			parts = append(parts, i)
		}
	}
	for i, p := range t.Parts {
		if p.Owner != "" && !mayLive(p.Owner) {
			parts = append(parts, i)
		}
	}
	return parts
}

// target returns how many parts a worker should own. All own as many, or one
// more where the number does not divide: those that own most now, so that
// nothing moves without need. Whoever knows the same table and the same workers
// comes to the same result.
func (t shareTable) target(id string, workers []string) int {
	counts := make(map[string]int, len(workers))
	for _, p := range t.Parts {
		counts[p.Owner]++
	}
	order := slices.Clone(workers)
	slices.SortFunc(order, func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	place := slices.Index(order, id)
	if place < 0 {
		return 0
	}
	n := len(t.Parts) / len(order)
	if place < len(t.Parts)%len(order) {
		n++
	}
	return n
}

// bound returns how many parts a worker gives down to. While parts are free or
// some worker has more than its share can ever be, who owns most is still open,
// and a worker keeps the one more that it may end up with.
func (t shareTable) bound(id string, workers []string) int {
	most := (len(t.Parts) + len(workers) - 1) / len(workers)
	counts := make(map[string]int, len(workers))
	for _, p := range t.Parts {
		counts[p.Owner]++
	}
	for _, w := range workers {
		if counts[w] > most {
			return most
		}
		delete(counts, w)
	}
	if len(counts) > 0 { // parts of nobody, or of the dead
		return most
	}
	return t.target(id, workers)
}

// ShareOwners returns the names of the workers that own the parts of a group, by
// part; parts without an owner are left out.
func (b *Bus) ShareOwners(ctx context.Context, group string) (map[int]string, error) {
	holders, err := b.LeaseHolders(ctx)
	if err != nil {
		return nil, err
	}
	kv, err := b.Bucket(ctx, BucketShares)
	if err != nil {
		return nil, err
	}
	e, err := kv.Get(ctx, group)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look at the shares of %s: %w", group, err)
	}
	owners := map[int]string{}
	for i, p := range decodeTable(e).Parts {
		if name := holders[group+shareWorker+p.Owner]; p.Owner != "" && name != "" {
			owners[i] = name
		}
	}
	return owners, nil
}
