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
// with `make mutants`.
func TestEveryMutantIsKilled(t *testing.T) {
	for _, m := range readMutants(t) {
		t.Run(m.name, func(t *testing.T) {
			out, err := testMutant(t, &m)
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
func testMutant(t *testing.T, m *mutant) (string, error) {
	t.Helper()
	dir := t.TempDir()
	mutated := filepath.Join(dir, filepath.Base(m.file))
	if err := os.WriteFile(mutated, []byte(m.applied(t)), 0o600); err != nil {
		t.Fatal(err)
	}
	original, err := filepath.Abs(m.file)
	if err != nil {
		t.Fatal(err)
	}
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {original: mutated}})
	if err != nil {
		t.Fatal(err)
	}
	list := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(list, overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "go", "test", "-vet=off", "-overlay", list, "-failfast", ".",
		"-rapid.nofailfile", "-rapid.shrinktime=1ms").CombinedOutput()
	return string(out), err
}
