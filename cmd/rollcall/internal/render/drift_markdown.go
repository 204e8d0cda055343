package render

import (
	"io"

	"github.com/rollcall-dev/rollcall/planner"
)

// DriftTitle says in one line how much was changed outside. Root is a word of
// ours, since titles know no code; "." is left out.
func DriftTitle(drifts []planner.Drift, root string) string {
	title := "rollcall"
	if root != "" && root != "." {
		title += " (" + root + ")"
	}
	if len(drifts) == 0 {
		return title + ": no drift"
	}
	return title + ": " + count(len(drifts), "object") + " changed outside"
}

// DriftMarkdown writes the drift of p for an issue, one object a line.
func DriftMarkdown(w io.Writer, p *planner.Plan, o PlanComment) error {
	last := "<sub>As of " + p.AsOf.UTC().Format("2006-01-02 15:04 UTC") + "</sub>"
	m := &planMarkdown{document: o.document("`rollcall drift` prints all of it.", last), PlanComment: o, plan: p}
	if o.Marker != "" {
		m.line(o.Marker)
	}
	if len(p.Drift) == 0 {
		m.line("No drift: the targets are as the last apply left them.")
		return m.end(w)
	}
	m.line("Objects were changed at their targets, and not by rollcall: ", driftCounts(p.Drift))
	m.line()
	for i := range p.Drift {
		m.line("- ", driftItem(&p.Drift[i]))
	}
	m.line()
	m.line("`rollcall plan` shows what would be put right, `rollcall apply` does it. Whatever is meant to stay belongs in the configuration.")
	return m.end(w)
}
