package planner

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/rollcall-dev/rollcall/schema"
)

// compareUnassigned decides about the account of a person who is here and does
// not have the app.
func (c *comparison) compareUnassigned(p Person) {
	e := c.entry(p)
	if e == nil {
		return
	}
	u := &c.d.People[p]
	l := leaver{
		p: p, e: e, key: u.Key(), name: u.Login, verb: c.verb(e), origin: u.Origin,
		// "keep" keeps accounts of people who are here, not of those who are
		// deprovisioned, or suspended where that takes the account away.
		gone: u.Status == schema.Deprovisioned ||
			u.Status == schema.Suspended && c.app.OnSuspended == schema.SuspendedDeactivate,
		reasons: c.d.unassignedReasons(c.s, p, e),
	}
	if c.at[p] != 0 {
		l.account = &c.remote.Users[c.at[p]-1]
	}
	c.compareLeaver(l)
}

// compareGone decides about an account of ours whose person is not in the
// configuration or any directory any more.
func (c *comparison) compareGone(e *userEntry) {
	l := leaver{
		e: e, key: e.key, name: e.UserName, verb: c.verb(e), gone: true, unknown: true, origin: e.Origin,
		reasons: []Reason{{Code: "person-gone", Text: "is not in the configuration or any directory any more", Origin: e.Origin}},
	}
	if at, ok := c.remote.UserAt(e.RemoteID); ok {
		l.account = &c.remote.Users[at]
	}
	if r := removedBlock(c.d.Config, e.key); r != nil {
		l.reasons = append([]Reason{{Code: "removed-declared", Text: "a removed block says what becomes of it", Origin: r.Origin}}, l.reasons...)
		switch r.OnRemove {
		case "release":
			if c.only.key(e.key) {
				c.releaseUser(e, e.UserName, l.reasons...)
			}
			return
		case "deactivate":
			l.verb = schema.UnassignDeactivate
		case "delete", "keep":
			l.verb = schema.OnUnassign(r.OnRemove)
			l.gone = false // what the block says holds as it stands
		}
	}
	c.compareLeaver(l)
}

// verb is what becomes of an unassigned account: what the app says, or, where
// the app is gone, what it said at the last apply.
func (c *comparison) verb(e *userEntry) schema.OnUnassign {
	if c.appGone {
		return e.OnUnassign
	}
	return c.app.OnUnassign
}

// milder reports whether the app does not delete any more, as it did at the
// last apply. That is kept in the state: should the app go, nobody's account
// may be deleted because it once would have been.
func (c *comparison) milder(e *userEntry) bool {
	return !c.appGone && e.OnUnassign == schema.UnassignDelete && c.app.OnUnassign != schema.UnassignDelete
}

// verbName is a verb as HCL writes it.
func verbName(v schema.OnUnassign) string { return cmp.Or(string(v), "deactivate") }

// removedBlock finds what the configuration says of a block that is gone.
func removedBlock(cfg *schema.Config, key string) *schema.Removed {
	i := slices.IndexFunc(cfg.Removed, func(r schema.Removed) bool { return string(r.From) == key })
	if i < 0 {
		return nil
	}
	return &cfg.Removed[i]
}

// leaver is someone who has an account of ours and not the app.
type leaver struct {
	p         Person
	e         *userEntry
	key, name string
	account   *RemoteUser
	verb      schema.OnUnassign
	// gone people lose their account's activity even under "keep"; unknown ones
	// are not among today's people.
	gone, unknown bool
	// origin is where the person stands, or stood last.
	origin  schema.Origin
	reasons []Reason
}

func (c *comparison) compareLeaver(l leaver) {
	if l.unknown && !c.only.key(l.key) || !l.unknown && !c.only.person(l.p) {
		return
	}
	switch {
	case l.account == nil:
		c.releaseGone(l.e, l.name, l.reasons...)
	case !c.mayDeactivate():
		if l.account.Active {
			c.reports.deactivateDisabled.add(l.account.UserName, l.key, l.e.Origin)
		}
		if l.e.from() != "" {
			c.followLeaver(l)
		}
		if l.e.recovered {
			c.followLeaver(l)
		}
	case l.verb == schema.UnassignDelete:
		if !l.unknown {
			c.fate[l.p] |= destroyed
		} else {
			c.destroy(l.account.ID)
		}
		c.deleteUser(l)
	case l.account.Active && (l.verb == schema.UnassignDeactivate || l.gone):
		c.deactivateUser(l)
	case l.e.Active != l.account.Active && !l.account.Active || l.e.from() != "" || l.e.recovered || c.milder(l.e):
		c.followLeaver(l)
	}
}

// mayDeactivate: Okta's switch is on. What the target knows is asked where a
// deactivation is made.
func (c *comparison) mayDeactivate() bool { return c.app.Provisioning.DeactivateUsers }

func (c *comparison) leaverChange(l leaver, a Action, wave int) Change {
	return Change{
		Kind: KindUser, Key: l.key, Name: l.account.UserName, RemoteID: l.account.ID, Action: a, Wave: wave,
		Base: digestUser(l.account), Reasons: l.reasons,
		Link: Link{
			ExternalID: l.e.ExternalID, OnUnassign: c.app.OnUnassign, Origin: l.e.Origin, From: l.e.from(),
			Known: l.e.Attributes, Name: l.account.UserName, Active: l.account.Active,
		},
	}
}

func (c *comparison) deactivateUser(l leaver) {
	if c.caps.NoDeactivate || c.caps.DeactivateDeletes {
		c.reports.deactivateDisabled.add(l.account.UserName, l.key, l.e.Origin)
		return
	}
	ch := c.leaverChange(l, Deactivate, WaveDeactivate)
	ch.Before = []schema.Value{{Path: pathActive, Value: true}}
	ch.After = []schema.Value{{Path: pathActive, Value: false}}
	ch.Requests, ch.Link.Active = 1, false
	ch.Drift = !l.e.Active
	c.add(ch)
}

