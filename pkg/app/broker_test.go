package app

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/copydesk/copydesk/pkg/bus"
)

// startTestBroker runs an embedded broker that other processes can reach.
func startTestBroker(t testing.TB) (*bus.Server, string) {
	t.Helper()
	server, err := bus.StartServer(bus.ServerOptions{Dir: t.TempDir(), Listen: "127.0.0.1:0", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Shutdown)
	return server, server.ClientURL()
}

// testBus connects to a broker of its own.
func testBus(t testing.TB) *bus.Bus {
	t.Helper()
	server, _ := startTestBroker(t)
	b, err := bus.Connect(t.Context(), bus.Options{InProcess: server, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = b.Close(ctx)
	})
	if err := b.Ensure(t.Context()); err != nil {
		t.Fatal(err)
	}
	return b
}
