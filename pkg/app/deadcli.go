package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"text/tabwriter"

	"github.com/copydesk/copydesk/pkg/bus"
)

// DeadCommand groups the commands on dead letters.
type DeadCommand struct {
	List   DeadListCommand   `cmd:"" help:"List dead letters: what could not be processed, and why."`
	Show   DeadShowCommand   `cmd:"" help:"Show one dead letter with its headers and content."`
	Replay DeadReplayCommand `cmd:"" help:"Process dead letters again."`
	Drop   DeadDropCommand   `cmd:"" help:"Delete dead letters for good."`
}

// DeadFilter selects dead letters.
type DeadFilter struct {
	BrokerFlags
	Stage  string `name:"stage" placeholder:"STAGE" help:"Only those of ingest, normalize or index."`
	Reason string `name:"reason" placeholder:"REASON" help:"Only those with this reason."`
}

// deadPage is how many dead letters are asked of the broker at once.
const deadPage = 500

// each calls do for every dead letter that is selected.
func (f *DeadFilter) each(ctx context.Context, b *bus.Bus, do func(bus.DeadLetter) error) error {
	after := uint64(0)
	for {
		letters, more, err := b.ListDead(ctx, bus.DeadQuery{Stage: f.Stage, Reason: f.Reason, After: after, Limit: deadPage})
		if err != nil {
			return err
		}
		for _, l := range letters {
			after = l.Sequence
			if err := do(l); err != nil {
				return err
			}
		}
		if !more || len(letters) == 0 {
			return nil
		}
	}
}

func withBroker(ctx context.Context, f BrokerFlags, env Env, do func(*bus.Bus) error) error {
	b, err := f.connectTool(ctx, env)
	if err != nil {
		return err
	}
	defer shutdown(slog.New(slog.DiscardHandler), "broker", b.Close)
	return do(b)
}

// DeadListCommand lists dead letters.
type DeadListCommand struct {
	DeadFilter
	Limit int `name:"limit" short:"n" default:"100" help:"How many to list. Default: ${default}."`
}

var errEnough = errors.New("enough")

// Run prints a table.
func (c *DeadListCommand) Run(ctx context.Context, env Env) error {
	return withBroker(ctx, c.BrokerFlags, env, func(b *bus.Bus) error {
		w := tabwriter.NewWriter(env.Stdout, 0, 4, 2, ' ', 0)
		fmt.Fprintln(w, "NUMBER\tAT\tSTAGE\tREASON\tURL\tERROR")
		n := 0
		err := c.each(ctx, b, func(l bus.DeadLetter) error {
			if n >= c.Limit {
				return errEnough
			}
			n++
			_, err := fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\n", l.Sequence, clock(l.At), l.Stage, l.Reason, printable(l.URL), printable(clipText(l.Error, 120)))
			return err
		})
		if err != nil && !errors.Is(err, errEnough) {
			return err
		}
		if err := w.Flush(); err != nil {
			return err
		}
		if errors.Is(err, errEnough) {
			fmt.Fprintln(env.Stdout, "there are more; --limit shows them")
		}
		return nil
	})
}

// DeadShowCommand shows one dead letter.
type DeadShowCommand struct {
	BrokerFlags
	Number uint64 `arg:"" help:"Number of the dead letter, as dead list prints it."`
}

// Run prints headers and content.
func (c *DeadShowCommand) Run(ctx context.Context, env Env) error {
	return withBroker(ctx, c.BrokerFlags, env, func(b *bus.Bus) error {
		l, err := b.GetDead(ctx, c.Number)
		if err != nil {
			return err
		}
		for _, key := range sortedKeys(l.Header) {
			for _, v := range l.Header[key] {
				fmt.Fprintf(env.Stdout, "%s: %s\n", key, printable(v))
			}
		}
		fmt.Fprintln(env.Stdout)
		data := l.Data
		if l.Header.Get("Copydesk-Content-Encoding") == bus.EncodingZstd {
			if data, err = bus.Decompress(data, maxPage); err != nil {
				return err
			}
		}
		_, err = env.Stdout.Write(append(data, '\n'))
		return err
	})
}

// DeadReplayCommand processes dead letters again.
type DeadReplayCommand struct {
	DeadFilter
	All     bool     `name:"all" help:"Replay all that --stage and --reason select."`
	Numbers []uint64 `arg:"" optional:"" name:"number" help:"Numbers of dead letters, as dead list prints them."`
}

// Run republishes them.
func (c *DeadReplayCommand) Run(ctx context.Context, env Env) error {
	return deadAct(ctx, &c.DeadFilter, env, c.All, c.Numbers, "replayed", (*bus.Bus).ReplayDead)
}

// DeadDropCommand deletes dead letters.
type DeadDropCommand struct {
	DeadFilter
	All     bool     `name:"all" help:"Drop all that --stage and --reason select."`
	Numbers []uint64 `arg:"" optional:"" name:"number" help:"Numbers of dead letters, as dead list prints them."`
}

// Run deletes them.
func (c *DeadDropCommand) Run(ctx context.Context, env Env) error {
	return deadAct(ctx, &c.DeadFilter, env, c.All, c.Numbers, "dropped", (*bus.Bus).DropDead)
}

func deadAct(ctx context.Context, f *DeadFilter, env Env, all bool, numbers []uint64, done string,
	act func(*bus.Bus, context.Context, uint64) error,
) error {
	if all == (len(numbers) > 0) {
		return usagef("give either numbers of dead letters or --all (with --stage or --reason to select)")
	}
	return withBroker(ctx, f.BrokerFlags, env, func(b *bus.Bus) error {
		if all {
			// Collected first: acting on a list while it is read would skip some.
			if err := f.each(ctx, b, func(l bus.DeadLetter) error {
				numbers = append(numbers, l.Sequence)
				return nil
			}); err != nil {
				return err
			}
		}
		for i, n := range numbers {
			if err := act(b, ctx, n); err != nil {
				return fmt.Errorf("%d of %d %s: %w", i, len(numbers), done, err)
			}
		}
		fmt.Fprintf(env.Stdout, "%d dead letters %s\n", len(numbers), done)
		return nil
	})
}
