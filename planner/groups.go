package planner

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/rollcall-dev/rollcall/schema"
)

// compareGroups decides for every pushed group, and for every group of ours
// that is pushed no more.
func (c *comparison) compareGroups() {
	c.adoptDeclaredGroups()
	for i := range c.s.Pushes {
		push := &c.s.Pushes[i]
		if at, ok := c.state.groupAt[c.d.Groups[push.Group].Key]; ok {
			c.state.groups[at].claimed = true
		}
	}
	c.growWithheld()
	for i := range c.s.Pushes {
		c.comparePush(&c.s.Pushes[i])
	}
	for i := range c.state.groups {
		if e := &c.state.groups[i]; !e.claimed {
			c.compareUnpushed(e)
		}
	}
}

// pushed is one push while it is compared.
type pushed struct {
	*Push
	group *Group
	e     *groupEntry
	// at is the group at the target; nil where there is none.
	at     *RemoteGroup
	action Action
	by     Reason
}

// recovered reports whether an earlier apply of ours made the group.
func (w *pushed) recovered() bool { return w.e != nil && w.e.recovered }

func (c *comparison) comparePush(push *Push) {
	w := pushed{Push: push, group: &c.d.Groups[push.Group], action: Update}
	if at, ok := c.state.groupAt[w.group.Key]; ok {
		w.e = &c.state.groups[at]
		if g, ok := c.remote.GroupAt(w.e.RemoteID); ok {
			w.at = &c.remote.Groups[g]
			if w.e.recovered || w.e.declared != nil {
				w.action = AdoptIt
			}
		}
	}
	goesOn := !c.heldGroups[w.group.Key] && (w.at != nil || push.Inactive || c.findGroup(&w))
	c.reportWithheld(&w)
	switch {
	case !goesOn:
	case push.Inactive:
		c.comparePaused(&w)
	case w.at == nil:
		c.createGroup(&w)
	default:
		c.updateGroup(&w)
	}
}

// comparePaused sends nothing, and keeps in the state what the push says now:
// the block may be gone by the next time, and its verb counts then.
func (c *comparison) comparePaused(w *pushed) {
	if w.at == nil {
		for _, at := range c.groupsNamed(w.Name) {
			if owner := c.state.groupOf[at]; owner != 0 && c.takeOver(w, owner-1, at) {
				break
			}
		}
	}
	c.reportPaused(w)
	if w.at != nil && w.e != nil && w.action == Update && c.only.wholeGroups() {
		c.followGroup(w, w.e.Members, w.e.DisplayName, 0)
	}
}

// findGroup looks for the target's group of a push that has none by id. It
// reports whether the push goes on: with w.at, or with a create.
func (c *comparison) findGroup(w *pushed) bool {
	if w.Mode == schema.PushLink {
		return c.linkGroup(w)
	}
	hits := c.groupsNamed(w.Name)
	for _, at := range hits {
		owner := c.state.groupOf[at]
		switch {
		case owner == 0:
			c.holdGroup(w, c.collision(w, &c.remote.Groups[at]))
			return false
		case c.takeOver(w, owner-1, at):
			return true
		case c.renamedAway(owner-1, at):
			continue
		}
		c.holdGroup(w, c.collision(w, &c.remote.Groups[at]))
		return false
	}
	return true
}

// takeOver lets a push have the group of a block that is gone and had the same
// name: the block was renamed without saying so.
func (c *comparison) takeOver(w *pushed, owner, at uint32) bool {
	e := &c.state.groups[owner]
	if _, declared := c.d.groupByKey(e.key); declared || e.claimed || w.e != nil {
		return false
	}
	e.claimed = true
	w.e, w.at = e, &c.remote.Groups[at]
	w.by = Reason{Code: "declared-anew", Text: fmt.Sprintf("%s was declared as %s before", w.group.Key, e.key), Origin: w.Origin}
	return true
}

