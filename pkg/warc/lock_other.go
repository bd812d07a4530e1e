//go:build !(linux || darwin || freebsd)

package warc

import "os"

// lockFile does nothing where files cannot be locked this way: there, only one
// process may write to a directory.
func lockFile(*os.File) error { return nil }
