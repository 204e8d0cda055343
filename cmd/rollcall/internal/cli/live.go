package cli

import (
	"slices"

	"github.com/rollcall-dev/rollcall/cmd/rollcall/internal/render"
	"github.com/rollcall-dev/rollcall/cmd/rollcall/internal/run"
	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/schema"
)

// accounts finds what the targets have of a person, app by app.
func accounts(config *schema.Config, planned *run.Planned, person *planner.Explanation) []render.Account {
	list := make([]render.Account, 0, len(config.Apps))
	for i := range config.Apps {
		app := &config.Apps[i]
		account := render.Account{App: app.Name, Pending: pending(planned.Plan, app.Name, person.Key)}
		if remote := planned.Remotes[app.Target]; remote != nil {
			fillAccount(&account, remote, remoteID(planned.State, app.Name, person.Key), person.Login)
		}
		list = append(list, account)
	}
	return list
}

// remoteID is the id under which the state has a person, or empty.
func remoteID(s *planner.State, app, key string) string {
	for _, a := range apps(s, app) {
		if u := userLink(a, key); u != nil {
			return u.RemoteID
		}
	}
	return ""
}

// fillAccount looks a person up by the id that we know, or else by login.
func fillAccount(a *render.Account, r *planner.Remote, id, login string) {
	at := slices.IndexFunc(r.Users, func(u planner.RemoteUser) bool {
		return u.ID == id || id == "" && schema.Fold(u.UserName) == schema.Fold(login)
	})
	if at < 0 {
		return
	}
	u := &r.Users[at]
	a.RemoteID, a.UserName, a.Active = u.ID, u.UserName, u.Active
	for i := range r.Groups {
		if slices.Contains(r.Groups[i].Members, uint32(at)) {
			a.Groups = append(a.Groups, r.Groups[i].DisplayName)
		}
	}
}

// pending lists the changes that are about a person, their memberships included.
func pending(p *planner.Plan, app, key string) []planner.Change {
	about := func(m planner.Member) bool { return m.Key == key }
	var list []planner.Change
	for i := range p.Changes {
		c := &p.Changes[i]
		if c.App == app && (c.Key == key || slices.ContainsFunc(c.Members.Add, about) || slices.ContainsFunc(c.Members.Remove, about)) {
			list = append(list, *c)
		}
	}
	return list
}
