package planner

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rollcall-dev/rollcall/schema"
)

// editSeed has each kind of thing that edits are about.
const editSeed = `person alice department=eng
person bob
person carol DEPROVISIONED
row dana department=eng
row erik id=e-1
dirgroup Staff dana erik
group G alice bob
group H include=G rule=department:eng exclude=alice
group R reads=G
group S from=Staff
assign alice @H
assign @S expires=past
push G
push-rule all prefix=H`

// standing says who is where: groups, the app and what is pushed.
func standing(d *Desired) []string {
	var lines []string
	logins := func(ps []Person) string {
		var names []string
		for _, p := range ps {
			names = append(names, short(d.People[p].Login))
		}
		return strings.Join(names, " ")
	}
	for i := range d.Groups {
		if g := &d.Groups[i]; !g.taken {
			lines = append(lines, g.Key+": "+logins(g.Members))
		}
	}
	for i := range d.Apps {
		s := &d.Apps[i]
		var has []Person
		for p := range d.People {
			if s.Assigned(d, Person(p)) {
				has = append(has, Person(p))
			}
		}
		lines = append(lines, string(s.App.Address)+": "+logins(has))
		for _, p := range s.Pushes {
			lines = append(lines, string(p.Block)+": "+p.Name)
		}
	}
	return lines
}

// changedLines are the lines that an edit changes.
func changedLines(before, after []string) []string {
	var lines []string
	for _, l := range after {
		if !slices.Contains(before, l) {
			lines = append(lines, l)
		}
	}
	for _, l := range before {
		key, _, _ := strings.Cut(l, ":")
		if !slices.ContainsFunc(after, func(a string) bool { return strings.HasPrefix(a, key+":") }) {
			lines = append(lines, "no "+key)
		}
	}
	return lines
}

