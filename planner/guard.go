package planner

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/rollcall-dev/rollcall/schema"
)

// guard looks at all that the app's changes take away, with what earlier
// applies took within the window, and blocks the plan where it is too much. It
// never edits the plan.
func (c *comparison) guard() {
	var now Removal
	for i := range c.changes {
		ch := &c.changes[i]
		if ch.Kind == KindUser && (ch.Action == Deactivate || ch.Action == Delete) {
			now.Deactivations++
		}
		now.Members += c.membersTaken(ch)
	}
	c.ownedNow(&now)
	total := c.withHistory(now)
	g := &c.app.Guard
	c.limit("max-deactivations", g.MaxDeactivations, now.Deactivations, total.Deactivations, total.OwnedUsers,
		"deactivates or deletes", "accounts")
	c.limit("max-removals", g.MaxRemovals, now.Members, total.Members, total.OwnedMembers,
		"removes", "memberships")
	c.guardEmpty()
	c.guardProtected()
}

func (c *comparison) membersTaken(ch *Change) int {
	if ch.Kind != KindGroup || ch.Action != Delete {
		return len(ch.Members.Remove)
	}
	at, ok := c.remote.GroupAt(ch.RemoteID)
	if !ok {
		return 0
	}
	g := &c.remote.Groups[at]
	if g.MembersKnown {
		return len(g.Members) + len(g.Foreign)
	}
	return len(c.state.groups[c.state.groupOf[at]-1].Members)
}

// ownedNow counts what shares are taken of: active accounts of ours, and the
// memberships that we put there.
func (c *comparison) ownedNow(r *Removal) {
	for at, owner := range c.state.userOf {
		if owner != 0 && c.remote.Users[at].Active {
			r.OwnedUsers++
		}
	}
	for i := range c.state.groups {
		r.OwnedMembers += len(c.state.groups[i].Members)
	}
}

// withHistory adds what was taken away within the window. Shares are of what
// was owned when the window began.
func (c *comparison) withHistory(now Removal) Removal {
	total := now
	begin := c.d.AsOf.Add(-c.app.Guard.Window)
	oldest := time.Time{}
	for _, r := range c.state.history {
		if !r.At.After(begin) || r.At.After(c.d.AsOf) {
			continue
		}
		total.Deactivations += r.Deactivations
		total.Members += r.Members
		if oldest.IsZero() || r.At.Before(oldest) {
			oldest, total.OwnedUsers, total.OwnedMembers = r.At, r.OwnedUsers, r.OwnedMembers
		}
	}
	return total
}

// limit judges one count. A plan that takes nothing away is never blocked by
// what was taken before.
func (c *comparison) limit(code schema.Code, limit schema.Limit, now, count, owned int, verb, what string) {
	g := &c.app.Guard
	r := GuardResult{App: c.app.Name, Code: code, Count: count, Owned: owned, Origin: originOr(g.Origin, c.app.Origin)}
	if w := c.waiver(string(code)); w != nil {
		limit, r.Waiver, r.Reason, r.Origin = w.Limit, w.Address, w.Reason, w.Origin
	}
	r.Allowed = allowedBy(limit, g.Floor, owned)
	off := limit.Share && limit.Value >= 100 // also where more came and went in the window than was owned
	r.Blocked = !off && now > 0 && count > r.Allowed
	c.plan.Guards = append(c.plan.Guards, r)
	if !r.Blocked {
		return
	}
	before := ""
	if count > now {
		before = fmt.Sprintf(" (%d of them earlier within %s)", count-now, g.Window)
	}
	c.block(schema.Diagnostic{
		Code: code, Summary: "Plan takes too much away",
		Detail: fmt.Sprintf("The plan %s %d %s%s of %d that are owned; %d pass. Nothing is written. If it is meant, add a waiver with an expiry and a reason.",
			verb, count, what, before, owned, r.Allowed),
		Origin: r.Origin, Object: string(c.app.Address),
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

// waiver finds a waiver in force for a guard of the app.
func (c *comparison) waiver(guard string) *schema.Waiver {
	cfg := c.d.Config
	i := slices.IndexFunc(cfg.Waivers, func(w schema.Waiver) bool {
		return w.App == c.app.Address && w.Guard == guard && c.d.AsOf.Before(w.Expires)
	})
	if i < 0 {
		return nil
	}
	return &cfg.Waivers[i]
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
			App: c.app.Name, Code: "empty-push", Count: e.had, Allowed: c.app.Guard.Floor, Owned: e.had, Blocked: true, Origin: e.origin,
		})
		c.block(schema.Diagnostic{
			Code: "empty-push", Summary: "Pushed group loses everybody",
			Detail: fmt.Sprintf("%s has %d members at the target and would have none. If it is meant, set allow_empty = true on its push.", e.key, e.had),
			Origin: e.origin, Object: e.key,
		})
	}
}

