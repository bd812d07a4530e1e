package simulate

import (
	"fmt"
	"io"
	"math"
	"text/tabwriter"
	"time"
)

// Share is the part of the polls of the 10-minute rule that ours may take.
const Share = 0.2

// Goal returns an error unless ours, the first result of a day, finds entries at
// least as fast as the 10-minute rule, the second, does in 95 of 100 cases, for a
// fifth of its polls, on every day; and does not lose more of them on all days
// together than chance explains. Either rule loses a few in a hundred thousand to
// bursts that no feed can hold, one by luck where the other does not: a difference
// counts from two standard deviations of two Poisson counts.
func Goal(days ...[]*Result) error {
	lost, baseLost := 0, 0
	for i, results := range days {
		ours, base := results[0], results[1]
		lost, baseLost = lost+ours.Lost, baseLost+base.Lost
		limit := int(Share * float64(base.Polls))
		switch {
		case len(base.Delays) < 1000:
			return fmt.Errorf("day %d: only %d entries were found: the day shows nothing", i+1, len(base.Delays))
		case ours.Polls > limit:
			return fmt.Errorf("day %d: %d polls, more than a fifth of %d", i+1, ours.Polls, base.Polls)
		case ours.Quantile(0.95) > base.Quantile(0.95):
			return fmt.Errorf("day %d: delay p95 %s, that of the 10-minute rule is %s", i+1, Minutes(ours.Quantile(0.95)), Minutes(base.Quantile(0.95)))
		}
	}
	if float64(lost-baseLost) > 2*math.Sqrt(float64(lost+baseLost)) {
		return fmt.Errorf("%d entries left their feed unseen, %d under the 10-minute rule", lost, baseLost)
	}
	return nil
}

// WriteTable prints what the rules did, polls against those of the second.
func WriteTable(w io.Writer, results []*Result) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(tw, "rule\tpolls\tof 10 min\tempty\tentries\tp50\tp90\tp95\tp99\tp95 age\tlost\t")
	for _, r := range results {
		fmt.Fprintf(tw, "%s\t%d\t%.3f\t%.0f%%\t%d\t%s\t%s\t%s\t%s\t%s\t%d\t\n", r.Rule, r.Polls,
			float64(r.Polls)/float64(max(results[1].Polls, 1)), 100*float64(r.Empty)/float64(max(r.Polls, 1)), len(r.Delays),
			Minutes(r.Quantile(0.5)), Minutes(r.Quantile(0.9)), Minutes(r.Quantile(0.95)), Minutes(r.Quantile(0.99)),
			Minutes(r.AgeQuantile(0.95)), r.Lost)
	}
	return tw.Flush()
}

// Minutes writes a delay.
func Minutes(d time.Duration) string {
	if d == math.MaxInt64 {
		return "never"
	}
	return fmt.Sprintf("%.1f min", d.Minutes())
}
