// Command rollcall declares who may be in an application, and in which of its
// groups, plans the changes, applies them and watches for drift. Everything it
// does is in the packages below; this one only hands them the process.
package main

import (
	"os"

	"github.com/rollcall-dev/rollcall/cmd/rollcall/internal/cli"
)

func main() { os.Exit(cli.Main(os.Args[1:])) }
