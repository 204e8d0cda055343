package planner

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// mutant is one deliberate mistake: a text of a file, and what stands there instead.
type mutant struct {
	name, file       string
	old, replacement string
}

// readMutants reads all of testdata/mutants: a comment, a file's name, the old
// text and the new.
func readMutants(t *testing.T) []mutant {
	t.Helper()
	paths, err := filepath.Glob("testdata/mutants/*.txt")
	if err != nil || len(paths) < 15 {
		t.Fatalf("got %d mutants, want at least 15 (%v)", len(paths), err)
	}
	all := make([]mutant, len(paths))
	for i, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		head, rest, ok := strings.Cut(string(data), "-- old --\n")
		old, replacement, ok2 := strings.Cut(rest, "-- new --\n")
		if !ok || !ok2 {
			t.Fatalf("%s: want a file's name, old text, new text", path)
		}
		lines := strings.Split(strings.TrimSpace(head), "\n")
		all[i] = mutant{strings.TrimSuffix(filepath.Base(path), ".txt"), lines[len(lines)-1], old, replacement}
	}
	return all
}

// applied is m's file with the mistake in it.
func (m *mutant) applied(t *testing.T) string {
	t.Helper()
	source, err := os.ReadFile(m.file)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(source), m.old); n != 1 {
		t.Fatalf("%s: the old text stands %d times in %s, want once", m.name, n, m.file)
	}
	return strings.Replace(string(source), m.old, m.replacement, 1)
}

// TestMutantsFitTheSource keeps testdata/mutants in step with the planner.
func TestMutantsFitTheSource(t *testing.T) {
	t.Parallel()
	for _, m := range readMutants(t) {
		t.Run(m.name, func(t *testing.T) { m.applied(t) })
	}
}
