// Package app wires the other packages into the four commands: the ingest,
// normalize and index workers, and the operator's tool. It is the only package
// that knows them all.
package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
)

// Exit statuses of every command.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// Env is the world that a command runs in.
type Env struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
}

// usageError is a wrong use of a command; it exits with 2.
type usageError struct{ error }

func usagef(format string, args ...any) error {
	return usageError{fmt.Errorf(format, args...)}
}

// Main runs a command line against cli, a pointer to a struct of flags and
// commands, and returns the exit status: 0 done, 1 failed, 2 wrong use. Every
// flag is also a key of the YAML file that --config names and an environment
// variable COPYDESK_...; flag beats environment beats file. SIGINT and SIGTERM
// end the context that commands run under; a second one ends the process.
func Main(name, description string, cli any, args []string, env Env) int {
	parser, err := newParser(name, description, cli, args, env)
	if err != nil {
		return report(env, name, err)
	}
	kctx, err := parser.Parse(args)
	if err != nil {
		return report(env, name, usageError{fmt.Errorf("%w (see %s --help)", err, name)})
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	go func() {
		<-ctx.Done()
		stop() // from here on a signal has its usual effect
	}()
	kctx.BindTo(ctx, (*context.Context)(nil))
	if err := kctx.Run(env); err != nil {
		return report(env, name, err)
	}
	return exitDone
}

func newParser(name, description string, cli any, args []string, env Env) (*kong.Kong, error) {
	parser, err := kong.New(cli, kong.Name(name), kong.Description(description),
		kong.Writers(env.Stdout, env.Stderr), kong.DefaultEnvars("COPYDESK"),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 110}),
		kong.Vars{"version": Version()})
	if err != nil {
		return nil, err
	}
	path := configPath(args)
	if path == "" {
		return parser, nil
	}
	resolver, err := loadConfig(path, parser.Model)
	if err != nil {
		return nil, usageError{err}
	}
	return parser, kong.Resolvers(resolver).Apply(parser)
}

// report prints an error as one line and returns the exit status.
func report(env Env, name string, err error) int {
	if errors.Is(err, context.Canceled) {
		return exitDone // stopped as asked
	}
	fmt.Fprintf(env.Stderr, "%s: %s\n", name, oneLine(err.Error()))
	if usage := (usageError{}); errors.As(err, &usage) {
		return exitUsage
	}
	return exitFailed
}

func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}

// Version returns the version of this build: the module's, or the revision it
// was built from.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return s.Value[:12]
		}
	}
	return "devel"
}
