package render

import (
	"fmt"

	"github.com/rollcall-dev/rollcall/planner"
)

// PlanAnnotations are the remarks on a plan: its findings, among which are the
// policies that do not hold, and the guards that block it.
func PlanAnnotations(p *planner.Plan) []Annotation {
	list := FindingAnnotations(p.Findings)
	for i := range p.Guards {
		g := &p.Guards[i]
		if !g.Blocked {
			continue
		}
		list = append(list, Annotation{
			Level: LevelError, Origin: g.Origin, Check: string(g.Code), Title: "Guard blocks the plan",
			Lines:    []string{fmt.Sprintf("app.%s: %s.", Terminal(g.App), guardCount(g, Terminal))},
			Subjects: []string{g.App, string(g.Code), g.Object},
		})
	}
	return list
}
