package scim

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/rollcall-dev/rollcall/planner"
)

// Read reads all users and groups, and proves that it saw them all.
func (t *Target) Read(ctx context.Context) (*planner.Remote, error) {
	before := t.client.Requests()
	r := &planner.Remote{Target: t.address, Identity: t.identity}
	var groups []group
	g, gctx := errgroup.WithContext(ctx)
	var unstable [2]bool
	g.Go(func() (err error) {
		r.Users, unstable[0], err = t.users("").all(gctx)
		return wrapRead("users", err)
	})
	g.Go(func() (err error) {
		groups, unstable[1], err = t.groups("").all(gctx)
		return wrapRead("groups", err)
	})
	if err := g.Wait(); err != nil {
		return nil, err
	}
	slices.SortFunc(r.Users, func(a, b planner.RemoteUser) int { return cmp.Compare(a.ID, b.ID) })
	if err := t.readMembers(ctx, groups); err != nil {
		return nil, err
	}
	r.Groups = resolveMembers(r.Users, groups)
	r.Unstable = unstable[0] || unstable[1]
	r.Complete = true
	r.Capabilities = t.Capabilities()
	r.Requests = t.client.Requests() - before
	return r, nil
}

func wrapRead(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("read all %s: %w", what, err)
}

// users is the list of users that filter picks; all if it is empty.
func (t *Target) users(filter string) *list[planner.RemoteUser] {
	return &list[planner.RemoteUser]{
		client: t.client, kind: "Users", filter: filter, page: t.dialect.Page, decode: t.user, cursors: t.knowsCursors,
		id:   func(u *planner.RemoteUser) string { return u.ID },
		same: sameUser,
		tell: func(done, total int) {
			if filter == "" {
				t.tell("users", done, total)
			}
		},
	}
}

// groups is the list of groups that filter picks; all if it is empty.
func (t *Target) groups(filter string) *list[group] {
	return &list[group]{
		client: t.client, kind: "Groups", filter: filter, page: t.dialect.Page, decode: decodeGroup, cursors: t.knowsCursors,
		id:   func(g *group) string { return g.ID },
		same: sameGroup,
		tell: func(done, total int) {
			if filter == "" {
				t.tell("groups", done, total)
			}
		},
	}
}

// readMembers fills in what the list of groups does not show, and marks the
// groups whose members are known.
func (t *Target) readMembers(ctx context.Context, groups []group) error {
	switch t.dialect.Members.Read {
	case planner.MembersByFilter:
		return t.membersByFilter(ctx, groups)
	case planner.MembersWriteOnly:
		return nil
	case planner.MembersCapped:
		for i := range groups {
			groups[i].MembersKnown = len(groups[i].members) < t.dialect.Members.Cap
		}
		return nil
	}
	for i := range groups {
		groups[i].MembersKnown = true
	}
	return nil
}

// membersByFilter asks for each group's users with one query, which is the
// fewest that such a target allows.
func (t *Target) membersByFilter(ctx context.Context, groups []group) error {
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(t.client.Parallelism())
	for i := range groups {
		g.Go(func() error {
			users, _, err := t.users(equals("groups.value", groups[i].ID)).all(gctx)
			if err != nil {
				return fmt.Errorf("read the members of group %q: %w", groups[i].DisplayName, err)
			}
			groups[i].members = groups[i].members[:0]
			for j := range users {
				groups[i].members = append(groups[i].members, users[j].ID)
			}
			slices.Sort(groups[i].members)
			groups[i].MembersKnown = true
			return nil
		})
	}
	return g.Wait()
}

// resolveMembers turns ids into places in users, which are sorted by id, and
// sorts the groups.
func resolveMembers(users []planner.RemoteUser, groups []group) []planner.RemoteGroup {
	index := make(map[string]uint32, len(users))
	for i := range users {
		index[users[i].ID] = uint32(i)
	}
	out := make([]planner.RemoteGroup, 0, len(groups))
	for i := range groups {
		g := groups[i].RemoteGroup
		if g.MembersKnown {
			g.Members = make([]uint32, 0, len(groups[i].members))
			for _, id := range groups[i].members {
				if at, ok := index[id]; ok {
					g.Members = append(g.Members, at)
				} else {
					g.Foreign = append(g.Foreign, id)
				}
			}
		}
		// Ids are sorted, users too: the places come out ascending.
		out = append(out, g)
	}
	slices.SortFunc(out, func(a, b planner.RemoteGroup) int { return cmp.Compare(a.ID, b.ID) })
	return out
}
