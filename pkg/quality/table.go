package quality

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"
)

// none stands in the table where there is no figure.
const none = "-"

// format shows a figure with as many digits as the public figures have, cut and
// not rounded, so that no goal looks reached that is not.
func (m *Measure) format(v float64) string {
	digits := 4
	if m.Scale > 1 {
		digits = 2
	}
	unit := math.Pow10(digits)
	return strconv.FormatFloat(math.Floor(v*unit+1e-6)/unit, 'f', digits, 64)
}

func (m *Measure) figure(f Figures) string {
	if v, ok := f[m.Key]; ok {
		return m.format(v)
	}
	return none
}

func (m *Measure) goal() string {
	if m.Goal == 0 {
		return none
	}
	return ">= " + strconv.FormatFloat(m.Goal, 'g', -1, 64)
}

// verdict says whether the goal is met, or by how much it is missed.
func (m *Measure) verdict(f Figures) string {
	v, ok := f[m.Key]
	switch {
	case !ok || m.Goal == 0:
		return none
	case m.met(v):
		return "met"
	default:
		return "short by " + strings.TrimRight(strconv.FormatFloat(m.Goal-v, 'f', 4, 64), "0")
	}
}

func (m *Measure) change(now, was Figures) string {
	a, ok := now[m.Key]
	b, known := was[m.Key]
	if !ok || !known {
		return none
	}
	if d := strconv.FormatFloat(a-b, 'f', 4, 64); strings.Trim(d, "-0.") != "" {
		if a > b {
			return "+" + d
		}
		return d
	}
	return "="
}

func (m *Measure) best() string {
	if m.Best == "" {
		return none
	}
	return m.Best
}

// print writes the table for a terminal.
func (f Figures) print(w io.Writer, committed Record) error {
	last := "committed"
	if committed.Date != "" {
		last += " " + committed.Date
	}
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintf(t, "set\tmeasure\tgoal\t%s\tnow\tchange\t\tbest public tool\n", last)
	for _, m := range Measures {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", m.Set, m.Name, m.goal(),
			m.figure(committed.Figures), m.figure(f), m.change(f, committed.Figures), m.verdict(f), m.best())
	}
	return t.Flush()
}

// markdown returns the table for the documentation.
func (r *Record) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Measured on %s, version %s of the cleaner.\n\n", r.Date, r.Version)
	b.WriteString("| set | measure | best public tool | goal | copydesk | |\n|---|---|---|---:|---:|---|\n")
	for _, m := range Measures {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", m.Set, m.Name, m.best(), m.goal(), m.figure(r.Figures), m.verdict(r.Figures))
	}
	return b.String()
}
