package load

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestAlltrueAndAnytrueAreTerraforms(t *testing.T) {
	t.Parallel()
	for expr, want := range map[string]any{
		"alltrue([])": true, "anytrue([])": false,
		"alltrue([true, true])": true, "alltrue([true, false])": false,
		"anytrue([false, true])": true, "anytrue([false, false])": false,
		"alltrue([true, null])": false, "anytrue([null, true])": true, "anytrue([null])": false,
		`alltrue(["true", true])`: true, `anytrue(toset([false, true]))`: true,
		`alltrue(tolist([true]))`: true, "alltrue([for i in range(1000) : i < 1000])": true,
		`alltrue([1])`: "bool required", `anytrue(["x"])`: "a bool is required", `alltrue({ a = true })`: "list of bool",
		"alltrue(true)": "list of bool", "alltrue(null)": "not be null",
	} {
		got, diags := Read(fstest.MapFS{}, Options{}).Evaluate(expr)
		if text, wrong := want.(string); wrong {
			if len(diags) != 1 || !strings.Contains(diags[0].Detail, text) {
				t.Errorf("%s: %v, want an error with %q", expr, diags, text)
			}
			continue
		}
		if diags.HasErrors() || got.Value != want {
			t.Errorf("%s is %v (%v), want %v", expr, got.Value, diags, want)
		}
	}
}
