package bus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
)

// logBridge passes the lines of the NATS server to slog and remembers the two
// kinds that the server reports in no other way: that it gave up starting, and
// that it cannot write.
type logBridge struct {
	log *slog.Logger

	mu      sync.Mutex
	fatal   error
	storage error
}

func (b *logBridge) line(level slog.Level, format string, args []any) string {
	text := strings.TrimSpace(fmt.Sprintf(format, args...))
	if text != "" {
		b.log.Log(context.Background(), level, text)
	}
	return text
}

// Noticef logs at debug level: the server's notices are its banner and
// recovery details.
func (b *logBridge) Noticef(format string, v ...any) { b.line(slog.LevelDebug, format, v) }

// Warnf logs a warning.
func (b *logBridge) Warnf(format string, v ...any) { b.storageLine(b.line(slog.LevelWarn, format, v)) }

// Fatalf logs an error and keeps it for StartServer; it does not end the
// process.
func (b *logBridge) Fatalf(format string, v ...any) {
	text := b.line(slog.LevelError, format, v)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fatal == nil {
		b.fatal = errors.New(text)
	}
}

// Errorf logs an error.
func (b *logBridge) Errorf(format string, v ...any) {
	b.storageLine(b.line(slog.LevelError, format, v))
}

// storageLine keeps text if it is the first that says that the disk cannot be
// written. The server goes on without storing anything, until a restart.
func (b *logBridge) storageLine(text string) {
	for _, sign := range []string{"no space left", "out of space", "critical write error", "will be DISABLED", "permission denied", "input/output error", "read-only file system"} {
		if strings.Contains(text, sign) {
			b.mu.Lock()
			if b.storage == nil {
				b.storage = errors.New(text)
			}
			b.mu.Unlock()
			return
		}
	}
}

// Debugf drops the line.
func (b *logBridge) Debugf(string, ...any) {}

// Tracef drops the line.
func (b *logBridge) Tracef(string, ...any) {}

func (b *logBridge) fatalError() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.fatal
}

func (b *logBridge) storageError() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.storage
}
