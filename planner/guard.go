package planner

import (
	"fmt"
	"math"
	"time"

	"github.com/rollcall-dev/rollcall/schema"
)

// guard looks at all that the app's changes take away, with what earlier
// applies took within the window, and blocks the plan where it is too much. It
// never edits the plan.
func (c *comparison) guard() {
	now, gone := c.takenNow()
	for i := range gauges {
		c.limit(&gauges[i], &now, &gone)
	}
	c.guardEmpty()
	c.guardProtected()
}

// takenNow counts what the plan takes away, and with it what it finds gone
// already.
func (c *comparison) takenNow() (now, gone Removal) {
	for i := range c.changes {
		r := c.changes[i].taken()
		gone.Deactivations += r.Deactivations
		gone.Members += r.Members
		gone.Taken += r.Taken
		if takesAway(&c.changes[i]) {
			now.Deactivations += r.Deactivations
			now.Members += r.Members
			now.Taken += r.Taken
		}
	}
	if !c.only.wholeGroups() {
		r := c.vanished()
		gone.Deactivations += r.Deactivations
		gone.Members += r.Members
	}
	return now, gone
}

// vanished counts what the state has and the target has not, for a plan about one
// person, which does not look at everything that was found gone.
func (c *comparison) vanished() (r Removal) {
	for i := range c.state.users {
		e := &c.state.users[i]
		if at, ok := c.remote.UserAt(e.RemoteID); e.Active && (!ok || !c.remote.Users[at].Active) {
			r.Deactivations++
		}
	}
	for i := range c.state.groups {
		e := &c.state.groups[i]
		at, ok := c.remote.GroupAt(e.RemoteID)
		if ok && !c.remote.Groups[at].MembersKnown {
			continue
		}
		for _, id := range e.Members {
			if !ok || !c.remote.hasMember(at, id) {
				r.Members++
			}
		}
	}
	return r
}

// gauge is one thing that a guard limits.
type gauge struct {
	code       schema.Code
	verb, what string
	limit      func(*Terms) schema.Limit
	count      func(*Removal) int
	owned      func(*Removal) int
	// way is what to do if it is meant.
	way string
}

const addWaiver = "If it is meant, add a waiver with an expiry and a reason."

// gauges are what guards count.
var gauges = [...]gauge{
	{
		code: "max-deactivations", verb: "deactivates or deletes", what: "accounts", way: addWaiver,
		limit: func(t *Terms) schema.Limit { return t.MaxDeactivations },
		count: func(r *Removal) int { return r.Deactivations },
		owned: func(r *Removal) int { return r.OwnedUsers },
	},
	{
		code: "max-removals", verb: "removes", what: "memberships", way: addWaiver,
		limit: func(t *Terms) schema.Limit { return t.MaxRemovals },
		count: func(r *Removal) int { return r.Members },
		owned: func(r *Removal) int { return r.OwnedMembers },
	},
	{
		code: "newly-managed", verb: "takes over groups and removes", what: "members whom nobody declares",
		way: "Take a group over with membership = \"additive\" first, which removes nobody, and drop that in a later change; " +
			"or declare the members; or add a waiver with an expiry and a reason.",
		limit: func(*Terms) schema.Limit { return schema.Limit{Share: true} },
		count: func(r *Removal) int { return r.Taken },
		owned: func(*Removal) int { return 0 },
	},
}

// limit judges one count against every limit that holds. A plan that takes
// nothing away is never blocked by what was taken before.
func (c *comparison) limit(m *gauge, now, gone *Removal) {
	if m.code == "newly-managed" && m.count(now) == 0 {
		return
	}
	terms := c.terms()
	r := c.judge(m, &terms[0], now, gone)
	stricter := false
	if last := c.judge(m, &terms[1], now, gone); last.Blocked && !r.Blocked || last.Blocked == r.Blocked && last.Allowed-last.Count < r.Allowed-r.Count {
		r, stricter = last, true
	}
	c.plan.Guards = append(c.plan.Guards, r)
	if r.Blocked {
		c.blockLimit(m, &r, stricter)
	}
}

