package planner

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-dev/rollcall/schema"
)

// Undo is an apply that is to be undone.
type Undo struct {
	// ID is the apply's, Who ran it, At is when. Commit is what it was made from,
	// if that is known.
	ID, Who, Commit string
	At              time.Time
	// Changes are what it did, in order, with the ids filled in.
	Changes []Settled
}

// ComputeUndo computes the inverse of an apply, as far as things are still as it
// left them: attributes and names are set back, accounts that it made or
// reactivated are deactivated and those that it deactivated come back, members
// that it put in go and those that it took out return. Nothing that was changed
// since is touched, and nothing but what it touched; each thing that stays has a
// finding that says why. Nothing is deleted, and what was deleted stays so.
//
// Guards and protections hold as in any plan. What the configuration still asks
// for comes back with the next apply: a finding says how much that is.
func ComputeUndo(in Input, u Undo) (*Plan, error) {
	if in.State == nil {
		in.State = &State{}
	}
	next, err := Compute(in)
	if err != nil {
		return nil, err
	}
	p := &draft{Plan: Plan{AsOf: in.Desired.AsOf, Complete: true, Applyable: true, Inputs: in.Inputs}}
	effects := effectsOf(u.Changes)
	followApps(in, effects)
	for _, app := range appsOf(effects) {
		c, err := undoComparison(in, p, app)
		if err != nil {
			return nil, err
		}
		if c == nil {
			p.Findings = append(p.Findings, notUndone(app, "app."+app, "app."+app, "neither the app nor its target is declared any more"))
			continue
		}
		if err := (&undoing{c, &u, map[string]bool{}}).app(effects); err != nil {
			return nil, err
		}
	}
	p.noteReturning(next, &u)
	finish(p, in)
	p.Drift = nil // it is no part of what is undone
	return &p.Plan, nil
}

// followApps gives effects the name that their app has now.
func followApps(in Input, effects []*effect) {
	moved := ledger{moved: movedKeys(in.Desired.Config.Moved)}
	for _, e := range effects {
		if to, by := moved.follow("app." + e.app); by != nil {
			e.app = schema.Address(to).Name()
		}
	}
}

// undoComparison prepares a comparison of the app, also of one that is not
// declared any more; nil where its target is not either.
func undoComparison(in Input, p *draft, app string) (*comparison, error) {
	all := scopeFilter{}
	for i := range in.Desired.Apps {
		if s := &in.Desired.Apps[i]; s.App.Name == app {
			return newComparison(in, p, s, all)
		}
	}
	a := in.State.app(app)
	if a == nil {
		return nil, nil
	}
	s, remote := goneScope(in, a)
	if remote == nil {
		return nil, nil
	}
	c, err := newComparison(in, p, s, all)
	if err == nil {
		c.appGone = true
	}
	return c, err
}

// effect is what an apply did to one object, all its changes together.
type effect struct {
	app  string
	kind Kind
	id   string
	// name is the object's, origin where it was declared.
	name, key string
	origin    schema.Origin
	// before and after are the values of what it touched, sorted by path.
	before, after []schema.Value
	// made: the apply created it; gone: it deleted it; ended: it ended its push.
	made, gone, ended bool
	// added and removed are members by remote id.
	added, removed map[string]Member
	did            []string
}

// effectsOf sums up what was done to each object, in order. What was about the
// state alone is left out.
func effectsOf(changes []Settled) []*effect {
	var all []*effect
	at := map[[3]string]*effect{}
	for i := range changes {
		c, o := &changes[i].Change, &changes[i].Outcome
		id := cmp.Or(o.RemoteID, c.RemoteID)
		if c.Requests == 0 || id == "" || c.Kind == KindApp {
			continue
		}
		k := [3]string{c.App, string(c.Kind), id}
		e := at[k]
		if e == nil {
			e = &effect{app: c.App, kind: c.Kind, id: id, added: map[string]Member{}, removed: map[string]Member{}}
			at[k] = e
			all = append(all, e)
		}
		e.add(c, o)
	}
	return all
}

