package cli

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/planner"
)

func newDrift(a *app) *cobra.Command {
	var f scopeFlags
	var asJSON bool
	var jsonInto string
	c := manual{
		about: "Reads what plan reads, and prints how the targets differ from what rollcall left there,\n" +
			"whatever the configuration wants now. Writes nothing but the file that -json-into names,\n" +
			"and sends nothing but GET.",
		example: "rollcall drift",
		exits:   "0 none; 2 drift; 3 drift, and a guard, a policy or a protection would\n  block its repair; 130 interrupted.",
	}.describe(&cobra.Command{
		Use: "drift", Short: "Show what was changed outside of rollcall", Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return a.drift(c.Context(), f, asJSON, jsonInto) },
	})
	f.add(c)
	neverAsks(c)
	c.Flags().BoolVar(&asJSON, "json", false, "print events, one JSON object a line")
	c.Flags().StringVar(&jsonInto, "json-into", "", "also write the JSON document of the plan that would repair it to `FILE`")
	return c
}

func (a *app) drift(ctx context.Context, f scopeFlags, asJSON bool, jsonInto string) error {
	a.stream(asJSON)
	o, err := f.options(a)
	if err != nil {
		return err
	}
	p, err := a.open(o)
	if err != nil {
		return err
	}
	defer p.Close()
	planned, err := p.Plan(ctx)
	if err != nil {
		return err
	}
	if err := savePlan(jsonInto, planned.Plan, nil); err != nil {
		return err
	}
	if err := a.showDrift(planned.Plan); err != nil {
		return err
	}
	return status(driftCode(planned.Plan))
}

// driftCode is the exit code of drift. What cannot be read is said, and is no
// drift that was found.
func driftCode(p *planner.Plan) int {
	seen := slices.ContainsFunc(p.Drift, func(d planner.Drift) bool { return d.What != "unknown" })
	switch {
	case !seen:
		return exitOK
	case blocked(p):
		return exitBlocked
	}
	return exitChanges
}
