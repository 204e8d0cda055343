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
func declared(t testing.TB, lines string) (*schema.Config, Facts) {
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
		for _, set := range a.EditSets {
			var texts []string
			for _, e := range set {
				texts = append(texts, fmt.Sprintf("%s %s %s %s", e.Op, e.Address, e.Argument, strings.ReplaceAll(e.HCL(), "\n", "|")))
			}
			lines = append(lines, "  "+strings.Join(texts, " and "))
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
			"  remove group.G members user.a",
			"  remove assignment.n0 groups group.H",
			"  remove group.H include_groups group.G",
		}},
		{"assigned through a rule", seed, "b@x.com", "x", []string{
			"app.x true: assigned-by-group@5 matched-by-rule@4",
			"  add group.H rule.exclude user.b",
			"  remove assignment.n0 groups group.H",
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
				`  declare assignment groups assignment "g" {|  app    = app.x|  groups = [group.G]|}`,
				`  declare assignment users assignment "a" {|  app   = app.x|  users = [user.a]|}`,
			},
		},
		{
			"in a pushed group without the app, which others have: the group itself comes first",
			"person a\nperson b\ngroup G a b\nassign a\npush G", "user.b", "push_group.G",
			[]string{
				"push_group.G false: push-declared@5 withheld@3 no-assignment@2",
				"  add assignment.n0 groups group.G",
				"  add assignment.n0 users user.b",
			},
		},
		{
			"a group is assigned where groups are",
			"person a\nperson b\ngroup G a b\ngroup H a\nassign a\nassign @H\npush G", "user.b", "app.x",
			[]string{
				"app.x false: no-assignment@2 not-in-group@4",
				"  add assignment.n1 groups group.G",
				"  add assignment.n0 users user.b",
				"  add group.H members user.b",
			},
		},
		{
			"direct and by group: it takes two edits to take the app away",
			"person a\ngroup G a\nassign a\nassign @G", "user.a", "app.x",
			[]string{
				"app.x true: assigned-directly@3 assigned-by-group@4 member-of-group@2",
				"  remove assignment.n0 users user.a and remove group.G members user.a",
				"  remove assignment.n0 users user.a and remove assignment.n1 groups group.G",
			},
		},
		{
			"expired", "person a\nassign a expires=past", "user.a", "app.x",
			[]string{
				"app.x false: no-assignment@1 assignment-expired@2",
				"  set assignment.n0 expires later than 2026-11-23T12:00:00Z",
				`  declare assignment users assignment "a" {|  app   = app.x|  users = [user.a]|}`,
			},
		},
		{
			"excluded from the rule", "person a department=eng\ngroup G rule=department:eng exclude=a\nassign @G", "user.a", "app.x",
			[]string{
				"app.x false: no-assignment@1 not-in-group@2 excluded-from-rule@2",
				"  add group.G members user.a",
				"  remove group.G rule.exclude user.a",
				`  declare assignment users assignment "a" {|  app   = app.x|  users = [user.a]|}`,
			},
		},
		{
			"deprovisioned", "person a DEPROVISIONED\nassign a", "user.a", "app.x",
			[]string{"app.x false: deprovisioned@1", `  set user.a status "ACTIVE"`},
		},
		{
			"by a group's name, from a directory", "row a\ndirgroup Staff a\ngroup S from=Staff\nassign @S", "a@x.com", "s",
			[]string{"group.S true: in-directory-group@2", `  remove directory.file.hr.groups["Staff"] members "a@x.com"`},
		},
		{
			"deprovisioned and not assigned", "person a DEPROVISIONED\nperson b\nassign b", "user.a", "app.x",
			[]string{"app.x false: deprovisioned@1", `  set user.a status "ACTIVE" and add assignment.n0 users user.a`},
		},
		{
			"neither in the pushed group nor assigned", "person a\nperson b\ngroup G b\nassign b\npush G", "user.a", "push_group.G",
			[]string{
				"push_group.G false: push-declared@5 not-in-group@3 no-assignment@1",
				"  add group.G members user.a and add assignment.n0 groups group.G",
				"  add group.G members user.a and add assignment.n0 users user.a",
			},
		},
		{
			"by three ways at once", "person a department=eng\ngroup C\ngroup G rule=department:eng\ngroup H a\nassign @G @H a", "user.a", "app.x",
			[]string{
				"app.x true: assigned-directly@5 assigned-by-group@5 matched-by-rule@3 assigned-by-group@5 member-of-group@4",
				"  remove assignment.n0 users user.a and add group.G rule.exclude user.a and remove group.H members user.a",
				"  remove assignment.n0 users user.a and remove assignment.n0 groups group.G and remove group.H members user.a",
				"  remove assignment.n0 users user.a and add group.G rule.exclude user.a and remove assignment.n0 groups group.H",
				"  remove assignment.n0 users user.a and remove assignment.n0 groups group.G and remove assignment.n0 groups group.H",
			},
		},
		{
			"a directory of others says who is in the group", "person a\nrow b\ndirgroup Staff b\ngroup S from=Staff", "user.a", "group.S",
			[]string{"group.S false: not-in-group@4"},
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
		"Al":          `"Al" fits several people: alfred@x.com and alice@x.com`,
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

func TestAccessListsAppsAndGroups(t *testing.T) {
	t.Parallel()
	d := resolved(t, "app on_suspended=deactivate\nperson a\nperson b SUSPENDED\nperson c\ngroup G a b c\nassign a\nassign b\npush G target_name=Team")
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
			"x a  USER @6", "x a Team USER @5", "x b  USER active@7", "x b Team USER active@5", "x c Team  assigned@5",
		}},
		{"one person", AccessFilter{Who: "a@x.com"}, []string{"x a  USER @6", "x a Team USER @5"}},
		{"one group, by its own name", AccessFilter{Group: "g"}, []string{"x a Team USER @5", "x b Team USER active@5", "x c Team  assigned@5"}},
		{"another app", AccessFilter{App: "app.y"}, nil},
		{"nobody", AccessFilter{Who: "z@x.com"}, nil},
	} {
		if diff := gocmp.Diff(lines(tt.filter), tt.want); diff != "" {
			t.Errorf("%s: got -, want +\n%s", tt.name, diff)
		}
	}
}