func (e *effect) add(c *Change, o *Outcome) {
	e.name, e.key = c.Name, c.Key
	if len(c.Reasons) > 0 && !e.origin.Known() {
		e.origin = c.Reasons[0].Origin
	}
	e.made = e.made || c.Action == Create
	e.gone = e.gone || c.Action == Delete
	e.ended = e.ended || c.Action == Empty
	e.did = append(e.did, string(c.Action))
	for _, v := range c.After {
		if _, known := find(e.after, v.Path); !known {
			e.before = insert(e.before, schema.Value{Path: v.Path, Value: lookup(c.Before, v.Path)})
		}
		e.after = insert(e.after, v)
	}
	refused := make(map[string]bool, len(o.Rejected))
	for i := range o.Rejected {
		refused[o.Rejected[i].Member.RemoteID] = true
	}
	move := func(members []Member, to, from map[string]Member) {
		for _, m := range members {
			if m.RemoteID == "" || refused[m.RemoteID] {
				continue
			}
			if _, back := from[m.RemoteID]; back {
				delete(from, m.RemoteID)
			} else {
				to[m.RemoteID] = m
			}
		}
	}
	move(c.Members.Add, e.added, e.removed)
	move(c.Members.Remove, e.removed, e.added)
}

// find is the place of path in values.
func find(values []schema.Value, path string) (int, bool) {
	return slices.BinarySearchFunc(values, path, func(v schema.Value, path string) int { return cmp.Compare(v.Path, path) })
}

// insert puts v in its place among values, also where it is a cleared one.
func insert(values []schema.Value, v schema.Value) []schema.Value {
	i, ok := find(values, v.Path)
	if ok {
		values[i] = v
		return values
	}
	return slices.Insert(values, i, v)
}

// appsOf are the apps of effects, sorted.
func appsOf(effects []*effect) []string {
	var apps []string
	for _, e := range effects {
		apps = append(apps, e.app)
	}
	slices.Sort(apps)
	return slices.Compact(apps)
}

// undoing undoes what was done in one app.
type undoing struct {
	*comparison
	undo *Undo
	// returning are the accounts that the undo reactivates.
	returning map[string]bool
}

// app plans the inverse of all effects of the app: accounts first, since who
// returns may be put into groups again.
func (u *undoing) app(effects []*effect) error {
	for _, kind := range []Kind{KindUser, KindGroup} {
		for _, e := range effects {
			if e.app != u.comparison.app.Name || e.kind != kind {
				continue
			}
			if kind == KindUser {
				u.user(e)
			} else {
				u.group(e)
			}
		}
	}
	u.orderUserNames()
	u.orderGroupNames()
	if err := u.refuseUnstable(); err != nil {
		return err
	}
	u.guard()
	u.plan.Changes = append(u.plan.Changes, u.changes...)
	return nil
}

// stays says why something is not undone.
func (u *undoing) stays(e *effect, format string, args ...any) {
	u.found(notUndone(e.app, e.key, string(e.kind)+" "+e.name, fmt.Sprintf(format, args...)))
}

func notUndone(app, key, what, why string) schema.Diagnostic {
	return schema.Diagnostic{
		Severity: schema.Info, Code: "not-undone", Summary: "Not undone", App: app, Object: key,
		Detail: what + ": " + why + ". It stays as it is.",
	}
}

// reason says in the plan that the change is an undo.
func (u *undoing) reason(e *effect) []Reason {
	return []Reason{{
		Code: "undo", Origin: e.origin,
		Text: fmt.Sprintf("undo of the apply %s by %s at %s: %s", u.undo.ID, u.undo.Who, u.undo.At.UTC().Format(time.RFC3339), strings.Join(e.did, ", ")),
	}}
}

// put adds a change that undoes e. What the configuration protects is for an
// apply to follow, not for an undo.
func (u *undoing) put(ch Change, protected bool, e *effect) {
	ch.Reasons = u.reason(e)
	u.add(ch)
	u.changes[len(u.changes)-1].Link.Protected = protected
}

// reaches reports whether what was done to e can be undone: it is there, and
// owned. Where it is not, the plan says why it stays.
func (u *undoing) reaches(e *effect, what string, there, owned bool) bool {
	switch {
	case e.gone:
		u.stays(e, "it was deleted, and %s that is made anew is another one", what)
	case !there:
		u.stays(e, "it is gone from the target")
	case !owned:
		u.stays(e, "it is not owned any more")
	default:
		return true
	}
	return false
}

// user undoes what was done to an account.
func (u *undoing) user(e *effect) {
	at, there := u.remote.UserAt(e.id)
	if !u.reaches(e, "an account", there, there && u.state.userOf[at] != 0) {
		return
	}
	account, link := &u.remote.Users[at], &u.state.users[u.state.userOf[at]-1]
	before, after := u.userValues(e, account)
	if len(after) == 0 {
		return
	}
	ch := keepUser(link)
	ch.Name, ch.Requests, ch.Base, ch.Link.From = account.UserName, 1, digestUser(account), link.from()
	ch.Before, ch.After = before, after
	ch.Link.Known = knownAfter(link.Attributes, after)
	ch.Link.Name, ch.Link.Active = account.UserName, account.Active
	if name, ok := lookup(after, pathUserName).(string); ok {
		ch.Link.Name = name
	}
	if active, ok := lookup(after, pathActive).(bool); ok {
		ch.Link.Active, ch.Action, ch.Wave = active, Reactivate, WaveUsers
		if !active {
			ch.Action, ch.Wave = Deactivate, WaveDeactivate
		}
		u.returning[e.id] = active
	}
	u.put(ch, link.Protected, e)
}

