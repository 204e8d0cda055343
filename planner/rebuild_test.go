package planner

import (
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rollcall-dev/rollcall/schema"
)

// rebuilt loses the state of in and has it made anew.
func rebuilt(t fataler, in Input) (*Rebuilt, Input) {
	t.Helper()
	in.State = nil
	r, err := Rebuild(in, asOf)
	if err != nil {
		t.Fatalf("rebuild: %v", err)
	}
	in.State = r.State
	return r, in
}

// TestPlanAfterARebuildSendsNothing: a world that was applied and has not changed
// needs nothing after its state was lost, but for whom and what the rebuild says
// that it did not find.
func TestPlanAfterARebuildSendsNothing(t *testing.T) {
	check(t, func(t *rapid.T, w world) {
		in := applied(w.in, mustCompute(t, w.in))
		unknown := make(map[string]bool)
		for _, h := range mustCompute(t, in).Held {
			unknown[h.Key] = true // it was not applied either
		}
		a := in.State.app("x")
		for i := 0; a != nil && i < len(a.Users); i++ {
			l := &a.Users[i]
			unknown[l.Key] = unknown[l.Key] || !isCalled(in, l) // renamed here and not there
		}
		for i := 0; a != nil && i < len(a.Groups); i++ {
			l := &a.Groups[i]
			unknown[l.Key] = unknown[l.Key] || !groupIsCalled(in, l)
		}
		r, in := rebuilt(t, in)
		for _, m := range r.Missing {
			unknown[m.Key] = true
		}
		for _, f := range r.Findings {
			unknown[f.Object] = true
		}
		for _, c := range mustCompute(t, in).Changes {
			if unknown[c.Key] {
				continue
			}
			rest := slices.DeleteFunc(slices.Clone(c.Members.Add), func(m Member) bool { return unknown[m.Key] })
			if len(c.After) > 0 || len(rest) > 0 || len(c.Members.Remove) > 0 {
				t.Fatalf("after the rebuild the plan has %s: %+v", c.ID, c)
			}
		}
	})
}

// TestRebuiltLinksAreThoseThatWereLost: what is found is what was there, and what
// the external id or the name tells beyond doubt is found.
func TestRebuiltLinksAreThoseThatWereLost(t *testing.T) {
	check(t, func(t *rapid.T, w world) {
		in := applied(w.in, mustCompute(t, w.in))
		before := in.State.Apps
		r, _ := rebuilt(t, in)
		found := r.State.app("x")
		remote := remoteOf(in)
		for _, a := range before {
			for i := range a.Users {
				was := &a.Users[i]
				at := slices.IndexFunc(found.Users, func(l UserLink) bool { return l.Key == was.Key })
				if at >= 0 && found.Users[at].RemoteID != was.RemoteID && isCalled(in, was) {
					t.Fatalf("%s had the account %s and has %s", was.Key, was.RemoteID, found.Users[at].RemoteID)
				}
				if at < 0 && toldBeyondDoubt(in, was) {
					t.Fatalf("%s had the account %s, which is there, and has none: %+v", was.Key, was.RemoteID, remote.Users)
				}
			}
			for i := range a.Groups {
				was := &a.Groups[i]
				at := slices.IndexFunc(found.Groups, func(l GroupLink) bool { return l.Key == was.Key })
				if at >= 0 && found.Groups[at].RemoteID != was.RemoteID && groupIsCalled(in, was) {
					t.Fatalf("%s was the group %s and is %s", was.Key, was.RemoteID, found.Groups[at].RemoteID)
				}
			}
		}
	})
}

// isCalled reports whether the account of l has the name or the external id of the
// person whose it was.
func isCalled(in Input, l *UserLink) bool {
	p, ok := in.Desired.personByKey(l.Key)
	at, there := remoteOf(in).UserAt(l.RemoteID)
	if !ok || !there {
		return false
	}
	login, account := in.Desired.People[p].Login, &remoteOf(in).Users[at]
	return schema.Fold(account.UserName) == schema.Fold(login) || account.ExternalID == login
}

// groupIsCalled reports whether the group of l has the name that its push says.
func groupIsCalled(in Input, l *GroupLink) bool {
	at, there := remoteOf(in).GroupAt(l.RemoteID)
	return there && slices.ContainsFunc(in.Desired.Apps[0].Pushes, func(p Push) bool {
		return in.Desired.Groups[p.Group].Key == l.Key && schema.Fold(p.Name) == schema.Fold(remoteOf(in).Groups[at].DisplayName)
	})
}

