package providers

import (
	"fmt"
	"slices"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/schema"
)

// claim is a change that was done and what the target must show because of it.
type claim struct {
	result *ChangeResult
	// next is the claim of the next change of the same object, which may undo
	// a part of this one: the second step of a rename, say.
	next *claim
	// missing is what the last read did not show.
	missing error
}

// object names what a change is about.
type object struct {
	app  string
	kind planner.Kind
	key  string
}

func objectOf(c *planner.Change) object { return object{c.App, c.Kind, c.Key} }

// claims lists the changes that were sent and done, by lane.
func (r *run) claims() [][]*claim {
	byLane := make([][]*claim, len(r.lanes))
	latest := map[object]*claim{}
	for i := len(r.result.Changes) - 1; i >= 0; i-- {
		res := &r.result.Changes[i]
		if res.Status != Done {
			continue
		}
		o := objectOf(res.Change)
		c := &claim{result: res, next: latest[o]}
		latest[o] = c
		l := r.graph.laneOf[i]
		byLane[l] = append(byLane[l], c)
	}
	return byLane
}

// check compares c with remote. The error says what is not in effect; readable
// is false where the target does not let us tell.
func (c *claim) check(remote *planner.Remote) (readable bool, err error) {
	if c.outlived() || c.result.Change.Action == planner.Release {
		return true, nil
	}
	if c.result.Change.Kind == planner.KindUser {
		return true, c.checkUser(remote)
	}
	return c.checkGroup(remote)
}

// outlived reports whether a later change took the whole object away.
func (c *claim) outlived() bool {
	for n := c.next; n != nil; n = n.next {
		if n.result.Change.Action == planner.Delete {
			return true
		}
	}
	return false
}

// overridden reports whether a later change sets the same attribute.
func (c *claim) overridden(path string) bool {
	for n := c.next; n != nil; n = n.next {
		if slices.ContainsFunc(n.result.Change.After, func(v schema.Value) bool { return v.Path == path }) {
			return true
		}
	}
	return false
}

func (c *claim) checkUser(remote *planner.Remote) error {
	ch := c.result.Change
	u := findUser(remote, c.result.Outcome.RemoteID)
	gone := u == nil || ch.Action == planner.Deactivate && !u.Active
	switch {
	case ch.Action == planner.Delete && u != nil:
		return c.fault("the account is still there")
	case ch.Action == planner.Deactivate && !gone && !c.overridden("active"):
		return c.fault("the account is still active")
	case ch.Action == planner.Delete, gone && ch.Action == planner.Deactivate:
		return nil
	case u == nil:
		return c.fault("the target does not show the account")
	}
	return c.checkValues(func(path string) any { return userValue(u, path) })
}

func (c *claim) checkGroup(remote *planner.Remote) (readable bool, err error) {
	ch := c.result.Change
	g := findGroup(remote, c.result.Outcome.RemoteID)
	switch {
	case ch.Action == planner.Delete && g == nil:
		return true, nil
	case ch.Action == planner.Delete:
		return true, c.fault("the group is still there")
	case g == nil:
		return true, c.fault("the target does not show the group")
	}
	if err := c.checkValues(func(path string) any { return groupValue(g, path) }); err != nil {
		return true, err
	}
	if len(ch.Members.Add)+len(ch.Members.Remove) == 0 {
		return true, nil
	}
	return g.MembersKnown, c.checkMembers(remote, g)
}

// checkMembers looks for members that are not there though they were added,
// or still there though they were removed.
func (c *claim) checkMembers(remote *planner.Remote, g *planner.RemoteGroup) error {
	if !g.MembersKnown {
		return nil
	}
	rejected := map[string]bool{}
	for i := range c.result.Outcome.Rejected {
		rejected[c.result.Outcome.Rejected[i].Member.RemoteID] = true
	}
	members := &c.result.Change.Members
	for i := range members.Add {
		m := &members.Add[i]
		if !rejected[m.RemoteID] && !isMember(remote, g, m.RemoteID) {
			return c.fault(fmt.Sprintf("%q is not a member", m.Name))
		}
	}
	for i := range members.Remove {
		m := &members.Remove[i]
		if !rejected[m.RemoteID] && isMember(remote, g, m.RemoteID) {
			return c.fault(fmt.Sprintf("%q is still a member", m.Name))
		}
	}
	return nil
}

func (c *claim) checkValues(shown func(path string) any) error {
	for _, v := range c.result.Change.After {
		if got := shown(v.Path); !c.overridden(v.Path) && !sameValue(v.Path, got, v.Value) {
			return c.fault(fmt.Sprintf("%s is %s instead of %s", v.Path, display(got), display(v.Value)))
		}
	}
	return nil
}

func (c *claim) fault(what string) error {
	ch := c.result.Change
	return fmt.Errorf("%s %s %q: the target accepted it, but %s", ch.Action, ch.Kind, ch.Name, what)
}

func display(v any) string {
	if v == nil {
		return "not set"
	}
	return fmt.Sprintf("%#v", v)
}

// findUser returns the account called id, or nil.
func findUser(remote *planner.Remote, id string) *planner.RemoteUser {
	i, found := remote.UserAt(id)
	if !found {
		return nil
	}
	return &remote.Users[i]
}

func findGroup(remote *planner.Remote, id string) *planner.RemoteGroup {
	i, found := remote.GroupAt(id)
	if !found {
		return nil
	}
	return &remote.Groups[i]
}

func isMember(remote *planner.Remote, g *planner.RemoteGroup, id string) bool {
	if i, found := remote.UserAt(id); found {
		_, is := slices.BinarySearch(g.Members, i)
		return is
	}
	_, is := slices.BinarySearch(g.Foreign, id)
	return is
}

func userValue(u *planner.RemoteUser, path string) any {
	switch path {
	case "userName":
		return u.UserName
	case "externalId":
		return u.ExternalID
	case "active":
		return u.Active
	}
	for i := range u.Attributes {
		if u.Attributes[i].Path == path {
			return u.Attributes[i].Value
		}
	}
	return nil
}

func groupValue(g *planner.RemoteGroup, path string) any {
	switch path {
	case "displayName":
		return g.DisplayName
	case "externalId":
		return g.ExternalID
	}
	return nil
}

// sameValue compares what a target shows with what was written, as the next
// plan will.
func sameValue(path string, shown, written any) bool {
	s, isString := shown.(string)
	w, isToo := written.(string)
	if path == "userName" && isString && isToo {
		return schema.Fold(s) == schema.Fold(w)
	}
	return planner.SameValue(shown, written)
}
