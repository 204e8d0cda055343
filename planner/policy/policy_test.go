package policy_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/policy"
	"github.com/rollcall-dev/rollcall/schema"
)

var asOf = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

// company is a configuration with a person of each kind.
func company() *schema.Config {
	alice, bob := schema.UserRef{Address: "user.alice"}, schema.UserRef{Address: "user.bob"}
	return &schema.Config{
		Users: []schema.User{
			{Address: "user.alice", Login: "alice@acme.com", Profile: []schema.Attribute{{Name: "department", Value: "IT"}},
				Custom: []schema.CustomAttribute{{Name: "badge", Value: 7.0}}, Origin: schema.Origin{File: "a.hcl", Line: 3}},
			{Address: "user.bob", Login: "bob", Status: schema.Suspended, Custom: []schema.CustomAttribute{{Name: "floors", Value: []any{1.0}}}},
			{Address: "user.carol", Login: "carol@acme.com", Status: schema.Deprovisioned},
		},
		Groups: []schema.Group{
			{Address: "group.staff", Name: "Staff", MembersSaid: true, Members: []schema.UserRef{alice, bob, {Address: "user.carol"}}},
			{Address: "group.vpn", Name: "VPN", MembersSaid: true, Members: []schema.UserRef{alice}},
		},
		Targets: []schema.Target{{Address: "target.scim.x"}},
		Apps: []schema.App{
			{Address: "app.wiki", Name: "wiki", Target: "target.scim.x", Provisioning: schema.DefaultProvisioning},
			{Address: "app.vpn", Name: "vpn", Target: "target.scim.x", Provisioning: schema.DefaultProvisioning},
		},
		Assignments: []schema.Assignment{
			{Address: "assignment.staff", App: "app.wiki", Groups: []schema.GroupRef{{Address: "group.vpn"}}, Users: []schema.UserRef{bob}, Origin: schema.Origin{File: "b.hcl", Line: 9}},
		},
		PushGroups: []schema.PushGroup{{Address: "push_group.staff", Push: schema.Push{App: "app.wiki"}, Group: schema.GroupRef{Address: "group.staff"}, TargetName: "All"}},
	}
}

func resolved(t interface{ Fatal(...any) }, cfg *schema.Config) *planner.Desired {
	d, found := planner.Resolve(cfg, planner.Facts{AsOf: asOf})
	if found.HasErrors() {
		t.Fatal(found)
	}
	return d
}

