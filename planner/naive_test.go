package planner

import (
	"cmp"
	"slices"

	"github.com/rollcall-dev/rollcall/schema"
)

// picture is a target as an end state is compared by: by id, where "new:" and
// a key stand for what a plan makes.
type picture struct {
	Users  map[string]pictureUser
	Groups map[string]pictureGroup
}

type pictureUser struct {
	Name   string
	Active bool
}

type pictureGroup struct {
	Name    string
	Members map[string]bool
}

func pictureOf(r *Remote) picture {
	p := picture{Users: make(map[string]pictureUser), Groups: make(map[string]pictureGroup)}
	for i := range r.Users {
		p.Users[r.Users[i].ID] = pictureUser{r.Users[i].UserName, r.Users[i].Active}
	}
	for i := range r.Groups {
		members := make(map[string]bool)
		for _, m := range r.Groups[i].Members {
			members[r.Users[m].ID] = true
		}
		p.Groups[r.Groups[i].ID] = pictureGroup{r.Groups[i].DisplayName, members}
	}
	return p
}

func newID(kind Kind, key string) string { return "x/" + string(kind) + "/" + key + "/create" }

// naive states the end of an apply from the contract's sentences, with maps of
// names and without a word of the code under test.
type naive struct {
	cfg    *schema.Config
	app    *schema.App
	state  *State
	remote picture
	end    picture
	// accounts are the ids by key of the people who can be in groups: in use,
	// or, for people who are suspended, frozen.
	inUse, frozen map[string]string
}

func newNaive(cfg *schema.Config, in Input) *naive {
	return &naive{
		cfg: cfg, app: &cfg.Apps[0], state: in.State, inUse: make(map[string]string), frozen: make(map[string]string),
		remote: pictureOf(in.Remotes[targetAddress]), end: pictureOf(in.Remotes[targetAddress]),
	}
}

func (n *naive) expected() picture {
	assigned := n.assigned()
	for i := range n.cfg.Users {
		u := &n.cfg.Users[i]
		switch key := string(u.Address); {
		case assigned[key] && u.Status != schema.Suspended:
			n.provision(u, key)
		case assigned[key]:
			n.suspend(key)
		default:
			suspended := u.Status == schema.Suspended && n.app.OnSuspended == schema.SuspendedDeactivate
			n.unassign(key, u.Status == schema.Deprovisioned || suspended)
		}
	}
	for key := range n.links() {
		if !slices.ContainsFunc(n.cfg.Users, func(u schema.User) bool { return string(u.Address) == key }) {
			n.unassign(key, true)
		}
	}
	for i := range n.cfg.PushGroups {
		n.push(&n.cfg.PushGroups[i], assigned)
	}
	n.unpush()
	return n.end
}

// links are the accounts of ours that are still there, by key.
func (n *naive) links() map[string]string {
	ids := make(map[string]string)
	for i := range n.state.Apps {
		for _, l := range n.state.Apps[i].Users {
			if _, there := n.remote.Users[l.RemoteID]; there {
				ids[l.Key] = l.RemoteID
			}
		}
	}
	return ids
}

// provision: whoever is assigned has an active account of the right name.
func (n *naive) provision(u *schema.User, key string) {
	id, linked := n.links()[key]
	named := ""
	for other, account := range n.remote.Users {
		if account.Name == u.Login {
			named = other
		}
	}
	switch {
	case !linked && named != "":
		id = named // adopted
	case !linked && !n.app.Provisioning.CreateUsers:
		return
	case !linked:
		id = newID(KindUser, key)
		n.end.Users[id] = pictureUser{u.Login, true}
	case named != "" && named != id && n.app.Provisioning.UpdateUserAttributes:
		// Somebody else has the name and keeps it: nothing is done.
		if n.remote.Users[id].Active {
			n.inUse[key] = id
		}
		return
	}
	n.inUse[key] = id
	account := n.end.Users[id]
	account.Active = true
	if n.app.Provisioning.UpdateUserAttributes {
		account.Name = u.Login
	}
	n.end.Users[id] = account
}

func (n *naive) suspend(key string) {
	id, linked := n.links()[key]
	switch {
	case !linked:
	case n.app.OnSuspended == schema.SuspendedDeactivate:
		n.deactivate(id)
	case n.remote.Users[id].Active:
		n.frozen[key] = id
	}
}

func (n *naive) deactivate(id string) {
	if n.app.Provisioning.DeactivateUsers {
		account := n.end.Users[id]
		account.Active = false
		n.end.Users[id] = account
	}
}