func TestEditsDoWhatTheySay(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		edit Edit
		want []string
	}{
		{"a status takes the app", Edit{Op: EditSet, Address: "user.alice", Argument: "status", Value: schema.Deprovisioned}, []string{"group.R: bob", "app.x: bob dana"}},
		{"a status in words gives it", Edit{Op: EditSet, Address: "carol@x.com", Argument: "status", Value: "suspended"}, nil},
		{"an attribute makes a rule hold", Edit{Op: EditSet, Address: "bob", Argument: "department", Value: "eng"}, nil},
		{"an attribute of a directory's person ends that of a rule", Edit{Op: EditSet, Address: "dana@x.com", Argument: "department", Value: nil}, []string{"group.H: alice bob", "app.x: alice bob"}},
		{"a login", Edit{Op: EditSet, Address: "user.bob", Argument: "login", Value: "rob@x.com"}, []string{"group.G: alice rob", "group.H: alice dana rob", "group.R: alice rob", "app.x: alice dana rob"}},
		{"a person is removed", Edit{Op: EditRemove, Address: "user.alice"}, []string{"group.G: bob", "group.H: bob dana", "group.R: bob", "app.x: bob dana"}},
		{"a directory's person is removed", Edit{Op: EditRemove, Address: "dana@x.com"}, []string{"group.H: alice bob", "group.S: erik", "app.x: alice bob"}},
		{"a person is declared", Edit{Op: EditDeclare, Address: "user.zoe", Value: schema.User{Address: "user.zoe", Login: "zoe@x.com", Profile: []schema.Attribute{{Name: "department", Value: "eng"}}}}, []string{"group.H: alice bob dana zoe", "app.x: alice bob dana zoe"}},
		{"a member is added by label", Edit{Op: EditAdd, Address: "group.G", Value: "carol"}, []string{"group.G: alice bob carol", "group.H: alice bob carol dana"}},
		{"a member is removed", Edit{Op: EditRemove, Address: "group.G", Argument: "members", Value: schema.UserRef{Address: "user.bob"}}, []string{"group.G: alice", "group.H: alice dana", "group.R: alice", "app.x: alice dana"}},
		{"members are set", Edit{Op: EditSet, Address: "group.G", Argument: "members", Value: `[carol, "dana@x.com"]`}, []string{"group.G: carol dana", "group.H: carol dana", "group.R: dana", "app.x: alice dana"}},
		{"nobody is left", Edit{Op: EditSet, Address: "group.G", Argument: "members"}, []string{"group.G: ", "group.H: dana", "group.R: ", "app.x: alice dana"}},
		{"a group is included", Edit{Op: EditAdd, Address: "group.G", Value: schema.GroupRef{Address: "group.S"}}, []string{"group.G: alice bob dana erik", "group.H: alice bob dana erik", "group.R: alice bob dana erik", "app.x: alice bob dana erik"}},
		{"a group is not included any more", Edit{Op: EditRemove, Address: "group.H", Argument: "include_groups", Value: "G"}, []string{"group.H: dana", "app.x: alice dana"}},
		{"a rule excludes", Edit{Op: EditAdd, Address: "group.H", Argument: "rule.exclude", Value: "dana@x.com"}, []string{"group.H: alice bob", "app.x: alice bob"}},
		{"a rule by number is off", Edit{Op: EditSet, Address: "group.H", Argument: "rule[0].active", Value: false}, []string{"group.H: alice bob", "app.x: alice bob"}},
		{"a block of a directory's group gains whom the directory adds", Edit{Op: EditRemove, Address: "group.S", Value: "erik@x.com"}, []string{"group.S: dana"}},
		{"a directory's group", Edit{Op: EditSet, Address: `directory.file.hr.groups["Staff"]`, Argument: "members", Value: []any{`directory.file.hr.users["e-1"]`}}, []string{"group.S: erik"}},
		{"a user is assigned", Edit{Op: EditAdd, Address: "assignment.n0", Value: schema.UserRef{Login: "erik@x.com"}}, []string{"app.x: alice bob dana erik"}},
		{"an assigned group", Edit{Op: EditRemove, Address: "assignment.n0", Value: "group.H"}, []string{"app.x: alice"}},
		{"an assignment comes into force", Edit{Op: EditSet, Address: "assignment.n1", Argument: "expires", Value: LaterThan(asOf)}, []string{"app.x: alice bob dana erik"}},
		{"an assignment for ever", Edit{Op: EditRemove, Address: "assignment.n1", Argument: "expires"}, []string{"app.x: alice bob dana erik"}},
		{"an assignment ends", Edit{Op: EditRemove, Address: "assignment.n0"}, []string{"app.x: "}},
		{"an app is assigned", Edit{Op: EditAdd, Address: "app.x", Value: "erik@x.com"}, []string{"app.x: alice bob dana erik"}},
		{"an app goes", Edit{Op: EditRemove, Address: "app.x"}, []string{"no app.x", "no push_group.G", "no push_rule.all"}},
		{"a group goes, with its push and what rules read of it", Edit{Op: EditRemove, Address: "group.G"}, []string{"group.H: dana", "group.R: ", "app.x: alice dana", "no group.G", "no push_group.G"}},
		{"a push goes", Edit{Op: EditRemove, Address: "push_group.G"}, []string{"no push_group.G"}},
		{"a push is renamed", Edit{Op: EditSet, Address: "push_group.G", Argument: "target_name", Value: "Team"}, []string{"push_group.G: Team"}},
		{"a push rule leaves a group out", Edit{Op: EditAdd, Address: "push_rule.all", Value: "H"}, []string{"no push_rule.all"}},
		{"a push is declared", Edit{Op: EditDeclare, Value: schema.PushGroup{Address: "push_group.S", Push: schema.Push{App: "app.x"}, Group: schema.GroupRef{Address: "group.S"}}}, []string{"push_group.S: S"}},
		{"a group is declared", Edit{Op: EditDeclare, Value: schema.Group{Address: "group.Z", Name: "Z", MembersSaid: true}}, []string{"group.Z: "}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cfg, facts := declared(t, editSeed)
			before, _ := Resolve(cfg, facts)
			other, otherFacts, err := Edited(cfg, facts, []Edit{tt.edit})
			if err != nil {
				t.Fatal(err)
			}
			after, findings := Resolve(other, otherFacts)
			if findings.HasErrors() {
				t.Fatal(findings)
			}
			if diff := gocmp.Diff(changedLines(standing(before), standing(after)), tt.want); diff != "" {
				t.Errorf("got -, want +\n%s", diff)
			}
			again, _ := Resolve(cfg, facts)
			if diff := gocmp.Diff(standing(again), standing(before)); diff != "" {
				t.Errorf("what was given has changed: now -, before +\n%s", diff)
			}
		})
	}
}

