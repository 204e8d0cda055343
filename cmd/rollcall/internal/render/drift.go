package render

import (
	"fmt"
	"io"
	"strings"

	"github.com/rollcall-dev/rollcall/planner"
)

// Drift writes what was changed at the targets since the last apply, one block
// an object, and a count. What a target does not show is said to be unknown,
// never to be in sync.
func Drift(w io.Writer, drifts []planner.Drift, s Style) error {
	p := newPage(w, s)
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
	p.next("\"rollcall plan\" shows what would be put right.")
	return p.end()
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
