package planner

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rollcall-dev/rollcall/schema"
)

// differenceLines put a difference into words: what, who, where, and the chains
// of codes with lines of both sides.
func differenceLines(d *Difference) []string {
	var lines []string
	say := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	for _, c := range d.Losses {
		say("- %s %s %s:%s |%s", c.Key, c.App, c.Group, codes(c.Before), codes(c.After))
	}
	for _, c := range d.Gains {
		say("+ %s %s %s:%s |%s", c.Key, c.App, c.Group, codes(c.Before), codes(c.After))
	}
	for _, c := range d.Attributes {
		say("~ %s %s %s: %v -> %v @%d", c.Key, c.App, c.Path, c.Before, c.After, c.Origin.Line)
	}
	for _, k := range d.Kept {
		say("= %s %s:%s |%s |%s", k.Key, k.App, codes(k.Before), codes(k.Left), codes(k.Through))
	}
	for _, w := range d.Withheld {
		say("? %s %s %s %t @%d", w.Key, w.App, w.Group, w.Begins, w.Origin.Line)
	}
	for _, c := range d.Pushes {
		say("> %s %s: %q -> %q @%d", c.Key, c.App, c.Before, c.After, c.Origin.Line)
	}
	return lines
}

func codes(rs []Reason) (text string) {
	for _, r := range rs {
		text += fmt.Sprintf(" %s@%d", r.Code, r.Origin.Line)
	}
	return text
}

