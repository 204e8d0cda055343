package planner

import (
	"slices"

	"github.com/rollcall-dev/rollcall/schema"
)

// turn is one edit that may turn an answer about a person: the smallest step
// that [explainer.search] makes. owner is a group or an assignment by index, other a group
// or a rule of the owner.
type turn struct {
	kind         turnKind
	owner, other uint32
}

// turnKind says what a turn does.
type turnKind uint8

const (
	// turnStatus makes a DEPROVISIONED or SUSPENDED person ACTIVE.
	turnStatus turnKind = iota
	// turnLeave takes the person out of a group's members, turnJoin puts them in.
	turnLeave
	turnJoin
	// turnRow does either in the group of a directory.
	turnRow
	// turnExclude has a rule exclude the person, turnUnexclude not any more.
	turnExclude
	turnUnexclude
	// turnActivate sets active on a rule.
	turnActivate
	// turnDetach takes an included group out of a group.
	turnDetach
	// turnUnassign takes the person out of an assignment's users, turnAssign puts
	// them in.
	turnUnassign
	turnAssign
	// turnUnassignGroup takes a group out of an assignment's groups.
	turnUnassignGroup
	// turnAssignGroup assigns a group to the app, turnDeclare the person.
	turnAssignGroup
	turnDeclare
	// turnForce brings an assignment into force.
	turnForce
)

// verdict is an answer, and the turns that it rests on: as long as none of them
// is made, it stays what it is, whatever else is.
type verdict struct {
	holds bool
	on    []turn
}

// probe answers one question about a person as if some turns had been made. It
// reads the configuration itself, not what Resolve made of it.
type probe struct {
	d    *Desired
	p    Person
	user schema.User
	made []turn
	ways []way
	// scope is the app that is asked about; nil where a group is.
	scope *Scope
	seen  map[uint32]verdict
}

// way is an assignment of the app that is asked about.
type way struct {
	assignment uint32
	inForce    bool
	// names: the assignment names the person, or a group that holds them.
	names bool
	// direct: the person is one of its users.
	direct bool
	// groups are its groups, each once.
	groups []uint32
}

// waysTo lists the assignments of an app as they are for one person.
func waysTo(d *Desired, s *Scope, p Person) []way {
	var ways []way
	at := make(map[uint32]int)
	for i := range d.Config.Assignments {
		a := &d.Config.Assignments[i]
		if a.App != s.App.Address {
			continue
		}
		w := way{assignment: uint32(i), inForce: inForce(a, d.AsOf)}
		if !w.inForce {
			w.names = d.names(a, p)
			w.direct = slices.ContainsFunc(a.Users, func(ref schema.UserRef) bool { return d.means(ref, p) })
			for _, ref := range a.Groups {
				if g, ok := d.group(ref); ok && !slices.Contains(w.groups, g) {
					w.groups = append(w.groups, g)
				}
			}
		}
		at[uint32(i)] = len(ways)
		ways = append(ways, w)
	}
	for i := range s.grants {
		g := &s.grants[i]
		switch w := &ways[at[g.assignment]]; {
		case g.direct:
			w.direct = w.direct || g.person == p
		case !slices.Contains(w.groups, g.group):
			w.groups = append(w.groups, g.group)
		}
	}
	return ways
}

// means reports whether a reference names p.
func (d *Desired) means(ref schema.UserRef, p Person) bool {
	found, ok := d.person(ref)
	return ok && found == p
}

// excludes reports whether a rule excludes p.
func (d *Desired) excludes(rule *schema.Rule, p Person) bool {
	return slices.ContainsFunc(rule.Exclude, func(ref schema.UserRef) bool { return d.means(ref, p) })
}

// newProbe is a probe about p after some turns.
func newProbe(d *Desired, p Person, s *Scope, ways []way, made []turn) *probe {
	q := &probe{d: d, p: p, user: d.People[p], made: made, ways: ways, scope: s, seen: make(map[uint32]verdict)}
	if q.has(turn{kind: turnStatus}) {
		q.user.Status = schema.Active
	}
	return q
}

// has reports whether a turn was made.
func (q *probe) has(t turn) bool { return slices.Contains(q.made, t) }

// switched is what holds unless a turn was made, which ends it.
func (q *probe) switched(holds bool, t turn) verdict {
	if q.has(t) {
		return verdict{holds: !holds}
	}
	return verdict{holds, []turn{t}}
}

// certain is what no turn changes.
func certain(holds bool) verdict { return verdict{holds: holds} }

// anyOf holds if one does. It rests on the one with the fewest turns, or does
// not hold and rests on all.
func anyOf(all ...verdict) verdict { return joined(true, all) }

// allOf holds if all do.
func allOf(all ...verdict) verdict { return joined(false, all) }

// joined is decision if one of all is, and rests on that one alone; else it is
// the opposite, and rests on all.
func joined(decision bool, all []verdict) verdict {
	out := verdict{holds: !decision}
	for _, s := range all {
		switch {
		case s.holds == decision && (out.holds != decision || len(s.on) < len(out.on)):
			out = s
		case s.holds != decision && out.holds != decision:
			out.on = joinTurns(out.on, s.on)
		}
	}
	return out
}

