// Command index makes clean articles searchable and serves the search API and pages.
package main

import (
	"os"
	_ "time/tzdata" // images are built from scratch and have no zones

	_ "golang.org/x/crypto/x509roots/fallback" // nor certificate authorities

	"github.com/copydesk/copydesk/pkg/app"
)

func main() {
	env := app.Env{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}
	os.Exit(app.Main("index", "The index worker makes clean articles searchable and serves the search API and pages.", &app.IndexCommand{}, os.Args[1:], env))
}
