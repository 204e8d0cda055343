package planner

import (
	"fmt"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/schema"
)

// findings resolves declarations and puts what is found into words.
func findings(t *testing.T, lines string, facts Facts) []string {
	t.Helper()
	cfg, read := declared(t, lines)
	read.Capabilities = facts.Capabilities
	if facts.Directories != nil {
		read.Directories = facts.Directories
	}
	_, found := Resolve(cfg, read)
	var out []string
	for _, d := range found {
		line := fmt.Sprintf("%s %s@%d", d.Severity, d.Code, d.Origin.Line)
		if d.Suggestion != "" {
			line += " suggests " + d.Suggestion
		}
		for _, r := range d.Related {
			line += fmt.Sprintf("; %d %s", r.Origin.Line, r.Message)
		}
		out = append(out, line)
	}
	return out
}

func TestResolveSaysWhatIsWrongAndWhere(t *testing.T) {
	t.Parallel()
	twingate := Facts{Capabilities: map[schema.Address]Capabilities{targetAddress: {Dialect: "twingate", LockedMapping: []string{}, NoDelete: true, NoDeactivate: true}}}
	for _, tt := range []struct {
		name, lines string
		facts       Facts
		want        []string
	}{
		{"unknown user", "person alice\ngroup G alcie", Facts{}, []string{"error unknown-reference@2 suggests user.alice"}},
		{"unknown login", "person alice\ngroup G login:alcie", Facts{}, []string{"error unknown-reference@2 suggests alice@x.com"}},
		{"unknown group", "group team\nassign @taem", Facts{}, []string{"error unknown-reference@2 suggests group.team"}},
		{"unknown group of a directory", "row a\ndirgroup Staff a\nassign @hr:Stafff", Facts{}, []string{
			"error unknown-reference@3 suggests Staff",
		}},
		{"one login in two cases", "person a login=Ann\nperson b login=ann", Facts{}, []string{
			`error duplicate-login@2; 1 "Ann@x.com" is used here first`,
		}},
		{"one login as block and in a directory", "person a\nrow a", Facts{}, []string{`error duplicate-login@2; 1 "a@x.com" is used here first`}},
		{"one id twice", "person a id=e1\nperson b id=e1", Facts{}, []string{"error duplicate-external-id@2; 1 the other person is declared here"}},
		{"an id that is another's login", "person a id=b@x.com\nperson b", Facts{}, []string{"error duplicate-external-id@2; 1 the other person is declared here"}},
		{"groups in a circle of three", "group A include=B\ngroup B include=C\ngroup C include=A", Facts{}, []string{
			"error group-cycle@3; 1 group.A includes group.B; 2 group.B includes group.C; 3 group.C includes group.A",
		}},
		{"a group in itself", "group A include=A", Facts{}, []string{"error group-cycle@1; 1 group.A includes group.A"}},
		{"a rule and an include in a circle", "group A include=B\ngroup B reads=A", Facts{}, []string{
			"error rule-cycle@2; 1 group.A includes group.B; 2 group.B has a rule that reads group.A",
		}},
		{"a group that says nothing", "group A silent", Facts{}, []string{"error group-without-members@1"}},
		{"one group pushed twice", "group G\npush G\npush G as=again", Facts{}, []string{"error duplicate-push@3; 2 the first push"}},
		{"a directory that was not read", "row a\ngroup G login:a", Facts{Directories: map[schema.Address]*schema.Directory{}}, []string{
			"error incomplete-read@0", "error unknown-reference@2",
		}},
		{"what the target cannot", "person a\napp on_unassign=delete map=title:title", twingate, []string{"error mapping-locked@0", "error unsupported-feature@0"}},
		{"moved from what is still there", "person a\nperson b\nmoved user.a user.b", Facts{}, []string{"error conflicting-arguments@3"}},
		{"a mapping for what is no mapping", "person a\napp map=userName:email", Facts{}, []string{"error unsupported-feature@0"}},
		{"a user name that is missing", "person a\nassign a\napp username=email", Facts{}, []string{"error invalid-value@1; 0 the app's username"}},
		{"direct and by group, and staged", "person a STAGED\ngroup G a\nassign a @G", Facts{}, []string{
			"warning direct-shadows-group@3", "info staged-provisioned@1",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := gocmp.Diff(findings(t, tt.lines, tt.facts), tt.want); diff != "" {
				t.Errorf("got -, want +\n%s", diff)
			}
		})
	}
}

func TestChainOfIncludesMayBeVeryLong(t *testing.T) {
	t.Parallel()
	const depth = 100_000
	cfg := &schema.Config{Users: []schema.User{{Address: "user.a", Login: "a"}}}
	for i := range depth {
		g := schema.Group{Address: schema.Address(fmt.Sprintf("group.g%06d", i)), Name: "g", MembersSaid: true}
		if i+1 < depth {
			g.IncludeGroups = []schema.GroupRef{{Address: schema.Address(fmt.Sprintf("group.g%06d", i+1))}}
		} else {
			g.Members = []schema.UserRef{{Address: "user.a"}}
		}
		cfg.Groups = append(cfg.Groups, g)
	}
	d, found := Resolve(cfg, Facts{AsOf: asOf})
	if len(found) > 0 || !d.Groups[0].Has(0) {
		t.Errorf("findings %v, member of the first: %v", found, d.Groups[0].Has(0))
	}
}

func TestPeopleOfDirectoriesAreFoundByKeyAndByLogin(t *testing.T) {
	t.Parallel()
	d := resolved(t, "row a id=e2\nrow b id=e1\nrow c\nperson d")
	for _, key := range []string{
		`directory.file.hr.users["e1"]`, `directory.file.hr.users["b@x.com"]`, `directory.file.hr.users["c@x.com"]`, "user.d",
	} {
		if _, ok := d.personByKey(key); !ok {
			t.Errorf("nobody is found by %s", key)
		}
	}
	for p := range d.People {
		if got, ok := d.personByKey(d.People[p].Key()); !ok || int(got) != p {
			t.Errorf("by the key %s: person %d, want %d", d.People[p].Key(), got, p)
		}
	}
	if _, ok := d.personByKey(`directory.file.other.users["e1"]`); ok {
		t.Error("somebody is found in a directory that is not there")
	}
}
