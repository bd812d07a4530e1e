// Command normalize cleans fetched pages: it finds the article and drops what is not it.
package main

import (
	"os"
	_ "time/tzdata" // images are built from scratch and have no zones

	_ "golang.org/x/crypto/x509roots/fallback" // nor certificate authorities

	"github.com/copydesk/copydesk/pkg/app"
)

func main() {
	env := app.Env{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}
	os.Exit(app.Main("normalize", "The normalize worker cleans fetched pages: it finds the article and drops what is not it.", &app.NormalizeCommand{}, os.Args[1:], env))
}
