package index

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"
)

// cursor is what the opaque text of a cursor holds: a fingerprint of the query
// it belongs to, and the position, which is the implementation's own.
type cursor struct {
	Query string          `json:"q"`
	At    json.RawMessage `json:"at"`
}

// EncodeCursor returns an opaque cursor that holds the position and works only
// with the query q (of any size, cursor, and with or without facets).
func EncodeCursor(q Query, position any) (string, error) {
	at, err := json.Marshal(position)
	if err != nil {
		return "", fmt.Errorf("index: encode cursor: %w", err)
	}
	text, err := json.Marshal(cursor{Query: fingerprint(q), At: at})
	if err != nil {
		return "", fmt.Errorf("index: encode cursor: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(text), nil
}

// DecodeCursor reads the cursor of q into position. Errors wrap [ErrBadQuery]:
// the cursor is damaged or belongs to another query.
func DecodeCursor(q Query, position any) error {
	text, err := base64.RawURLEncoding.DecodeString(q.Cursor)
	if err != nil {
		return fmt.Errorf("%w: cursor is none of this index", ErrBadQuery)
	}
	var c cursor
	if err := json.Unmarshal(text, &c); err != nil {
		return fmt.Errorf("%w: cursor is none of this index", ErrBadQuery)
	}
	if c.Query != fingerprint(q) {
		return fmt.Errorf("%w: cursor belongs to another query", ErrBadQuery)
	}
	if err := json.Unmarshal(c.At, position); err != nil {
		return fmt.Errorf("%w: cursor is none of this index", ErrBadQuery)
	}
	return nil
}

// fingerprint tells queries with different sequences of hits apart.
func fingerprint(q Query) string {
	q.Size, q.Cursor, q.Facets = 0, "", false
	q.From, q.To, q.ChangedSince = whole(q.From), whole(q.To), whole(q.ChangedSince)
	text, err := json.Marshal(q)
	if err != nil {
		// Only a year beyond 9999 cannot be encoded.
		text = fmt.Appendf(nil, "%#v", q)
	}
	sum := sha256.Sum256(text)
	return base64.RawURLEncoding.EncodeToString(sum[:9])
}

// whole drops what does not matter of an instant: zone and monotonic clock.
func whole(t time.Time) time.Time { return t.UTC().Round(0) }
