package planner

import (
	"maps"
	"slices"

	"github.com/rollcall-dev/rollcall/schema"
)

// DriftOf lists how the targets differ from what the state says we left there,
// whatever is desired. An app of the state belongs to the remote with its
// identity; apps whose remote is not given have no entries. Entries are in the
// order of apps, users before groups, by key.
func DriftOf(s *State, remotes map[schema.Address]*Remote) []Drift {
	byIdentity := make(map[string]*Remote, len(remotes))
	for _, address := range slices.Sorted(maps.Keys(remotes)) {
		if r := remotes[address]; r != nil && byIdentity[r.Identity] == nil {
			byIdentity[r.Identity] = r
		}
	}
	var all []Drift
	for i := range s.Apps {
		a := &s.Apps[i]
		r := byIdentity[a.Identity]
		if r == nil || !r.Complete {
			continue
		}
		for j := range a.Users {
			all = append(all, userDrift(a, &a.Users[j], r)...)
		}
		keys := &keysByID{of: a}
		for j := range a.Groups {
			all = append(all, groupDrift(a, &a.Groups[j], r, keys)...)
		}
	}
	return all
}

// What a Drift can be.
const (
	driftChanged       = "changed"
	driftDeleted       = "deleted"
	driftRenamed       = "renamed"
	driftMemberAdded   = "member-added"
	driftMemberRemoved = "member-removed"
	driftUnknown       = "unknown"
)

func userDrift(a *AppState, l *UserLink, r *Remote) []Drift {
	d := Drift{App: a.App, Kind: KindUser, Key: l.Key, Name: l.UserName, RemoteID: l.RemoteID}
	at, ok := r.UserAt(l.RemoteID)
	if !ok {
		d.What = driftDeleted
		return []Drift{d}
	}
	u := &r.Users[at]
	var ds []Drift
	if schema.Fold(u.UserName) != schema.Fold(l.UserName) {
		renamed := d
		renamed.What = driftRenamed
		renamed.Before = []schema.Value{{Path: pathUserName, Value: l.UserName}}
		renamed.After = []schema.Value{{Path: pathUserName, Value: u.UserName}}
		ds = append(ds, renamed)
	}
	if u.Active != l.Active {
		d.Before = append(d.Before, schema.Value{Path: pathActive, Value: l.Active})
		d.After = append(d.After, schema.Value{Path: pathActive, Value: u.Active})
	}
	for _, v := range l.Attributes {
		// Attributes of an account that is not in use wait for its return.
		if now := lookup(u.Attributes, v.Path); l.Active && !same(now, v.Value) {
			d.Before = append(d.Before, v)
			d.After = append(d.After, schema.Value{Path: v.Path, Value: now})
		}
	}
	if len(d.After) > 0 {
		d.What = driftChanged
		slices.SortFunc(d.Before, comparePaths)
		slices.SortFunc(d.After, comparePaths)
		ds = append(ds, d)
	}
	return ds
}

// keysByID finds the person's key of an account of ours. Where no membership
// differs it is never asked, and never made.
type keysByID struct {
	of   *AppState
	keys map[string]string
}

func (k *keysByID) key(id string) string {
	if k.keys == nil {
		k.keys = make(map[string]string, len(k.of.Users))
		for i := range k.of.Users {
			k.keys[k.of.Users[i].RemoteID] = k.of.Users[i].Key
		}
	}
	return k.keys[id]
}

func groupDrift(a *AppState, l *GroupLink, r *Remote, keys *keysByID) []Drift {
	d := Drift{App: a.App, Kind: KindGroup, Key: l.Key, Name: l.DisplayName, RemoteID: l.RemoteID}
	at, ok := r.GroupAt(l.RemoteID)
	if !ok {
		d.What = driftDeleted
		return []Drift{d}
	}
	if !l.Pushed {
		return nil // what becomes of a group after its push ended is not ours
	}
	g := &r.Groups[at]
	var ds []Drift
	if g.DisplayName != l.DisplayName {
		renamed := d
		renamed.What = driftRenamed
		renamed.Before = []schema.Value{{Path: pathDisplayName, Value: l.DisplayName}}
		renamed.After = []schema.Value{{Path: pathDisplayName, Value: g.DisplayName}}
		ds = append(ds, renamed)
	}
	if !g.MembersKnown {
		d.What = driftUnknown
		return append(ds, d)
	}
	return append(ds, memberDrift(d, l, r, g, keys)...)
}

// memberDrift merges what we put there with what is there: both are ascending
// by id, since members index users that are sorted by it.
func memberDrift(d Drift, l *GroupLink, r *Remote, g *RemoteGroup, keys *keysByID) []Drift {
	added, removed := d, d
	added.What, removed.What = driftMemberAdded, driftMemberRemoved
	add := func(to *[]Member, id, name string) {
		*to = append(*to, Member{Name: name, Key: keys.key(id), RemoteID: id})
	}
	extra := func(id, name string) {
		if !l.Additive {
			add(&added.Members.Add, id, name)
		}
	}
	ours := l.Members
	for _, m := range g.Members {
		id := r.Users[m].ID
		for len(ours) > 0 && ours[0] < id {
			missing(r, g, ours[0], func(name string) { add(&removed.Members.Remove, ours[0], name) })
			ours = ours[1:]
		}
		if len(ours) > 0 && ours[0] == id {
			ours = ours[1:]
			continue
		}
		extra(id, r.Users[m].UserName)
	}
	for _, id := range ours {
		missing(r, g, id, func(name string) { add(&removed.Members.Remove, id, name) })
	}
	for _, id := range g.Foreign {
		if _, known := slices.BinarySearch(l.Members, id); !known {
			extra(id, id)
		}
	}
	var ds []Drift
	if sortMembers(added.Members.Add); len(added.Members.Add) > 0 {
		ds = append(ds, added)
	}
	if sortMembers(removed.Members.Remove); len(removed.Members.Remove) > 0 {
		ds = append(ds, removed)
	}
	return ds
}

// missing calls found with the name of a member of ours that is no account of
// the group any more, unless it is there as an object that is no account.
func missing(r *Remote, g *RemoteGroup, id string, found func(name string)) {
	if _, foreign := slices.BinarySearch(g.Foreign, id); foreign {
		return
	}
	if at, ok := r.UserAt(id); ok {
		found(r.Users[at].UserName)
		return
	}
	found(id)
}
