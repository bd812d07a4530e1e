// Command evaltable measures the cleaner and prints how good it is, beside the
// goals and the figures committed last. `make eval` runs it.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"

	"github.com/copydesk/copydesk/pkg/quality"
)

func main() {
	o := quality.Options{Stdout: os.Stdout, Stderr: os.Stderr, Now: time.Now}
	flag.StringVar(&o.Data, "data", "../shared/eval", "folder of the evaluation pages and their scorer")
	flag.StringVar(&o.Seeds, "seeds", "../shared/seeds", "folder of the labelled texts")
	flag.StringVar(&o.Program, "program", "bin/copydesk", "command to measure")
	flag.StringVar(&o.Work, "work", "bin/eval", "folder for predictions and scores")
	flag.StringVar(&o.Record, "record", "docs/quality.json", "file of the committed figures")
	flag.StringVar(&o.Doc, "doc", "docs/quality.md", "file that shows them")
	flag.BoolVar(&o.Update, "update", false, "write the figures to both files")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := quality.Run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "evaltable:", err)
		stop()
		os.Exit(1)
	}
}
