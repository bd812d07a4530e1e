package app

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/copydesk/copydesk/pkg/bus"
	"github.com/copydesk/copydesk/pkg/ops"
)

// BrokerFlags say where the broker is and how to get in.
type BrokerFlags struct {
	NATS         string        `name:"nats" default:"nats://127.0.0.1:4222" placeholder:"URL" help:"Broker to connect to; several servers of a cluster are separated by commas. Default: ${default}."`
	NATSCreds    string        `name:"nats-creds" type:"path" placeholder:"FILE" help:"Credentials file of the broker account."`
	NATSUser     string        `name:"nats-user" placeholder:"NAME" help:"User name for the broker."`
	NATSPassword string        `name:"nats-password" placeholder:"TEXT" help:"Password for the broker; better given by environment or file."`
	NATSToken    string        `name:"nats-token" placeholder:"TEXT" help:"Token for the broker; better given by environment or file."`
	NATSCA       string        `name:"nats-ca" type:"path" placeholder:"FILE" help:"Certificate authority of the broker (PEM). Turns TLS on."`
	NATSCert     string        `name:"nats-cert" type:"path" placeholder:"FILE" help:"Client certificate for the broker (PEM)."`
	NATSKey      string        `name:"nats-key" type:"path" placeholder:"FILE" help:"Key of the client certificate (PEM)."`
	NATSTimeout  time.Duration `name:"nats-timeout" default:"30s" help:"How long to wait for a broker that is away at start. Default: ${default}."`
}

func (f BrokerFlags) connect(ctx context.Context, name string, log *slog.Logger) (*bus.Bus, error) {
	return bus.Connect(ctx, bus.Options{
		URL: f.NATS, Name: name, Creds: f.NATSCreds, User: f.NATSUser, Password: f.NATSPassword, Token: f.NATSToken,
		CA: f.NATSCA, Cert: f.NATSCert, Key: f.NATSKey, ConnectTimeout: f.NATSTimeout, Logger: log,
	})
}

// LogFlags say what is logged and how.
type LogFlags struct {
	LogLevel  string `name:"log-level" enum:"debug,info,warn,error" default:"info" help:"Least severe message to log: debug, info, warn or error. Default: ${default}."`
	LogFormat string `name:"log-format" enum:"json,text" default:"json" help:"Log lines as json or text. Default: ${default}."`
}

func (f LogFlags) logger(env Env) (*slog.Logger, error) {
	return ops.NewLogger(env.Stderr, f.LogFormat, f.LogLevel)
}

// WorkerFlags are the flags that the three workers share.
type WorkerFlags struct {
	BrokerFlags
	LogFlags
	Config       string      `name:"config" type:"path" placeholder:"FILE" help:"YAML file of flags: each key is the name of a flag. Flags beat the environment, the environment beats the file."`
	Version      versionFlag `name:"version" env:"-" help:"Print the version and exit."`
	OTLPEndpoint string      `name:"otlp-endpoint" placeholder:"URL" help:"Send traces to this OTLP/HTTP endpoint. Default: no tracing."`
	Healthcheck  bool        `name:"healthcheck" env:"-" help:"Ask the worker that runs on --http whether it is ready, and exit with 0 or 1. For container health checks."`
}

// workerName tells processes apart in leases, logs and dead letters.
func workerName(role string) string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%s-%s-%d-%s", role, host, os.Getpid(), rand.Text()[:6])
}
