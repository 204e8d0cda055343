package planner

import (
	"cmp"
	"slices"

	"github.com/rollcall-dev/rollcall/schema"
)

// Simulate returns what r would be after c: the executable meaning of a
// change. r stays as it is. A created object gets the change's ID as its id,
// and a member without a RemoteID is looked up by its Change. It copies what it
// changes, so it costs as much as the target is large.
func Simulate(r *Remote, c Change) *Remote {
	if c.Requests == 0 {
		return r
	}
	next := *r
	if c.Kind == KindUser {
		next.simulateUser(&c)
	} else {
		next.simulateGroup(&c)
	}
	return &next
}

func (r *Remote) simulateUser(c *Change) {
	at, ok := r.UserAt(cmp.Or(c.RemoteID, c.ID))
	switch {
	case c.Action == Create && !ok:
		u := RemoteUser{ID: c.ID}
		u.assign(c.After)
		r.Users = slices.Insert(slices.Clone(r.Users), int(at), u)
		r.renumber(func(m uint32) (uint32, bool) {
			if m >= at {
				m++
			}
			return m, true
		})
	case !ok:
	case c.Action == Delete:
		r.Users = slices.Delete(slices.Clone(r.Users), int(at), int(at)+1)
		r.renumber(func(m uint32) (uint32, bool) {
			if m > at {
				return m - 1, true
			}
			return m, m != at
		})
	default:
		r.Users = slices.Clone(r.Users)
		r.Users[at].assign(c.After)
	}
}

// assign sets what a change says of an account; nil clears.
func (u *RemoteUser) assign(values []schema.Value) {
	u.Attributes = slices.Clone(u.Attributes)
	for _, v := range values {
		switch v.Path {
		case pathUserName:
			u.UserName, _ = v.Value.(string)
		case pathExternalID:
			u.ExternalID, _ = v.Value.(string)
		case pathActive:
			u.Active, _ = v.Value.(bool)
		default:
			u.Attributes = assign(u.Attributes, v)
		}
	}
}

func assign(values []schema.Value, v schema.Value) []schema.Value {
	i, ok := slices.BinarySearchFunc(values, v, comparePaths)
	switch {
	case ok && v.Value == nil:
		return slices.Delete(values, i, i+1)
	case ok:
		values[i] = v
		return values
	case v.Value == nil:
		return values
	}
	return slices.Insert(values, i, v)
}

// renumber moves the members of all groups after accounts came or went.
func (r *Remote) renumber(to func(uint32) (uint32, bool)) {
	r.Groups = slices.Clone(r.Groups)
	for i := range r.Groups {
		g := &r.Groups[i]
		members := make([]uint32, 0, len(g.Members))
		for _, m := range g.Members {
			if n, stays := to(m); stays {
				members = append(members, n)
			}
		}
		g.Members = members
	}
}

func (r *Remote) simulateGroup(c *Change) {
	at, ok := r.GroupAt(cmp.Or(c.RemoteID, c.ID))
	if c.RemoteID == "" && c.Action == Update {
		// The second half of a create whose members came in a request of their own.
		at, ok = r.GroupAt(changeID(c.App, c.Kind, c.Key, string(Create)))
	}
	r.Groups = slices.Clone(r.Groups)
	switch {
	case c.Action == Create && !ok:
		g := RemoteGroup{ID: c.ID, MembersKnown: r.Capabilities.Members != MembersWriteOnly}
		g.ExternalID, _ = lookup(c.After, pathExternalID).(string)
		r.Groups = slices.Insert(r.Groups, int(at), g)
	case !ok:
		return
	case c.Action == Delete:
		r.Groups = slices.Delete(r.Groups, int(at), int(at)+1)
		return
	}
	g := &r.Groups[at]
	if name, ok := lookup(c.After, pathDisplayName).(string); ok {
		g.DisplayName = name
	}
	if g.MembersKnown {
		g.change(r, c)
	}
	if limit := r.Capabilities.MemberCap; r.Capabilities.Members == MembersCapped && limit > 0 && len(g.Members) > limit {
		g.Members, g.Foreign, g.MembersKnown = nil, nil, false
	}
}

// change adds and removes members.
func (g *RemoteGroup) change(r *Remote, c *Change) {
	members, foreign := slices.Clone(g.Members), slices.Clone(g.Foreign)
	for i := range c.Members.Add {
		m := &c.Members.Add[i]
		if u, ok := r.UserAt(cmp.Or(m.RemoteID, m.Change)); ok {
			members = append(members, u)
		}
	}
	slices.Sort(members)
	members = slices.Compact(members)
	for i := range c.Members.Remove {
		id := c.Members.Remove[i].RemoteID
		if u, ok := r.UserAt(id); ok {
			members = slices.DeleteFunc(members, func(m uint32) bool { return m == u })
		}
		foreign = slices.DeleteFunc(foreign, func(f string) bool { return f == id })
	}
	g.Members, g.Foreign = members, foreign
}