// judge counts within the window of one set of limits.
func (c *comparison) judge(m *gauge, t *Terms, now, gone *Removal) GuardResult {
	total := c.withHistory(*gone, t.Window)
	r := GuardResult{
		App: c.app.Name, Code: m.code, Count: m.count(&total), Earlier: m.count(&total) - m.count(now),
		Owned: m.owned(&total), Origin: originOr(c.app.Guard.Origin, c.app.Origin),
	}
	limit := m.limit(t)
	r.Allowed = allowedBy(limit, t.Floor, r.Owned)
	off := isOff(limit)
	if !off && !c.unknownUntil().IsZero() {
		r.Allowed = 0 // all of it may be used up
	}
	if w := c.waiver(m.code); w != nil && !off {
		if n := allowedBy(w.Limit, t.Floor, r.Owned); n > r.Allowed || isOff(w.Limit) {
			if m.count(now) > 0 && r.Count > r.Allowed {
				c.plan.needs(w)
			}
			r.Allowed, off = n, isOff(w.Limit)
			r.Waiver, r.Reason, r.Expires, r.Origin = w.Address, w.Reason, w.Expires, w.Origin
		}
	}
	r.Blocked = !off && m.count(now) > 0 && r.Count > r.Allowed
	return r
}

// isOff reports whether l lets everything pass, also where more came and went in
// the window than was owned.
func isOff(l schema.Limit) bool { return l.Share && l.Value >= 100 }

// blockLimit says what is too much, and what to do.
func (c *comparison) blockLimit(m *gauge, r *GuardResult, stricter bool) {
	text := fmt.Sprintf("The plan %s %d %s", m.verb, r.Count, m.what)
	if r.Earlier > 0 {
		text += fmt.Sprintf(" (%d of them earlier within the window)", r.Earlier)
	}
	if m.code != "newly-managed" {
		text += fmt.Sprintf(" of %d that are owned", r.Owned)
	}
	text += fmt.Sprintf("; %d pass. Nothing is written. ", r.Allowed)
	if stricter {
		text += "The limit of the last apply still holds: a limit that is raised counts from the next apply on. "
	}
	if end := c.unknownUntil(); !end.IsZero() && r.Waiver == "" {
		text += fmt.Sprintf("The state was rebuilt, or made to forget a group, on %s, and what was taken away before is not known: until %s only what a waiver says passes. ",
			c.state.rebuilt.UTC().Format(time.RFC3339), end.UTC().Format(time.RFC3339))
	}
	if w := c.ended(m.code); w != nil {
		text += fmt.Sprintf("%s ended on %s. ", w.Address, w.Expires.UTC().Format(time.RFC3339))
	}
	c.block(schema.Diagnostic{
		Code: m.code, Summary: "Plan takes too much away", Detail: text + m.way, Origin: r.Origin, Object: string(c.app.Address),
	})
}

// allowedBy is how much passes: a count as it is, a share rounded down and never
// below the floor.
func allowedBy(l schema.Limit, floor, owned int) int {
	if !l.Share {
		return int(l.Value)
	}
	const epsilon = 1e-9 // 10 % of 30 is three, whatever binary fractions say
	return max(floor, int(math.Floor(float64(owned)*l.Value/100+epsilon)))
}

// block adds a finding that stops the plan. The app that is only reported on
// blocks nobody: nothing of it is written anyway.
func (c *comparison) block(d schema.Diagnostic) {
	d.Severity = schema.Guarded
	c.found(d)
	if !c.app.ReportOnly {
		c.plan.Applyable = false
	}
}

// guardEmpty blocks a pushed group with many members from having none.
func (c *comparison) guardEmpty() {
	for _, e := range c.emptied {
		c.plan.Guards = append(c.plan.Guards, GuardResult{
			App: c.app.Name, Code: "empty-push", Count: e.had, Allowed: c.floor(), Owned: e.had, Blocked: true, Object: e.key, Origin: e.origin,
		})
		c.block(schema.Diagnostic{
			Code: "empty-push", Summary: "Pushed group loses everybody",
			Detail: fmt.Sprintf("%s %s %d members at the target and would have none. If it is meant, set allow_empty = true on its push.", e.key, e.verb, e.had),
			Origin: e.origin, Object: e.key,
		})
	}
}

// emptied is a pushed group that would lose everybody.
type emptied struct {
	key, name, id string
	// had is how many members it has or, as verb says, had within the window.
	had    int
	verb   string
	origin schema.Origin
}

// noteEmptied takes down a membership change that leaves nobody.
func (c *comparison) noteEmptied(w *pushed, d *memberDiff) {
	if d.has > 0 || d.had == 0 {
		return
	}
	e := emptied{key: w.group.Key, name: w.at.DisplayName, id: w.at.ID, had: d.had, verb: "has", origin: w.Origin}
	c.emptying = append(c.emptying, e)
	if w.e != nil && w.e.FullAt.After(c.windowBegins()) && w.e.FullMembers > e.had {
		e.had, e.verb = w.e.FullMembers, "had within the window"
	}
	if e.had > c.floor() && !w.AllowEmpty {
		c.emptied = append(c.emptied, e)
	}
}
