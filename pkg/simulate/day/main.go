// Command day simulates a day of a web of feeds and prints what rules of polling
// make of it. It exits with status 1 when the goal of the newsroom mix is missed.
package main

import (
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/copydesk/copydesk/pkg/cadence"
	"github.com/copydesk/copydesk/pkg/simulate"
)

func main() {
	feeds := flag.Int("feeds", 10_000, "feeds of the newsroom mix; the others have a quarter of them")
	seed := flag.Uint64("seed", 4001, "what everything is drawn from")
	warm := flag.Duration("warm", 10*24*time.Hour, "how long the feeds have been polled before the day")
	flag.Parse()
	if err := run(*feeds, *seed, *warm); err != nil {
		fmt.Fprintln(os.Stderr, "simulate: goal missed:", err)
		os.Exit(1)
	}
}

func run(feeds int, seed uint64, warm time.Duration) error {
	rules := simulate.Rules(cadence.Default())
	o := simulate.Options{
		Mix: simulate.Newsroom(), Seed: seed, Feeds: feeds, Warm: warm,
		Start: time.Date(2026, time.March, 4, 0, 0, 0, 0, time.UTC),
	}
	fmt.Println("Delay from the moment at which a poll could have found an entry; age from its publication.")
	results, err := day(o, rules)
	if err != nil {
		return err
	}
	goal := simulate.Goal(results)
	// The others are held to nothing: they show what becomes of the rule where
	// the web is another.
	o.Feeds /= 4
	for _, m := range []simulate.Mix{simulate.Magazine(), simulate.LongTail(), simulate.Machines(), simulate.Regional(), simulate.Dailies()} {
		o.Mix = m
		if _, err := day(o, rules); err != nil {
			return err
		}
	}
	o.Mix, o.Warm = simulate.Newsroom(), 0
	if _, err := day(o, rules); err != nil {
		return err
	}
	return goal
}

// day simulates one day and prints its table.
func day(o simulate.Options, rules []simulate.Rule) ([]*simulate.Result, error) {
	start := time.Now()
	results := simulate.Run(o, rules)
	verdict := "goal reached"
	if err := simulate.Goal(results); err != nil {
		verdict = "not a fifth: " + err.Error()
	}
	fmt.Printf("\n%s, %d feeds, polled for %s before (%s): %s\n", o.Mix.Name, o.Feeds, o.Warm, time.Since(start).Round(time.Second), verdict)
	return results, simulate.WriteTable(os.Stdout, results)
}
