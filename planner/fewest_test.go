package planner

import (
	"testing"

	"pgregory.net/rapid"
)

// TestPlansTakeTheFewestRequestsThereAre holds what plans say that they take
// against what differs at the target between beginning and end: one request for
// each account that is made, changed or deleted, one for each name of a group,
// and members as many at a time as the target takes.
func TestPlansTakeTheFewestRequestsThereAre(t *testing.T) {
	check(t, func(t *rapid.T, w world) {
		w.caps.MembersPerRequest = rapid.IntRange(1, 4).Draw(t, "members per request")
		before := *remoteOf(w.in)
		before.Capabilities = w.caps
		in := w.input(t, w.cfg, w.in.State, &before)
		plan := mustCompute(t, in)
		want := fewestWrites(&before, remoteOf(applied(in, plan)), w.caps)
		for i := range plan.Changes {
			// Two objects that exchange their names need a third name in between.
			if c := &plan.Changes[i]; len(c.Reasons) > 0 && c.Reasons[0].Code == "name-cycle" {
				want++
			}
		}
		equal(t, "requests", plan.Summary.Requests, want)
	})
}

// fewestWrites counts from the two ends alone, without the plan.
func fewestWrites(before, after *Remote, caps Capabilities) int {
	n := 0
	was := make(map[string]*RemoteUser)
	for i := range before.Users {
		was[before.Users[i].ID] = &before.Users[i]
	}
	for i := range after.Users {
		u := &after.Users[i]
		if old := was[u.ID]; old == nil || !sameAccount(old, u) {
			n++
		}
		delete(was, u.ID)
	}
	n += len(was) // deleted
	had := make(map[string]*RemoteGroup)
	for i := range before.Groups {
		had[before.Groups[i].ID] = &before.Groups[i]
	}
	for i := range after.Groups {
		g := &after.Groups[i]
		n += fewestGroupWrites(before, after, had[g.ID], g, caps)
		delete(had, g.ID)
	}
	return n + len(had)
}

func sameAccount(a, b *RemoteUser) bool {
	if a.UserName != b.UserName || a.ExternalID != b.ExternalID || a.Active != b.Active {
		return false
	}
	for _, v := range append(a.Attributes[:len(a.Attributes):len(a.Attributes)], b.Attributes...) {
		if !SameValue(lookup(a.Attributes, v.Path), lookup(b.Attributes, v.Path)) {
			return false
		}
	}
	return true
}

// fewestGroupWrites is for a group that is there in the end; who leaves it by
// being deleted costs nothing.
func fewestGroupWrites(before, after *Remote, old, g *RemoteGroup, caps Capabilities) int {
	requests := func(n int) int { return (n + caps.MembersPerRequest - 1) / caps.MembersPerRequest }
	if old == nil {
		if caps.CreateWithMembers {
			return max(1, requests(len(g.Members)))
		}
		return 1 + requests(len(g.Members))
	}
	names := 0
	if old.DisplayName != g.DisplayName {
		names = 1
	}
	changed := 0
	was := make(map[string]bool)
	for _, m := range old.Members {
		was[before.Users[m].ID] = true
	}
	for _, m := range g.Members {
		if id := after.Users[m].ID; !was[id] {
			changed++
		}
		delete(was, after.Users[m].ID)
	}
	for id := range was {
		if _, there := after.UserAt(id); there {
			changed++
		}
	}
	return names + requests(changed)
}