// emptied is a pushed group that would lose everybody.
type emptied struct {
	key    string
	had    int
	origin schema.Origin
}

// noteEmptied takes down a membership change that leaves nobody.
func (c *comparison) noteEmptied(w *pushed, d *memberDiff) {
	if d.has == 0 && d.had > 0 {
		c.emptying = append(c.emptying, w.group.Key)
	}
	if d.has == 0 && d.had > c.app.Guard.Floor && !w.AllowEmpty {
		c.emptied = append(c.emptied, emptied{w.group.Key, d.had, w.Origin})
	}
}

// guardProtected blocks what would hurt a protected account or group: an
// account's deactivation or deletion, a group's end or its last member's going.
func (c *comparison) guardProtected() {
	users, groups := c.protectedUsers(), c.protectedGroups()
	for i := range c.changes {
		ch := &c.changes[i]
		var ref schema.Origin
		var hit bool
		switch {
		case ch.Kind == KindUser && (ch.Action == Deactivate || ch.Action == Delete):
			if ref, hit = users[ch.Key]; !hit {
				ref, hit = users[schema.Fold(ch.Name)]
			}
		case ch.Kind == KindGroup && (ch.Action == Empty || ch.Action == Delete || c.loses(ch)):
			ref, hit = groups[ch.Key]
		}
		if !hit {
			continue
		}
		c.plan.Guards = append(c.plan.Guards, GuardResult{App: c.app.Name, Code: "protected", Count: 1, Blocked: true, Origin: ref})
		c.block(schema.Diagnostic{
			Code: "protected", Summary: "Protected object",
			Detail: fmt.Sprintf("The plan would %s %s %q, which is protected. If it is meant, add a waiver that says so.", ch.Action, ch.Kind, ch.Name),
			Origin: originOr(ref, c.app.Guard.Origin), Object: ch.Key,
		})
	}
}

// loses reports whether ch takes the last member out of its group.
func (c *comparison) loses(ch *Change) bool {
	return slices.ContainsFunc(c.emptying, func(key string) bool { return key == ch.Key }) && len(ch.Members.Remove) > 0
}

// protectedUsers are keys and folded logins, less those whose protection a
// waiver lifts.
func (c *comparison) protectedUsers() map[string]schema.Origin {
	m := make(map[string]schema.Origin)
	for _, ref := range c.app.Guard.ProtectedUsers {
		p, ok := c.d.person(ref)
		switch {
		case ok && !c.lifted(c.d.People[p].Key()):
			m[c.d.People[p].Key()] = ref.Origin
		case !ok && ref.Login != "":
			// Who is gone from every directory is protected all the same.
			m[schema.Fold(ref.Login)] = ref.Origin
			c.checkProtected(ref)
		case !ok && !c.lifted(string(ref.Address)):
			m[string(ref.Address)] = ref.Origin
		}
	}
	return m
}

// checkProtected warns of a protection that protects nobody: a slip of the pen
// there would go unnoticed until it is too late.
func (c *comparison) checkProtected(ref schema.UserRef) {
	login := schema.Fold(ref.Login)
	if slices.ContainsFunc(c.state.users, func(e userEntry) bool { return schema.Fold(e.UserName) == login }) {
		return
	}
	c.found(schema.Diagnostic{
		Severity: schema.Warning, Code: "unknown-reference", Summary: "Protection of nobody",
		Detail: fmt.Sprintf("protected_users names %q, who is not in the configuration, any directory, or the state. Correct the login.", ref.Login),
		Origin: originOr(ref.Origin, c.app.Guard.Origin), Object: ref.Login,
	})
}

func (c *comparison) protectedGroups() map[string]schema.Origin {
	m := make(map[string]schema.Origin)
	for _, ref := range c.app.Guard.ProtectedGroups {
		key := refName(ref)
		if g, ok := c.d.group(ref); ok {
			key = c.d.Groups[g].Key
		}
		if !c.lifted(key) {
			m[key] = ref.Origin
		}
	}
	return m
}

// lifted reports whether a waiver in force lifts the protection of key.
func (c *comparison) lifted(key string) bool {
	return slices.ContainsFunc(c.d.Config.Waivers, func(w schema.Waiver) bool {
		return w.App == c.app.Address && string(w.Protects) == key && c.d.AsOf.Before(w.Expires)
	})
}
