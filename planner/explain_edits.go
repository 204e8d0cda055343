package planner

import (
	"slices"

	"github.com/rollcall-dev/rollcall/schema"
)

// value is how the person is written in a list of people.
func (x *explainer) value() schema.UserRef {
	u := &x.d.People[x.p]
	if u.Address != "" {
		return schema.UserRef{Address: u.Address}
	}
	return schema.UserRef{Directory: u.Directory, Login: u.Login}
}

// groupValue is how a group is written in a list of groups.
func (x *explainer) groupValue(g uint32) schema.GroupRef {
	group := &x.d.Groups[g]
	if group.Block != nil {
		return schema.GroupRef{Address: group.Block.Address}
	}
	return schema.GroupRef{Directory: group.directory, Name: group.Name}
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
		return Edit{Op: EditRemove, Address: string(a.Address), Argument: "users", Value: x.value(), Origin: originOr(a.Users[c.index].Origin, a.Origin)}
	case cutGroup:
		a := &x.d.Config.Assignments[c.owner]
		return Edit{Op: EditRemove, Address: string(a.Address), Argument: "groups", Value: a.Groups[c.index], Origin: originOr(a.Groups[c.index].Origin, a.Origin)}
	}
	b := x.d.Groups[c.owner].Block
	switch c.kind {
	case cutMember:
		return Edit{Op: EditRemove, Address: string(b.Address), Argument: "members", Value: x.value(), Origin: originOr(b.Members[c.index].Origin, b.Origin)}
	case cutInclude:
		return Edit{Op: EditRemove, Address: string(b.Address), Argument: "include_groups", Value: b.IncludeGroups[c.index], Origin: originOr(b.IncludeGroups[c.index].Origin, b.Origin)}
	default:
		return Edit{Op: EditAdd, Address: string(b.Address), Argument: "rule.exclude", Value: x.value(), Origin: b.Rules[c.index].Origin}
	}
}

// additions are the edits that put the person into group g.
func (x *explainer) additions(g uint32) []Edit {
	b := x.d.Groups[g].Block
	if b == nil || b.From != nil {
		return nil // the directory alone says who is in it
	}
	edits := []Edit{{Op: EditAdd, Address: string(b.Address), Argument: "members", Value: x.value(), Origin: b.Origin}}
	if x.d.People[x.p].Status == schema.Deprovisioned {
		return edits
	}
	for i := range b.Rules {
		if q := newProbe(x.d, x.p, cut{}); q.excluded(&b.Rules[i]) {
			without := b.Rules[i]
			without.Exclude = nil
			if q.ruleHolds(&without) {
				edits = append(edits, Edit{Op: EditRemove, Address: string(b.Address), Argument: "rule.exclude", Value: x.value(), Origin: b.Rules[i].Origin})
			}
		}
	}
	return edits
}

// grantsMissing are the edits that give the person the app. Groups that hold
// the person and are pushed without being assigned come first: assigning them
// is what was most likely forgotten.
func (x *explainer) grantsMissing(s *Scope, pushed []uint32) []Edit {
	u := &x.d.People[x.p]
	if u.Status == schema.Deprovisioned {
		if s.best[x.p] == 0 || u.Address == "" {
			return nil // the directory says who is deprovisioned, or more than one edit is needed
		}
		return []Edit{{Op: EditSet, Address: string(u.Address), Argument: "status", Value: schema.Active, Origin: u.Origin}}
	}
	var edits []Edit
	for _, g := range pushed {
		edits = append(edits, x.assignGroup(s, g))
	}
	direct := x.inForce(s, func(a *schema.Assignment) bool { return len(a.Users) > 0 })
	for _, a := range direct {
		edits = append(edits, Edit{Op: EditAdd, Address: string(a.Address), Argument: "users", Value: x.value(), Origin: a.Origin})
	}
	for i := range x.d.Config.Assignments {
		if a := &x.d.Config.Assignments[i]; a.App == s.App.Address && !inForce(a, x.d.AsOf) && x.d.names(a, x.p) {
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
	if len(direct) == 0 {
		edits = append(edits, x.declareAssignment(s, "users", x.value()))
	}
	return edits
}

// inForce are the assignments of the app that are in force and fit.
func (x *explainer) inForce(s *Scope, fits func(*schema.Assignment) bool) []*schema.Assignment {
	var found []*schema.Assignment
	for i := range x.d.Config.Assignments {
		if a := &x.d.Config.Assignments[i]; a.App == s.App.Address && inForce(a, x.d.AsOf) && fits(a) {
			found = append(found, a)
		}
	}
	return found
}

// assignGroup assigns a group with an assignment that has groups already, or
// else with any that the app has, or else with a new one.
func (x *explainer) assignGroup(s *Scope, g uint32) Edit {
	key := x.groupValue(g)
	all := x.inForce(s, func(*schema.Assignment) bool { return true })
	if len(all) == 0 {
		return x.declareAssignment(s, "groups", key)
	}
	i := max(0, slices.IndexFunc(all, func(a *schema.Assignment) bool { return len(a.Groups) > 0 }))
	return Edit{Op: EditAdd, Address: string(all[i].Address), Argument: "groups", Value: key, Origin: all[i].Origin}
}

// declareAssignment is an assignment of the app to one person or group, as it
// can be pasted into the configuration.
func (x *explainer) declareAssignment(s *Scope, argument string, value any) Edit {
	a := schema.Assignment{App: s.App.Address, Priority: schema.DefaultPriority, Origin: s.App.Origin}
	var name string
	switch ref := value.(type) {
	case schema.UserRef:
		a.Users, name = []schema.UserRef{ref}, refLabel(string(ref.Address), ref.Login)
	case schema.GroupRef:
		a.Groups, name = []schema.GroupRef{ref}, refLabel(string(ref.Address), ref.Name)
	}
	a.Address = schema.Address("assignment." + freeLabel(x.d.Config, name))
	return Edit{Op: EditDeclare, Address: "assignment", Argument: argument, Value: a, Origin: s.App.Origin}
}

// bringIntoForce moves the bound that keeps an assignment from being in force.
func (x *explainer) bringIntoForce(a *schema.Assignment) Edit {
	if x.d.AsOf.Before(a.Starts) {
		return Edit{Op: EditSet, Address: string(a.Address), Argument: "starts", Value: NoLaterThan(x.d.AsOf), Origin: a.Origin}
	}
	return Edit{Op: EditSet, Address: string(a.Address), Argument: "expires", Value: LaterThan(x.d.AsOf), Origin: a.Origin}
}
