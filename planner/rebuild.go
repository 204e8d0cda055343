package planner

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/rollcall-dev/rollcall/schema"
)

// Rebuilt is a state that was made anew from a configuration and its targets,
// with all that a person must see before it takes the place of a lost one.
type Rebuilt struct {
	// State has the links that were found. Its lineage and serial are not set.
	State *State
	// Missing are people who have the app, and groups that are pushed, for whom
	// the target has nothing that fits: the next plan makes them.
	Missing []Missing
	// Unclaimed are the accounts at each service that nobody declared fits: they
	// are not owned. If some of them were, that is lost.
	Unclaimed []Unclaimed
	// Findings say what fits and was not taken, and why, all of them warnings.
	Findings schema.Diagnostics
}

// Missing is something declared that the target has nothing for.
type Missing struct {
	App       string
	Kind      Kind
	Key, Name string
}

// Unclaimed counts accounts of one service.
type Unclaimed struct {
	Identity string
	Accounts int
	// Active are how many of them are in use.
	Active int
}

// Rebuild makes a lost state anew: what the targets have now becomes what the
// state says, for each declared person and pushed group that one object fits and
// nobody else does. People are found by adopt block, external id and user name,
// groups by adopt block, target_id, external id and name. Whoever has no access
// any more is taken by the external id alone, which we gave: a user name may be anybody's.
//
// What was taken away before, who was put into a group and is not declared any
// more, and accounts of people who are gone from the configuration are not to be
// found. Each app's Rebuilt says since when, so that guards count from nothing
// for as long as their window. Of in.State nothing is looked at but what was
// read of directories. Errors are those of [Compute].
func Rebuild(in Input, at time.Time) (*Rebuilt, error) {
	r := &Rebuilt{State: &State{}}
	if in.State != nil {
		r.State.Directories = slices.Clone(in.State.Directories)
	}
	NoteReadings(r.State, in.Inputs.Directories, true)
	in.State = r.State
	only, err := newScopeFilter(in)
	if err != nil {
		return nil, err
	}
	p := &draft{}
	for i := range in.Desired.Apps {
		c, err := newComparison(in, p, &in.Desired.Apps[i], only)
		if err != nil {
			return nil, err
		}
		if c.remote.Unstable {
			return nil, &ReadError{Target: c.app.Target, What: "it changed while it was read; read again"}
		}
		r.add(&rebuilding{comparison: c, out: r, at: at})
	}
	r.countUnclaimed(in)
	for _, d := range p.Findings {
		d.Severity = schema.Warning
		r.Findings = append(r.Findings, d)
	}
	return r, nil
}

// add rebuilds one app's ledger, in its place among the others.
func (r *Rebuilt) add(b *rebuilding) {
	a := AppState{App: b.app.Name, Identity: b.remote.Identity, Terms: termsOf(&b.app.Guard), Rebuilt: b.at.UTC()}
	b.findUsers()
	a.Users = b.userLinks()
	a.Groups = b.groupLinks()
	slices.SortFunc(a.Users, func(x, y UserLink) int { return cmp.Compare(x.Key, y.Key) })
	slices.SortFunc(a.Groups, func(x, y GroupLink) int { return cmp.Compare(x.Key, y.Key) })
	i, _ := slices.BinarySearchFunc(r.State.Apps, a.App, func(a AppState, name string) int { return cmp.Compare(a.App, name) })
	r.State.Apps = slices.Insert(r.State.Apps, i, a)
}

// countUnclaimed counts what no app took at each service.
func (r *Rebuilt) countUnclaimed(in Input) {
	owned := make(map[account]bool)
	for i := range r.State.Apps {
		for j := range r.State.Apps[i].Users {
			owned[account{r.State.Apps[i].Identity, r.State.Apps[i].Users[j].RemoteID}] = true
		}
	}
	counted := make(map[string]bool)
	for i := range in.Desired.Apps {
		remote := in.Remotes[in.Desired.Apps[i].App.Target]
		if counted[remote.Identity] {
			continue
		}
		counted[remote.Identity] = true
		u := Unclaimed{Identity: remote.Identity}
		for j := range remote.Users {
			if owned[account{remote.Identity, remote.Users[j].ID}] {
				continue
			}
			u.Accounts++
			if remote.Users[j].Active {
				u.Active++
			}
		}
		if u.Accounts > 0 {
			r.Unclaimed = append(r.Unclaimed, u)
		}
	}
}

// rebuilding finds again what belongs to one app.
type rebuilding struct {
	*comparison
	out *Rebuilt
	at  time.Time
}