func (c *comparison) deleteUser(l leaver) {
	ch := c.leaverChange(l, Delete, WaveEnd)
	ch.Before = []schema.Value{{Path: pathActive, Value: l.account.Active}, {Path: pathUserName, Value: l.account.UserName}}
	ch.Requests, ch.Link.Lost = 1, c.membershipsOf(l.account.ID)
	c.add(ch)
}

// membershipsOf counts the groups that we put an account into: it leaves them
// with its end.
func (c *comparison) membershipsOf(id string) int {
	if c.memberships == nil {
		c.memberships = make(map[string]int)
		for i := range c.state.groups {
			for _, m := range c.state.groups[i].Members {
				c.memberships[m]++
			}
		}
	}
	return c.memberships[id]
}

// followLeaver lets the state follow where somebody else did what we would have
// done, or a block was renamed.
func (c *comparison) followLeaver(l leaver) {
	ch := c.leaverChange(l, Update, WaveUsers)
	switch {
	case l.e.recovered:
		ch.Action = AdoptIt
		ch.Before = []schema.Value{{Path: pathAddress}}
		ch.After = []schema.Value{{Path: pathAddress, Value: l.key}}
		ch.Reasons = append([]Reason{keyReason(l.e, l.origin)}, ch.Reasons...)
	case l.e.from() != "":
		ch.Before = []schema.Value{{Path: pathAddress, Value: l.e.from()}}
		ch.After = []schema.Value{{Path: pathAddress, Value: l.key}}
		ch.Reasons = append([]Reason{keyReason(l.e, l.origin)}, ch.Reasons...)
	case c.milder(l.e):
		ch.Before = []schema.Value{{Path: pathOnUnassign, Value: string(l.e.OnUnassign)}}
		ch.After = []schema.Value{{Path: pathOnUnassign, Value: verbName(c.app.OnUnassign)}}
	default:
		ch.Before = []schema.Value{{Path: pathActive, Value: l.e.Active}}
		ch.After = []schema.Value{{Path: pathActive, Value: l.account.Active}}
	}
	c.add(ch)
}

// releaseGone forgets a link whose account is gone from the target.
func (c *comparison) releaseGone(e *userEntry, name string, reasons ...Reason) {
	ch := releaseOf(e, name, append(reasons, Reason{Code: "target-gone", Text: "the account is gone from the target", Origin: e.Origin}))
	ch.Link.Gone = true
	c.add(ch)
}

// releaseUser forgets a link and leaves the target alone.
func (c *comparison) releaseUser(e *userEntry, name string, reasons ...Reason) {
	c.add(releaseOf(e, name, reasons))
}

func releaseOf(e *userEntry, name string, reasons []Reason) Change {
	return Change{
		Kind: KindUser, Key: e.key, Name: name, RemoteID: e.RemoteID, Action: Release, Wave: WaveUsers, Reasons: reasons,
		Before: []schema.Value{{Path: pathAddress, Value: e.UserLink.Key}},
		After:  []schema.Value{{Path: pathAddress}},
		Link:   Link{From: e.from(), ExternalID: e.ExternalID},
	}
}

// destroy takes down that an account of somebody unknown is deleted.
func (c *comparison) destroy(id string) {
	if c.destroyed == nil {
		c.destroyed = make(map[string]bool)
	}
	c.destroyed[id] = true
}

// compareSuspended: suspension alone changes nothing, unless the app says so.
func (c *comparison) compareSuspended(p Person) {
	u := &c.d.People[p]
	e := c.entry(p)
	switch {
	case e == nil:
		c.fate[p] |= absent
		c.reports.suspendedNew.user(u, u.Origin)
	case c.at[p] == 0:
		c.fate[p] |= absent
		if c.only.person(p) {
			c.releaseGone(e, u.Login)
		}
	case c.app.OnSuspended == schema.SuspendedDeactivate:
		if c.only.person(p) {
			c.deactivateSuspended(p, e)
		}
	default:
		if c.remote.Users[c.at[p]-1].Active {
			c.fate[p] |= frozen
		}
		c.reports.suspendedKept.user(u, u.Origin)
		if c.only.person(p) && (e.UserLink.Key != u.Key() || e.recovered) {
			c.followSuspended(p, e)
		}
	}
}

func (c *comparison) deactivateSuspended(p Person, e *userEntry) {
	u := &c.d.People[p]
	l := leaver{
		p: p, e: e, key: u.Key(), name: u.Login, account: &c.remote.Users[c.at[p]-1],
		verb: schema.UnassignDeactivate, gone: true, origin: u.Origin,
		reasons: []Reason{
			{Code: "suspended", Text: fmt.Sprintf("%s is SUSPENDED", u.Login), Origin: u.Origin},
			{Code: "on-suspended", Text: `the app says on_suspended = "deactivate"`, Origin: c.app.Origin},
		},
	}
	c.compareLeaver(l)
}

// followSuspended keeps the state in step without touching the account.
func (c *comparison) followSuspended(p Person, e *userEntry) {
	ch := c.userChange(p, Update, WaveUsers)
	ch.Link.Known = e.Attributes
	ch.Before = []schema.Value{{Path: pathAddress, Value: e.UserLink.Key}}
	ch.After = []schema.Value{{Path: pathAddress, Value: ch.Key}}
	if e.recovered {
		ch.Action, ch.Before = AdoptIt, []schema.Value{{Path: pathAddress}}
	}
	ch.Reasons = append([]Reason{keyReason(e, c.d.People[p].Origin)}, ch.Reasons...)
	c.add(ch)
}
