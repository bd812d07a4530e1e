package app

import (
	"hash/fnv"
	"strconv"
	"strings"
	"time"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/weburl"
)

// pageRef is the key of a page in bucket copydesk_pages without the pointers.
type pageRef struct {
	id   [article.IDLen]byte
	part uint8
}

// refOf reads a key; false for the keys of other things.
func refOf(key string) (ref pageRef, ok bool) {
	part, id, found := strings.Cut(key, ".")
	n, err := strconv.ParseUint(part, 10, 8)
	if !found || err != nil || !article.ValidID(id) {
		return ref, false
	}
	ref.part = uint8(n)
	copy(ref.id[:], id)
	return ref, true
}

func (r pageRef) key() string { return strconv.Itoa(int(r.part)) + "." + string(r.id[:]) }

// look is a page in the queue of looks.
type look struct {
	at     int64 // Unix nanoseconds
	host   uint32
	ref    pageRef
	tries  uint8
	turned bool // at is its turn at the host
}

// forget drops the times that have passed.
func forget(times map[uint32]time.Time, now time.Time) {
	for host, at := range times {
		if !at.After(now) {
			delete(times, host)
		}
	}
}

func hostHash(rawURL string) uint32 { return hashOf(weburl.HostPort(rawURL)) }

func hashOf(host string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(host))
	return h.Sum32()
}

// lookQueue is a heap of looks by when they are due.
type lookQueue []look

func (q lookQueue) Len() int           { return len(q) }
func (q lookQueue) Less(i, j int) bool { return q[i].at < q[j].at }
func (q lookQueue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }

// Push implements heap.Interface.
func (q *lookQueue) Push(x any) { *q = append(*q, x.(look)) }

// Pop implements heap.Interface.
func (q *lookQueue) Pop() any {
	old := *q
	l := old[len(old)-1]
	*q = old[:len(old)-1]
	return l
}
