package websub

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// The values of hub.mode.
const (
	ModeSubscribe   = "subscribe"
	ModeUnsubscribe = "unsubscribe"
	ModeDenied      = "denied"
)

const (
	maxChallenge = 4096 // bytes of a challenge that is echoed
	maxReason    = 200  // bytes kept of why a hub refuses
)

// Subscribe returns the form that asks a hub for a subscription, or for a
// further lease of one: callback and secret stay, so nothing is lost meanwhile.
func Subscribe(topic, callback, secret string, lease time.Duration) url.Values {
	return url.Values{
		"hub.mode": {ModeSubscribe}, "hub.topic": {topic}, "hub.callback": {callback}, "hub.secret": {secret},
		"hub.lease_seconds": {strconv.Itoa(int(lease / time.Second))},
	}
}

// Unsubscribe returns the form that ends a subscription.
func Unsubscribe(topic, callback string) url.Values {
	return url.Values{"hub.mode": {ModeUnsubscribe}, "hub.topic": {topic}, "hub.callback": {callback}}
}

// Intent is what a hub asks or tells a callback with GET.
type Intent struct {
	Mode      string        // one of the Mode constants
	Topic     string        //
	Challenge string        // to be echoed; empty for ModeDenied
	Lease     time.Duration // of ModeSubscribe; see [Granted]
	Reason    string        // of ModeDenied, one line; may be empty
}

var errIntent = errors.New("not the request of a hub")

// ParseIntent reads the query of such a request.
func ParseIntent(query url.Values) (Intent, error) {
	i := Intent{Mode: query.Get("hub.mode"), Topic: query.Get("hub.topic"), Challenge: query.Get("hub.challenge")}
	switch i.Mode {
	case ModeDenied:
		i.Challenge, i.Reason = "", oneLine(query.Get("hub.reason"))
	case ModeSubscribe:
		i.Lease = Granted(query.Get("hub.lease_seconds"))
	case ModeUnsubscribe:
	default:
		return i, fmt.Errorf("%w: hub.mode is none of %s, %s and %s", errIntent, ModeSubscribe, ModeUnsubscribe, ModeDenied)
	}
	switch {
	case i.Topic == "":
		return i, fmt.Errorf("%w: hub.topic is missing", errIntent)
	case i.Mode != ModeDenied && i.Challenge == "":
		return i, fmt.Errorf("%w: hub.challenge is missing", errIntent)
	case len(i.Challenge) > maxChallenge:
		return i, fmt.Errorf("%w: hub.challenge is longer than %d bytes", errIntent, maxChallenge)
	}
	return i, nil
}

// oneLine makes a stranger's text safe to be shown.
func oneLine(s string) string {
	words := strings.FieldsFunc(strings.ToValidUTF8(s[:min(len(s), maxReason)], ""), func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsPrint(r)
	})
	return strings.Join(words, " ")
}
