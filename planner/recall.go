package planner

import (
	"cmp"
	"slices"

	"github.com/rollcall-dev/rollcall/schema"
)

// Recall returns the target of every app of cfg as the state says that we left
// it: what an offline run compares with. It knows nothing of what others made
// there. Capabilities are those of the targets, by address.
func Recall(cfg *schema.Config, state *State, capabilities map[schema.Address]Capabilities) map[schema.Address]*Remote {
	remotes := map[schema.Address]*Remote{}
	for i := range cfg.Apps {
		target := cfg.Apps[i].Target
		r := remotes[target]
		if r == nil {
			r = &Remote{Target: target, Complete: true, Capabilities: capabilities[target]}
			remotes[target] = r
		}
		for j := range state.Apps {
			if state.Apps[j].App == cfg.Apps[i].Name {
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
func recallApp(r *Remote, app *AppState) {
	r.Identity = app.Identity
	for i := range app.Users {
		u := &app.Users[i]
		r.Users = append(r.Users, RemoteUser{
			ID: u.RemoteID, UserName: u.UserName, ExternalID: u.ExternalID, Active: u.Active, Attributes: u.Attributes,
		})
	}
	for i := range app.Groups {
		g := &app.Groups[i]
		r.Groups = append(r.Groups, RemoteGroup{
			ID: g.RemoteID, DisplayName: g.DisplayName, ExternalID: g.ExternalID, MembersKnown: true,
		})
	}
}

// sortRemote orders r by id; apps of one target may own the same object.
func sortRemote(r *Remote) {
	slices.SortFunc(r.Users, func(a, b RemoteUser) int { return cmp.Compare(a.ID, b.ID) })
	r.Users = slices.CompactFunc(r.Users, func(a, b RemoteUser) bool { return a.ID == b.ID })
	slices.SortFunc(r.Groups, func(a, b RemoteGroup) int { return cmp.Compare(a.ID, b.ID) })
	r.Groups = slices.CompactFunc(r.Groups, func(a, b RemoteGroup) bool { return a.ID == b.ID })
}

// recallMembers fills the groups of r that app pushed.
func recallMembers(r *Remote, app *AppState) {
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
