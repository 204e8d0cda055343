package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// manual is what the help of a command says beyond its one line.
type manual struct {
	// about says in a few sentences what the command reads and writes.
	about string
	// example is one or more command lines.
	example string
	// exits lists the exit codes other than 1 for an error.
	exits string
}

// describe puts m into c.
func (m manual) describe(c *cobra.Command) *cobra.Command {
	c.Long = m.about
	c.Example = m.example
	c.Annotations = map[string]string{"exits": m.exits}
	c.DisableFlagsInUseLine = true
	return c
}

// newHelp makes `rollcall help COMMAND`.
func newHelp(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:    "help [COMMAND]",
		Short:  "Help about a command",
		Hidden: true,
		RunE: func(_ *cobra.Command, args []string) error {
			c, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return subcommandOnly(c, rest)
			}
			return c.Help()
		},
	}
}

// help writes the help of c. It does without text/template, which would cost
// the linker its dead-code elimination and the start its time.
func help(c *cobra.Command, _ []string) {
	w := c.OutOrStdout()
	fmt.Fprintf(w, "%s.\n\nUsage: %s\n", c.Short, usageLine(c))
	if c.Long != "" {
		fmt.Fprintf(w, "\n%s\n", c.Long)
	}
	helpCommands(w, c)
	helpFlags(w, "Flags", c.NonInheritedFlags())
	helpFlags(w, "Flags of every command", c.InheritedFlags())
	if c.Example != "" {
		fmt.Fprintf(w, "\nExample:\n%s\n", indent(c.Example))
	}
	if exits := c.Annotations["exits"]; exits != "" {
		fmt.Fprintf(w, "\nExit codes: %s\n", exits)
	}
}

// usageLine is the command's path with its arguments.
func usageLine(c *cobra.Command) string {
	line := c.UseLine()
	if c.HasAvailableSubCommands() {
		return line + " COMMAND"
	}
	if c.HasAvailableLocalFlags() {
		name, args, _ := strings.Cut(strings.TrimPrefix(line, c.CommandPath()), " ")
		return strings.TrimRight(c.CommandPath()+name+" [FLAGS] "+args, " ")
	}
	return line
}

// daily are the commands that people use every day, in the order in which one
// meets them.
var daily = [...]string{"init", "validate", "plan", "apply", "drift", "explain"}

// helpCommands lists the subcommands; those of every day first.
func helpCommands(w io.Writer, c *cobra.Command) {
	if !c.HasAvailableSubCommands() {
		return
	}
	others, title := c.Commands(), "Commands"
	if !c.HasParent() {
		title = "Besides"
		fmt.Fprintln(w, "\nEvery day:")
		for _, name := range daily {
			at := slices.IndexFunc(others, func(sub *cobra.Command) bool { return sub.Name() == name })
			helpCommand(w, others[at])
			others = slices.Concat(others[:at], others[at+1:])
		}
	}
	fmt.Fprintf(w, "\n%s:\n", title)
	for _, sub := range others {
		helpCommand(w, sub)
	}
	fmt.Fprintf(w, "\n%q has the details.\n", c.CommandPath()+" COMMAND -help")
}

// helpCommand writes the line of one subcommand.
func helpCommand(w io.Writer, c *cobra.Command) {
	if c.IsAvailableCommand() {
		fmt.Fprintf(w, "  %-14s %s\n", c.Name(), c.Short)
	}
}

// helpFlags lists flags with one dash, as Terraform's users type them.
func helpFlags(w io.Writer, title string, flags *pflag.FlagSet) {
	begun := false
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" || f.Name == "version" {
			return
		}
		if !begun {
			fmt.Fprintf(w, "\n%s:\n", title)
			begun = true
		}
		name, usage := flagText(f)
		fmt.Fprintf(w, "  %-26s %s\n", name, usage)
	})
}

// flagText is a flag as one types it, with the kind of its value, and what it does.
func flagText(f *pflag.Flag) (name, usage string) {
	value, usage := pflag.UnquoteUsage(f)
	name = "-" + f.Name
	switch {
	case f.Value.Type() == "bool" && f.DefValue == "true":
		name += "=false"
	case value != "":
		name += "=" + value
	}
	return name, usage
}

// indent puts two spaces before each line.
func indent(s string) string {
	return "  " + strings.ReplaceAll(s, "\n", "\n  ")
}
