package fetch

import (
	"context"
	"net"
)

// NewOver returns a Fetcher on a network of the caller's own, for simulations:
// every connection is opened with dial, and addresses are not checked.
func NewOver(o Options, dial func(ctx context.Context, network, address string) (net.Conn, error)) (*Fetcher, error) {
	return newFetcher(o, dial)
}
