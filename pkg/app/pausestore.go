package app

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"

	"github.com/copydesk/copydesk/pkg/article"
	"github.com/copydesk/copydesk/pkg/fetch"
)

// pauseStore keeps for the fetchers of all workers which hosts are left alone,
// so that neither a restart nor the next owner of a partition asks one at once.
type pauseStore struct {
	bucket
	log *slog.Logger
}

// Get returns the pause of a host. One that cannot be read as such is none: it
// would keep its host from being asked until the bucket forgets it.
func (s pauseStore) Get(ctx context.Context, host string) (fetch.Pause, bool, error) {
	var p fetch.Pause
	value, revision, err := s.get(ctx, article.ID(host))
	if err != nil || revision == 0 {
		return p, false, err
	}
	if err := json.Unmarshal(value, &p); err != nil {
		s.log.Warn("stored pause of a host is none", "host", host, "err", err)
		return fetch.Pause{}, false, nil
	}
	return p, true, nil
}

// Put stores the pause of a host. The owner of its partition alone asks it, so
// the last write is the one that counts.
func (s pauseStore) Put(ctx context.Context, host string, p fetch.Pause) error {
	data, err := json.Marshal(p)
	if err == nil {
		err = s.put(ctx, article.ID(host), data)
	}
	if err != nil {
		return fmt.Errorf("store pause of host %s: %w", host, err)
	}
	return nil
}