func TestEditsOfWhatIsNotThereSayWhatIs(t *testing.T) {
	t.Parallel()
	cfg, facts := declared(t, editSeed)
	for _, tt := range []struct {
		edit Edit
		want string
	}{
		{Edit{Op: EditSet, Address: "user.alcie", Argument: "status", Value: "ACTIVE"}, `set user.alcie.status=ACTIVE: no person is called "user.alcie"; did you mean "user.alice"?`},
		{Edit{Op: EditAdd, Address: "group.I", Value: "alice"}, `add group.I:alice: no group is called "group.I"; did you mean "group.G"?`},
		{Edit{Op: EditAdd, Address: "group.G", Value: "alcie"}, `add group.G:alcie: no person is called "alcie"; did you mean "alice"?`},
		{Edit{Op: EditRemove, Address: "group.G", Value: "carol"}, `remove group.G:carol: user.carol is not there`},
		{Edit{Op: EditRemove, Address: "assignment.n9"}, `remove assignment.n9: no assignment is called "assignment.n9"; did you mean "assignment.n0"?`},
		{Edit{Op: EditSet, Address: "user.bob", Argument: "statsu", Value: "ACTIVE"}, `set user.bob.statsu=ACTIVE: no argument of user.bob is called "statsu"; did you mean "status"?`},
		{Edit{Op: EditSet, Address: "user.bob", Argument: "status", Value: "GONE"}, `set user.bob.status=GONE: the status is one of ACTIVE, STAGED, PROVISIONED, RECOVERY, PASSWORD_EXPIRED, LOCKED_OUT, SUSPENDED, DEPROVISIONED, not "GONE"`},
		{Edit{Op: EditSet, Address: "assignment.n0", Argument: "expires", Value: "soon"}, `set assignment.n0.expires=soon: an RFC 3339 time such as 2026-03-01T00:00:00Z is needed here, not "soon"`},
		{Edit{Op: EditSet, Address: "user.bob", Argument: "login", Value: "ALICE@x.com"}, `set user.bob.login=ALICE@x.com: the login "ALICE@x.com" is in use`},
		{Edit{Op: EditAdd, Address: "group.S", Value: "alice"}, `add group.S:alice: alice@x.com is not of directory.file.hr, which alone says who is in its groups`},
		{Edit{Op: EditSet, Address: "group.S", Argument: "rule.active", Value: true}, `set group.S.rule.active=true: group.S takes its members from directory.file.hr.groups["Staff"], so it has no rule.active`},
		{Edit{Op: EditSet, Address: "group.G", Argument: "rule.active", Value: true}, `set group.G.rule.active=true: group.G has no rule`},
		{Edit{Op: EditSet, Address: "app.x", Argument: "on_unassign", Value: "drop"}, `set app.x.on_unassign=drop: one of deactivate, delete, keep is needed here, not "drop"`},
		{Edit{Op: EditRemove, Address: "app.x", Value: "alice"}, `remove app.x:alice: an app is had through assignments and groups: remove the person or group from one of those, or the assignment`},
		{Edit{Op: EditDeclare, Value: schema.User{Address: "user.bob2", Login: "bob@x.com"}}, `declare : the login "bob@x.com" is in use`},
		{Edit{Op: EditDeclare, Address: "group.G", Value: schema.Group{Address: "group.G"}}, `declare group.G: group.G is declared already`},
	} {
		_, _, err := Edited(cfg, facts, []Edit{tt.edit})
		if fmt.Sprint(err) != tt.want {
			t.Errorf("got  %v\nwant %s", err, tt.want)
		}
		if unknown := (*UnknownError)(nil); strings.Contains(tt.want, "is called") != errors.As(err, &unknown) {
			t.Errorf("%v: wraps an UnknownError: %t", err, !strings.Contains(tt.want, "is called"))
		}
	}
}