// renamedAway reports whether the owner of a group calls it something else in
// this plan, so that its name becomes free.
func (c *comparison) renamedAway(owner, at uint32) bool {
	e := &c.state.groups[owner]
	if !e.claimed || c.caps.NoGroupRename {
		return false
	}
	i := slices.IndexFunc(c.s.Pushes, func(p Push) bool { return c.d.Groups[p.Group].Key == e.key })
	return i >= 0 && !c.s.Pushes[i].Inactive && schema.Fold(c.s.Pushes[i].Name) != schema.Fold(c.remote.Groups[at].DisplayName)
}

// groupsNamed are the target's groups of that name, compared without case.
func (c *comparison) groupsNamed(name string) []uint32 {
	if c.groupNames == nil {
		c.groupNames = make(map[string][]uint32, len(c.remote.Groups))
		for i := range c.remote.Groups {
			folded := schema.Fold(c.remote.Groups[i].DisplayName)
			c.groupNames[folded] = append(c.groupNames[folded], uint32(i))
		}
	}
	return c.groupNames[schema.Fold(name)]
}

// linkGroup finds the one group that a link means.
func (c *comparison) linkGroup(w *pushed) bool {
	var hits []uint32
	if w.TargetID != "" {
		if at, ok := c.remote.GroupAt(w.TargetID); ok {
			hits = []uint32{at}
		}
	} else {
		hits = c.groupsNamed(w.Name)
	}
	switch {
	case len(hits) == 0:
		c.holdGroup(w, schema.Diagnostic{
			Code: "match-not-found", Summary: "No group to link to",
			Detail: fmt.Sprintf(`The target has no group %q, and mode = "link" makes none. Correct the name, or use mode = "create".`,
				cmp.Or(w.TargetID, w.Name)),
		})
		return false
	case len(hits) > 1:
		c.holdGroup(w, schema.Diagnostic{
			Code: "ambiguous-match", Summary: "More than one group fits",
			Detail: fmt.Sprintf("The target has %d groups called %q. Nothing is guessed: say which one is meant with target_id.", len(hits), w.Name),
		})
		return false
	}
	g := &c.remote.Groups[hits[0]]
	here := linkedGroup{c.remote.Identity, g.ID}
	if c.state.ownsGroup(hits[0], g.ID) || c.plan.linked[here] {
		c.holdGroup(w, schema.Diagnostic{
			Code: "conflict", Summary: "Group is in use",
			Detail: fmt.Sprintf("The target's group %q is kept by another push already.", g.DisplayName),
		})
		return false
	}
	if c.plan.linked == nil {
		c.plan.linked = make(map[linkedGroup]bool)
	}
	c.plan.linked[here] = true
	w.at, w.action = g, AdoptIt
	w.by = Reason{Code: "link-declared", Text: fmt.Sprintf("%s links to the group %q", w.Block, g.DisplayName), Origin: w.Origin}
	return true
}

func (c *comparison) collision(w *pushed, g *RemoteGroup) schema.Diagnostic {
	return schema.Diagnostic{
		Code: "name-collision", Summary: "Group exists at the target",
		Detail: fmt.Sprintf("The target has a group %q (id %s) that does not belong to %s. Set mode = \"link\" to attach to it, "+
			"or write an adopt block with its id, or set target_name.", g.DisplayName, g.ID, w.group.Key),
	}
}

func (c *comparison) holdGroup(w *pushed, d schema.Diagnostic) {
	if c.only.wholeGroups() {
		d.Origin = w.Origin
		c.hold(KindGroup, w.group.Key, w.Name, d)
	}
}

