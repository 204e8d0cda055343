//go:build mutants

package planner

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestEveryMutantIsKilled makes one mistake after the other in the planner,
// each described in testdata/mutants, and demands that its tests notice. Run it
// with `go test -tags mutants -run TestEveryMutantIsKilled ./planner`.
func TestEveryMutantIsKilled(t *testing.T) {
	files, err := filepath.Glob("testdata/mutants/*.txt")
	if err != nil || len(files) < 15 {
		t.Fatalf("got %d mutants, want at least 15 (%v)", len(files), err)
	}
	for _, path := range files {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			out, err := testMutant(t, path)
			switch {
			case err == nil:
				t.Error("the mutant survives")
			case !strings.Contains(out, "--- FAIL") && !strings.Contains(out, "panic:"):
				t.Errorf("the tests did not run: %v\n%s", err, out)
			}
		})
	}
}

// testMutant runs the package's tests with one file replaced.
func testMutant(t *testing.T, path string) (string, error) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(data), "-- old --\n")
	old, replacement, ok2 := strings.Cut(rest, "-- new --\n")
	name := strings.TrimSpace(head[strings.LastIndex(strings.TrimSpace(head), "\n")+1:])
	if !ok || !ok2 {
		t.Fatalf("%s: want a file's name, old text, new text", path)
	}
	source, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(source), old); n != 1 {
		t.Fatalf("%s: the old text stands %d times in %s, want once", path, n, name)
	}
	dir := t.TempDir()
	mutant := filepath.Join(dir, filepath.Base(name))
	if err := os.WriteFile(mutant, []byte(strings.Replace(string(source), old, replacement, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	original, err := filepath.Abs(name)
	if err != nil {
		t.Fatal(err)
	}
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {original: mutant}})
	if err != nil {
		t.Fatal(err)
	}
	list := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(list, overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "go", "test", "-vet=off", "-overlay", list, "-failfast", ".", "-rapid.nofailfile", "-rapid.shrinktime=1ms").CombinedOutput()
	return string(out), err
}
