package ops

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestNewLogger(t *testing.T) {
	for _, tt := range []struct {
		name, format, level, want string // want: pattern of the whole output
	}{
		{"json by default", "", "", `^\{"time":"[^"]+","level":"INFO","msg":"shown","feed":"a b\\n"\}\n$`},
		{"json", "json", "info", `^\{"time":"[^"]+","level":"INFO","msg":"shown","feed":"a b\\n"\}\n$`},
		{"text", "TEXT", "info", `^time=\d\d:\d\d:\d\d level=INFO msg=shown feed="a b\\n"\n$`},
		{"below the level", "json", "warn", `^$`},
		{"debug", "text", "debug", `level=DEBUG msg=hidden[\s\S]*level=INFO`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var b bytes.Buffer
			l, err := NewLogger(&b, tt.format, tt.level)
			if err != nil {
				t.Fatal(err)
			}
			l.Debug("hidden")
			l.Info("shown", "feed", "a b\n")
			if !regexp.MustCompile(tt.want).MatchString(b.String()) {
				t.Errorf("wrote %q, want %s", b.String(), tt.want)
			}
		})
	}
}

func TestNewLoggerTimeInGroup(t *testing.T) {
	var b bytes.Buffer
	l, err := NewLogger(&b, "json", "")
	if err != nil {
		t.Fatal(err)
	}
	l.WithGroup("feed").Info("polled", "time", "noon")
	var rec map[string]any
	if err := json.Unmarshal(b.Bytes(), &rec); err != nil {
		t.Fatal(err)
	}
	if got := rec["feed"].(map[string]any)["time"]; got != "noon" {
		t.Errorf("feed.time = %v", got)
	}
}

func TestNewLoggerRejects(t *testing.T) {
	for _, tt := range []struct{ format, level, want string }{
		{"xml", "info", `log format "xml": want json or text`},
		{"json", "loud", `log level "loud": want debug, info, warn or error`},
	} {
		_, err := NewLogger(&bytes.Buffer{}, tt.format, tt.level)
		if err == nil || err.Error() != tt.want {
			t.Errorf("NewLogger(%q, %q) error = %v, want %s", tt.format, tt.level, err, tt.want)
		}
		if err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("error has more than one line: %q", err)
		}
	}
}

func TestSeldom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s seldom
		if n, ok := s.say(2); !ok || n != 2 {
			t.Errorf("first: %d, %t", n, ok)
		}
		for range 1000 {
			if _, ok := s.say(1); ok {
				t.Fatal("spoke twice within a minute")
			}
		}
		time.Sleep(time.Minute)
		if n, ok := s.say(1); !ok || n != 1001 {
			t.Errorf("a minute later: %d, %t", n, ok)
		}
	})
}