func TestWhoIsSuspendedKeepsWhatTheAppDoesNotTakeAway(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		app     string
		missing string
		holds   bool
		edits   string
	}{
		{"", "", true, "[remove group.G.members:user.b] [remove assignment.n0.groups:group.G] "},
		{"app on_suspended=deactivate\n", "active", false, `[set user.b.status="ACTIVE"] `},
	} {
		d := resolved(t, tt.app+"person b SUSPENDED\ngroup G b\nassign @G\npush G")
		for _, e := range Access(d, AccessFilter{}) {
			if e.Missing != tt.missing || e.Suspended != tt.holds {
				t.Errorf("%q: access to %q misses %q, suspended is %t", tt.app, e.Group, e.Missing, e.Suspended)
			}
		}
		for _, in := range []string{"app.x", "push_group.G"} {
			x, err := Explain(d, "user.b", in)
			if err != nil {
				t.Fatal(err)
			}
			a := x.Answers[0]
			edits := ""
			for _, set := range a.EditSets {
				edits += wording(set)
			}
			if a.Holds != tt.holds || edits != tt.edits {
				t.Errorf("%q, %s: holds is %t, and edits are %s", tt.app, in, a.Holds, edits)
			}
		}
	}
}

// Access and explain answer alike for everybody and everywhere.
func TestAccessAndExplainAgree(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		cfg, facts := drawReasons(t)
		d := mustResolve(t, cfg, facts)
		p := Person(rapid.IntRange(0, len(d.People)-1).Draw(t, "who"))
		listed := make(map[string]bool)
		for _, e := range Access(d, AccessFilter{Who: d.People[p].Key()}) {
			listed[e.App+" "+e.Group] = e.Missing == ""
		}
		x, err := Explain(d, d.People[p].Key(), "")
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range x.Answers {
			if a.App == "" {
				continue
			}
			name := a.App + " "
			if a.Address != "app."+a.App {
				name += a.Name
			}
			if a.Holds != listed[name] {
				t.Fatalf("%s, %q: explain says %t, access %t", d.People[p].Login, name, a.Holds, listed[name])
			}
			delete(listed, name)
		}
		if len(listed) > 0 {
			t.Fatalf("%s: access lists %v, explain does not", d.People[p].Login, listed)
		}
	})
}