// groupChange starts a change of a push's group.
func (c *comparison) groupChange(w *pushed, a Action, wave int) Change {
	ch := Change{
		Kind: KindGroup, Key: w.group.Key, Name: w.Name, Action: a, Wave: wave,
		Link: Link{
			Push: string(w.Block), OnUnpush: w.OnUnpush, Additive: w.Additive, Pushed: true, Origin: w.Origin,
		},
	}
	ch.Link.Name = w.Name
	if c.caps.GroupExternalID {
		ch.Link.ExternalID = w.group.Key
	}
	if w.at != nil {
		ch.RemoteID, ch.Base = w.at.ID, digestGroup(c.remote, w.at)
		ch.Link.ExternalID = w.at.ExternalID
		if c.caps.NoGroupRename || !c.only.wholeGroups() {
			ch.Link.Name = w.at.DisplayName
		}
	}
	if w.e != nil && w.e.GroupLink.Key != w.group.Key {
		ch.Link.From = w.e.GroupLink.Key
	}
	return ch
}

// createGroup makes the group, with its members where the target takes them in
// one request.
func (c *comparison) createGroup(w *pushed) {
	if !c.only.wholeGroups() {
		return
	}
	members := c.wanted(w)
	ch := c.groupChange(w, Create, WaveGroups)
	ch.Base = digestAbsent
	ch.After = []schema.Value{{Path: pathDisplayName, Value: w.Name}}
	if ch.Link.ExternalID != "" {
		ch.After = append(ch.After, schema.Value{Path: pathExternalID, Value: ch.Link.ExternalID})
	}
	if w.e != nil {
		c.reports.groupGone.add(w.Name, w.group.Key, w.Origin)
		ch.Link.Lost = len(w.e.Members)
		ch.Reasons = append(ch.Reasons, Reason{Code: "target-gone", Text: "the group that we had is gone from the target", Origin: w.e.Origin})
	}
	ch.Reasons = append(ch.Reasons, Reason{Code: "push-declared", Text: fmt.Sprintf("%s pushes %s", w.Block, w.group.Key), Origin: w.Origin})
	add := c.newMembers(members)
	if c.caps.CreateWithMembers || len(add) == 0 {
		ch.Members.Add = add
		ch.Requests = max(1, batches(len(add), c.caps))
		c.addMemberReasons(&ch, w)
		c.needCreates(&ch)
		c.add(ch)
		return
	}
	ch.Requests = 1
	c.add(ch)
	more := c.groupChange(w, Update, WaveMembers)
	more.ID = changeID(c.app.Name, KindGroup, w.group.Key, "members")
	more.Base = digestAbsent
	more.Members.Add, more.Requests = add, batches(len(add), c.caps)
	more.Needs = []string{c.changes[len(c.changes)-1].ID}
	c.addMemberReasons(&more, w)
	c.needCreates(&more)
	c.add(more)
}

// updateGroup brings name and members of a group that is there up to date.
func (c *comparison) updateGroup(w *pushed) {
	diff := c.diffMembers(w)
	rename := w.at.DisplayName != w.Name && c.mayRename(w)
	membersChange := len(diff.add)+len(diff.remove) > 0
	if !c.only.wholeGroups() {
		rename = false
		if w.action == AdoptIt || w.e != nil && !w.e.Pushed {
			return
		}
	}
	if rename || w.action == AdoptIt {
		c.add(c.renameGroup(w, rename, &diff, membersChange))
	}
	if membersChange || diff.leaving > 0 {
		c.noteEmptied(w, &diff)
	}
	if membersChange {
		c.add(c.memberChange(w, &diff, rename || w.action == AdoptIt))
	}
	if !rename && !membersChange && w.action != AdoptIt && c.only.wholeGroups() {
		c.followGroup(w, diff.kept, w.at.DisplayName, diff.lost())
	}
}

func (c *comparison) mayRename(w *pushed) bool {
	if c.caps.NoGroupRename {
		c.reports.noRename.add(w.at.DisplayName, w.group.Key, w.Origin)
		return false
	}
	return true
}

