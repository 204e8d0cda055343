package load

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/schema"
)

// policies loads a configuration of these policies, among people and groups
// that references can name.
func policies(t testing.TB, src string, limits Limits) *schema.Config {
	t.Helper()
	src += `
user "ann" { login = "ann@x.com" }
user "team" {
  for_each = toset(["a"])
  login    = "team-${each.key}@x.com"
}
group "admins" { members = [user.ann] }
target "sandbox" "x" {}
app "vpn" { target = target.sandbox.x }
directory "file" "hr" { path = "hr.csv" }
`
	config, _, diags := Load(fstest.MapFS{"a.hcl": {Data: []byte(src)}}, Options{Limits: limits})
	if diags.HasErrors() {
		t.Fatal(render(diags))
	}
	return config
}

// assert is a policy of one assertion.
func assert(condition string) string {
	return fmt.Sprintf("policy \"p\" {\n  assert {\n    condition     = %s\n    error_message = \"It is not.\"\n  }\n}\n", condition)
}

// row is a record of these fields.
func row(fields map[string]any) *schema.Record {
	r := &schema.Record{Get: func(name string) any { return fields[name] }}
	for name := range fields {
		r.Names = append(r.Names, name)
	}
	return r
}

// someFacts are n people, of whom every tenth is an admin.
func someFacts(n int) *schema.Facts {
	var logins, admins []string
	people := map[string]any{}
	for i := range n {
		login := fmt.Sprintf("p%06d@x.com", i)
		logins = append(logins, login)
		groups := []string{}
		if i%10 == 0 {
			admins = append(admins, login)
			groups = append(groups, "group.admins")
		}
		fields := map[string]any{"login": login, "department": "D" + fmt.Sprint(i%3), "apps": []string{"vpn"}, "groups": groups,
			"custom": map[string]any{"level": float64(i)}, "active": true, "file": "team/a.hcl", "line": float64(i)}
		for _, a := range schema.BaseAttributes() {
			if fields[a.Name] == nil {
				fields[a.Name] = ""
			}
		}
		people[login] = row(fields)
	}
	change := func(i int) any {
		after := map[string]any{"active": i%2 == 0}
		if i > 0 {
			after["title"] = "T"
		}
		return row(map[string]any{"action": []string{"create", "deactivate"}[i%2], "name": fmt.Sprintf("p%06d@x.com", i), "after": after,
			"members": map[string]any{"add": []string{"a"}, "remove": []string{}}})
	}
	effective := row(map[string]any{
		"users": &schema.Table{Keys: logins, Row: func(key string) any { return people[key] }},
		"groups": &schema.Table{Keys: []string{"group.admins"}, Row: func(string) any {
			return row(map[string]any{"name": "Admins", "members": admins})
		}},
		"apps": &schema.Table{Keys: []string{"vpn"}, Row: func(string) any {
			return row(map[string]any{"name": "vpn", "users": logins, "groups": &schema.Table{Keys: []string{"Admins"}, Row: func(string) any { return admins }}})
		}},
		"access": &schema.List{Len: n, Row: func(i int) any {
			return row(map[string]any{"login": logins[i], "app": "vpn", "file": "team/a.hcl"})
		}},
	})
	plan := row(map[string]any{
		"changes": &schema.List{Len: 4, Row: change},
		"summary": map[string]any{"destroy": 2.0, "users": map[string]any{"deactivate": 2.0}},
	})
	return &schema.Facts{Effective: effective, Plan: plan, Size: n}
}

