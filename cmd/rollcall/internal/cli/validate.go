package cli

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/cmd/rollcall/internal/render"
	"github.com/rollcall-dev/rollcall/cmd/rollcall/internal/run"
	"github.com/rollcall-dev/rollcall/planner/policy"
	"github.com/rollcall-dev/rollcall/schema"
)

func newValidate(a *app) *cobra.Command {
	var load loadFlags
	var asJSON bool
	c := manual{
		about: "Reads the configuration and the files that it names: parses, checks types, resolves\n" +
			"people, groups and assignments, and checks the policies that need no plan. Opens no\n" +
			"socket, needs no credential, writes nothing.",
		example: "rollcall validate -json",
		exits:   "0 valid (warnings included); 1 invalid, or a policy does not hold.",
	}.describe(&cobra.Command{
		Use:   "validate",
		Short: "Check the configuration",
		Args:  noArguments,
		RunE:  func(c *cobra.Command, _ []string) error { return a.validate(load, asJSON) },
	})
	load.add(c)
	c.Flags().BoolVar(&asJSON, "json", false, "print findings as one JSON document")
	return c
}

func (a *app) validate(flags loadFlags, asJSON bool) error {
	found, verdict, err := a.findings(flags)
	switch {
	case asJSON && err != nil:
		found = append(found, run.Diagnose(err))
	case err != nil:
		return err
	}
	if asJSON {
		err = render.DiagnosticsJSON(a.stdout, found, a.sources)
	} else {
		err = a.diagnostics(found)
	}
	if err != nil {
		return err
	}
	if found.HasErrors() || verdict.Blocks() {
		return status(exitError)
	}
	if asJSON {
		return nil
	}
	if err := render.SkippedPolicies(a.stdout, verdict, a.style(a.stdout)); err != nil {
		return err
	}
	fmt.Fprintln(a.stdout, "The configuration is valid.")
	return nil
}

// findings is all that there is to say about the configuration, and what
// became of its policies.
func (a *app) findings(flags loadFlags) (schema.Diagnostics, *policy.Verdict, error) {
	v := &policy.Verdict{}
	o, err := a.options(flags)
	if err != nil {
		return nil, v, err
	}
	p, err := run.Open(o)
	if err != nil {
		return nil, v, err
	}
	defer p.Close()
	a.sources = p.Sources
	if p.Desired != nil {
		v = policy.Check(p.Desired, nil)
	}
	return slices.Concat(p.Findings, v.Broken, v.Findings), v, nil
}
