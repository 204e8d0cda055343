package load

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNamesAreCompleted(t *testing.T) {
	t.Parallel()
	r := company(t, Limits{})
	for word, want := range map[string][]string{
		"var.":          {"var.network", "var.secret"},
		"var.n":         {"var.network"},
		"local.l":       {"local.leads"},
		"user.":         {"user.alice"},
		"user.alice.lo": {"user.alice.locale", "user.alice.login"},
		"group.e":       {"group.eng"},
		"target.":       {"target.sandbox.x"},
		"app.vpn.x":     {},
		"path.":         {"path.root"},
		"each.":         nil,
		"effective.a":   {"effective.access", "effective.apps"},
		"starts":        {"startswith("},
		"us":            {"user"},
	} {
		if diff := cmp.Diff(want, r.Complete(word)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", word, diff)
		}
	}
	all := r.Complete("")
	if !slices.Contains(all, "local.") || !slices.Contains(all, "length(") || slices.Contains(all, "env(") {
		t.Errorf("an empty word becomes one of %q", all)
	}
}

func TestEveryCompletedFunctionCanBeCalled(t *testing.T) {
	t.Parallel()
	r := company(t, Limits{})
	for _, name := range r.Complete("") {
		if !strings.HasSuffix(name, "(") {
			continue
		}
		if _, diags := r.Evaluate(name + ")"); len(diags) > 0 && diags[0].Code == codeUnknownFunction {
			t.Errorf("%s is completed, and cannot be called", name)
		}
	}
}

func TestUnfinishedExpressionsGoOn(t *testing.T) {
	t.Parallel()
	for src, want := range map[string]bool{
		"1":                     false,
		"":                      false,
		"[":                     true,
		"[\n1,":                 true,
		"[\n1,\n]":              false,
		"{ a = (":               true,
		`"${`:                   true,
		`"${upper("x")`:         true,
		`"open`:                 false,
		`["open`:                false,
		"<<EOT\nx":              true,
		"<<EOT\nx\nEOT":         false,
		"]":                     false,
		"[ # ]":                 true,
		`["]"`:                  true,
		strings.Repeat("(", 99): false,
	} {
		if got := Unfinished(src); got != want {
			t.Errorf("%q is unfinished: got %v, want %v", src, got, want)
		}
	}
}
