// Command wget is the part of wget that health checks use, for images that are
// built here instead of pulled: it asks the URL given last and exits with 0 if
// the answer is 200. Its options are accepted and ignored.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/copydesk/copydesk/pkg/ops"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: wget [OPTION]... URL")
		os.Exit(2)
	}
	if err := ops.Probe(context.Background(), os.Args[len(os.Args)-1]); err != nil {
		fmt.Fprintln(os.Stderr, "wget:", err)
		os.Exit(1)
	}
}
