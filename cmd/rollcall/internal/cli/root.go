package cli

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/rollcall-dev/rollcall/schema"
)

// newRoot builds the tree of commands.
func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:               "rollcall",
		Short:             "Declare who is in an application and its groups; plan and apply it",
		Version:           buildVersion().Version,
		SilenceErrors:     true,
		SilenceUsage:      true,
		Args:              subcommandOnly,
		RunE:              func(c *cobra.Command, _ []string) error { return c.Help() },
		PersistentPreRunE: func(*cobra.Command, []string) error { return a.enter() },
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	root.PersistentFlags().StringVar(&a.chdir, "chdir", "", "`DIR` to change to before anything else")
	root.PersistentFlags().BoolVar(&a.noColor, "no-color", false, "no colour, also on a terminal")
	root.SetFlagErrorFunc(flagError)
	root.SetHelpFunc(help)
	root.SetUsageFunc(func(c *cobra.Command) error { help(c, nil); return nil })
	root.SetHelpCommand(newHelp(root))
	for _, make := range commands {
		root.AddCommand(make(a))
	}
	a.completeFlags(root)
	return root
}

// commands are the makers of all commands.
var commands = [...]func(*app) *cobra.Command{
	newInit,
	newValidate,
	newFmt,
	newPlan,
	newApply,
	newShow,
	newDiff,
	newDrift,
	newComment,
	newApproved,
	newExplain,
	newAccess,
	newGraph,
	newSimulate,
	newConsole,
	newTest,
	newLog,
	newUndo,
	newState,
	newForceUnlock,
	newTarget,
	newSandbox,
	newExplainCode,
	newCompletion,
	newVersion,
}

// enter changes into the folder of -chdir, as Terraform does: every path of
// the command line is relative to it.
func (a *app) enter() error {
	if a.chdir == "" {
		return nil
	}
	if err := os.Chdir(a.chdir); err != nil {
		return fmt.Errorf("change to the folder of -chdir: %w", err)
	}
	return nil
}

// subcommandOnly refuses words that are no subcommand of c, and suggests one.
func subcommandOnly(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, sub := range c.Commands() {
		if !sub.Hidden {
			names = append(names, sub.Name())
		}
	}
	return &usageError{fmt.Errorf("unknown command %q%s", args[0], didYouMean(args[0], names, "")), c}
}

// flagKinds say what a flag takes, by the type of its value.
var flagKinds = map[string]string{
	"bool": "true or false", "int": "a whole number", "duration": "a duration such as 30s or 5m",
	"requests": "a whole number of requests, 1 or more",
}

// flagError names an unknown flag as it was meant, with the closest known one,
// and what a known one takes.
func flagError(c *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var invalid *pflag.InvalidValueError
	var missing *pflag.ValueRequiredError
	switch {
	case errors.As(err, &invalid) && flagKinds[invalid.GetFlag().Value.Type()] != "":
		flag := invalid.GetFlag()
		return &usageError{fmt.Errorf("the flag -%s takes %s, not %q", flag.Name, flagKinds[flag.Value.Type()], invalid.GetValue()), c}
	case errors.As(err, &missing):
		return &usageError{fmt.Errorf("the flag -%s needs a value", missing.GetSpecifiedName()), c}
	case !errors.As(err, &unknown):
		return &usageError{err, c}
	}
	name := unknown.GetSpecifiedName()
	var names []string
	collect := func(f *pflag.Flag) { names = append(names, f.Name) }
	c.Flags().VisitAll(collect)
	c.InheritedFlags().VisitAll(collect)
	return &usageError{fmt.Errorf("unknown flag -%s%s", name, didYouMean(name, names, "-")), c}
}

// didYouMean suggests the name that is closest to what was typed, or the one
// that begins like it, if there is one.
func didYouMean(typed string, names []string, prefix string) string {
	slices.Sort(names)
	best := schema.Nearest(typed, slices.Values(names))
	if i := slices.IndexFunc(names, func(n string) bool { return strings.HasPrefix(n, typed) }); best == "" && i >= 0 {
		best = names[i]
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", prefix+best)
}