func TestConditionsOverFacts(t *testing.T) {
	t.Parallel()
	for condition, want := range map[string]bool{
		`!contains(effective.apps.vpn.users, "p000001@x.com")`:                                      false,
		`!contains(effective.apps.vpn.users, user.ann)`:                                             true,
		`!contains(effective.apps.vpn.users, user.ann.login)`:                                       true,
		`contains(effective.apps[app.vpn].groups["Admins"], "p000000@x.com")`:                       true,
		`contains(keys(effective.apps), app.vpn)`:                                                   true,
		`length(effective.groups[group.admins].members) <= 5`:                                       true,
		`length(effective.groups["group.admins"].members) < 3`:                                      false,
		`effective.groups[group.admins].name == "Admins"`:                                           true,
		`effective.users["p000003@x.com"].department == "D0"`:                                       true,
		`alltrue([for u in effective.users : u.department != "" if contains(u.apps, app.vpn)])`:     true,
		`alltrue([for login, u in effective.users : startswith(login, "p") && u.login == login])`:   true,
		`anytrue([for u in effective.users : contains(u.groups, group.admins) && u.line > 19])`:     true,
		`length([for u in effective.users : u if u.custom.level > 26]) == 3`:                        true,
		`alltrue([for a in effective.access : startswith(a.file, "team/")])`:                        true,
		`length(effective.users) == 30`:                                                             true,
		`length(values(effective.users)) == 30`:                                                     true,
		`{ for u in effective.users : u.department => u... }["D1"][0].login == "p000001@x.com"`:     true,
		`effective.users["p000001@x.com"]["department"] == "D1"`:                                    true,
		`lookup(effective.users["p000001@x.com"], "department", "") == "D1"`:                        true,
		`[for u in effective.users : u["department"]][1] == "D1"`:                                   true,
		`jsonencode(effective.groups) != ""`:                                                        true,
		`length(keys(effective.users["p000001@x.com"])) > 30`:                                       true,
		`length(keys([for u in effective.users : u][0])) > 30`:                                      true,
		`alltrue([for k, v in effective.users["p000001@x.com"] : k != "nothing"])`:                  true,
		`anytrue([for c in plan.changes : c.action == "deactivate" && c.name == "p000001@x.com"])`:  true,
		`plan.changes[0].action == "create"`:                                                        true,
		`contains(plan.changes[*].name, "p000003@x.com")`:                                           true,
		`alltrue([for c in plan.changes : c.after.title == "T" if c.name != "p000000@x.com"])`:      true,
		`plan.changes[0].after.title == null`:                                                       true,
		`plan.summary.users.deactivate <= 1`:                                                        false,
		`length(flatten([for c in plan.changes : c.members.add])) == 4`:                             true,
		`effective.users["p000003@x.com"].apps == ["vpn"]`:                                          true,
		`["vpn"] != effective.users["p000003@x.com"].apps`:                                          false,
		`effective.users["p000003@x.com"].apps == ["vpn", "wiki"]`:                                  false,
		`effective.users["p000003@x.com"].apps == []`:                                               false,
		`effective.users["p000003@x.com"].groups == []`:                                             true,
		`effective.users["p000003@x.com"].apps == [1]`:                                              false,
		`toset(effective.apps.vpn.users) == toset([])`:                                              false,
		`setintersection(effective.apps.vpn.users, ["zoe"]) == []`:                                  true,
		`setintersection(effective.apps.vpn.users, ["p000003@x.com"]) != []`:                        true,
		`toset(["b", "a"]) == ["a", "b", "b"]`:                                                      true,
		`["a", "b"] == toset(["b"])`:                                                                false,
		`{ for u in effective.users : u.login => u.line if u.line < 1 } == { "p000000@x.com" = 0 }`: true,
		`effective.users["p000003@x.com"].apps != null`:                                             true,
		`plan.changes[0].after == { active = true, title = "T" }`:                                   false,
		`1 == "1"`: false,
		`contains(["team-a@x.com"], user.team["a"])`:                                               true,
		`contains(["team-a@x.com"], user.team["a"].login)`:                                         true,
		`contains(["zoe@x.com"], directory.file.hr.users["zoe@x.com"])`:                            true,
		`contains(["directory.file.hr.groups[\"VPN\"]"], directory.file.hr.groups["VPN"])`:         true,
		`contains([for l in ["ann@x.com"] : l], [for u in user : u if u.login == "ann@x.com"][0])`: true,
	} {
		t.Run(condition, func(t *testing.T) {
			t.Parallel()
			failures, diags := policies(t, assert(condition), Limits{}).Policies[0].Assertions.Check(someFacts(30))
			if got := len(failures) == 0; got != want || len(diags) > 0 {
				t.Errorf("holds: %v, want %v; %+v\n%s", got, want, failures, render(diags))
			}
		})
	}
}

