//go:build !race

package feed

// hostileSize is the size of a hostile feed, in bytes.
const hostileSize = 4 << 20