func (n *naive) unassign(key string, gone bool) {
	id, linked := n.links()[key]
	switch {
	case !linked || !n.app.Provisioning.DeactivateUsers:
	case n.app.OnUnassign == schema.UnassignDelete:
		delete(n.end.Users, id)
		for _, g := range n.end.Groups {
			delete(g.Members, id)
		}
	case n.app.OnUnassign == schema.UnassignDeactivate || gone:
		n.deactivate(id)
	}
}

func (n *naive) eff(group schema.Address) map[string]bool {
	in := make(map[string]bool)
	g := &n.cfg.Groups[slices.IndexFunc(n.cfg.Groups, func(g schema.Group) bool { return g.Address == group })]
	for _, ref := range g.Members {
		in[string(ref.Address)] = true
	}
	for _, ref := range g.IncludeGroups {
		for m := range n.eff(ref.Address) {
			in[m] = true
		}
	}
	for i := range n.cfg.Users {
		u := &n.cfg.Users[i]
		if d, _ := u.Attribute("department"); len(g.Rules) > 0 && d == "eng" && u.Status != schema.Deprovisioned {
			in[string(u.Address)] = true
		}
	}
	return in
}

func (n *naive) assigned() map[string]bool {
	has := make(map[string]bool)
	for i := range n.cfg.Assignments {
		for _, ref := range n.cfg.Assignments[i].Users {
			has[string(ref.Address)] = true
		}
		for _, ref := range n.cfg.Assignments[i].Groups {
			for m := range n.eff(ref.Address) {
				has[m] = true
			}
		}
	}
	for i := range n.cfg.Users {
		if n.cfg.Users[i].Status == schema.Deprovisioned {
			delete(has, string(n.cfg.Users[i].Address))
		}
	}
	return has
}

// groupLinks are the groups of ours that are still there, by key.
func (n *naive) groupLinks() map[string]GroupLink {
	links := make(map[string]GroupLink)
	for i := range n.state.Apps {
		for _, l := range n.state.Apps[i].Groups {
			if _, there := n.remote.Groups[l.RemoteID]; there {
				links[l.Key] = l
			}
		}
	}
	return links
}

// push: a pushed group is there, has its name, and has exactly its members.
func (n *naive) push(p *schema.PushGroup, assigned map[string]bool) {
	key := string(p.Group.Address)
	name := cmp.Or(p.TargetName, n.cfg.Groups[slices.IndexFunc(n.cfg.Groups, func(g schema.Group) bool { return g.Address == p.Group.Address })].Name)
	link, linked := n.groupLinks()[key]
	id := link.RemoteID
	named := ""
	for other, g := range n.remote.Groups {
		if g.Name == name {
			named = other
		}
	}
	switch {
	case p.Inactive:
		return
	case linked && named != "" && named != id:
		return // the name is somebody else's
	case !linked && p.Mode == schema.PushLink && named == "":
		return // nothing to link to
	case !linked && p.Mode == schema.PushLink:
		id = named
	case !linked && named != "":
		return // a collision
	case !linked:
		id = newID(KindGroup, key)
	}
	before := n.end.Groups[id].Members
	members := make(map[string]bool)
	for who := range n.eff(p.Group.Address) {
		if at, ok := n.inUse[who]; ok && assigned[who] {
			members[at] = true
		}
		if at, ok := n.frozen[who]; ok && assigned[who] && before[at] {
			members[at] = true
		}
	}
	if p.Additive {
		for m := range before {
			if !slices.Contains(link.Members, m) {
				members[m] = true
			}
		}
	}
	n.end.Groups[id] = pictureGroup{name, members}
}

// unpush: what is pushed no more is emptied, left, or deleted, as it said last.
func (n *naive) unpush() {
	for key, l := range n.groupLinks() {
		pushed := slices.ContainsFunc(n.cfg.PushGroups, func(p schema.PushGroup) bool { return string(p.Group.Address) == key })
		if pushed || !l.Pushed {
			continue
		}
		switch l.OnUnpush {
		case schema.UnpushLeave:
		case schema.UnpushDelete:
			delete(n.end.Groups, l.RemoteID)
		default:
			g := n.end.Groups[l.RemoteID]
			for m := range g.Members {
				if !l.Additive || slices.Contains(l.Members, m) {
					delete(g.Members, m)
				}
			}
		}
	}
}
