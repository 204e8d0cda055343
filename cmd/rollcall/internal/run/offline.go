package run

import (
	"cmp"
	"slices"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/schema"
)

// recall returns every target as the state says that we left it: what an
// offline run compares with. It knows nothing of what others made there.
func (p *Project) recall(state *planner.State, capabilities map[schema.Address]planner.Capabilities) map[schema.Address]*planner.Remote {
	remotes := map[schema.Address]*planner.Remote{}
	for i := range p.Config.Apps {
		target := p.Config.Apps[i].Target
		r := remotes[target]
		if r == nil {
			r = &planner.Remote{Target: target, Complete: true, Capabilities: capabilities[target]}
			remotes[target] = r
		}
		for j := range state.Apps {
			if state.Apps[j].App == p.Config.Apps[i].Name {
				recallApp(r, &state.Apps[j])
			}
		}
	}
	for _, r := range remotes {
		sortRemote(r)
	}
	for _, r := range remotes {
		for i := range state.Apps {
			recallMembers(r, &state.Apps[i])
		}
	}
	return remotes
}

// recallApp adds the accounts and groups of an app to r.
func recallApp(r *planner.Remote, app *planner.AppState) {
	r.Identity = app.Identity
	for i := range app.Users {
		u := &app.Users[i]
		r.Users = append(r.Users, planner.RemoteUser{
			ID: u.RemoteID, UserName: u.UserName, ExternalID: u.ExternalID, Active: u.Active, Attributes: u.Attributes,
		})
	}
	for i := range app.Groups {
		g := &app.Groups[i]
		r.Groups = append(r.Groups, planner.RemoteGroup{
			ID: g.RemoteID, DisplayName: g.DisplayName, ExternalID: g.ExternalID, MembersKnown: true,
		})
	}
}

// sortRemote orders r by id; apps of one target may own the same object.
func sortRemote(r *planner.Remote) {
	slices.SortFunc(r.Users, func(a, b planner.RemoteUser) int { return cmp.Compare(a.ID, b.ID) })
	r.Users = slices.CompactFunc(r.Users, func(a, b planner.RemoteUser) bool { return a.ID == b.ID })
	slices.SortFunc(r.Groups, func(a, b planner.RemoteGroup) int { return cmp.Compare(a.ID, b.ID) })
	r.Groups = slices.CompactFunc(r.Groups, func(a, b planner.RemoteGroup) bool { return a.ID == b.ID })
}

// recallMembers fills the groups of r that app pushed.
func recallMembers(r *planner.Remote, app *planner.AppState) {
	if app.Identity != r.Identity {
		return
	}
	for i := range app.Groups {
		g, ok := r.GroupAt(app.Groups[i].RemoteID)
		if !ok {
			continue
		}
		for _, id := range app.Groups[i].Members {
			if u, ok := r.UserAt(id); ok {
				r.Groups[g].Members = append(r.Groups[g].Members, u)
			} else {
				r.Groups[g].Foreign = append(r.Groups[g].Foreign, id)
			}
		}
		slices.Sort(r.Groups[g].Members)
		r.Groups[g].Members = slices.Compact(r.Groups[g].Members)
	}
}
