package cli

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/cmd/rollcall/internal/render"
	"github.com/rollcall-dev/rollcall/cmd/rollcall/internal/run"
	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/policy"
	"github.com/rollcall-dev/rollcall/schema"
)

// simulateFlags are those of simulate.
type simulateFlags struct {
	loadFlags
	edits            []writtenEdit
	at, asOf, format string
	json, detailed   bool
}

// writtenEdit is the value of -set, -add or -remove.
type writtenEdit struct {
	op   planner.EditOp
	text string
}

// editFlag takes the values of one of the three flags into the list of all, so
// that they stay in the order in which they were given.
type editFlag struct {
	op  planner.EditOp
	all *[]writtenEdit
}

// String is the default: there is none.
func (editFlag) String() string { return "" }

// Type is what the help calls the value.
func (editFlag) Type() string { return "edit" }

// Set takes one value; it is read when all of them are there.
func (f editFlag) Set(text string) error {
	*f.all = append(*f.all, writtenEdit{f.op, text})
	return nil
}

// simulateFormats are the values of -format.
var simulateFormats = map[string]func(io.Writer, render.Simulation, render.Style) error{
	"text": render.Simulate,
	"json": func(w io.Writer, s render.Simulation, _ render.Style) error { return render.SimulateJSON(w, s) },
	"markdown": func(w io.Writer, s render.Simulation, _ render.Style) error {
		return render.SimulateMarkdown(w, s)
	},
}

func newSimulate(a *app) *cobra.Command {
	var f simulateFlags
	formats := strings.Join(slices.Sorted(maps.Keys(simulateFormats)), ", ")
	c := manual{
		about: "Reads the configuration and its directories, makes the edits of -set, -add and -remove\n" +
			"on a copy, in the order in which they are given, and says what would follow: who gains\n" +
			"and who loses what, as diff says it, which findings there would be, and which policies\n" +
			"would hold. With -as-of it says what would follow by that time, if nothing else changes.\n" +
			"Opens no socket, needs no credential and no sensitive variable, writes nothing.\n\n" +
			"People are named by login, address, or the label of their block; groups by address or\n" +
			"name. To set something of a login, put a colon before the argument. People and groups\n" +
			"of directories can be edited like blocks. Adding to an app assigns it directly; adding a\n" +
			"login to the address of a person declares that person.",
		example: "rollcall simulate -set user.alice.status=SUSPENDED\n" +
			"rollcall simulate -set 'bob@acme.com:status=DEPROVISIONED'\n" +
			"rollcall simulate -remove group.engineering:alice -add group.contractors:alice\n" +
			"rollcall simulate -remove assignment.contractors\n" +
			"rollcall simulate -as-of 2027-01-01T00:00:00Z",
		exits: "0 simulated; with -detailed-exitcode 2 something would change,\n  3 a policy would not hold.",
	}.describe(&cobra.Command{
		Use: "simulate", Short: "Say what would follow from an edit", Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			switch {
			case len(f.edits) == 0 && f.asOf == "":
				return &usageError{errors.New("there is nothing to simulate: give -set, -add, -remove or -as-of"), c}
			case f.json:
				f.format = "json"
			case simulateFormats[f.format] == nil:
				return &usageError{fmt.Errorf("the format is one of %s, not %q", formats, f.format), c}
			}
			return a.simulate(f)
		},
	})
	f.add(c)
	c.Flags().Var(editFlag{planner.EditSet, &f.edits}, "set", "as if `ADDRESS.ARGUMENT=VALUE` stood there; may be repeated")
	c.Flags().Var(editFlag{planner.EditAdd, &f.edits}, "add", "as if `ADDRESS:WHO` were there; may be repeated")
	c.Flags().Var(editFlag{planner.EditRemove, &f.edits}, "remove", "as if `ADDRESS:WHO` were not there, or ADDRESS; may be repeated")
	addAt(c, &f.at)
	c.Flags().StringVar(&f.asOf, "as-of", "", "what would follow by `TIME` (RFC 3339)")
	c.Flags().StringVar(&f.format, "format", "text", "`FORMAT`: "+formats)
	c.Flags().BoolVar(&f.json, "json", false, "print one JSON document")
	c.Flags().BoolVar(&f.detailed, "detailed-exitcode", false, "exit 2 where something would change")
	return c
}

// readEdits reads the values of -set, -add and -remove.
func readEdits(written []writtenEdit) ([]planner.Edit, error) {
	edits := make([]planner.Edit, 0, len(written))
	for _, w := range written {
		e, err := planner.ParseEdit(w.op, w.text)
		if err != nil {
			return nil, fmt.Errorf("read the flag -%s: %w", w.op, err)
		}
		edits = append(edits, e)
	}
	return edits, nil
}

// simulate compares what is with what would be.
func (a *app) simulate(f simulateFlags) error {
	edits, err := readEdits(f.edits)
	if err != nil {
		return err
	}
	then, err := moment(f.asOf)
	if err != nil {
		return err
	}
	o, err := a.optionsAt(f.loadFlags, f.at)
	if err != nil {
		return err
	}
	o.AsOf = a.now().Truncate(time.Second)
	p, err := a.open(o)
	if err != nil {
		return err
	}
	defer p.Close()
	would, found, err := p.Simulated(edits, then)
	if err != nil {
		return fmt.Errorf("simulate: %w", err)
	}
	if would == nil {
		a.say("With what is simulated, the configuration would be wrong.")
		if err := a.diagnostics(found); err != nil {
			return err
		}
		return status(exitError)
	}
	return a.showSimulation(f, p, would, render.Simulation{Edits: edits, AsOf: then, Findings: brought(p.Desired.Findings, found)})
}

// showSimulation prints what would change.
func (a *app) showSimulation(f simulateFlags, p *run.Project, would *planner.Desired, shown render.Simulation) error {
	d, err := planner.Diff(p.Desired, would)
	if err != nil {
		return fmt.Errorf("compare with what is simulated: %w", err)
	}
	verdict := policy.Check(would, nil)
	if len(verdict.Broken) > 0 {
		return &run.FindingsError{Findings: verdict.Broken}
	}
	shown.Sources, shown.Suspended = p.Sources, planner.Suspensions(p.Desired, would)
	shown.Difference = render.Difference{
		Difference: d, Policies: verdict, Sources: p.Sources,
		Base: render.Side{Words: "what is declared", Revision: f.at, Commit: p.Commit()},
		Head: render.Side{Words: "what is simulated", Revision: f.at, Commit: p.Commit()},
	}
	if err := simulateFormats[f.format](a.stdout, shown, a.style(a.stdout)); err != nil {
		return err
	}
	switch {
	case f.detailed && verdict.Blocks():
		return status(exitBlocked)
	case f.detailed && !d.Empty():
		return status(exitChanges)
	}
	return nil
}

// brought are the findings that there would be and are not now.
func brought(now, then schema.Diagnostics) schema.Diagnostics {
	known := make(map[[4]string]bool)
	key := func(d *schema.Diagnostic) [4]string { return [4]string{string(d.Code), d.App, d.Object, d.Detail} }
	for i := range now {
		known[key(&now[i])] = true
	}
	var new schema.Diagnostics
	for i := range then {
		if !known[key(&then[i])] {
			new = append(new, then[i])
		}
	}
	return new
}
