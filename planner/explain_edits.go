package planner

import (
	"fmt"
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

// edits says what turns are in the configuration.
func (x *explainer) edits(set []turn, s *Scope) []Edit {
	edits := make([]Edit, len(set))
	for i, t := range set {
		switch t.kind {
		case turnStatus:
			edits[i] = x.reinstate()
		case turnUnassign, turnAssign, turnUnassignGroup, turnForce:
			edits[i] = x.assignmentEdit(t)
		case turnAssignGroup:
			edits[i] = x.assignGroup(s, t.owner)
		case turnDeclare:
			edits[i] = x.declareAssignment(s, "users", x.value())
		default:
			edits[i] = x.groupEdit(t)
		}
	}
	return edits
}

// reinstate makes the person ACTIVE.
func (x *explainer) reinstate() Edit {
	u := &x.d.People[x.p]
	return Edit{Op: EditSet, Address: u.Key(), Argument: "status", Value: schema.Active, Origin: u.Origin}
}

// assignmentEdit is an edit of one assignment.
func (x *explainer) assignmentEdit(t turn) Edit {
	a := &x.d.Config.Assignments[t.owner]
	e := Edit{Op: EditRemove, Address: string(a.Address), Argument: "users", Value: x.value(), Origin: a.Origin}
	switch t.kind {
	case turnAssign:
		e.Op = EditAdd
	case turnForce:
		return x.bringIntoForce(a)
	case turnUnassign:
		i := slices.IndexFunc(a.Users, func(ref schema.UserRef) bool { return x.d.means(ref, x.p) })
		e.Origin = originOr(a.Users[i].Origin, a.Origin)
	default:
		i := slices.IndexFunc(a.Groups, func(ref schema.GroupRef) bool {
			g, ok := x.d.group(ref)
			return ok && g == t.other
		})
		e.Argument, e.Value, e.Origin = "groups", a.Groups[i], originOr(a.Groups[i].Origin, a.Origin)
	}
	return e
}

// groupEdit is an edit of one group.
func (x *explainer) groupEdit(t turn) Edit {
	group := &x.d.Groups[t.owner]
	e := Edit{Op: EditRemove, Address: group.Key, Argument: "members", Value: x.value(), Origin: group.Origin}
	v, in := group.viaOf(x.p)
	if in && (t.kind == turnLeave || t.kind == turnRow) {
		e.Origin = group.originOf(v)
	}
	switch t.kind {
	case turnJoin:
		e.Op = EditAdd
	case turnRow:
		if !in {
			e.Op = EditAdd
		}
	case turnDetach:
		i := slices.Index(group.includes, t.other)
		ref := group.Block.IncludeGroups[i]
		e.Argument, e.Value, e.Origin = "include_groups", ref, originOr(ref.Origin, group.Origin)
	case turnExclude, turnUnexclude, turnActivate:
		e.Argument, e.Origin = ruleName(group, t.other)+".exclude", group.Block.Rules[t.other].Origin
		if t.kind == turnExclude {
			e.Op = EditAdd
		}
		if t.kind == turnActivate {
			e.Op, e.Argument, e.Value = EditSet, ruleName(group, t.other)+".active", true
		}
	}
	return e
}

// ruleName names a rule of a group: its number where there are several.
func ruleName(group *Group, i uint32) string {
	if len(group.Block.Rules) == 1 {
		return "rule"
	}
	return fmt.Sprintf("rule[%d]", i)
}

// inForce are the assignments of the app that are in force.
func (x *explainer) inForce(s *Scope) []*schema.Assignment {
	var found []*schema.Assignment
	for i := range x.d.Config.Assignments {
		if a := &x.d.Config.Assignments[i]; a.App == s.App.Address && inForce(a, x.d.AsOf) {
			found = append(found, a)
		}
	}
	return found
}

// assignGroup assigns a group with an assignment that has groups already, or
// else with any that the app has, or else with a new one.
func (x *explainer) assignGroup(s *Scope, g uint32) Edit {
	key := x.groupValue(g)
	all := x.inForce(s)
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