// plain makes everything of a value that there is.
func plain(v any) any {
	switch v := v.(type) {
	case *schema.Record:
		out := map[string]any{}
		for _, name := range v.Names {
			out[name] = plain(v.Get(name))
		}
		return out
	case *schema.Table:
		out := map[string]any{}
		for _, key := range v.Keys {
			out[key] = plain(v.Row(key))
		}
		return out
	case *schema.List:
		out := []any{}
		for i := range v.Len {
			out = append(out, plain(v.Row(i)))
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for key, e := range v {
			out[key] = plain(e)
		}
		return out
	case []any:
		out := []any{}
		for _, e := range v {
			out = append(out, plain(e))
		}
		return out
	case []string:
		out := []any{}
		for _, s := range v {
			out = append(out, s)
		}
		return out
	}
	return v
}

// part takes what a path of keys leads to.
func part(v any, path ...string) any {
	for _, key := range path {
		v = v.(map[string]any)[key]
	}
	return v
}

func TestEffectiveSaysWhoHasWhat(t *testing.T) {
	t.Parallel()
	e := plain(policy.Effective(resolved(t, company())))
	for path, want := range map[string]any{
		"users/alice@acme.com/department": "IT",
		"users/alice@acme.com/title":      "", // what is not set is the empty text
		"users/alice@acme.com/email":      "alice@acme.com",
		"users/bob/email":                 "bob",
		"users/alice@acme.com/active":     true,
		"users/bob/active":                false,
		"users/carol@acme.com/status":     "DEPROVISIONED",
		"users/alice@acme.com/groups":     []any{"group.staff", "group.vpn"},
		"users/alice@acme.com/apps":       []any{"wiki"},
		"users/carol@acme.com/apps":       []any{},
		"users/alice@acme.com/custom":     map[string]any{"badge": 7.0, "floors": nil},
		"users/alice@acme.com/file":       "a.hcl",
		"users/alice@acme.com/line":       3.0,
		"groups/group.staff/members":      []any{"alice@acme.com", "bob", "carol@acme.com"},
		"groups/group.staff/name":         "Staff",
		"apps/wiki/users":                 []any{"alice@acme.com", "bob"},
		"apps/wiki/groups":                map[string]any{"All": []any{"alice@acme.com", "bob"}},
		"apps/vpn/users":                  []any{},
		"apps/vpn/target":                 "target.scim.x",
	} {
		if diff := cmp.Diff(want, part(e, strings.Split(path, "/")...)); diff != "" {
			t.Errorf("effective/%s (-want +got):\n%s", path, diff)
		}
	}
	access := part(e, "access").([]any)
	want := map[string]any{"login": "bob", "key": "user.bob", "app": "wiki", "group": "", "source": "USER", "missing": "",
		"assignment": "assignment.staff", "file": "b.hcl", "line": 9.0}
	if !slices.ContainsFunc(access, func(row any) bool { return cmp.Equal(row, any(want)) }) {
		t.Errorf("effective.access has no row %v:\n%v", want, access)
	}
	if got, want := len(access), len(planner.Access(resolved(t, company()), planner.AccessFilter{})); got != want {
		t.Errorf("effective.access has %d rows, and access %d", got, want)
	}
}

// TestPlanHasTheKeysOfItsDocument: whoever has written a policy over the JSON
// document finds the same names and values here.
func TestPlanHasTheKeysOfItsDocument(t *testing.T) {
	t.Parallel()
	d := resolved(t, company())
	p, err := planner.Compute(planner.Input{Desired: d, Remotes: map[schema.Address]*planner.Remote{"target.scim.x": {Complete: true}}})
	if err != nil {
		t.Fatal(err)
	}
	got := plain(policy.Facts(d, p).Plan)
	if len(part(got, "changes").([]any)) == 0 || len(part(got, "guards").([]any)) == 0 {
		t.Fatalf("the plan has no changes or guards: %v", got)
	}
	wantDocument(t, "plan", document(t, p), got)
}

// TestNamesOfFactsAreThere: what the loader lets an author write is what there is.
func TestNamesOfFactsAreThere(t *testing.T) {
	t.Parallel()
	f := policy.Facts(resolved(t, company()), &planner.Plan{})
	for _, r := range []*schema.Record{f.Effective, f.Plan} {
		for _, name := range r.Names {
			if r.Get(name) == nil {
				t.Errorf("%s is nothing", name)
			}
		}
	}
	if !slices.Equal(f.Effective.Names, schema.EffectiveNames()) || !slices.Equal(f.Plan.Names, schema.PlanNames()) {
		t.Error("the names differ from those that are known to the language")
	}
}

// fixed is a policy that fails for each of its instances, or cannot be evaluated.
type fixed struct {
	failures int
	broken   bool
	plan     bool
}

func (f fixed) Reads(root string) bool { return root == "plan" && f.plan }

func (f fixed) Check(*schema.Facts) ([]schema.Failure, schema.Diagnostics) {
	if f.broken {
		return nil, schema.Diagnostics{{Severity: schema.Error, Code: "invalid-expression"}}
	}
	out := make([]schema.Failure, f.failures)
	for i := range out {
		out[i] = schema.Failure{Message: fmt.Sprintf("no %d", i%2), Origin: schema.Origin{File: "p.hcl", Line: 1}}
	}
	return out, nil
}

func TestOnlyErrorsBlockAPlan(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		policies   []schema.Policy
		applyable  bool
		broken     bool
		severities []schema.Severity
	}{
		"none":    {applyable: true},
		"holds":   {[]schema.Policy{{Severity: schema.Error, Assertions: fixed{}}}, true, false, nil},
		"error":   {[]schema.Policy{{Severity: schema.Error, Assertions: fixed{failures: 1}}}, false, false, []schema.Severity{schema.Guarded}},
		"warning": {[]schema.Policy{{Severity: schema.Warning, Assertions: fixed{failures: 1}}}, true, false, []schema.Severity{schema.Warning}},
		"info":    {[]schema.Policy{{Severity: schema.Info, Assertions: fixed{failures: 1}}}, true, false, []schema.Severity{schema.Info}},
		"reads the plan": {[]schema.Policy{{Severity: schema.Error, Assertions: fixed{failures: 1, plan: true}}}, false, false,
			[]schema.Severity{schema.Guarded}},
		"broken": {[]schema.Policy{{Severity: schema.Info, Assertions: fixed{broken: true}}}, true, true, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &planner.Plan{Applyable: true}
			broken := policy.Judge(&planner.Desired{Config: &schema.Config{Policies: tt.policies}}, p)
			var severities []schema.Severity
			for _, d := range p.Findings {
				severities = append(severities, d.Severity)
			}
			if p.Applyable != tt.applyable || broken.HasErrors() != tt.broken || !slices.Equal(severities, tt.severities) {
				t.Errorf("applyable %v, broken %v, findings %v", p.Applyable, broken, severities)
			}
		})
	}
}

