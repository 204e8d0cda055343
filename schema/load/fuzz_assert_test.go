package load

import (
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/rollcall-dev/rollcall/schema"
)

// fuzzLimits keep one evaluation within a few milliseconds.
var fuzzLimits = Limits{Operations: 20_000, TextBytes: 1 << 16}

// addTests gives a fuzzer the tests of the scripts.
func addTests(f *testing.F) {
	f.Helper()
	paths, err := filepath.Glob("../../cmd/rollcall/testdata/script/*.txtar")
	if err != nil || len(paths) == 0 {
		f.Fatalf("no scripts: %v", err)
	}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range archive.Files {
			if IsTest(file.Name) {
				f.Add(file.Data)
			}
		}
	}
}

// FuzzTests reads anything as a file of tests, in both syntaxes, and evaluates
// what it asserts: never a panic, every finding complete, twice the same, and
// no more than the budget.
func FuzzTests(f *testing.F) {
	addTests(f)
	for _, src := range []string{
		`run "a" {}`, `run "a" { assert {} }`, `run {}`, `run "a" "b" {}`, `run "a" { given "time" { at = null } }`,
		`run "a" { given "user" "x" { login = each.key } }`, `run "a" { given "group" "admins" { members = [user.x] } }`,
		`run "a" { given "user" "ann" { absent = "x" status = [] custom = 1 } expect_failures = [policy] }`,
		`run "a" { given "nothing" "ann" {} given "user" {} given {} expect_failures = policy.p }`,
		`{"run": {"a": {"assert": {"condition": "${plan.changes == []}", "error_message": "no"}}}}`,
	} {
		f.Add([]byte(src))
	}
	addFixtures(f)
	const config = `
user "ann" { login = "ann@x.com" }
group "admins" { members = [user.ann] }
policy "p" {
  assert {
    condition     = true
    error_message = "no"
  }
}`
	facts := someFacts(3)
	f.Fuzz(func(t *testing.T, src []byte) {
		read := func() []schema.TestFile {
			fsys := fstest.MapFS{"a.hcl": {Data: []byte(config)}, "a.test.hcl": {Data: src}, "b.test.hcl.json": {Data: src}}
			loaded := Read(fsys, Options{Limits: fuzzLimits})
			return loaded.Tests()
		}
		files, again := read(), read()
		if len(files) != 2 {
			t.Fatalf("%d files were read, want 2", len(files))
		}
		for i := range files {
			wantWhole(t, files[i].Findings)
			if diff := cmp.Diff(render(files[i].Findings), render(again[i].Findings)); diff != "" {
				t.Errorf("findings differ from one time to the next:\n%s", diff)
			}
			for _, r := range files[i].Runs {
				checkOver(t, r.Assertions, facts)
			}
		}
	})
}

// FuzzPolicies evaluates anything as the condition of a policy for each person.
func FuzzPolicies(f *testing.F) {
	for _, src := range []string{
		`true`, `each.value.department == "D1"`, `[for u in effective.users : [for v in effective.users : u]] == []`,
		`effective`, `plan`, `each`, `effective.users[*].login`, `effective.access[9].login == ""`, `effective.users[each]`,
		`{ for u in effective.users : u.login => plan.changes... }[each.key][0].after.title == null`,
		`jsonencode(effective) == jsonencode(plan)`, `format("%s", effective) == ""`, `effective.users == effective.groups`,
		`alltrue([for a in effective.access : a == effective.access[0]])`, `range(1000000) == setproduct(range(999), range(999))`,
		`join("", [for u in effective.users : join("", keys(u))]) == regex("(a*)*b", each.key)`,
		`merge(effective.users, plan.summary)[each.key].x`, `plan.changes[effective.users["a"].line].before["title"]`,
	} {
		f.Add(src)
	}
	text, err := os.ReadFile("../../docs/testing.md")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(text))
	facts := someFacts(3)
	f.Fuzz(func(t *testing.T, condition string) {
		src := "policy \"p\" {\n  for_each = effective.users\n  assert {\n    condition     = " + condition + "\n    error_message = \"${each.key}: ${" + condition + "}\"\n  }\n}\ngroup \"admins\" { members = [] }\n"
		config, _, diags := Load(fstest.MapFS{"a.hcl": {Data: []byte(src)}}, Options{Limits: fuzzLimits})
		wantWhole(t, diags)
		if diags.HasErrors() {
			return
		}
		for i := range config.Policies {
			checkOver(t, config.Policies[i].Assertions, facts)
		}
	})
}

// checkOver evaluates assertions: what cannot be evaluated has whole findings,
// and what does not hold a place.
func checkOver(t *testing.T, a schema.Assertions, facts *schema.Facts) {
	t.Helper()
	f := *facts
	f.Memo = nil
	failures, diags := a.Check(&f)
	wantWhole(t, diags)
	for i := range failures {
		if !failures[i].Origin.Known() {
			t.Errorf("failure without a place: %+v", failures[i])
		}
	}
	if spent, most := memoOf(&f).spent, (wholeBudget+1)*fuzzLimits.withDefaults().scaled(f.Size).Operations; spent > most {
		t.Errorf("%d steps were taken, %d may be", spent, most)
	}
}

// wantWhole fails for findings that leave something out.
func wantWhole(t *testing.T, diags schema.Diagnostics) {
	t.Helper()
	for _, d := range diags {
		if d.Code == "" || d.Summary == "" || d.Detail == "" || !d.Origin.Known() {
			t.Errorf("finding without code, summary, detail or place: %+v", d)
		}
	}
}
