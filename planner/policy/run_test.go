package policy_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/policy"
	"github.com/rollcall-dev/rollcall/schema"
)

// look is an assertion that hands its facts to a function, which says what is wrong.
type look func(*schema.Facts) string

func (l look) Reads(string) bool { return true }

func (l look) Check(f *schema.Facts) ([]schema.Failure, schema.Diagnostics) {
	if wrong := l(f); wrong != "" {
		return []schema.Failure{{Message: wrong}}, nil
	}
	return nil, nil
}

func baseline(t *testing.T, cfg *schema.Config, directories map[schema.Address]*schema.Directory) *policy.Baseline {
	t.Helper()
	facts := planner.Facts{AsOf: asOf, Directories: directories}
	d, found := planner.Resolve(cfg, facts)
	if found.HasErrors() {
		t.Fatal(found)
	}
	b, err := policy.NewBaseline(d, facts)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// actions are the changes of a plan as text.
func actions(p *planner.Plan) string {
	if p == nil {
		return "no plan"
	}
	var out []string
	for _, c := range p.Changes {
		text := string(c.Action) + " " + c.Name
		for _, m := range c.Members.Add {
			text += " +" + m.Name
		}
		for _, m := range c.Members.Remove {
			text += " -" + m.Name
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}

func TestGivensChangeWhatIsPlanned(t *testing.T) {
	t.Parallel()
	cfg := company()
	cfg.Assignments[0].Expires = asOf.Add(time.Hour)
	cfg.Directories = []schema.DirectoryBlock{{Address: "directory.file.hr", Kind: "file"}}
	hr := map[schema.Address]*schema.Directory{"directory.file.hr": {Address: "directory.file.hr", People: []schema.User{
		{Directory: "directory.file.hr", Login: "zoe@acme.com"},
	}}}
	b := baseline(t, cfg, hr)
	set := func(name string, value any) schema.Argument { return schema.Argument{Name: name, Value: value} }
	for name, tt := range map[string]struct {
		run  schema.Run
		want string
	}{
		"nothing": {schema.Run{}, ""},
		"leaver":  {schema.Run{Given: []schema.Given{{Address: "user.alice", Set: []schema.Argument{set("status", "DEPROVISIONED")}}}}, "deactivate alice@acme.com, update All -alice@acme.com"},
		"gone":    {schema.Run{Given: []schema.Given{{Address: "user.alice", Absent: true}}}, "deactivate alice@acme.com, update All -alice@acme.com"},
		"renamed": {schema.Run{Given: []schema.Given{{Address: "user.alice", Set: []schema.Argument{set("login", "alice.ng@acme.com")}}}}, "update alice.ng@acme.com"},
		"later":   {schema.Run{AsOf: asOf.Add(2 * time.Hour)}, "deactivate alice@acme.com, update All -alice@acme.com"},
		"new in a group": {schema.Run{Given: []schema.Given{
			{Address: "user.mia", Set: []schema.Argument{set("login", "mia@acme.com")}},
			{Address: "group.vpn", Set: []schema.Argument{set("members", []schema.UserRef{{Address: "user.alice"}, {Address: "user.mia"}})}},
		}}, "create mia@acme.com"},
		"of a directory": {schema.Run{Given: []schema.Given{
			{Address: "user.z", Set: []schema.Argument{set("login", "ZOE@acme.com"), set("title", "Lead")}},
			{Address: "group.vpn", Set: []schema.Argument{set("members", []schema.UserRef{{Address: "user.alice"}, {Login: "zoe@acme.com"}})}},
		}}, "create zoe@acme.com"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.run.Assertions = look(func(f *schema.Facts) string {
				if f.Plan == nil || f.Effective == nil {
					return "no facts"
				}
				return ""
			})
			got := b.Run(&tt.run)
			if got.Status != policy.Pass || actions(got.Plan) != tt.want {
				t.Errorf("%s with %q and %v, want a pass with %q", got.Status, actions(got.Plan), got.Findings, tt.want)
			}
		})
	}
}

func TestGivensThatCannotBeAreErrors(t *testing.T) {
	t.Parallel()
	b := baseline(t, company(), nil)
	for name, g := range map[string]schema.Given{
		"unknown":  {Address: "group.none", Absent: true},
		"login":    {Address: "user.mia", Set: []schema.Argument{{Name: "login", Value: "alice@acme.com"}}},
		"argument": {Address: "group.vpn", Set: []schema.Argument{{Name: "members", Value: []schema.UserRef{{Address: "user.none"}}}}},
		"conflict": {Address: "user.bob", Set: []schema.Argument{{Name: "login", Value: "Alice@acme.com"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := b.Run(&schema.Run{Given: []schema.Given{g}, Assertions: fixed{}})
			if got.Status != policy.Broken || !got.Findings.HasErrors() || got.Findings[0].Detail == "" {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestRunsHoldPoliciesToWhatTheyExpect(t *testing.T) {
	t.Parallel()
	expect := []schema.PolicyRef{{Address: "policy.p"}}
	for name, tt := range map[string]struct {
		policy schema.Assertions
		sev    schema.Severity
		expect []schema.PolicyRef
		want   policy.Status
		codes  []schema.Code
	}{
		"holds":                  {fixed{}, schema.Error, nil, policy.Pass, nil},
		"fails":                  {fixed{failures: 1}, schema.Error, nil, policy.Fail, []schema.Code{policy.CodeFailed}},
		"warns":                  {fixed{failures: 1}, schema.Warning, nil, policy.Pass, []schema.Code{policy.CodeFailed}},
		"fails as expected":      {fixed{failures: 1}, schema.Error, expect, policy.Pass, nil},
		"warns as expected":      {fixed{failures: 1}, schema.Warning, expect, policy.Pass, nil},
		"holds against what was": {fixed{}, schema.Error, expect, policy.Fail, []schema.Code{policy.CodeUnexpected}},
		"cannot be evaluated":    {fixed{broken: true}, schema.Error, nil, policy.Broken, []schema.Code{"invalid-expression"}},
		"broken, though expected to fail": {fixed{broken: true}, schema.Error, expect, policy.Broken,
			[]schema.Code{policy.CodeUnexpected, "invalid-expression"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := company()
			cfg.Policies = []schema.Policy{{Address: "policy.p", Severity: tt.sev, Assertions: tt.policy}}
			got := baseline(t, cfg, nil).Run(&schema.Run{Assertions: fixed{}, ExpectFailures: tt.expect})
			var codes []schema.Code
			for _, d := range got.Findings {
				codes = append(codes, d.Code)
			}
			if got.Status != tt.want || !slices.Equal(codes, tt.codes) {
				t.Errorf("%s with %v, want %s with %v", got.Status, codes, tt.want, tt.codes)
			}
		})
	}
}
