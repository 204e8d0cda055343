package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/cmd/rollcall/internal/render"
	"github.com/rollcall-dev/rollcall/planner"
)

// explainFlags are those of explain.
type explainFlags struct {
	loadFlags
	in, at, asOf string
	live, json   bool
}

func newExplain(a *app) *cobra.Command {
	var f explainFlags
	c := manual{
		about: "Reads the configuration and its directories, and says of one person, by login, address\n" +
			"or display name, what they have, what not, why, and the smallest sets of edits that\n" +
			"would change it: all of a set is needed, and any one set is enough. With -at\n" +
			"it reads the configuration from git's objects, as it is at a revision. Opens no socket\n" +
			"and needs no credential and no sensitive variable; with -live it also reads the targets,\n" +
			"and says what they have and what is pending. Writes nothing.",
		example: "rollcall explain dana@agency.example -in group.contractors\nrollcall explain dana@agency.example -at=v1.4",
	}.describe(&cobra.Command{
		Use: "explain WHO", Short: "Say why somebody has access, or has not", Args: exactly(1, "WHO"),
		RunE: func(c *cobra.Command, args []string) error {
			if f.live && f.at != "" {
				return &usageError{errors.New("the flags -live and -at exclude each other: the targets are as they are now"), c}
			}
			return a.explain(c.Context(), f, args[0])
		},
	})
	f.add(c)
	c.Flags().StringVar(&f.in, "in", "", "only in the app or group at `ADDRESS`, or of that name")
	addAt(c, &f.at)
	c.Flags().StringVar(&f.asOf, "as-of", "", "at `TIME` (RFC 3339) instead of now")
	c.Flags().BoolVar(&f.live, "live", false, "also read the targets")
	c.Flags().BoolVar(&f.json, "json", false, "print one JSON document")
	return c
}

func (a *app) explain(ctx context.Context, f explainFlags, who string) error {
	o, err := a.optionsAt(f.loadFlags, f.at)
	if err != nil {
		return err
	}
	o.Load.NoSecrets = !f.live
	if o.AsOf, err = moment(f.asOf); err != nil {
		return err
	}
	p, err := a.open(o)
	if err != nil {
		return err
	}
	defer p.Close()
	e, err := planner.Explain(p.Desired, who, f.in)
	if err != nil {
		return err
	}
	if !f.live {
		return a.showExplanation(e, nil, f.json)
	}
	planned, err := p.Plan(ctx)
	if err != nil {
		return err
	}
	return a.showExplanation(e, accounts(p.Config, planned, e), f.json)
}

// showExplanation prints why, and what the targets have where they were asked.
func (a *app) showExplanation(e *planner.Explanation, live []render.Account, asJSON bool) error {
	if asJSON {
		return render.ExplainJSON(a.stdout, e, live)
	}
	if err := render.Explain(a.stdout, e, a.style(a.stdout)); err != nil || live == nil {
		return err
	}
	return render.Live(a.stdout, live, a.style(a.stdout))
}
