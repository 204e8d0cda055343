package cli

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// normalise turns Terraform's single-dash long flags (-auto-approve, -out=x)
// into the double-dash ones that pflag knows, which reads -out as the
// shorthands o, u and t. The value of a flag, and all that follows "--", stay
// as they are: in `-var -x=1` only the first is a flag.
func normalise(root *cobra.Command, args []string) []string {
	flags := valueFlags(root)
	out := make([]string, 0, len(args))
	for i := 0; i < len(args); i++ {
		if args[i] == "--" {
			return append(out, args[i:]...)
		}
		arg := doubleDash(args[i])
		out = append(out, arg)
		if flags[strings.TrimPrefix(arg, "--")] && strings.HasPrefix(arg, "--") && i+1 < len(args) {
			i++
			out = append(out, args[i])
		}
	}
	return out
}

// doubleDash adds the second dash to a word such as -json. A lone dash, a
// single letter (-h) and a negative number are no long flags.
func doubleDash(arg string) string {
	if len(arg) < 3 || arg[0] != '-' || !isLetter(arg[1]) || arg[2] == '=' {
		return arg
	}
	return "-" + arg
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// valueFlags names the flags of the whole tree that take the next word as
// their value. A name means the same kind of flag in every command.
func valueFlags(root *cobra.Command) map[string]bool {
	names := map[string]bool{}
	add := func(f *pflag.Flag) {
		if f.NoOptDefVal == "" {
			names[f.Name] = true
		}
	}
	var walk func(*cobra.Command)
	walk = func(c *cobra.Command) {
		c.Flags().VisitAll(add)
		c.PersistentFlags().VisitAll(add)
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(root)
	return names
}
