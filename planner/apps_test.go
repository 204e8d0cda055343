package planner

import (
	"fmt"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/schema"
)

// formerApp is the input of a plan for a configuration without the app `old`,
// of which the state has an account and a pushed group.
func formerApp(t *testing.T, cfg *schema.Config) Input {
	t.Helper()
	cfg.Targets = []schema.Target{{Address: targetAddress}}
	d, found := Resolve(cfg, Facts{AsOf: asOf})
	if found.HasErrors() {
		t.Fatal(found)
	}
	place := schema.Origin{File: "old.hcl", Line: 3}
	state := &State{Apps: []AppState{{
		App: "old", Identity: "https://t.example",
		Users: []UserLink{{Key: "user.a", RemoteID: "u1", UserName: "a", Active: true, Source: SourceUser, Origin: place}},
		Groups: []GroupLink{{
			Key: "group.g", Push: "push_group.g", RemoteID: "g1", DisplayName: "G", Members: []string{"u1"}, Pushed: true, OnUnpush: schema.UnpushDelete, Origin: place,
		}},
	}}}
	remote := &Remote{
		Target: targetAddress, Identity: "https://t.example", Complete: true, Capabilities: Capabilities{Members: MembersFull},
		Users:  []RemoteUser{{ID: "u1", UserName: "a", Active: true}},
		Groups: []RemoteGroup{{ID: "g1", DisplayName: "G", MembersKnown: true, Members: []uint32{0}}},
	}
	return Input{Desired: d, State: state, Remotes: map[schema.Address]*Remote{targetAddress: remote}}
}

func planLines(t *testing.T, in Input) []string {
	t.Helper()
	p, err := Compute(in)
	if err != nil {
		t.Fatal(err)
	}
	checkPlan(t, p)
	return append(changeLines(p), findingLines(p.Findings)...)
}

func newApp(name string) schema.App {
	return schema.App{
		Address: schema.Address("app." + name), Name: name, Target: targetAddress, Provisioning: schema.DefaultProvisioning, Guard: schema.DefaultGuard(),
		Origin: schema.Origin{File: "app.hcl", Line: 1},
	}
}

func TestAppThatIsGoneIsEndedAsItSaidLast(t *testing.T) {
	t.Parallel()
	in := formerApp(t, &schema.Config{})
	want := []string{"1 deactivate user a active:true->false", "5 delete group G"}
	if diff := gocmp.Diff(planLines(t, in), want); diff != "" {
		t.Errorf("got -, want +\n%s", diff)
	}
	after := applied(in, mustPlan(t, in))
	if lines := planLines(t, after); len(lines) > 0 {
		t.Errorf("a second plan says %q", lines)
	}
}

