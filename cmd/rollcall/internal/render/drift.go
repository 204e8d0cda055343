package render

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/schema"
)

// Drift writes what was changed at the targets since the last apply, one block
// an object, and a count. What a target does not show is said to be unknown,
// never to be in sync. Where its repair is blocked, what blocks it follows; src
// is as for [Diagnostics].
func Drift(w io.Writer, plan *planner.Plan, src map[string][]byte, s Style) error {
	p, drifts := newPage(w, s), plan.Drift
	if len(drifts) == 0 {
		p.lead(bold, "No drift.", "The targets are as the last apply left them.")
		return p.end()
	}
	p.line("Objects have changed outside of rollcall since its last apply:")
	for i := range drifts {
		p.driftBlock(&drifts[i])
	}
	p.line()
	p.lead(bold, "Drift:", driftCounts(drifts))
	if !plan.Applyable {
		for _, d := range blocking(plan.Findings) {
			p.diagnostic(&d, src)
		}
		p.line()
		p.lead(red, "Blocked:", "what would put this right cannot be applied.")
	}
	p.next("\"rollcall plan\" shows what would be put right.")
	return p.end()
}

// blocking are the findings that keep a plan from being applied.
func blocking(all schema.Diagnostics) schema.Diagnostics {
	return slices.DeleteFunc(slices.Clone(all), func(d schema.Diagnostic) bool {
		return d.Severity != schema.Guarded && d.Severity != schema.Error
	})
}

// driftKinds are the kinds of drift in the order in which they are counted.
var driftKinds = [...]string{"deleted", "changed", "renamed", "member-added", "member-removed", "unknown"}

// driftCounts writes "1 changed, 2 deleted."
func driftCounts(drifts []planner.Drift) string {
	n := map[string]int{}
	for i := range drifts {
		n[drifts[i].What]++
	}
	var parts []string
	for _, what := range driftKinds {
		if n[what] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n[what], what))
		}
	}
	return strings.Join(parts, ", ") + "."
}
