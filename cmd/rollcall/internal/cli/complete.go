package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/cmd/rollcall/internal/run"
	"github.com/rollcall-dev/rollcall/planner"
)

// completed are the flags whose values the shell completes out of the
// configuration. A flag means the same in every command.
var completed = map[string]func(*planner.Desired) []string{
	"who": people, "app": appAddresses, "group": groupAddresses,
	"in":     func(d *planner.Desired) []string { return append(appAddresses(d), groupAddresses(d)...) },
	"target": func(d *planner.Desired) []string { return append(appAddresses(d), personAddresses(d)...) },
}

// completeFlags lets the shell complete values of c and its subcommands.
func (a *app) completeFlags(c *cobra.Command) {
	for flag, names := range completed {
		if c.Flags().Lookup(flag) != nil {
			_ = c.RegisterFlagCompletionFunc(flag, a.completion(names)) // the flag is there, and once
		}
	}
	if c.Name() == "explain" {
		c.ValidArgsFunction = a.completeFirst(people)
	}
	for _, sub := range c.Commands() {
		a.completeFlags(sub)
	}
}

// completion lists the names of the configuration that begin with what was
// typed. Where it cannot be read there are none: nobody asked for its findings.
func (a *app) completion(names func(*planner.Desired) []string) cobra.CompletionFunc {
	return func(_ *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		var found []cobra.Completion
		for _, name := range a.declared(names) {
			if strings.HasPrefix(name, typed) {
				found = append(found, name)
			}
		}
		return printable(found), cobra.ShellCompDirectiveNoFileComp
	}
}

// completeFirst completes the first argument, and no other.
func (a *app) completeFirst(names func(*planner.Desired) []string) cobra.CompletionFunc {
	return func(c *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return a.completion(names)(c, args, typed)
	}
}

// declared asks the configuration for names.
func (a *app) declared(names func(*planner.Desired) []string) []string {
	if a.enter() != nil {
		return nil
	}
	o, err := a.optionsAt(loadFlags{}, "")
	if err != nil {
		return nil
	}
	p, err := run.Open(o)
	if err != nil {
		return nil
	}
	defer p.Close()
	if p.Desired == nil {
		return nil
	}
	return names(p.Desired)
}

// people are all logins, and the addresses of user blocks.
func people(d *planner.Desired) []string {
	names := personAddresses(d)
	for i := range d.People {
		names = append(names, d.People[i].Login)
	}
	return names
}

func personAddresses(d *planner.Desired) []string {
	var names []string
	for i := range d.Config.Users {
		names = append(names, string(d.Config.Users[i].Address))
	}
	return names
}

func appAddresses(d *planner.Desired) []string {
	var names []string
	for i := range d.Config.Apps {
		names = append(names, string(d.Config.Apps[i].Address))
	}
	return names
}

func groupAddresses(d *planner.Desired) []string {
	var names []string
	for i := range d.Config.Groups {
		names = append(names, string(d.Config.Groups[i].Address))
	}
	return names
}