// toldBeyondDoubt reports whether the one account that fits whoever had l, and has the app,
// is the account of l.
func toldBeyondDoubt(in Input, l *UserLink) bool {
	p, ok := in.Desired.personByKey(l.Key)
	scope := &in.Desired.Apps[0]
	if !ok || !scope.Assigned(in.Desired, p) ||
		in.Desired.People[p].Status == schema.Suspended && scope.App.OnSuspended == schema.SuspendedDeactivate {
		return false
	}
	login := in.Desired.People[p].Login
	fits := 0
	for _, u := range remoteOf(in).Users {
		named, given := schema.Fold(u.UserName) == schema.Fold(login), u.ExternalID == login
		if !named && !given {
			continue
		}
		if fits++; u.ID != l.RemoteID || !named {
			return false // the name alone is nobody else's
		}
	}
	others := slices.ContainsFunc(in.Desired.People, func(u schema.User) bool {
		return schema.Fold(u.Login) != schema.Fold(login) && slices.ContainsFunc(remoteOf(in).Users, func(a RemoteUser) bool {
			return a.ID == l.RemoteID && a.ExternalID == u.Login
		})
	})
	return fits == 1 && !others
}

// lost is a world without a state: a and b have the app and are in the group G,
// which is pushed; lines say what else is declared.
func lost(t *testing.T, lines string, read Remote) Input {
	t.Helper()
	remote := &read
	cfg, facts := declared(t, "person a\nperson b\ngroup G a b\nassign a\nassign b\npush G\n"+lines)
	d, found := Resolve(cfg, facts)
	if found.HasErrors() {
		t.Fatal(found)
	}
	remote.Complete, remote.Identity = true, "https://t.example"
	return Input{Desired: d, Remotes: map[schema.Address]*Remote{targetAddress: remote}}
}

func TestARebuildTakesWhatFitsAndSaysWhatItLeavesOut(t *testing.T) {
	t.Parallel()
	a, b := RemoteUser{ID: "1", UserName: "A@x.com", Active: true}, RemoteUser{ID: "2", UserName: "b@x.com", Active: true}
	stranger := RemoteUser{ID: "3", UserName: "s@x.com", Active: true}
	group := func(id string, members ...uint32) RemoteGroup {
		return RemoteGroup{ID: id, DisplayName: "g", MembersKnown: true, Members: members}
	}
	tests := map[string]struct {
		lines  string
		remote Remote
		// users, groups and left are written as key=id, and key:code.
		users, groups, left, missing []string
	}{
		"names without case": {
			remote: Remote{Users: []RemoteUser{a, b}, Groups: []RemoteGroup{group("7", 0, 1)}},
			users:  []string{"user.a=1", "user.b=2"}, groups: []string{"group.G=7"},
		},
		"a name that two accounts have": {
			remote: Remote{Users: []RemoteUser{a, {ID: "2", UserName: "a@x.com"}}},
			left:   []string{"user.a:ambiguous-match"}, missing: []string{"user.b", "group.G"},
		},
		"an external id and a name that two accounts have": {
			remote: Remote{Users: []RemoteUser{a, {ID: "2", UserName: "other@x.com", ExternalID: "a@x.com"}}},
			left:   []string{"user.a:ambiguous-match"}, missing: []string{"user.b", "group.G"},
		},
		"the external id after a rename": {
			remote: Remote{Users: []RemoteUser{{ID: "1", UserName: "maiden@x.com", ExternalID: "a@x.com"}, b}},
			users:  []string{"user.a=1", "user.b=2"}, missing: []string{"group.G"},
		},
		"a linked group that holds somebody whom nobody declares": {
			lines:  "group H a\npush H link",
			remote: Remote{Users: []RemoteUser{a, b, stranger}, Groups: []RemoteGroup{{ID: "7", DisplayName: "H", MembersKnown: true, Members: []uint32{0, 2}}}},
			users:  []string{"user.a=1", "user.b=2"}, groups: []string{"group.H=7"}, left: []string{"group.H:newly-managed"}, missing: []string{"group.G"},
		},
		"two groups of the name": {
			remote: Remote{Users: []RemoteUser{a, b}, Groups: []RemoteGroup{group("7"), group("8")}},
			users:  []string{"user.a=1", "user.b=2"}, left: []string{"group.G:ambiguous-match"},
		},
		"a group that holds somebody whom nobody declares": {
			remote: Remote{Users: []RemoteUser{a, b, stranger}, Groups: []RemoteGroup{group("7", 0, 2)}},
			users:  []string{"user.a=1", "user.b=2"}, left: []string{"group.G:name-collision"},
		},
		"the same group with the external id that we gave": {
			remote: Remote{
				Users:        []RemoteUser{a, b, stranger},
				Groups:       []RemoteGroup{{ID: "7", DisplayName: "g", ExternalID: "group.G", MembersKnown: true, Members: []uint32{0, 2}}},
				Capabilities: Capabilities{Members: MembersFull, GroupExternalID: true},
			},
			users: []string{"user.a=1", "user.b=2"}, groups: []string{"group.G=7"}, left: []string{"group.G:newly-managed"},
		},
		"a group whose members are not told": {
			remote: Remote{Users: []RemoteUser{a, b}, Groups: []RemoteGroup{{ID: "7", DisplayName: "G"}}},
			users:  []string{"user.a=1", "user.b=2"}, groups: []string{"group.G=7"}, left: []string{"group.G:membership-unreadable"},
		},
		"somebody without access by name alone": {
			lines:  "person c",
			remote: Remote{Users: []RemoteUser{a, b, {ID: "3", UserName: "c@x.com", Active: true}}},
			users:  []string{"user.a=1", "user.b=2"}, missing: []string{"group.G"},
		},
		"somebody without access by our external id": {
			lines:  "person c",
			remote: Remote{Users: []RemoteUser{a, b, {ID: "3", UserName: "c@x.com", ExternalID: "c@x.com"}}},
			users:  []string{"user.a=1", "user.b=2", "user.c=3"}, missing: []string{"group.G"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, in := rebuilt(t, lost(t, tt.lines, tt.remote))
			var users, groups, left, missing []string
			for _, l := range r.State.app("x").Users {
				users = append(users, l.Key+"="+l.RemoteID)
			}
			for _, l := range r.State.app("x").Groups {
				groups = append(groups, l.Key+"="+l.RemoteID)
			}
			for _, f := range r.Findings {
				left = append(left, f.Object+":"+string(f.Code))
			}
			for _, m := range r.Missing {
				missing = append(missing, m.Key)
			}
			if d := gocmp.Diff([][]string{users, groups, left, missing}, [][]string{tt.users, tt.groups, tt.left, tt.missing}); d != "" {
				t.Errorf("users, groups, left out, missing (-got +want):\n%s", d)
			}
			mustCompute(t, in)
		})
	}
}

