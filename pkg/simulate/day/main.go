// Command day simulates days of webs of feeds and prints what rules of polling
// make of them. It exits with status 1 when the goal of the newsroom mix is missed
// on any of its days.
package main

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/copydesk/copydesk/pkg/cadence"
	"github.com/copydesk/copydesk/pkg/simulate"
)

func main() {
	feeds := flag.Int("feeds", 10_000, "feeds of the newsroom mix; the others have a quarter of them")
	seeds := flag.String("seeds", "1,2,3,2026", "what everything is drawn from: a day of the newsroom mix for each, of the others for the first")
	warm := flag.Duration("warm", 10*24*time.Hour, "how long the feeds have been polled before the day")
	flag.Parse()
	list, err := numbers(*seeds)
	if err != nil {
		fmt.Fprintln(os.Stderr, "simulate:", err)
		os.Exit(2)
	}
	if err := run(*feeds, list, *warm); err != nil {
		fmt.Fprintln(os.Stderr, "simulate: goal missed:", err)
		os.Exit(1)
	}
}

// numbers reads the seeds.
func numbers(text string) ([]uint64, error) {
	var list []uint64
	for _, field := range strings.Split(text, ",") {
		n, err := strconv.ParseUint(strings.TrimSpace(field), 10, 64)
		if err != nil {
			return nil, fmt.Errorf("-seeds %q: %q is no number; give some, separated by commas", text, field)
		}
		list = append(list, n)
	}
	return list, nil
}

func run(feeds int, seeds []uint64, warm time.Duration) error {
	rules := simulate.Rules(cadence.Default())
	o := simulate.Options{
		Mix: simulate.Newsroom(), Feeds: feeds, Warm: warm,
		Start: time.Date(2026, time.March, 4, 0, 0, 0, 0, time.UTC),
	}
	fmt.Println("Delay from the moment at which a poll could have found an entry; age from its publication.")
	var days [][]*simulate.Result
	for _, o.Seed = range seeds {
		results, err := day(o, rules)
		if err != nil {
			return err
		}
		days = append(days, results)
	}
	goal := simulate.Goal(days...)
	// The others are held to nothing: they show what becomes of the rule where
	// the web is another.
	o.Feeds, o.Seed = feeds/4, seeds[0]
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
		verdict = "goal missed: " + err.Error()
	}
	fmt.Printf("\n%s, seed %d, %d feeds, polled for %s before (%s): %s\n", o.Mix.Name, o.Seed, o.Feeds, o.Warm, time.Since(start).Round(time.Second), verdict)
	return results, simulate.WriteTable(os.Stdout, results)
}
