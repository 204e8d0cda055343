package planner

import (
	"slices"

	"github.com/rollcall-dev/rollcall/schema"
)

// probe asks of one person whether they would be in a group, or have an app, if
// one thing in the configuration were not there. It reads the configuration
// itself, not what Resolve made of it.
type probe struct {
	d    *Desired
	p    Person
	cut  cut
	seen map[uint32]bool
}

// cut is what a probe leaves out: a member, an included group or a rule of a
// group, or a user or group of an assignment.
type cut struct {
	kind  cutKind
	owner uint32
	index int
}

type cutKind uint8

const (
	cutNothing cutKind = iota
	cutMember
	cutInclude
	cutRule
	cutUser
	cutGroup
)

func newProbe(d *Desired, p Person, without cut) *probe {
	return &probe{d: d, p: p, cut: without, seen: make(map[uint32]bool)}
}

// without reports whether that is what the probe leaves out.
func (q *probe) without(kind cutKind, owner uint32, index int) bool {
	return q.cut == cut{kind, owner, index}
}

// in reports whether the person would be in group g.
func (q *probe) in(g uint32) bool {
	if answer, known := q.seen[g]; known {
		return answer
	}
	q.seen[g] = false
	answer := q.look(g)
	q.seen[g] = answer
	return answer
}

func (q *probe) look(g uint32) bool {
	group := &q.d.Groups[g]
	if group.Block == nil || group.from != nil {
		return group.Has(q.p)
	}
	for i, ref := range group.Block.Members {
		if p, ok := q.d.person(ref); ok && p == q.p && !q.without(cutMember, g, i) {
			return true
		}
	}
	for i, inc := range group.includes {
		if inc != noGroup && !q.without(cutInclude, g, i) && q.in(inc) {
			return true
		}
	}
	for i := range group.Block.Rules {
		if !q.without(cutRule, g, i) && q.ruleHolds(&group.Block.Rules[i]) {
			return true
		}
	}
	return false
}

func (q *probe) ruleHolds(rule *schema.Rule) bool {
	u := &q.d.People[q.p]
	if rule.Inactive || rule.Condition == nil || u.Status == schema.Deprovisioned || q.excluded(rule) {
		return false
	}
	holds, err := rule.Condition.Holds(u, func(a schema.Address) bool {
		g, ok := q.d.groupByKey(string(a))
		return ok && q.in(g)
	})
	return err == nil && holds
}

func (q *probe) excluded(rule *schema.Rule) bool {
	return slices.ContainsFunc(rule.Exclude, func(ref schema.UserRef) bool {
		p, ok := q.d.person(ref)
		return ok && p == q.p
	})
}

// has reports whether the person would have the app.
func (q *probe) has(s *Scope) bool {
	if q.d.People[q.p].Status == schema.Deprovisioned {
		return false
	}
	for i := range s.grants {
		g := &s.grants[i]
		switch {
		case g.direct && g.person == q.p && !q.without(cutUser, g.assignment, int(g.ref)):
			return true
		case !g.direct && !q.without(cutGroup, g.assignment, int(g.ref)) && q.in(g.group):
			return true
		}
	}
	return false
}

// ways lists everything that could be cut on the way from the groups roots to
// the person.
func (q *probe) ways(roots []uint32) []cut {
	var cuts []cut
	seen := make(map[uint32]bool)
	for len(roots) > 0 {
		g := roots[0]
		roots = roots[1:]
		group := &q.d.Groups[g]
		if seen[g] || group.Block == nil || group.from != nil || !q.in(g) {
			continue
		}
		seen[g] = true
		for i, ref := range group.Block.Members {
			if p, ok := q.d.person(ref); ok && p == q.p {
				cuts = append(cuts, cut{cutMember, g, i})
			}
		}
		for i, inc := range group.includes {
			if inc != noGroup && q.in(inc) {
				cuts = append(cuts, cut{cutInclude, g, i})
				roots = append(roots, inc)
			}
		}
		for i := range group.Block.Rules {
			rule := &group.Block.Rules[i]
			if !q.ruleHolds(rule) {
				continue
			}
			cuts = append(cuts, cut{cutRule, g, i})
			for _, ref := range rule.Condition.Groups() {
				if read, ok := q.d.group(ref); ok {
					roots = append(roots, read)
				}
			}
		}
	}
	return cuts
}
