package bus

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/copydesk/copydesk/pkg/article"
)

// Bucket copydesk_dead says under "<page id>.<stage>" which dead letter a stage
// wrote last of a page, so that it is found without reading the stream. It is
// an aid: a note that is missing hides nothing from lists.

// NoteDead notes that a dead letter, as [NewDead] makes it, was stored under
// this sequence number. A message without the id of a page is not noted.
func (b *Bus) NoteDead(ctx context.Context, letter *nats.Msg, sequence uint64) error {
	id := pageOf(letter.Header)
	if id == "" {
		return nil
	}
	kv, err := b.Bucket(ctx, BucketDead)
	if err == nil {
		_, err = kv.Put(ctx, deadKey(id, letter.Header.Get(HeaderDeadStage)), strconv.AppendUint(nil, sequence, 10))
	}
	if err != nil {
		return fmt.Errorf("note dead letter %d: %w", sequence, err)
	}
	return nil
}

// DeadOf returns the dead letters that are noted of a page and still there,
// without payloads, at most one of each stage.
func (b *Bus) DeadOf(ctx context.Context, page string) ([]DeadLetter, error) {
	kv, err := b.Bucket(ctx, BucketDead)
	if err != nil {
		return nil, fmt.Errorf("dead letters of page %s: %w", page, err)
	}
	var letters []DeadLetter
	for _, stage := range []string{ConsumerIngest, ConsumerBackfill, ConsumerNormalize, ConsumerIndex} {
		note, err := kv.Get(ctx, deadKey(page, stage))
		if errors.Is(err, jetstream.ErrKeyNotFound) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("dead letters of page %s: %w", page, err)
		}
		sequence, err := strconv.ParseUint(string(note.Value()), 10, 64)
		if err != nil {
			continue // written by another version, or by hand
		}
		letter, err := b.GetDead(ctx, sequence)
		if errors.Is(err, ErrNoDeadLetter) {
			continue // replayed or dropped
		}
		if err != nil {
			return nil, err
		}
		// The stream may have been created anew since.
		if pageOf(letter.Header) == page && letter.Stage == stage {
			letter.Data = nil
			letters = append(letters, *letter)
		}
	}
	return letters, nil
}

func deadKey(page, stage string) string { return token(page) + "." + token(stage) }

// pageOf returns the id of the page that a dead letter is about: message ids
// begin with it at every stage.
func pageOf(h nats.Header) string {
	id, _, _ := strings.Cut(h.Get(HeaderDeadMsgID), ":")
	if !article.ValidID(id) {
		id = h.Get(HeaderID)
	}
	if !article.ValidID(id) {
		return ""
	}
	return id
}
