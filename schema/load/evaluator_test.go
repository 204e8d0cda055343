package load

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// company is a configuration for expressions.
func company(t *testing.T, limits Limits) *Loaded {
	t.Helper()
	src := `
variable "secret" {
  sensitive = true
  default   = "hushhush"
}
variable "network" { default = "acme" }
locals {
  leads = [user.alice, "bob@acme.com"]
  big   = range(1000)
}
user "alice" {
  login = "alice@acme.com"
  title = "say \"$${x}\""
}
group "eng" { members = [user.alice] }
target "sandbox" "x" {}
app "vpn" { target = target.sandbox.x }
`
	r := Read(fstest.MapFS{"a.hcl": {Data: []byte(src)}}, Options{Limits: limits})
	if r.Findings.HasErrors() {
		t.Fatal(render(r.Findings))
	}
	return r
}

func TestExpressionsAreEvaluatedOverTheConfiguration(t *testing.T) {
	t.Parallel()
	r := company(t, Limits{})
	for src, want := range map[string]Result{
		"var.network":                 {`"acme"`, "acme"},
		"1 + 2":                       {"3", 3.0},
		"null":                        {"null", nil},
		"user.alice.title":            {`"say \"$${x}\""`, `say "${x}"`},
		"user.alice.department":       {"null", nil},
		"group.eng":                   {"{\n  description = \"\"\n  name = \"eng\"\n}", map[string]any{"name": "eng", "description": ""}},
		"app.vpn.name":                {`"vpn"`, "vpn"},
		`toset(["b", "a"])`:           {"toset([\n  \"a\",\n  \"b\",\n])", []any{"a", "b"}},
		`{ "a b" = [], c = {} }`:      {"{\n  \"a b\" = []\n  c = {}\n}", map[string]any{"a b": []any{}, "c": map[string]any{}}},
		"[var.secret, \"open\"]":      {"[\n  (sensitive value),\n  \"open\",\n]", []any{"(sensitive value)", "open"}},
		"upper(var.secret)":           {"(sensitive value)", "(sensitive value)"},
		"{ a = \"${var.secret}\" }.a": {"(sensitive value)", "(sensitive value)"},
	} {
		got, diags := r.Evaluate(src)
		if diff := cmp.Diff(want, got); diff != "" || diags.HasErrors() {
			t.Errorf("%s (-want +got):\n%s%s", src, diff, render(diags))
		}
	}
}

func TestExpressionsFindPeopleAndGroupsWhateverTheirOrder(t *testing.T) {
	t.Parallel()
	src := `
user "c" { login = "c@acme.com" }
user "a" { login = "a@acme.com" }
group "z" { members = [user.a] }
user "b" { login = "b@acme.com" }
group "y" { members = [] }
`
	r := Read(fstest.MapFS{"a.hcl": {Data: []byte(src)}}, Options{})
	for expression, want := range map[string]string{
		"user.a.login": `"a@acme.com"`, "user.c.login": `"c@acme.com"`, "group.y.name": `"y"`, "group.z.name": `"z"`,
		`join(" ", [for name, u in user : "${name}=${u.login}"])`: `"a=a@acme.com b=b@acme.com c=c@acme.com"`,
	} {
		if got, diags := r.Evaluate(expression); got.Text != want || len(diags) > 0 {
			t.Errorf("%s is %s, want %s%s", expression, got.Text, want, render(diags))
		}
	}
	if _, diags := r.Evaluate("user.cc"); len(diags) != 1 || !strings.Contains(diags[0].Detail, "a.hcl:2") {
		t.Errorf("the suggestion names another place:\n%s", render(diags))
	}
}

func TestExpressionsThatAreWrongAreFindings(t *testing.T) {
	t.Parallel()
	r := company(t, Limits{})
	for src, code := range map[string]string{
		"":                       "syntax",
		"1 +":                    "syntax",
		"user.alcie":             "unknown-reference",
		"var.none":               "unknown-reference",
		"env(\"HOME\")":          "unknown-function",
		"principal.login":        "unknown-reference",
		"each.key":               "unknown-reference",
		"tonumber(var.secret)":   "invalid-expression",
		strings.Repeat("(", 100): "too-complex",
		"[for a in local.big : [for b in local.big : a]]": "too-complex",
	} {
		got, diags := r.Evaluate(src)
		if len(diags) == 0 || string(diags[0].Code) != code || diags[0].Origin.File != ExpressionFile {
			t.Errorf("%s is %+v with the findings\n%swant one of %s in the expression", src, got, render(diags), code)
		}
		if strings.Contains(render(diags), "hushhush") {
			t.Errorf("%s tells a secret: %s", src, render(diags))
		}
	}
}

// TestExpressionsLeaveNothingBehind: a session of a thousand expressions is not
// charged as one configuration, and an error in one is none of the next.
func TestExpressionsLeaveNothingBehind(t *testing.T) {
	t.Parallel()
	r := company(t, Limits{Operations: 20_000})
	before := len(r.loader.ready)
	for range 50 {
		_, _ = r.Evaluate("no.such")
		if _, diags := r.Evaluate("length([for a in local.big : a])"); len(diags) > 0 {
			t.Fatal(render(diags))
		}
	}
	if after := len(r.loader.ready); after != before {
		t.Errorf("%d prepared expressions are kept", after-before)
	}
}