// Edits one after the other are the edits together, and no list is shared with
// what was given.
func TestEditsTogetherAreEditsInTurnAndChangeNothingGiven(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		cfg, facts := directoryWorld(t)
		before, _ := Resolve(cfg, facts)
		was := standing(before)
		var edits []Edit
		turn, turnFacts := cfg, facts
		for range rapid.IntRange(1, 8).Draw(t, "edits") {
			e := drawEdit(t)
			next, nextFacts, err := Edited(turn, turnFacts, []Edit{e})
			if err != nil {
				continue // of what an earlier edit removed, say
			}
			edits, turn, turnFacts = append(edits, e), next, nextFacts
		}
		together, togetherFacts, err := Edited(cfg, facts, edits)
		if err != nil {
			t.Fatalf("together: %v", err)
		}
		a, found := Resolve(together, togetherFacts)
		if found.HasErrors() {
			t.Fatalf("edits leave errors: %v", found)
		}
		b, _ := Resolve(turn, turnFacts)
		equal(t, "together and in turn", standing(a), standing(b))
		again, _ := Resolve(cfg, facts)
		equal(t, "what was given", standing(again), was)
	})
}

// directoryWorld is a random configuration with a directory beside it.
func directoryWorld(t *rapid.T) (*schema.Config, Facts) {
	cfg := drawConfig(t, "config")
	dir := &schema.Directory{Address: "directory.file.hr"}
	for i := range 4 {
		u := schema.User{Login: fmt.Sprintf("d%d@x.com", i), Origin: origin("hr.csv", i+2)}
		u.Status = rapid.SampledFrom([]schema.Status{schema.Active, schema.Active, schema.Suspended, schema.Deprovisioned}).Draw(t, "row's status")
		dir.People = append(dir.People, u)
	}
	for g := range 2 {
		var members []uint32
		for i := range dir.People {
			if rapid.Bool().Draw(t, "row in") {
				members = append(members, uint32(i))
			}
		}
		dir.Groups = append(dir.Groups, schema.DirectoryGroup{Name: fmt.Sprintf("D%d", g), Members: members})
	}
	cfg.Directories = []schema.DirectoryBlock{{Address: dir.Address, Kind: "file"}}
	cfg.Groups = append(cfg.Groups, schema.Group{
		Address: "group.h", Name: "H", From: &schema.GroupRef{Directory: dir.Address, Name: "D0"}, Origin: origin("groups.hcl", 50),
	})
	if rapid.Bool().Draw(t, "h assigned") {
		cfg.Assignments = append(cfg.Assignments, schema.Assignment{
			Address: "assignment.h", App: "app.x", Priority: 5, Origin: origin("assign.hcl", 50),
			Groups: []schema.GroupRef{{Address: "group.h"}, {Directory: dir.Address, Name: "D1"}},
		})
	}
	return cfg, Facts{AsOf: asOf, Directories: map[schema.Address]*schema.Directory{dir.Address: dir}}
}

func drawEdit(t *rapid.T) Edit {
	people := rapid.SampledFrom([]string{"user.u0", "user.u1", "u2@x.com", "u3", "d0@x.com", "d1@x.com", `directory.file.hr.users["d2@x.com"]`})
	groups := rapid.SampledFrom([]string{"group.g0", "group.g1", "G2", "group.h", `directory.file.hr.groups["D1"]`})
	lists := rapid.SampledFrom([]string{"group.g0", "group.g1", "group.g3", "group.h", "assignment.direct", "assignment.g1", "app.x", `directory.file.hr.groups["D0"]`})
	switch rapid.IntRange(0, 5).Draw(t, "edit") {
	case 0:
		return Edit{Op: EditSet, Address: people.Draw(t, "who"), Argument: "status", Value: rapid.SampledFrom(schema.StatusNames()).Draw(t, "status")}
	case 1:
		return Edit{Op: EditSet, Address: people.Draw(t, "who"), Argument: "department", Value: "eng"}
	case 2:
		return Edit{Op: EditRemove, Address: rapid.OneOf(people, rapid.SampledFrom([]string{"group.g0", "group.g2", "group.h", "push_group.g1", "assignment.g2"})).Draw(t, "what")}
	case 3:
		return Edit{Op: EditRemove, Address: lists.Draw(t, "list"), Value: people.Draw(t, "who")}
	case 4:
		return Edit{Op: EditSet, Address: people.Draw(t, "who"), Argument: "login", Value: rapid.SampledFrom([]string{"n0@x.com", "n1@x.com"}).Draw(t, "login")}
	default:
		// Higher groups include lower ones alone, so that no cycle comes about.
		return Edit{Op: EditAdd, Address: lists.Draw(t, "list"), Value: rapid.OneOf(people, rapid.Just("group.h"), groups.Filter(func(g string) bool { return g[0] == 'd' })).Draw(t, "what")}
	}
}
