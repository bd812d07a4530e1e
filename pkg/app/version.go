package app

import (
	"fmt"

	"github.com/alecthomas/kong"
)

// versionFlag prints the version and ends the program.
type versionFlag bool

// BeforeReset runs before required flags are checked.
func (versionFlag) BeforeReset(app *kong.Kong, vars kong.Vars) error {
	fmt.Fprintln(app.Stdout, vars["version"])
	app.Exit(exitDone)
	return nil
}
