package render

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/rollcall-dev/rollcall/planner"
)

// planSource has the line that the seed's warning is about.
var planSource = map[string][]byte{"access.hcl": []byte(strings.Repeat("\n", 18) + "push_group \"engineering\" {\n  app = app.twingate\n")}

func TestPlanIsAsInItsGolden(t *testing.T) {
	t.Parallel()
	for name, plan := range map[string]*planner.Plan{
		"seed": seedPlan(), "mixed": mixedPlan(), "empty": emptyPlan(), "blocked": blockedPlan(), "hostile": hostilePlan(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := rendered(t, func(w io.Writer) error { return Plan(w, plan, planSource, Style{Now: now}) })
			golden(t, "plan_"+name+".txt", got)
			wantHarmless(t, got)
		})
	}
}

func TestPlanOfOrdinaryNamesFitsEightyColumns(t *testing.T) {
	t.Parallel()
	for name, plan := range map[string]*planner.Plan{
		"seed": seedPlan(), "mixed": mixedPlan(), "empty": emptyPlan(), "blocked": blockedPlan(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantNarrow(t, rendered(t, func(w io.Writer) error { return Plan(w, plan, nil, Style{}) }), 80)
		})
	}
}

func TestColourChangesNothingButColour(t *testing.T) {
	t.Parallel()
	plain := rendered(t, func(w io.Writer) error { return Plan(w, mixedPlan(), nil, Style{}) })
	painted := rendered(t, func(w io.Writer) error { return Plan(w, mixedPlan(), nil, Style{Color: true}) })
	if !strings.Contains(painted, "\x1b[31m-\x1b[0m") {
		t.Error("a removal is not painted red")
	}
	if got := stripped(painted); got != plain {
		t.Errorf("without its colours the text differs:\n%s", got)
	}
}

// stripped removes the colour sequences that paint writes.
func stripped(s string) string {
	for _, c := range []colour{"0", bold, faint, under, red, green, yellow, cyan} {
		s = strings.ReplaceAll(s, "\x1b["+string(c)+"m", "")
	}
	return s
}

func TestPlanSaysWhyAWriteFailed(t *testing.T) {
	t.Parallel()
	want := errors.New("disk full")
	if got := Plan(failing{want}, mixedPlan(), nil, Style{}); !errors.Is(got, want) {
		t.Errorf("Plan to a full disk: %v, want %v", got, want)
	}
}

// failing is a writer that never can.
type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestPlanNoteSaysWhatToRunNext(t *testing.T) {
	t.Parallel()
	golden(t, "note_saved.txt", rendered(t, func(w io.Writer) error { return PlanNote(w, "plan out.json", Style{}) }))
	golden(t, "note_unsaved.txt", rendered(t, func(w io.Writer) error { return PlanNote(w, "", Style{}) }))
}