// renameGroup is the change of wave 3: a new name, or ownership, or both.
func (c *comparison) renameGroup(w *pushed, rename bool, diff *memberDiff, more bool) Change {
	ch := c.groupChange(w, w.action, WaveGroups)
	ch.Link.KnownMembers = diff.before
	if !more {
		ch.Link.KnownMembers = diff.kept
	}
	if w.by.Code != "" {
		ch.Reasons = append(ch.Reasons, w.by)
	}
	ch.Reasons = append(ch.Reasons, c.groupReasons(w)...)
	if rename {
		ch.Before = []schema.Value{{Path: pathDisplayName, Value: w.at.DisplayName}}
		ch.After = []schema.Value{{Path: pathDisplayName, Value: w.Name}}
		ch.Requests = 1
		ch.Drift = w.e != nil && w.e.DisplayName == w.Name
		ch.Reasons = append(ch.Reasons, Reason{Code: "group-name-differs", Text: fmt.Sprintf("called %q at the target", w.at.DisplayName), Origin: w.Origin})
	}
	return ch
}

func (c *comparison) groupReasons(w *pushed) []Reason {
	var rs []Reason
	switch {
	case w.e == nil:
	case w.e.declared != nil:
		rs = append(rs, Reason{Code: "adopt-declared", Text: "an adopt block names the group", Origin: w.e.declared.Origin})
	case w.e.recovered:
		rs = append(rs, Reason{Code: "created-earlier", Text: "an earlier apply created the group and got no answer", Origin: w.Origin})
	case w.e.moved != nil:
		rs = append(rs, movedReason(w.e.moved))
	case !w.e.Pushed:
		rs = append(rs, Reason{Code: "pushed-again", Text: "the group is pushed again", Origin: w.Origin})
	}
	return append(rs, Reason{Code: "push-declared", Text: fmt.Sprintf("%s pushes %s", w.Block, w.group.Key), Origin: w.Origin})
}

// memberChange is the change of wave 4: adds and removals together.
func (c *comparison) memberChange(w *pushed, diff *memberDiff, second bool) Change {
	ch := c.groupChange(w, Update, WaveMembers)
	if second {
		ch.ID = changeID(c.app.Name, KindGroup, w.group.Key, "members")
	}
	ch.Members = MemberChanges{Add: diff.add, Remove: diff.remove}
	ch.Requests = batches(len(diff.add)+len(diff.remove), c.caps)
	ch.Link.KnownMembers, ch.Link.Lost = diff.kept, diff.lost()
	ch.Link.Taken = w.action == AdoptIt && !w.recovered()
	ch.Drift = diff.drift
	ch.Reasons = c.groupReasons(w)
	c.addMemberReasons(&ch, w)
	c.needCreates(&ch)
	return ch
}

// followGroup is a change of state alone: a new block or verb, or members or a
// name that came right without us; lost of ours are members no more.
func (c *comparison) followGroup(w *pushed, members []string, name string, lost int) {
	ch := c.groupChange(w, Update, WaveGroups)
	ch.Link.KnownMembers, ch.Link.Name, ch.Link.Lost = members, name, lost
	set := func(path string, before, after any) {
		ch.Before, ch.After = []schema.Value{{Path: path, Value: before}}, []schema.Value{{Path: path, Value: after}}
	}
	switch {
	case w.e.GroupLink.Key != w.group.Key:
		set(pathAddress, w.e.GroupLink.Key, w.group.Key)
	case w.e.Push != string(w.Block) || !w.e.Pushed:
		set(pathAddress, w.e.Push, string(w.Block))
	case w.e.OnUnpush != w.OnUnpush:
		set(pathOnUnpush, string(w.e.OnUnpush), string(w.OnUnpush))
	case w.e.Additive != w.Additive:
		set("membership", membership(w.e.Additive), membership(w.Additive))
	case w.e.DisplayName != name:
		set(pathDisplayName, w.e.DisplayName, name)
	case !slices.Equal(w.e.Members, members):
		set("members", len(w.e.Members), len(members))
	default:
		return
	}
	if w.by.Code != "" {
		ch.Reasons = append(ch.Reasons, w.by)
	}
	ch.Reasons = append(ch.Reasons, c.groupReasons(w)...)
	c.add(ch)
}

func membership(additive bool) string {
	if additive {
		return "additive"
	}
	return "authoritative"
}
