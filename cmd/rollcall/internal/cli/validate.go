package cli

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/cmd/rollcall/internal/render"
	"github.com/rollcall-dev/rollcall/cmd/rollcall/internal/run"
	"github.com/rollcall-dev/rollcall/planner/policy"
	"github.com/rollcall-dev/rollcall/schema"
)

func newValidate(a *app) *cobra.Command {
	var load loadFlags
	var format string
	var asJSON bool
	formats := strings.Join(slices.Sorted(maps.Keys(validateFormats)), ", ")
	c := manual{
		about: "Reads the configuration and the files that it names: parses, checks types, resolves\n" +
			"people, groups and assignments, and checks the policies that need no plan. Opens no\n" +
			"socket, needs no credential and no sensitive variable, writes nothing.",
		example: "rollcall validate -json\nrollcall validate -format=github",
		exits:   "0 valid (warnings included); 1 invalid, or a policy does not hold.",
	}.describe(&cobra.Command{
		Use:   "validate",
		Short: "Check the configuration",
		Args:  noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			switch {
			case asJSON:
				format = "json"
			case validateFormats[format] == nil:
				return &usageError{fmt.Errorf("the format is one of %s, not %q", formats, format), c}
			}
			return a.validate(load, format)
		},
	})
	load.add(c)
	c.Flags().StringVar(&format, "format", "text", "`FORMAT`: "+formats)
	c.Flags().BoolVar(&asJSON, "json", false, "print findings as one JSON document")
	return c
}

// validateFormats are the values of -format: who prints the findings. Those of
// text go to standard error, all others' to standard output.
var validateFormats = map[string]func(*app, schema.Diagnostics) error{
	"text": (*app).diagnostics,
	"json": func(a *app, found schema.Diagnostics) error {
		return render.DiagnosticsJSON(a.stdout, found, a.sources)
	},
	"github": func(a *app, found schema.Diagnostics) error {
		return a.annotate(render.GitHub, render.FindingAnnotations(found))
	},
	"gitlab-report": func(a *app, found schema.Diagnostics) error {
		return a.annotate(render.CodeQuality, render.FindingAnnotations(found))
	},
}

func (a *app) validate(flags loadFlags, format string) error {
	found, verdict, err := a.findings(flags)
	switch {
	case format != "text" && err != nil:
		found = append(found, run.Diagnose(err))
	case err != nil:
		return err
	}
	if err := validateFormats[format](a, found); err != nil {
		return err
	}
	if found.HasErrors() || verdict.Blocks() {
		return status(exitError)
	}
	if format != "text" {
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
	o.Load.NoSecrets = true
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