func TestDiffSaysWhoLosesAndGainsWhatAndWhy(t *testing.T) {
	t.Parallel()
	const seed = "person a\nperson b\ngroup G a b\nassign @G\npush G\n"
	for _, tt := range []struct {
		name, base, head string
		want             []string
	}{
		{"nothing", seed, seed, nil},
		{"blocks in another order", seed, "push G\nassign @G\ngroup G b a\nperson b\nperson a", nil},
		{"leaves the assigned and pushed group", seed, "person a\nperson b\ngroup G a\nassign @G\npush G", []string{
			"- user.b x : assigned-by-group@4 member-of-group@3 | not-in-group@3",
			"- user.b x G: member-of-group@3 | not-in-group@3",
		}},
		{"joins", "person a\nperson b\ngroup G a\nassign @G\npush G", seed, []string{
			"+ user.b x : not-in-group@3 | assigned-by-group@4 member-of-group@3",
			"+ user.b x G: not-in-group@3 | member-of-group@3",
		}},
		{"is not declared any more", seed, "person a\ngroup G a\nassign @G\npush G", []string{
			"- user.b x : assigned-by-group@4 member-of-group@3 | person-absent@0",
			"- user.b x G: member-of-group@3 | person-absent@0",
		}},
		{"is new", "person a\ngroup G a\nassign @G\npush G", seed, []string{
			"+ user.b x : person-absent@0 | assigned-by-group@4 member-of-group@3",
			"+ user.b x G: person-absent@0 | member-of-group@3",
		}},
		{"DEPROVISIONED", seed, "person a\nperson b DEPROVISIONED\ngroup G a b\nassign @G\npush G", []string{
			"- user.b x : assigned-by-group@4 member-of-group@3 | deprovisioned@2",
			"- user.b x G: member-of-group@3 | withheld@3 deprovisioned@2",
			"? user.b x G true @3",
		}},
		{"SUSPENDED keeps it", seed, "person a\nperson b SUSPENDED\ngroup G a b\nassign @G\npush G", nil},
		{"SUSPENDED loses it where the app says so", "app on_suspended=deactivate\n" + seed, "app on_suspended=deactivate\nperson a\nperson b SUSPENDED\ngroup G a b\nassign @G\npush G", []string{
			"- user.b x : assigned-by-group@5 member-of-group@4 | suspended@3",
			"- user.b x G: member-of-group@4 | withheld@4 suspended@3",
			"? user.b x G true @4",
		}},
		{"the assignment is gone", seed, "person a\nperson b\ngroup G a b\npush G", []string{
			"- user.a x : assigned-by-group@4 member-of-group@3 | assignment-absent@0",
			"- user.a x G: member-of-group@3 | withheld@3 assignment-absent@0",
			"- user.b x : assigned-by-group@4 member-of-group@3 | assignment-absent@0",
			"- user.b x G: member-of-group@3 | withheld@3 assignment-absent@0",
			"? user.a x G true @3",
			"? user.b x G true @3",
		}},
		{"the assignment expires", seed, "person a\nperson b\ngroup G a b\nassign @G expires=past\npush G", []string{
			"- user.a x : assigned-by-group@4 member-of-group@3 | assignment-expired@4",
			"- user.a x G: member-of-group@3 | withheld@3 assignment-expired@4",
			"- user.b x : assigned-by-group@4 member-of-group@3 | assignment-expired@4",
			"- user.b x G: member-of-group@3 | withheld@3 assignment-expired@4",
			"? user.a x G true @3",
			"? user.b x G true @3",
		}},
		{"leaves the group and keeps the app by a direct assignment", seed, "person a\nperson b\ngroup G a\nassign @G\npush G\nassign b", []string{
			"- user.b x G: member-of-group@3 | not-in-group@3",
			"= user.b x: assigned-by-group@4 member-of-group@3 | not-in-group@3 | assigned-directly@6",
		}},
		{"loses a direct assignment and keeps the app by a group", seed + "assign b", seed, []string{
			"= user.b x: assigned-directly@6 | assignment-absent@0 | assigned-by-group@4 member-of-group@3",
		}},
		{"another block assigns the same group", seed + "assign @G", "person a\nperson b\ngroup G a b\nassign @G\npush G", nil},
		{"the group is not assigned any more, and another is", seed, "person a\nperson b\ngroup G a b\ngroup H a\nassign @H\npush G", []string{
			"- user.b x : assigned-by-group@4 member-of-group@3 | group-not-assigned@5",
			"- user.b x G: member-of-group@3 | withheld@3 group-not-assigned@5",
			"= user.a x: assigned-by-group@4 member-of-group@3 | group-not-assigned@5 | assigned-by-group@5 member-of-group@4",
			"? user.b x G true @3",
		}},
		{"is not pushed any more", seed, "person a\nperson b\ngroup G a b\nassign @G", []string{
			"- user.a x G: member-of-group@3 | group-not-pushed@0",
			"- user.b x G: member-of-group@3 | group-not-pushed@0",
			`> group.G x: "G" -> "" @5`,
		}},
		{"is pushed under another name", seed, "person a\nperson b\ngroup G a b name=Gee\nassign @G\npush G", []string{
			`> group.G x: "G" -> "Gee" @5`,
		}},
		{"the group block is renamed and moved", seed, "person a\nperson b\ngroup H a b name=G\nassign @H\npush H\nmoved group.G group.H", nil},
		{"a moved block that did its work before", "person a\nperson b\ngroup H a b name=G\nassign @H\npush H", "person a\nperson b\ngroup H a b name=G\nassign @H\npush H\nmoved group.G group.H\nmoved app.y app.x", nil},
		{"the person's block is renamed, the login is the same", seed, "person a\nperson c login=b\ngroup G a c\nassign @G\npush G", nil},
		{"the login passes to another person", seed, "person a\nperson b login=bea\nperson c login=b\ngroup G a b c\nassign @G\npush G", []string{
			"+ user.c x : person-absent@0 | assigned-by-group@5 member-of-group@4",
			"+ user.c x G: person-absent@0 | member-of-group@4",
			"~ user.b x displayName: b@x.com -> bea@x.com @2",
			`~ user.b x emails[type eq "work"].value: b@x.com -> bea@x.com @2`,
			"~ user.b x userName: b@x.com -> bea@x.com @2",
		}},
		{"attributes change", seed, "person a first_name=Ann\nperson b email=other@x.com\ngroup G a b\nassign @G\npush G", []string{
			"~ user.a x displayName: a@x.com -> Ann @1",
			"~ user.a x name.givenName: <nil> -> Ann @1",
			`~ user.b x emails[type eq "work"].value: b@x.com -> other@x.com @2`,
		}},
		{"the profile changes", "person a\nassign a title=CEO", "person a\nassign a title=CTO", []string{
			"~ user.a x title: CEO -> CTO @1",
		}},
		{"a new attribute, sent on create alone", "person a title=CEO\nassign a", "app map=title:title create_only=title\nperson a title=CEO\nassign a", nil},
		{"attributes that are not sent", "app update=false\nperson a\nassign a", "app update=false\nperson a first_name=Ann\nassign a", nil},
		{"comes back from being withheld", "person a\ngroup G a\npush G", "person a\ngroup G a\npush G\nassign @G", []string{
			"+ user.a x : assignment-absent@0 | assigned-by-group@4 member-of-group@2",
			"+ user.a x G: withheld@2 assignment-absent@0 | member-of-group@2",
			"? user.a x G false @2",
		}},
		{"a rule takes over from a member", seed, "person a department=eng\nperson b department=eng\ngroup G rule=department:eng\nassign @G\npush G", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d, err := Diff(resolved(t, tt.base), resolved(t, tt.head))
			if err != nil {
				t.Fatal(err)
			}
			got := differenceLines(d)
			if diff := gocmp.Diff(got, tt.want); diff != "" {
				t.Errorf("got -, want +\n%s", diff)
			}
			kept := func(line string) bool { return strings.HasPrefix(line, "=") }
			if want := slices.DeleteFunc(slices.Clone(tt.want), kept); d.Empty() != (len(want) == 0) {
				t.Errorf("empty: got %t", d.Empty())
			}
		})
	}
}