// joinTurns appends what is not there yet.
func joinTurns(on, more []turn) []turn {
	for _, t := range more {
		if !slices.Contains(on, t) {
			on = append(on, t)
		}
	}
	return on
}

// in says whether the person is in group g.
func (q *probe) in(g uint32) verdict {
	if known, ok := q.seen[g]; ok {
		return known
	}
	s := q.look(g)
	q.seen[g] = s
	return s
}

func (q *probe) look(g uint32) verdict {
	group := &q.d.Groups[g]
	if group.Block == nil || group.from != nil {
		return q.row(group)
	}
	all := []verdict{q.listed(g)}
	for i, inc := range group.includes {
		if inc == noGroup || slices.Contains(group.includes[:i], inc) {
			continue
		}
		all = append(all, allOf(q.switched(true, turn{turnDetach, g, inc}), q.in(inc)))
	}
	for i := range group.Block.Rules {
		all = append(all, q.matched(g, uint32(i)))
	}
	return anyOf(all...)
}

// row says whether a directory has the person in a group.
func (q *probe) row(group *Group) verdict {
	source := group
	if raw, ok := q.d.groupByKey(directoryGroupKey(group.directory, group.from.Name)); ok {
		source = &q.d.Groups[raw]
		t := turn{kind: turnRow, owner: raw}
		if source.Has(q.p) || q.user.Directory == source.directory {
			return q.switched(source.Has(q.p), t)
		}
	}
	return certain(source.Has(q.p))
}

// listed says whether a group's members name the person: static membership
// wins over every other way in.
func (q *probe) listed(g uint32) verdict {
	if v, in := q.d.Groups[g].viaOf(q.p); in && v.kind() == viaMember {
		return q.switched(true, turn{kind: turnLeave, owner: g})
	}
	return q.switched(false, turn{kind: turnJoin, owner: g})
}

// matched says whether a rule adds the person.
func (q *probe) matched(g, i uint32) verdict {
	rule := &q.d.Groups[g].Block.Rules[i]
	if rule.Condition == nil {
		return certain(false)
	}
	allowed := q.switched(true, turn{turnExclude, g, i})
	if q.d.excludes(rule, q.p) {
		allowed = q.switched(false, turn{turnUnexclude, g, i})
	}
	active := certain(true)
	if rule.Inactive {
		active = q.switched(false, turn{turnActivate, g, i})
	}
	if wrong := allOf(q.present(), active, allowed); !wrong.holds {
		return wrong
	}
	return allOf(allowed, q.holds(rule.Condition))
}

// present says that the person is not DEPROVISIONED.
func (q *probe) present() verdict {
	if q.user.Status == schema.Deprovisioned {
		return verdict{false, []turn{{kind: turnStatus}}}
	}
	return certain(true)
}

// holds says whether a condition does. Being a function of the person and of
// the memberships that it asked for, it rests on those.
func (q *probe) holds(c schema.Condition) verdict {
	var on []turn
	holds, err := c.Holds(&q.user, func(a schema.Address) bool {
		g, ok := q.d.groupByKey(string(a))
		if !ok {
			return false
		}
		s := q.in(g)
		on = joinTurns(on, s.on)
		return s.holds
	})
	return verdict{err == nil && holds, on}
}

// app says whether the person has the app. The group assign may be assigned for
// it, where that is not noGroup.
func (q *probe) app(assign []uint32) verdict {
	var all []verdict
	for _, g := range assign {
		all = append(all, allOf(q.switched(false, turn{kind: turnAssignGroup, owner: g}), q.in(g)))
	}
	users := false
	for i := range q.ways {
		w := &q.ways[i]
		if a := &q.d.Config.Assignments[w.assignment]; w.inForce && len(a.Users) > 0 {
			users = true
			if !w.direct {
				all = append(all, q.switched(false, turn{kind: turnAssign, owner: w.assignment}))
			}
		}
		if w.direct {
			all = append(all, allOf(q.force(w), q.switched(true, turn{kind: turnUnassign, owner: w.assignment})))
		}
	}
	for i := range q.ways {
		w := &q.ways[i]
		for _, g := range w.groups {
			all = append(all, allOf(q.force(w), q.switched(true, turn{turnUnassignGroup, w.assignment, g}), q.in(g)))
		}
	}
	if !users {
		all = append(all, q.switched(false, turn{kind: turnDeclare}))
	}
	return allOf(q.present(), q.unsuspended(), anyOf(all...))
}

// unsuspended says that the app takes no account away for the person's status.
func (q *probe) unsuspended() verdict {
	if q.scope.suspends(&q.user) {
		return verdict{false, []turn{{kind: turnStatus}}}
	}
	return certain(true)
}

// force says whether an assignment is in force, or could be for the person.
func (q *probe) force(w *way) verdict {
	switch t := (turn{kind: turnForce, owner: w.assignment}); {
	case w.inForce:
		return certain(true)
	case w.names:
		return q.switched(false, t)
	}
	return certain(false)
}
