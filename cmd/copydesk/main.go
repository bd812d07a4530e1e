// Command copydesk is the operator's tool, and all of copydesk in one process.
package main

import (
	"os"
	_ "time/tzdata" // images are built from scratch and have no zones

	_ "golang.org/x/crypto/x509roots/fallback" // nor certificate authorities

	"github.com/copydesk/copydesk/pkg/app"
)

func main() {
	env := app.Env{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}
	os.Exit(app.Main("copydesk", app.ToolDescription, &app.Tool{}, os.Args[1:], env))
}
