package article

import (
	"errors"
	"reflect"
	"testing"
	"time"
)

func TestTakedownTravels(t *testing.T) {
	down := &Takedown{
		Page: ID("https://example.com/a"), URL: "https://example.com/a", Status: 410,
		At: time.Date(2026, 3, 1, 12, 0, 0, 7, time.UTC),
	}
	headers, body, err := down.Message()
	if err != nil {
		t.Fatal(err)
	}
	if got := headers[HeaderTakedown]; len(got) != 1 || got[0] != "410" {
		t.Errorf("header %s is %q, want 410", HeaderTakedown, got)
	}
	if want := down.Page + ":takedown:1772366400"; down.MsgID() != want {
		t.Errorf("message id %q, want %q", down.MsgID(), want)
	}
	back, err := ReadTakedown(body)
	if err != nil || !reflect.DeepEqual(back, down) {
		t.Errorf("takedown came back as %+v, %v; want %+v", back, err, down)
	}
}

func TestTakedownRefusesWhatTakesNothingDown(t *testing.T) {
	good := Takedown{Page: ID("https://example.com/a"), URL: "https://example.com/a", Status: 404, At: time.Now()}
	for what, spoil := range map[string]func(*Takedown){
		"no id":        func(d *Takedown) { d.Page = "a" },
		"no URL":       func(d *Takedown) { d.URL = "" },
		"server error": func(d *Takedown) { d.Status = 503 },
		"no time":      func(d *Takedown) { d.At = time.Time{} },
	} {
		bad := good
		spoil(&bad)
		if _, _, err := bad.Message(); !errors.Is(err, ErrBadTakedown) {
			t.Errorf("%s: %v, want ErrBadTakedown", what, err)
		}
	}
	for _, body := range []string{"", "{", "[]", "{}"} {
		if _, err := ReadTakedown([]byte(body)); !errors.Is(err, ErrBadTakedown) {
			t.Errorf("%q: %v, want ErrBadTakedown", body, err)
		}
	}
}
