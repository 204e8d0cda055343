package planner

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rollcall-dev/rollcall/schema"
)

// declared reads declarations, written as a scenario's are.
func declared(t *testing.T, lines string) (*schema.Config, Facts) {
	t.Helper()
	s := &scenario{cfg: &schema.Config{
		Targets: []schema.Target{{Address: targetAddress}},
		Apps:    []schema.App{{Address: "app.x", Name: "x", Target: targetAddress, Provisioning: schema.DefaultProvisioning, Guard: schema.DefaultGuard()}},
	}}
	for i, line := range strings.Split(strings.TrimSpace(lines), "\n") {
		if err := s.line("", line, schema.Origin{File: "main.hcl", Line: uint32(i + 1)}); err != nil {
			t.Fatal(err)
		}
	}
	facts := Facts{AsOf: asOf}
	if s.dir != nil {
		facts.Directories = map[schema.Address]*schema.Directory{s.dir.Address: s.dir}
	}
	return s.cfg, facts
}

// resolved resolves declarations that hold no error.
func resolved(t *testing.T, lines string) *Desired {
	t.Helper()
	d, found := Resolve(declared(t, lines))
	if found.HasErrors() {
		t.Fatal(found)
	}
	return d
}

// answerLines put an explanation into words: holds, the chain of codes with
// lines, and the edits.
func answerLines(x *Explanation) []string {
	var lines []string
	for _, a := range x.Answers {
		line := fmt.Sprintf("%s %v:", a.Address, a.Holds)
		for _, r := range a.Reasons {
			line += fmt.Sprintf(" %s@%d", r.Code, r.Origin.Line)
		}
		lines = append(lines, line)
		for _, e := range a.Edits {
			lines = append(lines, fmt.Sprintf("  %s %s %s %s", e.Op, e.Address, e.Argument, e.Value))
		}
	}
	return lines
}

func TestExplainGivesTheChainAndTheSmallestEdits(t *testing.T) {
	t.Parallel()
	const seed = "person a\nperson b department=eng\ngroup G a\ngroup H include=G rule=department:eng\nassign @H\npush G"
	for _, tt := range []struct {
		name, lines, who, in string
		want                 []string
	}{
		{"assigned through an included group", seed, "user.a", "app.x", []string{
			"app.x true: assigned-by-group@5 included-in-group@4 member-of-group@3",
			"  remove assignment.n0 groups group.H",
			"  remove group.H include_groups group.G",
			"  remove group.G members user.a",
		}},
		{"assigned through a rule", seed, "b@x.com", "x", []string{
			"app.x true: assigned-by-group@5 matched-by-rule@4",
			"  remove assignment.n0 groups group.H",
			"  add group.H rule.exclude user.b",
		}},
		{"not pushed because not in the group", seed, "user.b", "push_group.G", []string{
			"push_group.G false: push-declared@6 not-in-group@3",
			"  add group.G members user.b",
		}},
		{
			"in a pushed group without the app: the first story of the seed",
			"person a\ngroup G a\npush G", "user.a", "push_group.G",
			[]string{
				"push_group.G false: push-declared@3 withheld@2 no-assignment@1",
				"  declare assignment users user.a",
			},
		},
		{
			"direct and by group: no single edit takes the app away",
			"person a\ngroup G a\nassign a\nassign @G", "user.a", "app.x",
			[]string{"app.x true: assigned-directly@3 assigned-by-group@4 member-of-group@2"},
		},
		{
			"expired", "person a\nassign a expires=past", "user.a", "app.x",
			[]string{
				"app.x false: no-assignment@1 assignment-expired@2",
				"  set assignment.n0 expires later than 2026-11-23T12:00:00Z",
				"  declare assignment users user.a",
			},
		},
		{
			"excluded from the rule", "person a department=eng\ngroup G rule=department:eng exclude=a\nassign @G", "user.a", "app.x",
			[]string{
				"app.x false: no-assignment@1 not-in-group@2 excluded-from-rule@2",
				"  add group.G members user.a",
				"  remove group.G rule.exclude user.a",
				"  declare assignment users user.a",
			},
		},
		{
			"deprovisioned", "person a DEPROVISIONED\nassign a", "user.a", "app.x",
			[]string{"app.x false: deprovisioned@1", `  set user.a status "ACTIVE"`},
		},
		{
			"by a group's name, from a directory", "row a\ndirgroup Staff a\ngroup S from=Staff\nassign @S", "a@x.com", "s",
			[]string{"group.S true: in-directory-group@2"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			x, err := Explain(resolved(t, tt.lines), tt.who, tt.in)
			if err != nil {
				t.Fatal(err)
			}
			got := answerLines(x)
			if diff := gocmp.Diff(got, tt.want); diff != "" {
				t.Errorf("got -, want +\n%s", diff)
			}
		})
	}
}