func mustPlan(t *testing.T, in Input) *Plan {
	t.Helper()
	p, err := Compute(in)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestAppAndTargetThatAreGoneAreLeftAloneAndSaid(t *testing.T) {
	t.Parallel()
	in := formerApp(t, &schema.Config{})
	in.State.Apps[0].Identity = "https://elsewhere.example"
	if diff := gocmp.Diff(planLines(t, in), []string{"warning target-gone"}); diff != "" {
		t.Errorf("got -, want +\n%s", diff)
	}
}

func TestRemovedAppIsLetGoWithoutItsTarget(t *testing.T) {
	t.Parallel()
	in := formerApp(t, &schema.Config{Removed: []schema.Removed{{From: "app.old", OnRemove: "release", Origin: origin("removed.hcl", 1)}}})
	in.State.Apps[0].Identity = "https://elsewhere.example"
	if diff := gocmp.Diff(planLines(t, in), []string{"2 release user a (state)", "3 release group G (state)"}); diff != "" {
		t.Errorf("got -, want +\n%s", diff)
	}
}

func TestRenamedAppKeepsWhatItOwns(t *testing.T) {
	t.Parallel()
	cfg := &schema.Config{
		Users:       []schema.User{{Address: "user.a", Login: "a", Origin: origin("people.hcl", 1)}},
		Apps:        []schema.App{newApp("new")},
		Assignments: []schema.Assignment{{Address: "assignment.a", App: "app.new", Users: []schema.UserRef{{Address: "user.a"}}}},
		Moved:       []schema.Moved{{From: "app.old", To: "app.new", Origin: origin("moved.hcl", 1)}},
	}
	in := formerApp(t, cfg)
	in.State.Apps[0].Groups = nil
	in.State.Apps[0].Users[0].Attributes = []schema.Value{{Path: pathDisplayName, Value: "a"}}
	in.Remotes[targetAddress].Users[0].Attributes = in.State.Apps[0].Users[0].Attributes
	want := []string{"2 update user a address:app.old->app.new (state)", "info unmanaged"}
	if diff := gocmp.Diff(planLines(t, in), want); diff != "" {
		t.Errorf("got -, want +\n%s", diff)
	}
	after := applied(in, mustPlan(t, in))
	if got := after.State.Apps[0].App; got != "new" || len(after.State.Apps) != 1 {
		t.Errorf("the state has %d apps, the first %q", len(after.State.Apps), got)
	}
	if p := mustPlan(t, after); len(p.Changes) > 0 {
		t.Errorf("a second plan says %q", changeLines(p))
	}
}

func TestTwoAppsAtOneTargetDoNotShareAnAccount(t *testing.T) {
	t.Parallel()
	cfg := &schema.Config{
		Users:       []schema.User{{Address: "user.a", Login: "a", Origin: origin("people.hcl", 1)}},
		Apps:        []schema.App{newApp("new"), newApp("old")},
		Assignments: []schema.Assignment{{Address: "assignment.a", App: "app.new", Users: []schema.UserRef{{Address: "user.a"}}}},
	}
	in := formerApp(t, cfg)
	p := mustPlan(t, in)
	if len(p.Held) != 1 || p.Held[0].Code != "conflict" {
		t.Errorf("held back: %+v, want the account as a conflict", p.Held)
	}
}

func TestStateOfAnotherServiceIsRefused(t *testing.T) {
	t.Parallel()
	in := formerApp(t, &schema.Config{Apps: []schema.App{newApp("old")}})
	in.State.Apps[0].Identity = "https://elsewhere.example"
	if _, err := Compute(in); err == nil || !strings.Contains(err.Error(), "https://elsewhere.example") {
		t.Errorf("got %v, want an error that names the other service", err)
	}
}

func TestStateWithTwoOwnersOfOneAccountIsRefused(t *testing.T) {
	t.Parallel()
	in := formerApp(t, &schema.Config{Apps: []schema.App{newApp("old")}})
	a := &in.State.Apps[0]
	a.Users = append(a.Users, UserLink{Key: "user.b", RemoteID: "u1"})
	if _, err := Compute(in); err == nil || !strings.Contains(err.Error(), "user.b") {
		t.Errorf("got %v, want an error that names both", err)
	}
}

func TestPlanOnlyNamesWhatIsUnknown(t *testing.T) {
	t.Parallel()
	in := formerApp(t, &schema.Config{})
	in.Only = "user.nobody"
	if _, err := Compute(in); err == nil || !strings.Contains(err.Error(), "user.nobody") {
		t.Errorf("got %v, want an error that names the address", err)
	}
}

func TestRecordAllIsAsGoodAsOneByOne(t *testing.T) {
	t.Parallel()
	in := formerApp(t, &schema.Config{})
	plan := mustPlan(t, in)
	one, all := cloneState(in.State), cloneState(in.State)
	var settled []Settled
	for _, key := range []string{"user.c", "user.b", "user.d"} {
		plan.Changes = append(plan.Changes, Change{App: "old", Kind: KindUser, Key: key, Action: Create, Link: Link{Name: key}})
	}
	for _, c := range plan.Changes {
		o := Outcome{RemoteID: c.RemoteID, At: asOf}
		one.Record(c, o)
		settled = append(settled, Settled{c, o})
	}
	all.RecordAll(settled)
	if diff := gocmp.Diff(all, one); diff != "" {
		t.Errorf("all at once -, one by one +\n%s", diff)
	}
	if got := len(one.Apps[0].History); got != 1 || one.Apps[0].History[0].OwnedUsers != 1 {
		t.Errorf("the history is %+v", one.Apps[0].History)
	}
}

func TestRefusedMembersAreNotRecorded(t *testing.T) {
	t.Parallel()
	s := &State{Apps: []AppState{{App: "x", Groups: []GroupLink{{Key: "group.g", RemoteID: "g", Members: []string{"gone", "kept"}}}}}}
	c := Change{
		App: "x", Kind: KindGroup, Key: "group.g", RemoteID: "g", Action: Update,
		Members: MemberChanges{Add: []Member{{RemoteID: "bad"}, {RemoteID: "new"}}, Remove: []Member{{RemoteID: "gone"}}},
		Link:    Link{KnownMembers: []string{"kept"}, Pushed: true},
	}
	s.Record(c, Outcome{RemoteID: "g", Rejected: []RejectedMember{{Member: Member{RemoteID: "bad"}}, {Member: Member{RemoteID: "gone"}}}})
	if diff := gocmp.Diff(s.Apps[0].Groups[0].Members, []string{"gone", "kept", "new"}); diff != "" {
		t.Errorf("members: got -, want +\n%s", diff)
	}
}

func TestTwoAppsNeverGetOneAccount(t *testing.T) {
	t.Parallel()
	direct := func(app string) schema.Assignment {
		return schema.Assignment{
			Address: schema.Address("assignment." + app), App: schema.Address("app." + app), Origin: origin("main.hcl", 2),
			Users: []schema.UserRef{{Address: "user.a", Origin: origin("main.hcl", 2)}},
		}
	}
	d, found := Resolve(&schema.Config{
		Targets: []schema.Target{{Address: targetAddress}}, Apps: []schema.App{newApp("x"), newApp("y")},
		Users:       []schema.User{{Address: "user.a", Login: "a@x.com", Origin: origin("main.hcl", 1)}},
		Assignments: []schema.Assignment{direct("x"), direct("y")},
	}, Facts{AsOf: asOf})
	if found.HasErrors() {
		t.Fatal(found)
	}
	for _, tt := range []struct {
		name  string
		there []RemoteUser
		want  []string
	}{
		{"to be made", nil, []string{"2 create user a", "error conflict", "held user a conflict"}},
		{"to be adopted", []RemoteUser{{ID: "u1", UserName: "a@x.com", Active: true}}, []string{"2 adopt user a", "error conflict", "info adopted", "held user a conflict"}},
	} {
		remote := &Remote{Target: targetAddress, Identity: "https://t.example", Complete: true, Users: tt.there, Capabilities: Capabilities{Members: MembersFull}}
		p := mustPlan(t, Input{Desired: d, State: &State{}, Remotes: map[schema.Address]*Remote{targetAddress: remote}})
		var got []string
		for _, c := range p.Changes {
			got = append(got, fmt.Sprintf("%d %s user a", c.Wave, c.Action))
		}
		got = append(got, findingLines(p.Findings)...)
		for _, h := range p.Held {
			got = append(got, fmt.Sprintf("held user a %s", h.Code))
		}
		if diff := gocmp.Diff(got, tt.want); diff != "" {
			t.Errorf("%s: got -, want +\n%s", tt.name, diff)
		}
	}
}