// userValues are the values of an account that are to be set back, and what
// they are now.
func (u *undoing) userValues(e *effect, account *RemoteUser) (before, after []schema.Value) {
	set := func(path string, now, to any) {
		before, after = insert(before, schema.Value{Path: path, Value: now}), insert(after, schema.Value{Path: path, Value: to})
	}
	if e.made {
		switch {
		case !account.Active:
		case u.caps.NoDeactivate, u.caps.DeactivateDeletes:
			u.stays(e, "the account that was made cannot be deactivated at this target without being lost")
		default:
			set(pathActive, true, false)
		}
		return before, after
	}
	for i, left := range e.after {
		now, was := account.value(left.Path), e.before[i].Value
		switch {
		case left.Path == pathExternalID || SameValue(now, was):
		case !SameValue(now, left.Value):
			u.stays(e, "%s was left as %s and is %s now", left.Path, shown(left.Value), shown(now))
		case left.Path == pathActive && was == false && (u.caps.NoDeactivate || u.caps.DeactivateDeletes):
			u.stays(e, "an account cannot be deactivated at this target without being lost")
		default:
			set(left.Path, now, was)
		}
	}
	return before, after
}

// shown is a value in a sentence.
func shown(v any) string {
	if cleared(v) == nil {
		return "nothing"
	}
	if s, ok := v.(string); ok {
		return fmt.Sprintf("%q", s)
	}
	return fmt.Sprint(v)
}

// value is what an account has at path.
func (a *RemoteUser) value(path string) any {
	switch path {
	case pathUserName:
		return a.UserName
	case pathExternalID:
		return a.ExternalID
	case pathActive:
		return a.Active
	}
	return lookup(a.Attributes, path)
}

// knownAfter is what the state knows of an account's attributes once after is
// written.
func knownAfter(known, after []schema.Value) []schema.Value {
	known = slices.Clone(known)
	for _, v := range after {
		if _, managed := find(known, v.Path); managed {
			known = assign(known, v)
		}
	}
	return known
}

// noteReturning says how much of the undo the next apply would take back.
func (p *draft) noteReturning(next *Plan, u *Undo) {
	wanted := make(map[[3]string]*Change, len(next.Changes))
	for i := range next.Changes {
		c := &next.Changes[i]
		wanted[[3]string{c.App, string(c.Kind), c.RemoteID + "/" + string(c.Action)}] = c
	}
	var names []string
	for i := range p.Changes {
		c := &p.Changes[i]
		if c.ReportOnly || agrees(wanted[[3]string{c.App, string(c.Kind), c.RemoteID + "/" + string(c.Action)}], c) {
			continue
		}
		names = append(names, fmt.Sprintf("%s %q", c.Kind, c.Name))
	}
	if len(names) == 0 {
		return
	}
	const shown = 10
	list := strings.Join(names[:min(shown, len(names))], ", ")
	if more := len(names) - shown; more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	revert := "revert the commit that asked for it"
	if u.Commit != "" {
		revert = "run \"git revert\" on what " + u.Commit + " brought"
	}
	p.Findings = append(p.Findings, schema.Diagnostic{
		Severity: schema.Warning, Code: "undo-returns", Summary: "The next apply takes the undo back",
		Detail: fmt.Sprintf("The configuration still asks for %d of the %d changes that are undone, and the next apply makes them again: %s. "+
			"An undo is for now; for good, %s, and keep automatic applies from running until that is merged.", len(names), len(p.Changes), list, revert),
	})
}

// agrees reports whether a change of the next apply does all that c does.
func agrees(wanted, c *Change) bool {
	if wanted == nil {
		return false
	}
	for _, v := range c.After {
		if at, ok := find(wanted.After, v.Path); !ok || !SameValue(wanted.After[at].Value, v.Value) {
			return false
		}
	}
	return holdsAll(wanted.Members.Add, c.Members.Add) && holdsAll(wanted.Members.Remove, c.Members.Remove)
}

func holdsAll(all, some []Member) bool {
	ids := make(map[string]bool, len(all))
	for i := range all {
		ids[all[i].RemoteID] = true
	}
	return !slices.ContainsFunc(some, func(m Member) bool { return !ids[m.RemoteID] })
}
