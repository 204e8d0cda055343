package planner

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/rollcall-dev/rollcall/schema"
)

// naming is a change that gives an object a name.
type naming struct {
	change int
	// now and next are folded; now is empty for an object that does not exist.
	now, next string
	state     uint8
}

// renames orders changes of names inside a wave: a name must be free before
// somebody else gets it.
type renames struct {
	c    *comparison
	kind Kind
	path string
	list []naming
	// leaving finds the rename that gives a name up.
	leaving map[string]int
	// holders counts the target's objects of a name.
	holders func(folded string) int
	blocked map[int]bool
}

func (c *comparison) orderUserNames() {
	c.orderNames(&renames{c: c, kind: KindUser, path: pathUserName, holders: func(name string) int { return int(c.accounts().byName[name].n) }})
}

func (c *comparison) orderGroupNames() {
	c.orderNames(&renames{c: c, kind: KindGroup, path: pathDisplayName, holders: func(name string) int { return len(c.groupsNamed(name)) }})
}

// orderNames lets every change that wants a name wait for the one that gives
// it up, breaks cycles, and holds back who wants a name that stays taken.
func (c *comparison) orderNames(r *renames) {
	r.leaving, r.blocked = make(map[string]int), make(map[int]bool)
	for i := range c.changes {
		ch := &c.changes[i]
		next, ok := lookup(ch.After, r.path).(string)
		if ch.Kind != r.kind || !ok || ch.Requests == 0 {
			continue
		}
		n := naming{change: i, next: schema.Fold(next)}
		if now, ok := lookup(ch.Before, r.path).(string); ok {
			n.now = schema.Fold(now)
			r.leaving[n.now] = len(r.list)
		}
		r.list = append(r.list, n)
	}
	if len(r.leaving) == 0 {
		return
	}
	for i := range r.list {
		r.visit(i)
	}
	r.drop()
}

// visit settles one change after the one that it waits for.
func (r *renames) visit(i int) bool {
	n := &r.list[i]
	if n.state != unseen {
		return !r.blocked[i]
	}
	n.state = open
	defer func() { n.state = done }()
	if n.now == n.next {
		return true // a difference in case alone
	}
	holders := r.holders(n.next)
	if holders == 0 {
		return true
	}
	w, leaves := r.leaving[n.next]
	if !leaves || holders > 1 {
		r.blocked[i] = true
		return false
	}
	waits := r.c.changes[r.list[w].change].ID
	switch {
	case r.list[w].state == open:
		waits = r.detour(w)
	case !r.visit(w):
		r.blocked[i] = true
		return false
	}
	ch := &r.c.changes[n.change]
	ch.Needs = append(ch.Needs, waits)
	r.c.plan.chained = true
	return true
}

// detour breaks a cycle: the object of change w gives its name up first, for
// one that nobody has. It returns the ID of the change that does.
func (r *renames) detour(w int) string {
	ch := &r.c.changes[r.list[w].change]
	now, _ := lookup(ch.Before, r.path).(string)
	aside := temporaryName(now, ch.RemoteID)
	first := *ch
	first.ID += temporaryStep
	first.Action, first.Needs, first.Requests = Update, nil, 1
	first.Before = []schema.Value{{Path: r.path, Value: now}}
	first.After = []schema.Value{{Path: r.path, Value: aside}}
	first.Members = MemberChanges{}
	first.Link.Name = aside
	first.Reasons = append([]Reason{{Code: "name-cycle", Text: fmt.Sprintf("gives %q up before somebody else gets it", now), Origin: ch.Link.Origin}}, ch.Reasons...)
	ch.Before = slices.Clone(ch.Before)
	for i := range ch.Before {
		if ch.Before[i].Path == r.path {
			ch.Before[i].Value = aside
		}
	}
	ch.Needs = append(ch.Needs, first.ID)
	r.c.changes = append(r.c.changes, first)
	r.c.plan.chained = true
	return first.ID
}

// temporaryStep ends the id of a change that gives a temporary name.
const temporaryStep = "/temporary"

// temporaryName is free as far as anybody can tell, and the same in every plan.
func temporaryName(name, id string) string {
	return "rollcall-" + digest("temporary", id)[:8] + "-" + name
}

// drop takes out what wants a name that stays taken, and holds its object back.
func (r *renames) drop() {
	if len(r.blocked) == 0 {
		return
	}
	out := make(map[string]bool)
	for i := range r.blocked {
		out[r.c.changes[r.list[i].change].Key] = true
	}
	kept := r.c.changes[:0]
	for _, ch := range r.c.changes {
		if ch.Kind != r.kind || !out[ch.Key] {
			kept = append(kept, ch)
			continue
		}
		if want, ok := lookup(ch.After, r.path).(string); ok {
			r.c.holdNamed(&ch, want)
		}
	}
	r.c.changes = kept
}

// holdNamed holds back an object whose new name somebody else keeps.
func (c *comparison) holdNamed(ch *Change, name string) {
	d := schema.Diagnostic{
		Code: "name-collision", Summary: "Name is taken at the target",
		Detail: fmt.Sprintf("The target has another group called %q, which keeps the name. Rename one of the two.", name),
		Origin: ch.Link.Origin,
	}
	if ch.Kind == KindUser {
		d.Code = "conflict"
		d.Detail = fmt.Sprintf("The target has another account called %q, which keeps the name. Rename one of the two.", name)
		if p, ok := c.d.personByKey(ch.Key); ok && (ch.Action == Create || !c.remote.Users[c.at[p]-1].Active) {
			c.fate[p] = absent // there is no account in use that a group could hold
		}
	}
	c.hold(ch.Kind, ch.Key, name, d)
}

// sortChanges puts changes into the order in which they may be carried out.
func sortChanges(changes []Change, chained bool) []Change {
	slices.SortFunc(changes, func(a, b Change) int {
		return cmp.Or(
			cmp.Compare(a.Wave, b.Wave), cmp.Compare(a.MemberClass(), b.MemberClass()),
			cmp.Compare(a.App, b.App), cmp.Compare(a.Kind, b.Kind),
			cmp.Compare(a.Name, b.Name), cmp.Compare(a.Key, b.Key), cmp.Compare(a.ID, b.ID),
		)
	})
	if !chained {
		return changes
	}
	return needsFirst(changes)
}

// needsFirst moves changes back just as far as their needs ask for.
func needsFirst(changes []Change) []Change {
	at := make(map[string]int, len(changes))
	for i := range changes {
		at[changes[i].ID] = i
	}
	out := make([]Change, 0, len(changes))
	placed := make([]bool, len(changes))
	var place func(i int)
	place = func(i int) {
		if placed[i] {
			return
		}
		placed[i] = true
		for _, id := range changes[i].Needs {
			if need, ok := at[id]; ok {
				place(need)
			}
		}
		out = append(out, changes[i])
	}
	for i := range changes {
		place(i)
	}
	return out
}