func TestWithoutAPlanPoliciesThatReadItAreSkipped(t *testing.T) {
	t.Parallel()
	v := policy.Check(&planner.Desired{Config: &schema.Config{Policies: []schema.Policy{
		{Address: "policy.a", Severity: schema.Error, Assertions: fixed{failures: 1, plan: true}},
		{Address: "policy.b", Severity: schema.Error, Assertions: fixed{}},
	}}}, nil)
	if !slices.Equal(v.Skipped, []schema.Address{"policy.a"}) || len(v.Results) != 1 || v.Blocks() {
		t.Errorf("verdict is %+v", v)
	}
}

func TestFailuresForEverybodyAreFewFindings(t *testing.T) {
	t.Parallel()
	v := policy.Check(&planner.Desired{Config: &schema.Config{Policies: []schema.Policy{
		{Address: "policy.a", Severity: schema.Error, Assertions: fixed{failures: 5000}},
	}}}, nil)
	if len(v.Findings) != 11 || v.Findings[10].Detail != "policy.a fails 4990 more times." {
		t.Errorf("%d findings, the last %+v", len(v.Findings), v.Findings[len(v.Findings)-1])
	}
	if r := v.Results[0]; r.Failures != 5000 || !slices.Equal(r.Messages, []string{"no 0", "no 1"}) {
		t.Errorf("result is %+v", r)
	}
}

// TestMembershipsAgreeWithGroups states for random configurations, over the
// written members alone, who must be in which group of effective.
func TestMembershipsAgreeWithGroups(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		cfg := &schema.Config{}
		want := map[string]map[string]bool{}
		n := rapid.IntRange(0, 6).Draw(t, "people")
		for i := range n {
			cfg.Users = append(cfg.Users, schema.User{Address: schema.Address(fmt.Sprintf("user.u%d", i)), Login: fmt.Sprintf("u%d@x.com", i),
				Status: schema.Status(rapid.IntRange(0, int(schema.Deprovisioned)).Draw(t, "status"))})
			want[cfg.Users[i].Login] = map[string]bool{}
		}
		for g := range rapid.IntRange(0, 4).Draw(t, "groups") {
			group := schema.Group{Address: schema.Address(fmt.Sprintf("group.g%d", g)), Name: fmt.Sprintf("G%d", g), MembersSaid: true}
			for i := range n {
				if !rapid.Bool().Draw(t, "member") {
					continue
				}
				group.Members = append(group.Members, schema.UserRef{Address: cfg.Users[i].Address})
				want[cfg.Users[i].Login][string(group.Address)] = true
			}
			cfg.Groups = append(cfg.Groups, group)
		}
		e := plain(policy.Effective(resolved(t, cfg)))
		for login, groups := range want {
			got := part(e, "users", login, "groups").([]any)
			if len(got) != len(groups) || slices.ContainsFunc(got, func(g any) bool { return !groups[g.(string)] }) {
				t.Fatalf("%s is in %v, want %v", login, got, slices.Sorted(maps.Keys(groups)))
			}
		}
	})
}

// wantDocument fails where got lacks a key of the JSON document, or has another
// value. What only an apply needs is no part of it.
func wantDocument(t *testing.T, path string, document, got any) {
	t.Helper()
	left := []string{"format_version", "rollcall_version", "applyable", "fingerprint", "inputs", "policies", "checksum",
		"base", "link", "member_refs"}
	switch document := document.(type) {
	case map[string]any:
		for key, v := range document {
			object, ok := got.(map[string]any)
			if _, has := object[key]; ok && has {
				wantDocument(t, path+"."+key, v, object[key])
			} else if !slices.Contains(left, key) {
				t.Errorf("%s has no %s", path, key)
			}
		}
	case []any:
		list, _ := got.([]any)
		if len(list) != len(document) {
			t.Errorf("%s has %d elements, want %d", path, len(list), len(document))
			return
		}
		for i := range document {
			wantDocument(t, fmt.Sprintf("%s[%d]", path, i), document[i], list[i])
		}
	default:
		if !cmp.Equal(document, got) {
			t.Errorf("%s is %v, want %v", path, got, document)
		}
	}
}

func document(t *testing.T, p *planner.Plan) any {
	t.Helper()
	var out any
	if err := json.Unmarshal(encoded(t, p), &out); err != nil {
		t.Fatal(err)
	}
	return out
}
