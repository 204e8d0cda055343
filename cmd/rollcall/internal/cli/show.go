package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/cmd/rollcall/internal/render"
	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/planfile"
	"github.com/rollcall-dev/rollcall/planner/statefile"
)

func newShow(a *app) *cobra.Command {
	var asJSON bool
	format := "text"
	c := manual{
		about: "Reads a saved plan, or without PLANFILE the state, and prints it for people or as the\n" +
			"JSON document that programs read. Asks no target and writes nothing.",
		example: "rollcall show -json plan.json",
	}.describe(&cobra.Command{
		Use: "show [PLANFILE]", Short: "Show a saved plan, or the state", Args: atMostOne("PLANFILE"),
		RunE: func(c *cobra.Command, args []string) error {
			if asJSON {
				format = "json"
			}
			if format != "text" && format != "json" {
				return &usageError{fmt.Errorf("the format is text or json, not %q", format), c}
			}
			if len(args) == 0 {
				return a.withState(c.Context(), func(s *planner.State) error { return a.showState(s, format) })
			}
			return a.showSaved(args[0], format)
		},
	})
	c.Flags().BoolVar(&asJSON, "json", false, "print the JSON document")
	c.Flags().StringVar(&format, "format", "text", "`FORMAT`: text or json")
	return c
}

// showSaved prints a saved plan.
func (a *app) showSaved(name, format string) error {
	p, err := readPlan(name)
	if err != nil {
		return err
	}
	if format == "json" {
		return planfile.Encode(a.stdout, p, planfile.Meta{RollcallVersion: buildVersion().Version})
	}
	return render.Plan(a.stdout, p, nil, a.style(a.stdout))
}

// showState prints the state.
func (a *app) showState(s *planner.State, format string) error {
	if format == "json" {
		return statefile.Encode(a.stdout, s)
	}
	return render.State(a.stdout, s, a.style(a.stdout))
}