// TestDiffAgreesWithAccess compares what Diff finds with what either side lists
// as access, which knows nothing of the other.
func TestDiffAgreesWithAccess(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		resolve := func(label string) *Desired {
			d, found := Resolve(drawConfig(t, label), Facts{AsOf: asOf})
			if found.HasErrors() {
				t.Fatal(found)
			}
			return d
		}
		base, head := resolve("base"), resolve("head")
		d, err := Diff(base, head)
		if err != nil {
			t.Fatal(err)
		}
		was, is := accessSet(base), accessSet(head)
		wantChanges(t, "losses", d.Losses, was, is)
		wantChanges(t, "gains", d.Gains, is, was)
		if same, err := Diff(base, base); err != nil || !same.Empty() {
			t.Errorf("a configuration and itself: got %v, %v", differenceLines(same), err)
		}
	})
}

// accessSet lists who has what: those of the app whose status ends it are left out.
func accessSet(d *Desired) map[string]bool {
	ended := map[string]bool{}
	for i := range d.People {
		if d.People[i].Status == schema.Suspended && d.Apps[0].App.OnSuspended == schema.SuspendedDeactivate {
			ended[d.People[i].Key()] = true
		}
	}
	set := map[string]bool{}
	for _, e := range Access(d, AccessFilter{}) {
		if e.Missing != "assigned" && !ended[e.Key] {
			set[accessKey(e.Key, e.App, e.Group)] = true
		}
	}
	return set
}

// accessKey names an access whatever the group is called at the target: T1 is
// another name of G1.
func accessKey(key, app, group string) string {
	return key + " " + app + " " + strings.Replace(group, "T", "G", 1)
}

func wantChanges(t *rapid.T, what string, changes []AccessChange, in, out map[string]bool) {
	var got, want []string
	for _, c := range changes {
		got = append(got, accessKey(c.Key, c.App, c.Group))
		if len(c.Before) == 0 || len(c.After) == 0 {
			t.Errorf("%s: %s has no reason: %+v", what, c.Key, c)
		}
	}
	for key := range in {
		if !out[key] {
			want = append(want, key)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := gocmp.Diff(got, want); diff != "" {
		t.Errorf("%s: got -, want +\n%s", what, diff)
	}
}
