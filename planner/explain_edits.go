package planner

import (
	"cmp"
	"strconv"

	"github.com/rollcall-dev/rollcall/schema"
)

// value is how the person is written in a list of people.
func (x *explainer) value() string {
	u := &x.d.People[x.p]
	if u.Address != "" {
		return string(u.Address)
	}
	return strconv.Quote(u.Login)
}

// removals tries every single thing that could be taken out on the way, and
// keeps those that change the answer about the app s or the group g.
func (x *explainer) removals(s *Scope, g *uint32) []Edit {
	whole := newProbe(x.d, x.p, cut{})
	var roots []uint32
	var candidates []cut
	if g != nil {
		roots = []uint32{*g}
	} else {
		for i := range s.grants {
			gr := &s.grants[i]
			switch {
			case gr.direct && gr.person == x.p:
				candidates = append(candidates, cut{cutUser, gr.assignment, int(gr.ref)})
			case !gr.direct && whole.in(gr.group):
				candidates = append(candidates, cut{cutGroup, gr.assignment, int(gr.ref)})
				roots = append(roots, gr.group)
			}
		}
	}
	candidates = append(candidates, whole.ways(roots)...)
	var edits []Edit
	for _, c := range candidates {
		q := newProbe(x.d, x.p, c)
		if g != nil && !q.in(*g) || g == nil && !q.has(s) {
			edits = append(edits, x.edit(c))
		}
	}
	return edits
}

// edit says what a cut is in the configuration.
func (x *explainer) edit(c cut) Edit {
	switch c.kind {
	case cutUser:
		a := &x.d.Config.Assignments[c.owner]
		return Edit{Op: "remove", Address: string(a.Address), Argument: "users", Value: x.value(), Origin: originOr(a.Users[c.index].Origin, a.Origin)}
	case cutGroup:
		a := &x.d.Config.Assignments[c.owner]
		return Edit{Op: "remove", Address: string(a.Address), Argument: "groups", Value: refName(a.Groups[c.index]), Origin: originOr(a.Groups[c.index].Origin, a.Origin)}
	}
	b := x.d.Groups[c.owner].Block
	switch c.kind {
	case cutMember:
		return Edit{Op: "remove", Address: string(b.Address), Argument: "members", Value: x.value(), Origin: originOr(b.Members[c.index].Origin, b.Origin)}
	case cutInclude:
		return Edit{Op: "remove", Address: string(b.Address), Argument: "include_groups", Value: refName(b.IncludeGroups[c.index]), Origin: originOr(b.IncludeGroups[c.index].Origin, b.Origin)}
	default:
		return Edit{Op: "add", Address: string(b.Address), Argument: "rule.exclude", Value: x.value(), Origin: b.Rules[c.index].Origin}
	}
}

// additions are the edits that put the person into group g.
func (x *explainer) additions(g uint32) []Edit {
	b := x.d.Groups[g].Block
	if b == nil || b.From != nil {
		return nil // the directory alone says who is in it
	}
	edits := []Edit{{Op: "add", Address: string(b.Address), Argument: "members", Value: x.value(), Origin: b.Origin}}
	if x.d.People[x.p].Status == schema.Deprovisioned {
		return edits
	}
	for i := range b.Rules {
		if q := newProbe(x.d, x.p, cut{}); q.excluded(&b.Rules[i]) {
			without := b.Rules[i]
			without.Exclude = nil
			if q.ruleHolds(&without) {
				edits = append(edits, Edit{Op: "remove", Address: string(b.Address), Argument: "rule.exclude", Value: x.value(), Origin: b.Rules[i].Origin})
			}
		}
	}
	return edits
}

// grantsMissing are the edits that give the person the app.
func (x *explainer) grantsMissing(s *Scope) []Edit {
	u := &x.d.People[x.p]
	if u.Status == schema.Deprovisioned {
		if s.best[x.p] == 0 || u.Address == "" {
			return nil // the directory says who is deprovisioned, or more than one edit is needed
		}
		return []Edit{{Op: "set", Address: string(u.Address), Argument: "status", Value: `"ACTIVE"`, Origin: u.Origin}}
	}
	var edits []Edit
	direct := false
	for i := range x.d.Config.Assignments {
		a := &x.d.Config.Assignments[i]
		if a.App != s.App.Address {
			continue
		}
		switch {
		case InForce(a, x.d.AsOf) && len(a.Users) > 0:
			direct = true
			edits = append(edits, Edit{Op: "add", Address: string(a.Address), Argument: "users", Value: x.value(), Origin: a.Origin})
		case !InForce(a, x.d.AsOf) && x.d.names(a, x.p):
			edits = append(edits, x.bringIntoForce(a))
		}
	}
	seen := make(map[uint32]bool)
	for i := range s.grants {
		if g := &s.grants[i]; !g.direct && !seen[g.group] {
			seen[g.group] = true
			edits = append(edits, x.additions(g.group)...)
		}
	}
	if !direct {
		edits = append(edits, Edit{Op: "declare", Address: "assignment", Argument: "users", Value: x.value(), Origin: s.App.Origin})
	}
	return edits
}

// bringIntoForce moves the bound that keeps an assignment from being in force.
func (x *explainer) bringIntoForce(a *schema.Assignment) Edit {
	argument := "expires"
	if x.d.AsOf.Before(a.Starts) {
		argument = "starts"
	}
	return Edit{
		Op: "set", Address: string(a.Address), Argument: argument,
		Value: cmp.Or(map[string]string{"starts": "no later than "}[argument], "later than ") + x.d.AsOf.UTC().Format(timeLayout), Origin: a.Origin,
	}
}
