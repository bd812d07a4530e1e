package bus

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// ErrNoDeadLetter says that no dead letter has this sequence number.
var ErrNoDeadLetter = errors.New("no such dead letter")

// ErrLeaseHeld says that somebody else holds the lease. The error is a [*HeldError].
var ErrLeaseHeld = errors.New("lease is held")

// SettingError says that something on the broker exists with another setting
// than copydesk needs.
type SettingError struct {
	Object  string // "stream PAGES", "consumer normalize of stream PAGES", "bucket copydesk_leases", "broker nats://..."
	Setting string // name of the setting as the broker calls it
	Have    string
	Want    string
	WayOut  string // what the operator can do
}

// Error says all of it in one line.
func (e *SettingError) Error() string {
	return fmt.Sprintf("%s: %s is %s, want %s: %s", e.Object, e.Setting, e.Have, e.Want, e.WayOut)
}

// Codes of the JetStream API that say "full". The names are those of the
// server's errors.json; the client has no constants for them.
const (
	codeAccountResources jetstream.ErrorCode = 10002
	codeInsufficient     jetstream.ErrorCode = 10023
	codeMemoryResources  jetstream.ErrorCode = 10028
	codeStorageResources jetstream.ErrorCode = 10047
	codeStoreFailed      jetstream.ErrorCode = 10077
	codeTooManyRequests  jetstream.ErrorCode = 10167
	codeMessageTooLarge  jetstream.ErrorCode = 10054
	codeHeaderTooLarge   jetstream.ErrorCode = 10097
	codeSequenceNotFound jetstream.ErrorCode = 10043

	serviceUnavailable    = 503
	messageTooLargeReason = "message too large"
)

// IsFull reports whether a broker call failed because a stream, a bucket or the
// broker's storage is full. That is back-pressure: wait and try again.
func IsFull(err error) bool {
	var api *jetstream.APIError
	if !asAPIError(err, &api) {
		return false
	}
	switch api.ErrorCode {
	case codeStoreFailed:
		// The same code says that a message is larger than the whole stream,
		// which no waiting mends.
		return !strings.Contains(api.Description, messageTooLargeReason)
	case codeAccountResources, codeInsufficient, codeMemoryResources, codeStorageResources, codeTooManyRequests:
		return true
	}
	return false
}

// IsTooLarge reports whether a publish failed because the message can never fit.
func IsTooLarge(err error) bool {
	if errors.Is(err, nats.ErrMaxPayload) {
		return true
	}
	var api *jetstream.APIError
	if !asAPIError(err, &api) {
		return false
	}
	return api.ErrorCode == codeMessageTooLarge || api.ErrorCode == codeHeaderTooLarge ||
		api.ErrorCode == codeStoreFailed && strings.Contains(api.Description, messageTooLargeReason)
}

// IsUnavailable reports whether a broker call failed because the broker, or
// JetStream in it, does not answer. A call that timed out counts, so ask it of
// errors of broker calls only. Nobody knows whether such a call was carried out.
func IsUnavailable(err error) bool {
	for _, target := range []error{
		context.DeadlineExceeded, nats.ErrTimeout, nats.ErrDisconnected, nats.ErrConnectionReconnecting,
		nats.ErrReconnectBufExceeded, nats.ErrConnectionClosed, nats.ErrConnectionDraining, nats.ErrNoServers, nats.ErrNoResponders,
		nats.ErrStaleConnection, jetstream.ErrNoStreamResponse, jetstream.ErrNoHeartbeat, jetstream.ErrServerShutdown,
		jetstream.ErrConsumerLeadershipChanged, jetstream.ErrJetStreamNotEnabled, jetstream.ErrJetStreamNotEnabledForAccount,
	} {
		if errors.Is(err, target) {
			return true
		}
	}
	var api *jetstream.APIError
	return asAPIError(err, &api) && api.Code == serviceUnavailable && !IsFull(err) && !IsTooLarge(err)
}

// asAPIError finds the broker's own answer in err: the client returns it bare
// from some calls and inside a JetStreamError from others.
func asAPIError(err error, api **jetstream.APIError) bool {
	if errors.As(err, api) {
		return true
	}
	var js jetstream.JetStreamError
	if errors.As(err, &js) && js.APIError() != nil {
		*api = js.APIError()
		return true
	}
	return false
}