// findUsers finds accounts. Who has the app goes first: an account that they are
// called by is not that of somebody who only had it.
func (b *rebuilding) findUsers() {
	b.adoptDeclaredUsers()
	for p := range b.d.People {
		if !b.losing(Person(p)) {
			b.findAssigned(Person(p))
		}
	}
	for p := range b.d.People {
		if b.losing(Person(p)) {
			b.findLosing(Person(p))
		}
	}
	for p := range b.d.People {
		b.judge(Person(p))
	}
}

// losing reports whether the next plan would take an account of p's away.
func (b *rebuilding) losing(p Person) bool {
	return !b.s.Assigned(b.d, p) || b.d.People[p].Status == schema.Suspended && b.app.OnSuspended == schema.SuspendedDeactivate
}

// findAssigned finds the account of somebody who has the app.
func (b *rebuilding) findAssigned(p Person) {
	if b.fate[p]&heldBack != 0 {
		return
	}
	if e := b.entry(p); e != nil {
		at, _ := b.remote.UserAt(e.RemoteID)
		b.comparison.at[p] = at + 1
		return
	}
	m := b.match(p)
	switch {
	case m.problem != nil:
		b.fate[p] |= heldBack
		b.held[p] = m.problem
	case m.at != 0 && b.promise(p, b.remote.Users[m.at-1].UserName) && b.wins(p, m):
		b.comparison.at[p], b.matched[p] = m.at, m.by
	}
}

// findLosing finds the account of somebody who has no access any more, if it has
// the external id that we gave it.
func (b *rebuilding) findLosing(p Person) {
	u := &b.d.People[p]
	h := b.accounts().byExternal[externalID(u)]
	if h.n != 1 {
		return
	}
	account := &b.remote.Users[h.at]
	_, taken := b.winners[h.at+1]
	if taken || b.state.ownsUser(h.at, account.ID) || !b.promise(p, account.UserName) {
		return
	}
	if b.winners == nil {
		b.winners = make(map[uint32]Person)
	}
	b.winners[h.at+1] = p
	b.comparison.at[p], b.matched[p] = h.at+1, "matched-by-external-id"
}

// judge says what p is for the groups, and reports whom nothing was found for.
func (b *rebuilding) judge(p Person) {
	u, found := &b.d.People[p], b.comparison.at[p] != 0
	suspended := u.Status == schema.Suspended
	switch {
	case b.held[p] != nil:
		b.hold(KindUser, u.Key(), b.s.userName(b.d, p), *b.held[p])
	case !b.s.Assigned(b.d, p):
	case found && suspended && b.app.OnSuspended != schema.SuspendedDeactivate && b.remote.Users[b.comparison.at[p]-1].Active:
		b.fate[p] |= frozen
	case suspended:
	case found:
		b.fate[p] |= eligible
	default:
		b.out.Missing = append(b.out.Missing, Missing{b.app.Name, KindUser, u.Key(), b.s.userName(b.d, p)})
	}
}

func (b *rebuilding) userLinks() []UserLink {
	var links []UserLink
	for p := range b.d.People {
		if b.comparison.at[p] != 0 && b.held[Person(p)] == nil {
			links = append(links, b.userLink(Person(p)))
		}
	}
	return links
}

// userLink is the link of p's account as it is now.
func (b *rebuilding) userLink(p Person) UserLink {
	u, account := &b.d.People[p], &b.remote.Users[b.comparison.at[p]-1]
	_, protected := b.shield(KindUser, u.Key(), b.s.userName(b.d, p))
	return UserLink{
		Key: u.Key(), RemoteID: account.ID, ExternalID: account.ExternalID, UserName: account.UserName,
		Active: account.Active, Protected: protected, Source: b.s.Source(p), Attributes: b.now(p, account),
		Origin: u.Origin, OnUnassign: b.app.OnUnassign,
	}
}

// now are the managed attributes that an account has. What the mapping cannot
// compute is left to the next plan, which says so.
func (b *rebuilding) now(p Person, account *RemoteUser) []schema.Value {
	attributes, err := b.mapping.of(p)
	if err != nil {
		return nil
	}
	values := make([]schema.Value, 0, len(attributes))
	for _, a := range attributes {
		if was := lookup(account.Attributes, a.path); !a.createOnly && a.value != nil && was != nil {
			values = append(values, schema.Value{Path: a.path, Value: was})
		}
	}
	return values
}

func (b *rebuilding) groupLinks() []GroupLink {
	b.adoptDeclaredGroups()
	var links []GroupLink
	for i := range b.s.Pushes {
		push := &b.s.Pushes[i]
		w := pushed{Push: push, group: &b.d.Groups[push.Group]}
		if !b.heldGroups[w.group.Key] && b.findPushed(&w) {
			links = append(links, b.groupLink(&w))
		}
	}
	return links
}

