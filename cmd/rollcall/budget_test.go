package main

import (
	"runtime"
	"testing"
)

// TestPlansStayWithinTheirBudget holds what a plan of 10,000 people with eight
// memberships each allocates, for each of them, from the files to the list of
// changes: counts, which a busy machine cannot change. The bounds leave half as
// much again as is needed today, less under the race detector.
func TestPlansStayWithinTheirBudget(t *testing.T) {
	const people = 10_000
	for _, tt := range []struct {
		source         string
		bytes, mallocs uint64
	}{
		{"csv", 3_500, 8},
		{"hcl", 9_500, 9},
	} {
		w := &world{people: people, dir: t.TempDir()}
		if err := w.write(tt.source); err != nil {
			t.Fatal(err)
		}
		var from, to runtime.MemStats
		runtime.ReadMemStats(&from)
		desired := w.desired(t, tt.source)
		runtime.ReadMemStats(&to)
		bytes, mallocs := to.TotalAlloc-from.TotalAlloc, to.Mallocs-from.Mallocs

		state, remote := w.target(desired)
		runtime.ReadMemStats(&from)
		w.compute(t, desired, state, remote)
		runtime.ReadMemStats(&to)
		bytes, mallocs = bytes+to.TotalAlloc-from.TotalAlloc, mallocs+to.Mallocs-from.Mallocs

		if got := bytes / people; got > tt.bytes {
			t.Errorf("%s: a plan allocates %d bytes a person, want at most %d", tt.source, got, tt.bytes)
		}
		if got := mallocs / people; got > tt.mallocs {
			t.Errorf("%s: a plan makes %d allocations a person, want at most %d", tt.source, got, tt.mallocs)
		}
	}
}
