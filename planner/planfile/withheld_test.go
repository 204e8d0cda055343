package planfile

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/internal/arbitrary"
	"github.com/rollcall-dev/rollcall/planner/internal/wire"
)

func TestWithheldIsWrittenAsReflectionWouldWriteIt(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := arbitrary.Of[planner.Withheld](t)
		got, err := appendWithheld(nil, &w)
		if err != nil {
			t.Fatal(err)
		}
		want, err := wire.Append(nil, withheld{App: w.App, Group: w.Group, Login: w.Login, Missing: w.Missing, Origin: wire.Origin(w.Origin)})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(got), string(want)); d != "" {
			t.Fatalf("JSON (-got +want):\n%s", d)
		}
	})
}