func TestExplainSaysWhoWasMeant(t *testing.T) {
	t.Parallel()
	d := resolved(t, "person alice display_name=Al\nperson alfred display_name=Al")
	for who, want := range map[string]string{
		"alcie@x.com": `no person is called "alcie@x.com"; did you mean "alice@x.com"?`,
		"Al":          `"Al" fits several people: alfred@x.com, alice@x.com`,
	} {
		_, err := Explain(d, who, "")
		unknown := (*UnknownError)(nil)
		if !errors.As(err, &unknown) || err.Error() != want {
			t.Errorf("Explain(%q) = %v, want %s", who, err, want)
		}
	}
	if _, err := Explain(d, "user.alice", "app.y"); err == nil || err.Error() != `no app or group is called "app.y"; did you mean "app.x"?` {
		t.Errorf("unknown app: %v", err)
	}
}

// Every edit that is offered must do what it says: each removal of a reference
// is made, and the answer must turn.
func TestEveryRemovalThatIsOfferedTakesTheAppAway(t *testing.T) {
	check(t, func(t *rapid.T, w world) {
		d := w.in.Desired
		for p := range d.People {
			x, err := Explain(d, d.People[p].Key(), "app.x")
			if err != nil {
				t.Fatalf("explain: %v", err)
			}
			a := x.Answers[0]
			for _, e := range a.Edits {
				if e.Op != "remove" || e.Argument == "rule.exclude" {
					continue
				}
				other := w.input(t, without(w.cfg, e), w.in.State, remoteOf(w.in)).Desired
				q, _ := other.personByKey(d.People[p].Key())
				if other.Apps[0].Assigned(other, q) == a.Holds {
					t.Fatalf("%s: %+v changes nothing", d.People[p].Login, e)
				}
			}
		}
	})
}

// without carries an edit out that removes a reference, by its place.
func without(cfg *schema.Config, e Edit) *schema.Config {
	out := *cfg
	out.Groups, out.Assignments = nil, nil
	for _, g := range cfg.Groups {
		if string(g.Address) == e.Address {
			g.Members = dropRef(g.Members, e.Origin)
			g.IncludeGroups = dropGroup(g.IncludeGroups, e.Origin)
		}
		out.Groups = append(out.Groups, g)
	}
	for _, a := range cfg.Assignments {
		if string(a.Address) == e.Address {
			a.Users = dropRef(a.Users, e.Origin)
			a.Groups = dropGroup(a.Groups, e.Origin)
		}
		out.Assignments = append(out.Assignments, a)
	}
	return &out
}

func dropRef(refs []schema.UserRef, at schema.Origin) (out []schema.UserRef) {
	for _, r := range refs {
		if r.Origin != at {
			out = append(out, r)
		}
	}
	return out
}

func dropGroup(refs []schema.GroupRef, at schema.Origin) (out []schema.GroupRef) {
	for _, r := range refs {
		if r.Origin != at {
			out = append(out, r)
		}
	}
	return out
}

func TestAccessListsAppsAndGroups(t *testing.T) {
	t.Parallel()
	d := resolved(t, "person a\nperson b SUSPENDED\nperson c\ngroup G a b c\nassign a\nassign b\npush G target_name=Team")
	lines := func(f AccessFilter) (out []string) {
		for _, e := range Access(d, f) {
			out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s %s %s %s@%d", e.App, short(e.Login), e.Group, e.Source, e.Missing, e.Origin.Line)))
		}
		return out
	}
	for _, tt := range []struct {
		name   string
		filter AccessFilter
		want   []string
	}{
		{"all", AccessFilter{}, []string{
			"x a  USER @5", "x a Team USER @4", "x b  USER active@6", "x b Team USER active@4", "x c Team  assigned@4",
		}},
		{"one person", AccessFilter{Who: "a@x.com"}, []string{"x a  USER @5", "x a Team USER @4"}},
		{"one group, by its own name", AccessFilter{Group: "g"}, []string{"x a Team USER @4", "x b Team USER active@4", "x c Team  assigned@4"}},
		{"another app", AccessFilter{App: "app.y"}, nil},
		{"nobody", AccessFilter{Who: "z@x.com"}, nil},
	} {
		if diff := gocmp.Diff(lines(tt.filter), tt.want); diff != "" {
			t.Errorf("%s: got -, want +\n%s", tt.name, diff)
		}
	}
}
