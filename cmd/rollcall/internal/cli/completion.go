package cli

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// shells are the shells that a completion script can be written for.
var shells = map[string]func(*cobra.Command, io.Writer) error{
	"bash":       func(c *cobra.Command, w io.Writer) error { return c.GenBashCompletionV2(w, true) },
	"zsh":        func(c *cobra.Command, w io.Writer) error { return c.GenZshCompletion(w) },
	"fish":       func(c *cobra.Command, w io.Writer) error { return c.GenFishCompletion(w, true) },
	"powershell": func(c *cobra.Command, w io.Writer) error { return c.GenPowerShellCompletionWithDesc(w) },
}

func newCompletion(a *app) *cobra.Command {
	names := slices.Sorted(maps.Keys(shells))
	return manual{
		about: "Prints a script that makes the shell complete commands, flags, and the names of people,\n" +
			"groups and apps in the configuration of the folder. Writes nothing.",
		example: "source <(rollcall completion bash)",
	}.describe(&cobra.Command{
		Use:       "completion SHELL",
		Short:     "Print a completion script for " + strings.Join(names, ", "),
		ValidArgs: names,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) != 1 || shells[args[0]] == nil {
				return &usageError{fmt.Errorf("name one shell: %s", strings.Join(names, ", ")), c}
			}
			return shells[args[0]](c.Root(), a.stdout)
		},
	})
}
