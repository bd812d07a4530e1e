// Command ingest polls feeds and URL lists and fetches their pages, politely.
package main

import (
	"os"
	_ "time/tzdata" // images are built from scratch and have no zones

	_ "golang.org/x/crypto/x509roots/fallback" // nor certificate authorities

	"github.com/copydesk/copydesk/pkg/app"
)

func main() {
	env := app.Env{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}
	os.Exit(app.Main("ingest", "The ingest worker polls feeds and URL lists and fetches their pages, politely.", &app.IngestCommand{}, os.Args[1:], env))
}
