package ops

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"
)

// The formats of [NewLogger].
const (
	// FormatAuto is text if the output is a terminal, else JSON.
	FormatAuto = ""
	FormatJSON = "json"
	FormatText = "text"
)

// NewLogger returns a logger that writes to w, one record a line.
//
// Format is "json", "text" or "" (text if w is a terminal, else JSON). Level is
// "debug", "info", "warn" or "error", "" means info. Other values are errors
// that list the valid ones.
func NewLogger(w io.Writer, format, level string) (*slog.Logger, error) {
	lv, err := parseLevel(level)
	if err != nil {
		return nil, err
	}
	format = strings.ToLower(format)
	if format == FormatAuto {
		format = FormatJSON
		if isTerminal(w) {
			format = FormatText
		}
	}
	switch format {
	case FormatJSON:
		return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: lv})), nil
	case FormatText:
		return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: lv, ReplaceAttr: shortTime})), nil
	}
	return nil, fmt.Errorf("log format %q: want json or text", format)
}

func parseLevel(level string) (slog.Level, error) {
	switch strings.ToLower(level) {
	case "debug":
		return slog.LevelDebug, nil
	case "", "info":
		return slog.LevelInfo, nil
	case "warn", "warning":
		return slog.LevelWarn, nil
	case "error":
		return slog.LevelError, nil
	}
	return 0, fmt.Errorf("log level %q: want debug, info, warn or error", level)
}

// shortTime drops the date: whoever watches a terminal knows it.
func shortTime(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey && a.Value.Kind() == slog.KindTime {
		return slog.String(slog.TimeKey, a.Value.Time().Format(time.TimeOnly))
	}
	return a
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	st, err := f.Stat()
	return err == nil && st.Mode()&os.ModeCharDevice != 0
}

// seldom lets something be said once a minute, however often it happens: what
// fails at every request must not bury the rest of the log.
type seldom struct {
	mu   sync.Mutex
	last time.Time
	held int
}

// say returns whether it is time to speak, and then for how many things: the n
// of this call and of those that were held back.
func (s *seldom) say(n int) (total int, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held += n
	if now := time.Now(); now.Sub(s.last) >= time.Minute {
		total, s.held, s.last = s.held, 0, now
		return total, true
	}
	return 0, false
}

// discardIfNil lets the callers of this package leave the logger out.
func discardIfNil(l *slog.Logger) *slog.Logger {
	if l == nil {
		return slog.New(slog.DiscardHandler)
	}
	return l
}
