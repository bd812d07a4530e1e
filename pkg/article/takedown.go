package article

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// HeaderTakedown marks a message on the streams of pages and of articles as a
// [Takedown]; its value is the status that the publisher answered with.
const HeaderTakedown = "Copydesk-Takedown"

// The HTTP statuses that take a page down.
const (
	notFound = 404
	gone     = 410
)

// ErrBadTakedown marks a takedown message that cannot be read. It is
// permanent; trying again gives the same.
var ErrBadTakedown = errors.New("article: bad takedown message")

// Takedown says that a publisher took a page down: whoever looked for it found
// it gone twice, some time apart.
type Takedown struct {
	Page   string    `json:"page"`   // id of the page: of the canonical final URL of the last good fetch
	URL    string    `json:"url"`    // that URL
	Status int       `json:"status"` // 404 or 410
	At     time.Time `json:"at"`     // when the page was found gone for the last time
}

// Check returns what is wrong with a takedown, wrapping [ErrBadTakedown].
func (t *Takedown) Check() error {
	switch {
	case !ValidID(t.Page):
		return fmt.Errorf("%w: page %q is no id", ErrBadTakedown, t.Page)
	case t.URL == "":
		return fmt.Errorf("%w: page %s has no URL", ErrBadTakedown, t.Page)
	case t.Status != notFound && t.Status != gone:
		return fmt.Errorf("%w: page %s: status %d takes nothing down", ErrBadTakedown, t.Page, t.Status)
	case t.At.IsZero():
		return fmt.Errorf("%w: page %s has no time", ErrBadTakedown, t.Page)
	}
	return nil
}

// MsgID returns the message id of the takedown, the same on both streams.
func (t *Takedown) MsgID() string {
	return t.Page + ":takedown:" + strconv.FormatInt(t.At.Unix(), 10)
}

// Message returns the headers and the body of the takedown's message.
func (t *Takedown) Message() (headers map[string][]string, body []byte, err error) {
	if err := t.Check(); err != nil {
		return nil, nil, err
	}
	body, err = json.Marshal(t)
	if err != nil {
		return nil, nil, fmt.Errorf("article: encode takedown of page %s: %w", t.Page, err)
	}
	return map[string][]string{
		HeaderSchema:   {strconv.Itoa(Schema)},
		HeaderTakedown: {strconv.Itoa(t.Status)},
		HeaderID:       {t.Page},
		HeaderURL:      {t.URL},
	}, body, nil
}

// ReadTakedown reads the body of a takedown's message. Errors wrap
// [ErrBadTakedown].
func ReadTakedown(body []byte) (*Takedown, error) {
	t := &Takedown{}
	if err := json.Unmarshal(body, t); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadTakedown, err)
	}
	if err := t.Check(); err != nil {
		return nil, err
	}
	return t, nil
}
