package planner

import (
	"cmp"
	"fmt"
	"time"

	"github.com/rollcall-dev/rollcall/schema"
)

// termsOf are the limits that a guard block sets.
func termsOf(g *schema.Guard) Terms {
	return Terms{MaxDeactivations: g.MaxDeactivations, MaxRemovals: g.MaxRemovals, Floor: g.Floor, Window: g.Window}
}

// orDefault returns the defaults in place of the zero value.
func (t Terms) orDefault() Terms {
	if t == (Terms{}) {
		g := schema.DefaultGuard()
		return termsOf(&g)
	}
	return t
}

// terms are the limits that hold: those of the configuration and those of the
// last apply. A plan passes both, so that a limit which is raised lets more pass
// from the next apply on, and one that is lowered holds at once.
func (c *comparison) terms() [2]Terms {
	now := termsOf(&c.app.Guard)
	if c.appGone && c.state.terms != (Terms{}) {
		now = c.state.terms // no block says anything else
	}
	return [2]Terms{now, c.state.terms.orDefault()}
}

// floor is the smaller of the floors that hold.
func (c *comparison) floor() int {
	t := c.terms()
	return min(t[0].Floor, t[1].Floor)
}

// windowBegins is when the longer of the windows that hold began.
func (c *comparison) windowBegins() time.Time {
	t := c.terms()
	return c.d.guardTime().Add(-max(t[0].Window, t[1].Window))
}

// unknownUntil is until when nobody knows what the window holds, because the state
// was rebuilt in it. Zero: it is known.
func (c *comparison) unknownUntil() time.Time {
	if c.state.rebuilt.IsZero() {
		return time.Time{}
	}
	t := c.terms()
	defaults := Terms{}.orDefault() // a window that was longer once is forgotten too
	end := c.state.rebuilt.Add(max(t[0].Window, t[1].Window, defaults.Window))
	if c.d.guardTime().Before(end) {
		return end
	}
	return time.Time{}
}

// followTerms lets the state follow the configuration's limits. It comes last,
// so that an apply which is cut short has not raised anything.
func (c *comparison) followTerms() {
	terms := c.terms()
	unsaid := terms[0] == Terms{} // what a zero App has; the state would take it for the defaults
	if c.appGone || unsaid || terms[0] == terms[1] || !c.only.wholeGroups() {
		return
	}
	ch := Change{Kind: KindApp, Key: string(c.app.Address), Name: c.app.Name, Action: Update, Wave: WaveEnd, Link: Link{Terms: terms[0]}}
	set := func(path, before, after string) {
		if before != after {
			ch.Before = append(ch.Before, schema.Value{Path: path, Value: before})
			ch.After = append(ch.After, schema.Value{Path: path, Value: after})
		}
	}
	set("guard.floor", fmt.Sprint(terms[1].Floor), fmt.Sprint(terms[0].Floor))
	set("guard.max_deactivations", terms[1].MaxDeactivations.String(), terms[0].MaxDeactivations.String())
	set("guard.max_removals", terms[1].MaxRemovals.String(), terms[0].MaxRemovals.String())
	set("guard.window", terms[1].Window.String(), terms[0].Window.String())
	ch.Reasons = []Reason{{
		Code: "guard-changed", Text: "the guard says so; a limit that is raised counts from the next apply on",
		Origin: originOr(c.app.Guard.Origin, c.app.Origin),
	}}
	c.add(ch)
}

// ownedAtBegin is what shares are of: what was owned when a window began. An app
// that is newer than the window has what its first apply left.
func (c *comparison) ownedAtBegin(begin time.Time) (users, members int) {
	for _, r := range c.state.history {
		if r.At.After(begin) {
			users, members = cmp.Or(users, r.OwnedUsers), cmp.Or(members, r.OwnedMembers)
		}
	}
	return cmp.Or(users, c.state.owned.OwnedUsers), cmp.Or(members, c.state.owned.OwnedMembers)
}

// withHistory adds to what is taken now what was taken within a window. Times
// ahead of now count: they were written by a clock that was.
func (c *comparison) withHistory(now Removal, window time.Duration) Removal {
	begin := c.d.guardTime().Add(-window)
	for _, r := range c.state.history {
		if r.At.After(begin) {
			now.Deactivations += r.Deactivations
			now.Members += r.Members
			now.Taken += r.Taken
		}
	}
	now.OwnedUsers, now.OwnedMembers = c.ownedAtBegin(begin)
	return now
}
