package providertest

import (
	"slices"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/schema"
)

// seen is a Remote as people would tell it: objects by their names, members by
// theirs, no ids.
type seen struct {
	Users  map[string]seenUser
	Groups map[string]seenGroup
}

type seenUser struct {
	ExternalID string
	Active     bool
	Attributes []schema.Value
}

type seenGroup struct {
	Members []string
	Known   bool
	Foreign int
}

func tell(r *planner.Remote, limit int) seen {
	s := seen{map[string]seenUser{}, map[string]seenGroup{}}
	for i := range r.Users {
		u := &r.Users[i]
		s.Users[u.UserName] = seenUser{u.ExternalID, u.Active, u.Attributes}
	}
	for i := range r.Groups {
		g := &r.Groups[i]
		t := seenGroup{Known: g.MembersKnown, Foreign: len(g.Foreign)}
		// Exactly the cap is as much as a capped target ever shows.
		if limit > 0 && len(g.Members) >= limit {
			t.Known = false
		}
		for _, m := range g.Members {
			if t.Known {
				t.Members = append(t.Members, r.Users[m].UserName)
			}
		}
		slices.Sort(t.Members)
		s.Groups[g.DisplayName] = t
	}
	return s
}

// compare reads the service and holds it to the model.
func (h *history) compare(rt *rapid.T) { h.hold(rt) }

func (h *history) hold(rt fataler) {
	rt.Helper()
	before := 0
	if h.service.Reads != nil {
		before = h.service.Reads()
	}
	got, err := h.service.Target.Read(h.t.Context())
	if err != nil {
		rt.Fatalf("read: %v", err)
	}
	if !got.Complete || got.Unstable {
		rt.Fatalf("read: complete %v, unstable %v", got.Complete, got.Unstable)
	}
	limit := 0
	if h.can.Members == planner.MembersCapped {
		limit = h.can.MemberCap
	}
	if diff := cmp.Diff(tell(got, limit), tell(h.model, limit)); diff != "" {
		rt.Fatalf("the service is not what the changes mean (-service +model):\n%s", diff)
	}
	for i := range got.Users {
		if i > 0 && got.Users[i-1].ID >= got.Users[i].ID {
			rt.Fatalf("users are not sorted by id")
		}
	}
	if p := h.service.PageSize; p > 0 && h.service.Reads != nil {
		fewest := max(1, (len(got.Users)+p-1)/p) + max(1, (len(got.Groups)+p-1)/p)
		if h.can.Members == planner.MembersByFilter {
			fewest += len(got.Groups)
		}
		if n := h.service.Reads() - before; n != fewest || got.Requests != fewest {
			rt.Fatalf("reading %d users and %d groups took %d requests (%d by its own count), the fewest are %d",
				len(got.Users), len(got.Groups), n, got.Requests, fewest)
		}
	}
}
