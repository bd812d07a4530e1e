package ops

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
)

// Bind opens a TCP listener on addr ("host:port", ":port"). Its errors are one
// line that names the address, the cause and the flag that changes it.
func Bind(ctx context.Context, addr, flag string) (net.Listener, error) {
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", addr)
	if err == nil {
		return ln, nil
	}
	cause, hint := err, "give another address with "+flag
	var errno syscall.Errno
	if errors.As(err, &errno) {
		// The rest of the operating system's message repeats the address.
		cause = errno
	}
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		hint = "another process has the port; stop it or choose another with " + flag
	case errors.Is(err, syscall.EACCES):
		hint = "ports below 1024 need privileges; choose a higher one with " + flag
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		hint = "this machine does not have the address; choose another with " + flag
	}
	return nil, fmt.Errorf("listen on %s: %w (%s)", addr, cause, hint)
}
