package statefile_test

import (
	"bytes"
	"reflect"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/internal/arbitrary"
	"github.com/rollcall-dev/rollcall/planner/statefile"
)

// TestPulledStateThatIsPushedIsPulledAgain: whatever a state holds, a copy of it
// puts it back. Lineage and serial are the place's own.
func TestPulledStateThatIsPushedIsPulledAgain(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s, place := arbitrary.Of[planner.State](t), planner.State{Lineage: "place", Serial: 3}
		inOrder(&s)
		copied := pulled(t, &s)
		place.Replace(copied)
		again := pulled(t, &place)
		if d := gocmp.Diff(again, copied, cmpopts.IgnoreFields(planner.State{}, "Lineage", "Serial", "Logged")); d != "" {
			t.Fatalf("state (-got +want):\n%s", d)
		}
		if again.Lineage != "place" || again.Serial != 3 {
			t.Fatalf("got the lineage %q and serial %d, want those of the place", again.Lineage, again.Serial)
		}
	})
}

func pulled(t *rapid.T, s *planner.State) *planner.State {
	var b bytes.Buffer
	if err := statefile.Encode(&b, s); err != nil {
		t.Fatal(err)
	}
	got, err := statefile.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// TestStateIsReplacedWhole looks at every field that a state has, also those that
// somebody adds later.
func TestStateIsReplacedWhole(t *testing.T) {
	t.Parallel()
	ofThePlace := []string{"Lineage", "Serial", "Intents", "Logged"}
	rapid.Check(t, func(t *rapid.T) {
		by, s := arbitrary.Of[planner.State](t), arbitrary.Of[planner.State](t)
		by.Unsettled = s.Unsettled.AddDate(0, 0, 1)
		place := s
		s.Replace(&by)
		for i := range reflect.TypeFor[planner.State]().NumField() {
			name, want := reflect.TypeFor[planner.State]().Field(i).Name, by
			if slices.Contains(ofThePlace, name) {
				want = place
			}
			got, wanted := reflect.ValueOf(s).Field(i).Interface(), reflect.ValueOf(want).Field(i).Interface()
			if d := gocmp.Diff(got, wanted); d != "" {
				t.Fatalf("%s (-got +want):\n%s", name, d)
			}
		}
	})
}

func TestReplacedStateWaitsForWhateverIsNotShownYet(t *testing.T) {
	t.Parallel()
	place, by := example(), example()
	by.Unsettled = by.Unsettled.AddDate(0, 0, -1)
	want := place.Unsettled
	place.Replace(by)
	if !place.Unsettled.Equal(want) {
		t.Errorf("got %s, want %s", place.Unsettled, want)
	}
}
