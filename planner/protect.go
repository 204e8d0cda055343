package planner

import (
	"fmt"
	"slices"

	"github.com/rollcall-dev/rollcall/schema"
)

// protection is what an app's guard protects, as the configuration says it:
// people by key, or by folded login where they are gone, and groups by key.
type protection struct{ users, groups map[string]shield }

// shield is one protection.
type shield struct {
	origin schema.Origin
	// lifted is the waiver in force that lifts it; nil without.
	lifted *schema.Waiver
}

// shields returns what the configuration protects.
func (c *comparison) shields() *protection {
	if c.protection == nil {
		c.protection = &protection{make(map[string]shield), make(map[string]shield)}
		for _, ref := range c.app.Guard.ProtectedUsers {
			c.shieldUser(ref)
		}
		for _, ref := range c.app.Guard.ProtectedGroups {
			key := refName(ref)
			if g, ok := c.d.group(ref); ok {
				key = c.d.Groups[g].Key
			}
			c.protection.groups[key] = shield{ref.Origin, c.lifting(key)}
		}
	}
	return c.protection
}

func (c *comparison) shieldUser(ref schema.UserRef) {
	key := string(ref.Address)
	p, ok := c.d.person(ref)
	switch {
	case ok:
		key = c.d.People[p].Key()
	case ref.Login != "":
		// Who is gone from every directory is protected all the same.
		key = schema.Fold(ref.Login)
		c.checkProtected(ref)
	}
	c.protection.users[key] = shield{ref.Origin, c.lifting(key)}
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

// lifting is the waiver in force that lifts the protection of key.
func (c *comparison) lifting(key string) *schema.Waiver {
	cfg := c.d.Config
	i := slices.IndexFunc(cfg.Waivers, func(w schema.Waiver) bool {
		return w.App == c.app.Address && string(w.Protects) == key && c.d.inForce(&w)
	})
	if i < 0 {
		return nil
	}
	c.plan.needs(&cfg.Waivers[i]) // as long as the guard names the object
	return &cfg.Waivers[i]
}

// shield is what the configuration says of an object; ok is false where it does
// not protect it.
func (c *comparison) shield(kind Kind, key, name string) (s shield, ok bool) {
	if kind == KindGroup {
		s, ok = c.shields().groups[key]
		return s, ok
	}
	if s, ok = c.shields().users[key]; !ok {
		s, ok = c.shields().users[schema.Fold(name)]
	}
	return s, ok
}

// protects reports whether the object of ch is protected once ch is done. An
// app that is gone protects whom it protected at the last apply.
func (c *comparison) protects(ch *Change) bool {
	if ch.Kind == KindApp {
		return false
	}
	if c.appGone {
		return c.wasProtected(ch)
	}
	s, ok := c.shield(ch.Kind, ch.Key, ch.Name)
	return ok && s.lifted == nil
}

// wasProtected reports whether the last apply protected the object of ch.
func (c *comparison) wasProtected(ch *Change) bool {
	if ch.Kind == KindGroup {
		at, ok := c.remote.GroupAt(ch.RemoteID)
		return ok && c.state.groupOf[at] != 0 && c.state.groups[c.state.groupOf[at]-1].Protected
	}
	at, ok := c.remote.UserAt(ch.RemoteID)
	return ok && c.state.userOf[at] != 0 && c.state.users[c.state.userOf[at]-1].Protected
}

// followProtections lets the state follow what the configuration protects, also
// where nothing else changes.
func (c *comparison) followProtections() {
	changed := make(map[string]bool)
	for i := range c.changes {
		ch := &c.changes[i]
		if id := string(ch.Kind) + ch.RemoteID; ch.RemoteID != "" && !changed[id] {
			changed[id] = true
			if ch.Action != Release && ch.Action != AdoptIt && c.wasProtected(ch) != ch.Link.Protected {
				ch.Reasons = append(slices.Clone(ch.Reasons), c.protectionReason(ch))
			}
		}
	}
	if c.appGone {
		return
	}
	for i := range c.state.users {
		e := &c.state.users[i]
		if e.declared == nil && !e.recovered && e.from() == "" && !changed[string(KindUser)+e.RemoteID] && c.only.key(e.key) {
			c.followProtection(keepUser(e), e.Protected)
		}
	}
	for i := range c.state.groups {
		e := &c.state.groups[i]
		if e.declared == nil && !e.recovered && e.from() == "" && !changed[string(KindGroup)+e.RemoteID] && c.only.wholeGroups() {
			c.followProtection(keepGroup(e), e.Protected)
		}
	}
}

func (c *comparison) followProtection(ch Change, was bool) {
	ch.Link.Protected = c.protects(&ch)
	if ch.Link.Protected == was {
		return
	}
	ch.Before = []schema.Value{{Path: pathProtected, Value: was}}
	ch.After = []schema.Value{{Path: pathProtected, Value: !was}}
	ch.Reasons = []Reason{c.protectionReason(&ch)}
	c.add(ch)
}

// protectionReason says why a protection begins or ends.
func (c *comparison) protectionReason(ch *Change) Reason {
	s, ok := c.shield(ch.Kind, ch.Key, ch.Name)
	guard := originOr(c.app.Guard.Origin, c.app.Origin)
	switch {
	case ok && s.lifted != nil:
		return Reason{Code: "protection-lifted", Text: fmt.Sprintf("%s lifts the protection from the next apply on: %s", s.lifted.Address, s.lifted.Reason), Origin: s.lifted.Origin}
	case ok:
		return Reason{Code: "protected", Text: "the guard protects it from now on", Origin: originOr(s.origin, guard)}
	}
	return Reason{Code: "protection-ended", Text: "the guard does not protect it any more, from the next apply on", Origin: guard}
}

// guardProtected blocks what would hurt a protected account or group: an
// account's deactivation or deletion, a group's end or its last member's going.
// Protected is what the configuration protects, and what the last apply did: to
// take the protection away takes an apply of its own.
func (c *comparison) guardProtected() {
	c.shields() // also where nothing changes: they may protect nobody
	for i := range c.changes {
		ch := &c.changes[i]
		switch {
		case ch.Kind == KindUser && (ch.Action == Deactivate || ch.Action == Delete),
			ch.Kind == KindGroup && (ch.Action == Empty || ch.Action == Delete):
			c.guardObject(ch, string(ch.Action))
		}
	}
	for i := range c.emptying {
		e := &c.emptying[i]
		c.guardObject(&Change{Kind: KindGroup, Key: e.key, Name: e.name, RemoteID: e.id}, "take everybody out of")
	}
}

// guardObject judges what becomes of one object.
func (c *comparison) guardObject(ch *Change, verb string) {
	s, declared := c.shield(ch.Kind, ch.Key, ch.Name)
	before := c.wasProtected(ch)
	if !declared && !before {
		return
	}
	r := GuardResult{App: c.app.Name, Code: "protected", Count: 1, Blocked: before || s.lifted == nil, Object: ch.Key, Origin: s.origin}
	way := "If it is meant, lift the protection in one change, with a waiver or in the guard, and do this in a later one."
	switch {
	case s.lifted != nil:
		r.Waiver, r.Reason, r.Expires = s.lifted.Address, s.lifted.Reason, s.lifted.Expires
		way = fmt.Sprintf("%s lifts the protection from the next apply on: apply it without this, then do this in a later change.", s.lifted.Address)
	case !declared:
		way = "The configuration does not protect it any more, and that holds from the next apply on: apply it without this, then do this in a later change."
	}
	c.plan.Guards = append(c.plan.Guards, r)
	if !r.Blocked {
		return
	}
	c.block(schema.Diagnostic{
		Code: "protected", Summary: "Protected object",
		Detail: fmt.Sprintf("The plan would %s %s %q, which is protected. %s", verb, ch.Kind, ch.Name, way),
		Origin: originOr(s.origin, originOr(c.app.Guard.Origin, c.app.Origin)), Object: ch.Key,
	})
}