// TestNothingIsTakenAwayWhileTheWindowIsUnknown: who loses the state must not gain
// a window by it.
func TestNothingIsTakenAwayWhileTheWindowIsUnknown(t *testing.T) {
	t.Parallel()
	account := func(id, login string) RemoteUser {
		return RemoteUser{ID: id, UserName: login, ExternalID: login, Active: true, Attributes: []schema.Value{
			{Path: pathDisplayName, Value: login}, {Path: pathWorkEmail, Value: login},
		}}
	}
	remote := Remote{
		Users:  []RemoteUser{account("1", "a@x.com"), account("2", "b@x.com")},
		Groups: []RemoteGroup{{ID: "7", DisplayName: "G", MembersKnown: true, Members: []uint32{0, 1}}},
	}
	tests := map[string]struct {
		after      time.Duration
		lines      string
		applicable bool
	}{
		"at once":                   {0, "", false},
		"just before it is over":    {24*time.Hour - time.Second, "", false},
		"once it is over":           {24 * time.Hour, "", true},
		"with a waiver":             {0, "waiver guard=max-deactivations limit=1\nwaiver guard=max-removals limit=1", true},
		"with a waiver of too few":  {0, "waiver guard=max-deactivations limit=0\nwaiver guard=max-removals limit=1", false},
		"where the guard is off":    {0, "guard max_deactivations=100% max_removals=100%", true},
		"with a guard that is wide": {0, "guard max_deactivations=90% max_removals=90%", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, in := rebuilt(t, lost(t, tt.lines, remote))
			if p := mustCompute(t, in); len(p.Changes) > 0 || !p.Applyable {
				t.Fatalf("after the rebuild: %v", p.Changes)
			}
			cfg, facts := declared(t, "person a\nperson b\ngroup G a\nassign a\npush G\n"+tt.lines)
			facts.AsOf = asOf.Add(tt.after)
			in.Desired, _ = Resolve(cfg, facts)
			if p := mustCompute(t, in); p.Applyable != tt.applicable || len(p.Changes) == 0 {
				t.Errorf("got applyable %t, want %t: %v", p.Applyable, tt.applicable, p.Findings)
			}
		})
	}
}
