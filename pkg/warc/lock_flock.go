//go:build linux || darwin || freebsd

package warc

import (
	"os"
	"syscall"
)

// lockFile keeps others from repairing a file that is being written. The lock
// is gone when the process is, however it ended.
func lockFile(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) }
