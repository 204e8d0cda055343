package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/cmd/rollcall/internal/render"
	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/planfile"
)

func newShow(a *app) *cobra.Command {
	var asJSON bool
	format := "text"
	c := manual{
		about: "Reads a saved plan, or without PLANFILE the state, and prints it for people or as the\n" +
			"JSON document that programs read. A plan has more formats: its fingerprint; markdown\n" +
			"and github-summary for people; github and gitlab-report, which are its findings and\n" +
			"the guards that block it, beside the lines that they are about. Asks no target and\n" +
			"writes nothing.",
		example: "rollcall show -json plan.json\nrollcall show -format=github plan.json",
	}.describe(&cobra.Command{
		Use: "show [PLANFILE]", Short: "Show a saved plan, or the state", Args: atMostOne("PLANFILE"),
		RunE: func(c *cobra.Command, args []string) error {
			if asJSON {
				format = "json"
			}
			switch {
			case !slices.Contains(showFormats[:], format):
				return &usageError{fmt.Errorf("the format is one of %s, not %q", strings.Join(showFormats[:], ", "), format), c}
			case len(args) == 0 && format == "fingerprint":
				return &usageError{errors.New("a state has no fingerprint: name the plan file"), c}
			case len(args) == 0 && format != "text" && format != "json":
				return &usageError{fmt.Errorf("the format %s is for plans: name the plan file", format), c}
			}
			if len(args) == 0 {
				return a.withState(c.Context(), func(s *planner.State) error { return a.showState(s, format) })
			}
			return a.showSaved(args[0], format)
		},
	})
	c.Flags().BoolVar(&asJSON, "json", false, "print the JSON document")
	c.Flags().StringVar(&format, "format", "text", "`FORMAT`: text, json; of a plan also those above")
	return c
}

// showFormats are the values of -format; of a state, the first two.
var showFormats = [...]string{"text", "json", "fingerprint", "markdown", "github", "github-summary", "gitlab-report"}

// showSaved prints a saved plan.
func (a *app) showSaved(name, format string) error {
	p, err := a.readPlan(name)
	if err != nil {
		return err
	}
	switch format {
	case "fingerprint":
		_, err := fmt.Fprintln(a.stdout, p.Fingerprint)
		return err
	case "markdown", "github-summary":
		return render.PlanMarkdown(a.stdout, p, render.PlanComment{Summary: format == "github-summary"})
	case "github":
		return a.annotate(render.GitHub, render.PlanAnnotations(p))
	case "gitlab-report":
		return a.annotate(render.CodeQuality, render.PlanAnnotations(p))
	case "json":
		return planfile.Encode(a.stdout, p, planfile.Meta{RollcallVersion: buildVersion().Version})
	}
	return render.Plan(a.stdout, p, nil, a.style(a.stdout))
}

// shownState is the document that show prints of a state: what state pull
// keeps for ever, in a form for programs that only look.
type shownState struct {
	FormatVersion   string     `json:"format_version"`
	RollcallVersion string     `json:"rollcall_version"`
	Lineage         string     `json:"lineage"`
	Serial          uint64     `json:"serial"`
	Apps            []shownApp `json:"apps"`
}

// shownApp is what is owned of one app.
type shownApp struct {
	App      string        `json:"app"`
	Identity string        `json:"identity"`
	Users    []ledgerEntry `json:"users"`
	Groups   []ledgerEntry `json:"groups"`
}

func toShownState(s *planner.State) shownState {
	shown := shownState{
		FormatVersion: planfile.FormatVersion, RollcallVersion: buildVersion().Version,
		Lineage: s.Lineage, Serial: s.Serial, Apps: make([]shownApp, len(s.Apps)),
	}
	for i := range s.Apps {
		from, app := &s.Apps[i], &shown.Apps[i]
		app.App, app.Identity = from.App, from.Identity
		app.Users, app.Groups = make([]ledgerEntry, len(from.Users)), make([]ledgerEntry, len(from.Groups))
		for j := range from.Users {
			app.Users[j] = userEntry(from.App, &from.Users[j])
		}
		for j := range from.Groups {
			app.Groups[j] = groupEntry(from.App, &from.Groups[j])
		}
	}
	return shown
}

// showState prints the state.
func (a *app) showState(s *planner.State, format string) error {
	if format == "json" {
		return a.printJSON(toShownState(s))
	}
	return render.State(a.stdout, s, a.style(a.stdout))
}
