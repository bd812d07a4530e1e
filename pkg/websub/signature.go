package websub

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // HMAC with it is sound, and many hubs know no other
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"strings"
)

// The reasons for which a push is not believed.
var (
	ErrUnsigned  = errors.New("the push is not signed")
	ErrMethod    = errors.New("the push is signed by a method that is not known")
	ErrSignature = errors.New("the signature of the push is not by the secret of its subscription")
)

// method returns the hash of a signature method, nil for one that is not known.
func method(name string) func() hash.Hash {
	switch name {
	case "sha1":
		return sha1.New
	case "sha256":
		return sha256.New
	case "sha384":
		return sha512.New384
	case "sha512":
		return sha512.New
	}
	return nil
}

// Verify checks an X-Hub-Signature header, "method=hex", against the body as it
// was sent.
func Verify(header, secret string, body []byte) error {
	name, digits, ok := strings.Cut(strings.TrimSpace(header), "=")
	if header == "" || !ok {
		return ErrUnsigned
	}
	sum := method(strings.ToLower(name))
	if sum == nil {
		return ErrMethod
	}
	got, err := hex.DecodeString(digits)
	if err != nil {
		return ErrSignature
	}
	mac := hmac.New(sum, []byte(secret))
	mac.Write(body)
	if !hmac.Equal(got, mac.Sum(nil)) {
		return ErrSignature
	}
	return nil
}

// Sign returns the header that Verify accepts; it is the hub's side of it.
func Sign(name, secret string, body []byte) (string, error) {
	sum := method(name)
	if sum == nil {
		return "", fmt.Errorf("sign by %q: %w", name, ErrMethod)
	}
	mac := hmac.New(sum, []byte(secret))
	mac.Write(body)
	return name + "=" + hex.EncodeToString(mac.Sum(nil)), nil
}