// findPushed finds the one group of a push, and reports whether it did.
func (b *rebuilding) findPushed(w *pushed) bool {
	hits := b.groupsOf(w)
	switch {
	case len(hits) == 0:
		b.out.Missing = append(b.out.Missing, Missing{b.app.Name, KindGroup, w.group.Key, w.Name})
		return false
	case len(hits) > 1:
		b.holdGroup(w, schema.Diagnostic{
			Code: "ambiguous-match", Summary: "More than one group fits",
			Detail: fmt.Sprintf("The target has %d groups that fit %s, by the external id or the name %q. Nothing is guessed: "+
				"say which one is meant with an adopt block and its id.", len(hits), w.group.Key, w.Name),
		})
		return false
	}
	g := &b.remote.Groups[hits[0]]
	here := linkedGroup{b.remote.Identity, g.ID}
	if b.plan.linked[here] {
		b.holdGroup(w, schema.Diagnostic{
			Code: "conflict", Summary: "Group is in use",
			Detail: fmt.Sprintf("The target's group %q is that of another push already.", g.DisplayName),
		})
		return false
	}
	if b.plan.linked == nil {
		b.plan.linked = make(map[linkedGroup]bool)
	}
	w.at = g
	if n := b.strangersIn(w); n > 0 && b.surely(w) {
		b.found(schema.Diagnostic{
			Code: "newly-managed", Summary: "Members whom nobody declares", Origin: w.Origin, Object: w.group.Key,
			Detail: fmt.Sprintf("%s is taken. Of its members at the target, %d are nobody's here or have no access: "+
				"the next plan takes them out, once the guard lets it.", w.group.Key, n),
		})
	} else if n > 0 {
		b.holdGroup(w, schema.Diagnostic{
			Code: "name-collision", Summary: "Group may be somebody else's",
			Detail: fmt.Sprintf("The target's group %q (id %s) has the name of %s, and nobody declares %d of its members. Whether it was ours cannot be told, "+
				"and the next plan would take them out. If it was, say so with an adopt block and its id.", g.DisplayName, g.ID, w.group.Key, n),
		})
		return false
	}
	b.plan.linked[here] = true
	return true
}

// strangersIn counts the members that the next plan would take out of a group.
func (b *rebuilding) strangersIn(w *pushed) int {
	if !w.at.MembersKnown || w.Additive {
		return 0
	}
	n := len(w.at.Foreign)
	wanted := b.wanted(w).accounts
	for _, at := range w.at.Members {
		if _, in := slices.BinarySearch(wanted, at); !in {
			n++
		}
	}
	return n
}

// surely reports whether more than its name says that the group is that of w.
func (b *rebuilding) surely(w *pushed) bool {
	_, adopted := b.state.groupAt[w.group.Key]
	return adopted || w.Mode == schema.PushLink || b.caps.GroupExternalID && w.at.ExternalID == w.group.Key
}

// groupsOf lists the target's groups that a push may mean.
func (b *rebuilding) groupsOf(w *pushed) []uint32 {
	id := w.TargetID
	if e, adopted := b.state.groupAt[w.group.Key]; adopted {
		id = b.state.groups[e].RemoteID
	}
	if id != "" {
		if at, found := b.remote.GroupAt(id); found {
			return []uint32{at}
		}
		return nil
	}
	hits := slices.Clone(b.groupsNamed(w.Name))
	if b.caps.GroupExternalID && w.Mode != schema.PushLink {
		for i := range b.remote.Groups {
			if b.remote.Groups[i].ExternalID == w.group.Key && !slices.Contains(hits, uint32(i)) {
				hits = append(hits, uint32(i))
			}
		}
	}
	return hits
}

// groupLink is the link of a group as it is now. Members whom nobody declares are
// not said to be ours: whether they were cannot be told.
func (b *rebuilding) groupLink(w *pushed) GroupLink {
	_, protected := b.shield(KindGroup, w.group.Key, w.Name)
	l := GroupLink{
		Key: w.group.Key, Push: string(w.Block), RemoteID: w.at.ID, ExternalID: w.at.ExternalID, DisplayName: w.at.DisplayName,
		Pushed: true, Additive: w.Additive, Protected: protected, OnUnpush: w.OnUnpush, Origin: w.Origin,
	}
	if !w.at.MembersKnown {
		b.found(schema.Diagnostic{
			Code: "membership-unreadable", Summary: "Members cannot be read", Origin: w.Origin, Object: w.group.Key,
			Detail: fmt.Sprintf("The target does not say who is in %s. The next plan puts in everybody who belongs there, "+
				"and whoever was put in earlier and does not belong there any more stays: take them out at the target.", w.group.Key),
		})
		return l
	}
	for _, at := range b.wanted(w).accounts {
		if _, in := slices.BinarySearch(w.at.Members, at); in {
			l.Members = append(l.Members, b.remote.Users[at].ID)
		}
	}
	slices.Sort(l.Members)
	return l
}
