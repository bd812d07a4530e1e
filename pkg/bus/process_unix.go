//go:build unix

package bus

import (
	"errors"
	"syscall"
)

// processEnded reports whether no process has this number.
func processEnded(pid int) bool { return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }
