package render

import (
	"io"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/schema"
)

// Plan writes p for people: what was compared, what changed outside, every
// object that will change and why, who is withheld, findings, guards, and last
// the line "Plan: N to add, N to change, N to destroy." or "No changes.", in
// the grammar that tools for pull requests read. It writes as it goes, so that
// a plan of a million changes takes no more memory than its own. src is as for
// [Diagnostics].
func Plan(w io.Writer, p *planner.Plan, src map[string][]byte, s Style) error {
	pg := newPage(w, s)
	pg.inputs(p)
	objects := objectsOf(p)
	pg.drift(p.Drift)
	pg.legend(p, objects)
	pg.objects(p, objects)
	pg.withheld(p.Withheld)
	pg.held(p.Held)
	pg.findings(p.Findings, src)
	pg.guards(p.Guards)
	pg.policies(p.Policies, 0)
	pg.verdict(p)
	return pg.end()
}

// PlanNote writes what to run after a plan: the command that carries out
// exactly the plan saved as file, or, where file is empty, that nothing
// promises the same actions.
func PlanNote(w io.Writer, file string, s Style) error {
	pg := newPage(w, s)
	pg.line()
	if file == "" {
		pg.wrapped("", "", "Note: The plan was not saved, so rollcall cannot promise to take exactly "+
			"these actions when you run \"rollcall apply\" now. Use -out=FILE to save it.")
		return pg.end()
	}
	pg.line("Saved the plan to: ", Terminal(file))
	pg.line()
	pg.line("To take exactly these actions, run:")
	pg.line("    rollcall apply ", quote(file))
	return pg.end()
}

// findings writes boxes for what is wrong or doubtful and a line each for
// what is merely good to know.
func (p *page) findings(all schema.Diagnostics, src map[string][]byte) {
	var infos schema.Diagnostics
	for i := range all {
		if all[i].Severity == schema.Info {
			infos = append(infos, all[i])
			continue
		}
		p.diagnostic(&all[i], src)
	}
	if len(infos) == 0 {
		return
	}
	p.line()
	p.line(p.style.paint(bold, "Good to know:"))
	for i := range infos {
		d := &infos[i]
		p.wrapped("  * ", "    ", Prose(d.Detail)+place(d.Origin)+" ["+string(d.Code)+"]")
	}
}