// TestWhatCannotBeEvaluatedIsNeverAPass: an error is an error.
func TestWhatCannotBeEvaluatedIsNeverAPass(t *testing.T) {
	t.Parallel()
	for condition, code := range map[string]schema.Code{
		`effective.users["nobody"].department == ""`:                                   "invalid-expression",
		`effective.users[upper("nobody")].department == ""`:                            "invalid-expression",
		`effective.groups["group.admins"].name`:                                        "wrong-type",
		`null == null ? null : effective.groups["group.admins"].name == ""`:            "wrong-type",
		`alltrue([for u in effective.users : u.nonsense == ""])`:                       "unknown-attribute",
		`length(effective.groups) > effective.groups["group.admins"].name`:             "invalid-expression",
		`anytrue([for c in plan.changes : upper(c.after.title) == ""])`:                "invalid-expression",
		`alltrue([for a in effective.access : [for b in effective.access : a] == []])`: "too-complex",
	} {
		t.Run(condition, func(t *testing.T) {
			t.Parallel()
			failures, diags := policies(t, assert(condition), Limits{Operations: 1000}).Policies[0].Assertions.Check(someFacts(500))
			if len(failures) > 0 || !diags.HasErrors() || diags[0].Code != code || !diags[0].Origin.Known() {
				t.Errorf("%+v and the findings\n%swant an error %s", failures, render(diags), code)
			}
		})
	}
}

func TestPoliciesThatAreWrongAreFoundWithoutFacts(t *testing.T) {
	t.Parallel()
	for condition, code := range map[string]string{
		`effective.user["x"].login == ""`:        "unknown-attribute",
		`length(effective.users.alice) == 0`:     "unknown-reference",
		`effective.groups.admins.name == ""`:     "unknown-reference",
		`length(effective.apps.vnp.users) == 0`:  "unknown-reference",
		`effective.groups["group.x"].name == ""`: "unknown-reference",
		`contains([], group.amdins)`:             "unknown-reference",
		`length(plan.change) == 0`:               "unknown-attribute",
		`each.key == ""`:                         "unknown-reference",
		`principal.login == ""`:                  "unknown-reference",
		`"yes"`:                                  "wrong-type",
		`env("HOME") == ""`:                      "unknown-function",
		`file("x") == "" || length(plan) == 0`:   "unknown-function",
		`member_of(group.admins)`:                "unknown-function",
	} {
		src := assert(condition) + "group \"admins\" { members = [] }\ntarget \"sandbox\" \"x\" {}\napp \"vpn\" { target = target.sandbox.x }\n"
		_, _, diags := Load(fstest.MapFS{"a.hcl": {Data: []byte(src)}}, Options{})
		if !diags.HasErrors() || string(diags[0].Code) != code {
			t.Errorf("%s has the findings\n%swant %s", condition, render(diags), code)
		}
	}
	_, _, diags := Load(fstest.MapFS{"a.hcl": {Data: []byte("locals { x = effective.users }")}}, Options{})
	if !diags.HasErrors() || !strings.Contains(diags[0].Detail, "policy blocks") {
		t.Errorf("effective outside of a policy has the findings\n%s", render(diags))
	}
}

// TestRowsAreReadAsFarAsTheyAreLookedInto: the same expression means the same,
// however little of a row is made.
func TestRowsAreReadAsFarAsTheyAreLookedInto(t *testing.T) {
	t.Parallel()
	facts := someFacts(30)
	got := map[string]int{}
	users := facts.Effective.Get("users").(*schema.Table)
	plain := users.Row
	users.Row = func(key string) any {
		r := plain(key).(*schema.Record)
		return &schema.Record{Names: r.Names, Get: func(name string) any { got[name]++; return r.Get(name) }}
	}
	src := assert(`alltrue([for u in effective.users : u.department != "x"])`)
	if failures, diags := policies(t, src, Limits{}).Policies[0].Assertions.Check(facts); len(failures) > 0 || len(diags) > 0 {
		t.Fatal(failures, render(diags))
	}
	if diff := cmp.Diff(map[string]int{"department": 30}, got); diff != "" {
		t.Errorf("attributes that were made (-want +got):\n%s", diff)
	}
}

