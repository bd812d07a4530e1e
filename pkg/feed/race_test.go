//go:build race

package feed

// The race detector makes the parsers ten times slower.
const hostileSize = 256 << 10
