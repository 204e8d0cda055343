package planner

import (
	"fmt"

	"github.com/rollcall-dev/rollcall/schema"
)

// compareUnpushed decides about a group of ours that no block pushes any more.
func (c *comparison) compareUnpushed(e *groupEntry) {
	if !c.only.wholeGroups() {
		return
	}
	reasons := c.unpushReasons(e)
	at, ok := c.remote.GroupAt(e.RemoteID)
	removed := c.removedPush(e)
	switch {
	case !ok:
		reasons = append(reasons, Reason{Code: "target-gone", Text: "the group is gone from the target", Origin: e.Origin})
		ch := groupRelease(e, reasons)
		ch.Link.Gone, ch.Link.Lost = true, len(e.Members)
		c.add(ch)
		return
	case removed != nil && removed.OnRemove == "release":
		c.releaseGroup(e, reasons)
		return
	case !e.Pushed:
		return
	}
	verb := e.OnUnpush
	if removed != nil {
		verb = schema.OnUnpush(removed.OnRemove)
	}
	switch g := &c.remote.Groups[at]; verb {
	case schema.UnpushDelete:
		c.deleteGroup(e, g, reasons)
	case schema.UnpushLeave:
		c.leaveGroup(e, g, reasons)
	default:
		c.emptyGroup(e, g, reasons)
	}
}

// removedPush finds a removed block for the push or the group.
func (c *comparison) removedPush(e *groupEntry) *schema.Removed {
	if r := removedBlock(c.d.Config, e.Push); r != nil {
		return r
	}
	return removedBlock(c.d.Config, e.key)
}

func (c *comparison) unpushReasons(e *groupEntry) []Reason {
	var rs []Reason
	if r := c.removedPush(e); r != nil {
		rs = append(rs, Reason{Code: "removed-declared", Text: "a removed block says what becomes of it", Origin: r.Origin})
	}
	code, text := "push-gone", fmt.Sprintf("nothing pushes %s to %s any more; %s did last", e.key, c.app.Address, e.Push)
	if _, declared := c.d.groupByKey(e.key); !declared {
		code, text = "group-gone", fmt.Sprintf("%s is not declared any more", e.key)
	}
	return append(rs, Reason{Code: code, Text: text, Origin: e.Origin})
}

func (c *comparison) unpushChange(e *groupEntry, g *RemoteGroup, a Action, reasons []Reason) Change {
	return Change{
		Kind: KindGroup, Key: e.key, Name: g.DisplayName, RemoteID: g.ID, Action: a, Wave: WaveEnd,
		Base: digestGroup(c.remote, g), Reasons: reasons,
		Link: Link{
			ExternalID: e.ExternalID, Push: e.Push, OnUnpush: e.OnUnpush, Additive: e.Additive, Origin: e.Origin,
			From: e.from(), Name: g.DisplayName,
		},
	}
}

// emptyGroup takes the members out and keeps the shell, with its id and
// whatever the target has tied to it.
func (c *comparison) emptyGroup(e *groupEntry, g *RemoteGroup, reasons []Reason) {
	ch := c.unpushChange(e, g, Empty, reasons)
	diff := c.membersOf(e, g)
	ch.Members.Remove, ch.Link.KnownMembers, ch.Link.Lost = diff.remove, diff.kept, diff.lost()
	ch.Requests = batches(len(ch.Members.Remove), c.caps)
	c.add(ch)
}

// membersOf lists whom an un-push takes out: everybody, or, where the push was
// additive, those whom it put in.
func (c *comparison) membersOf(e *groupEntry, g *RemoteGroup) memberDiff {
	w := pushed{Push: &Push{Name: g.DisplayName}, group: &Group{Key: e.key}, e: e, at: g}
	w.Additive = e.Additive
	return c.diffMembers(&w)
}

// leaveGroup ends the push and touches nothing at the target.
func (c *comparison) leaveGroup(e *groupEntry, g *RemoteGroup, reasons []Reason) {
	ch := c.unpushChange(e, g, Update, reasons)
	ch.Before = []schema.Value{{Path: pathAddress, Value: e.Push}}
	ch.After = []schema.Value{{Path: pathAddress}}
	ch.Link.KnownMembers = e.Members
	c.add(ch)
}

func (c *comparison) deleteGroup(e *groupEntry, g *RemoteGroup, reasons []Reason) {
	ch := c.unpushChange(e, g, Delete, reasons)
	ch.Before = []schema.Value{{Path: pathDisplayName, Value: g.DisplayName}}
	ch.Requests, ch.Link.Lost = 1, len(g.Members)+len(g.Foreign)
	if !g.MembersKnown {
		ch.Link.Lost = len(e.Members)
	}
	c.add(ch)
}

// releaseGroup forgets the link and leaves the target alone.
func (c *comparison) releaseGroup(e *groupEntry, reasons []Reason) { c.add(groupRelease(e, reasons)) }

func groupRelease(e *groupEntry, reasons []Reason) Change {
	return Change{
		Kind: KindGroup, Key: e.key, Name: e.DisplayName, RemoteID: e.RemoteID, Action: Release, Wave: WaveGroups, Reasons: reasons,
		Before: []schema.Value{{Path: pathAddress, Value: e.GroupLink.Key}},
		After:  []schema.Value{{Path: pathAddress}},
		Link:   Link{From: e.from(), ExternalID: e.ExternalID},
	}
}