func TestValuesOfAFailedConditionAreStated(t *testing.T) {
	t.Parallel()
	src := `
policy "p" {
  for_each = { for login, u in effective.users : login => u if u.line < 1 }
  assert {
    condition     = each.value.department == "Sales" || length(effective.groups[group.admins].members) < 2
    error_message = "${each.key} sells nothing."
  }
}
policy "q" {
  assert {
    condition     = alltrue([for u in effective.users : u.department != "D1"])
    error_message = "D1 is closed."
  }
}
policy "r" {
  assert {
    condition     = alltrue([for a in effective.access : a.file == "x" if a.app == "vpn"])
    error_message = "Not there."
  }
}
policy "s" {
  assert {
    condition     = alltrue([for c in plan.changes : c.action == "create"])
    error_message = "Only new ones."
  }
}
`
	config, facts := policies(t, src, Limits{}), someFacts(40)
	got := map[string][]schema.Failure{}
	for _, p := range config.Policies {
		failures, diags := p.Assertions.Check(facts)
		if len(diags) > 0 {
			t.Fatal(render(diags))
		}
		got[string(p.Address)] = failures
	}
	want := map[string][]schema.Failure{
		"policy.p": {{
			Instance: `policy.p["p000000@x.com"]`, Message: "p000000@x.com sells nothing.", Origin: schema.Origin{File: "a.hcl", Line: 5, Column: 21, EndLine: 5, EndColumn: 107},
			Values: []schema.Stated{
				{Expression: "each.key", Statement: `is "p000000@x.com"`},
				{Expression: "each.value.department", Statement: `is "D0"`},
				{Expression: "length(effective.groups[group.admins].members)", Statement: "is 4"},
			},
		}},
		"policy.q": {{
			Message: "D1 is closed.", Origin: schema.Origin{File: "a.hcl", Line: 11, Column: 21, EndLine: 11, EndColumn: 79},
			Values: []schema.Stated{{Expression: `u.department != "D1"`,
				Statement: `is false for "p000001@x.com", "p000004@x.com", "p000007@x.com", "p000010@x.com", "p000013@x.com", "p000016@x.com", "p000019@x.com", "p000022@x.com" and 5 more`}},
		}},
		"policy.r": {{
			Message: "Not there.", Origin: schema.Origin{File: "a.hcl", Line: 17, Column: 21, EndLine: 17, EndColumn: 91},
			Values: []schema.Stated{{Expression: "effective.access", Statement: "is a list of 40 elements"}, {Expression: `a.file == "x"`,
				Statement: `is false for "p000000@x.com", "p000001@x.com", "p000002@x.com", "p000003@x.com", "p000004@x.com", "p000005@x.com", "p000006@x.com", "p000007@x.com" and 32 more`}},
		}},
		"policy.s": {{
			Message: "Only new ones.", Origin: schema.Origin{File: "a.hcl", Line: 23, Column: 21, EndLine: 23, EndColumn: 76},
			Values: []schema.Stated{{Expression: "plan.changes", Statement: "is a list of 4 elements"}, {Expression: `c.action == "create"`,
				Statement: `is false for "p000001@x.com", "p000003@x.com"`}},
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSensitiveValuesAreInNoPolicy(t *testing.T) {
	t.Parallel()
	src := assert(`!contains(effective.apps.vpn.users, var.secret)`) + "variable \"secret\" {\n  sensitive = true\n  default   = \"hushhush\"\n}\ntarget \"sandbox\" \"x\" {}\napp \"vpn\" { target = target.sandbox.x }\n"
	_, _, diags := Load(fstest.MapFS{"a.hcl": {Data: []byte(src)}}, Options{})
	if !diags.HasErrors() || diags[0].Code != codeSensitive || strings.Contains(render(diags), "hushhush") {
		t.Errorf("findings are\n%s", render(diags))
	}
}

// TestHostilePoliciesEndSoon: whatever a policy computes, all of them together
// take no more than their budget.
func TestHostilePoliciesEndSoon(t *testing.T) {
	t.Parallel()
	var src strings.Builder
	for i := range 300 {
		fmt.Fprintf(&src, "policy \"p%d\" {\n  for_each = effective.users\n  assert {\n    condition     = length([for u in effective.users : u if contains(effective.apps.vpn.users, \"%d\")]) == 0\n    error_message = \"x\"\n  }\n}\n", i, i)
	}
	config, facts := policies(t, src.String(), Limits{Operations: 20_000}), someFacts(300)
	refused := 0
	for _, p := range config.Policies {
		_, diags := p.Assertions.Check(facts)
		if diags.HasErrors() {
			refused++
		}
	}
	each := Limits{Operations: 20_000}.scaled(300).Operations
	if spent := memoOf(facts).spent; refused == 0 || spent > (wholeBudget+1)*each {
		t.Errorf("%d of 300 were refused, after %d steps", refused, spent)
	}
}
