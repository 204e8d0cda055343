package planner

import (
	"cmp"
	"slices"

	"github.com/rollcall-dev/rollcall/schema"
)

// group undoes what was done to a group.
func (u *undoing) group(e *effect) {
	at, there := u.remote.GroupAt(e.id)
	if !u.reaches(e, "a group", there, there && u.state.groupOf[at] != 0) {
		return
	}
	group, link := &u.remote.Groups[at], &u.state.groups[u.state.groupOf[at]-1]
	u.groupName(e, group, link)
	u.groupMembers(e, at, group, link)
}

// groupName sets a name back.
func (u *undoing) groupName(e *effect, group *RemoteGroup, link *groupEntry) {
	left, _ := lookup(e.after, pathDisplayName).(string)
	was, _ := lookup(e.before, pathDisplayName).(string)
	switch {
	case e.made || left == "" || was == "" || group.DisplayName == was:
		return
	case group.DisplayName != left:
		u.stays(e, "its name was left as %q and is %q now", left, group.DisplayName)
		return
	case u.caps.NoGroupRename:
		u.stays(e, "the target cannot rename a group")
		return
	}
	ch := keepGroup(link)
	ch.Name, ch.Requests, ch.Base, ch.Link.From, ch.Link.Name = group.DisplayName, 1, digestGroup(u.remote, group), link.from(), was
	ch.Before, ch.After = []schema.Value{{Path: pathDisplayName, Value: left}}, []schema.Value{{Path: pathDisplayName, Value: was}}
	u.put(ch, link.Protected, e)
}

// groupMembers takes out who was put in, and puts back who was taken out.
func (u *undoing) groupMembers(e *effect, at uint32, group *RemoteGroup, link *groupEntry) {
	diff := u.memberDiff(e, at, group, link)
	if len(diff.add)+len(diff.remove) == 0 {
		return
	}
	ch := keepGroup(link)
	ch.Wave, ch.Base, ch.Link.From, ch.Link.Name = WaveMembers, digestGroup(u.remote, group), link.from(), group.DisplayName
	if was, ok := lookup(lastAfter(u.changes, link.key), pathDisplayName).(string); ok {
		ch.Link.Name = was
	}
	ch.ID = changeID(u.comparison.app.Name, KindGroup, link.key, "members")
	ch.Name = group.DisplayName
	ch.Members = MemberChanges{Add: diff.add, Remove: diff.remove}
	ch.Link.KnownMembers = diff.kept
	ch.Requests = batches(len(diff.add)+len(diff.remove), u.caps)
	switch {
	case e.made && diff.has == 0:
		ch.Action, ch.Wave, ch.Link.Pushed = Empty, WaveEnd, false
	case e.ended:
		ch.Link.Pushed = true
	default:
		w := pushed{Push: &Push{Name: group.DisplayName}, group: &Group{Key: link.key}, e: link, at: group}
		u.noteEmptied(&w, &diff)
	}
	u.put(ch, link.Protected, e)
}

// lastAfter is what the last change of a group so far writes.
func lastAfter(changes []Change, key string) []schema.Value {
	if n := len(changes); n > 0 && changes[n-1].Kind == KindGroup && changes[n-1].Key == key {
		return changes[n-1].After
	}
	return nil
}

// memberDiff are the members to add and remove, of those that are still as the
// apply left them.
func (u *undoing) memberDiff(e *effect, at uint32, group *RemoteGroup, link *groupEntry) memberDiff {
	in := func(id string) bool {
		if group.MembersKnown {
			return u.remote.hasMember(at, id)
		}
		_, ours := slices.BinarySearch(link.Members, id)
		return ours
	}
	d := memberDiff{had: len(group.Members) + len(group.Foreign)}
	if !group.MembersKnown {
		d.had = len(link.Members)
	}
	leave := map[string]bool{}
	for id, m := range e.added {
		if in(id) {
			m.Change = ""
			d.remove, leave[id] = append(d.remove, m), true
		}
	}
	for id, m := range e.removed {
		if why := u.absent(id); in(id) || why != "" {
			if !in(id) {
				u.stays(e, "%s is not put back, because their account %s", m.Name, why)
			}
			continue
		}
		m.Change = ""
		d.add = append(d.add, m)
	}
	byName := func(a, b Member) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.RemoteID, b.RemoteID)) }
	slices.SortFunc(d.add, byName)
	slices.SortFunc(d.remove, byName)
	d.has = d.had + len(d.add) - len(d.remove)
	d.kept = slices.DeleteFunc(slices.Clone(link.Members), func(id string) bool { return leave[id] })
	return d
}

// absent says why an account cannot be put back into a group; empty where it can.
func (u *undoing) absent(id string) string {
	at, ok := u.remote.UserAt(id)
	returns, changed := u.returning[id]
	switch {
	case !ok:
		return "is gone"
	case changed && !returns, !changed && !u.remote.Users[at].Active:
		return "is not active"
	}
	return ""
}
