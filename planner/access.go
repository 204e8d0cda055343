package planner

import (
	"cmp"
	"slices"

	"github.com/rollcall-dev/rollcall/schema"
)

// AccessFilter limits what [Access] answers. Empty fields limit nothing.
type AccessFilter struct {
	// Who is a login, an address, its label, a key or a display name.
	Who string
	// App is an app's address or name.
	App string
	// Group is a group's address, its name, or its name at the target.
	Group string
}

// Check returns an [UnknownError] for a name of f that fits nothing in d: to
// say that nobody has what does not exist would hide a typing mistake.
func (f AccessFilter) Check(d *Desired) error {
	if f.Who != "" && len(d.people(f.Who)) == 0 {
		return d.unknownPerson(f.Who)
	}
	if f.App != "" && !slices.ContainsFunc(d.Apps, func(s Scope) bool { return f.wants(s.App) }) {
		return d.unknownPlace(f.App)
	}
	if f.Group != "" && !d.hasGroup(f.Group) {
		return d.unknownPlace(f.Group)
	}
	return nil
}

// wants reports whether an app passes the filter.
func (f AccessFilter) wants(a *schema.App) bool {
	return f.App == "" || f.App == a.Name || f.App == string(a.Address)
}

// hasGroup reports whether name is a group's, pushed or not, however it is called.
func (d *Desired) hasGroup(name string) bool {
	return slices.ContainsFunc(d.Groups, func(g Group) bool { return g.called(name) }) ||
		slices.ContainsFunc(d.Apps, func(s Scope) bool {
			return slices.ContainsFunc(s.Pushes, func(p Push) bool { return names(d, &p, name) })
		})
}

// called reports whether name is the group's key or its name.
func (g *Group) called(name string) bool {
	return name == g.Key || schema.Fold(name) == schema.Fold(g.Name)
}

// AccessEntry says that a person has an app, or is in one of its pushed groups.
type AccessEntry struct {
	Login, Key string
	App        string
	// Group is the name at the target; empty for the entry about the app itself.
	Group string
	// Source is how the app reaches the person.
	Source Source
	// Missing is empty where the access is in effect, else the condition that
	// does not hold: assigned, or active for people who are SUSPENDED where the
	// app deactivates their accounts.
	Missing string
	// Suspended: the person is SUSPENDED, and the app keeps the account and its
	// memberships as they are, adding nothing.
	Suspended bool
	// Assignment is the one through which the person has the app; empty where
	// nobody assigned them.
	Assignment schema.Address
	// Origin is where the grant, or the membership, is declared.
	Origin schema.Origin
}

// Access lists effective access by app, then login, then group. It needs
// nothing but the configuration.
func Access(d *Desired, f AccessFilter) []AccessEntry {
	var all []AccessEntry
	for i := range d.Apps {
		s := &d.Apps[i]
		if f.wants(s.App) {
			all = append(all, accessOf(d, s, f)...)
		}
	}
	slices.SortStableFunc(all, func(a, b AccessEntry) int { return cmp.Compare(a.App, b.App) })
	return all
}

// accessOf lists one app's access. Memberships are gathered as numbers first,
// the person above the push, so that sorting needs no text.
func accessOf(d *Desired, s *Scope, f AccessFilter) []AccessEntry {
	who := d.people(f.Who)
	wanted := func(p Person) bool { return f.Who == "" || slices.Contains(who, p) }
	var pairs []uint64
	if f.Group == "" {
		for p := range d.People {
			if s.Assigned(d, Person(p)) && wanted(Person(p)) {
				pairs = append(pairs, uint64(p)<<32)
			}
		}
	}
	for i := range s.Pushes {
		push := &s.Pushes[i]
		if f.Group != "" && !names(d, push, f.Group) {
			continue
		}
		for _, p := range d.Groups[push.Group].Members {
			if wanted(p) {
				pairs = append(pairs, uint64(p)<<32|uint64(i+1))
			}
		}
	}
	slices.Sort(pairs)
	entries := make([]AccessEntry, len(pairs))
	for i, pair := range pairs {
		entries[i] = accessEntry(d, s, Person(pair>>32), uint32(pair))
	}
	return entries
}

// names reports whether name is a push's group, however it is called.
func names(d *Desired, push *Push, name string) bool {
	return d.Groups[push.Group].called(name) || name == string(push.Block) || schema.Fold(name) == schema.Fold(push.Name)
}

// accessEntry is about p and one push of the app (counted from one), or the
// app itself.
func accessEntry(d *Desired, s *Scope, p Person, push uint32) AccessEntry {
	u := &d.People[p]
	e := AccessEntry{Login: u.Login, Key: u.Key(), App: s.App.Name, Source: s.Source(p)}
	if best := s.best[p]; best != 0 {
		e.Assignment = d.Config.Assignments[s.grants[best-1].assignment].Address
	}
	if push == 0 {
		e.Origin = d.grantOrigin(&s.grants[s.best[p]-1])
	} else {
		e.Group = s.Pushes[push-1].Name
		e.Origin = d.memberOrigin(s.Pushes[push-1].Group, p)
	}
	if e.Missing = s.missing(d, p); e.Missing == missingAssigned {
		e.Source = SourceNone
	}
	e.Suspended = e.Missing == "" && u.Status == schema.Suspended
	return e
}

// missing is the condition that keeps p's access from being in effect; empty
// where it is.
func (s *Scope) missing(d *Desired, p Person) string {
	switch {
	case !s.Assigned(d, p):
		return missingAssigned
	case s.suspends(&d.People[p]):
		return missingActive
	}
	return ""
}

// people finds everyone whom who names: one by login, address or key, or by the
// label of a block alone, or all of a display name.
func (d *Desired) people(who string) []Person {
	if who == "" {
		return nil
	}
	if p, ok := d.personByLogin(who); ok {
		return []Person{p}
	}
	if p, ok := d.personByKey(who); ok {
		return []Person{p}
	}
	if p, ok := d.personByKey("user." + who); ok {
		return []Person{p}
	}
	var found []Person
	folded := schema.Fold(who)
	for p := range d.People {
		if name, ok := displayName(&d.People[p]).(string); ok && schema.Fold(name) == folded {
			found = append(found, Person(p))
		}
	}
	return found
}
