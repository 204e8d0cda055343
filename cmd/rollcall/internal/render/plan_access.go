package render

import (
	"slices"
	"strings"

	"github.com/rollcall-dev/rollcall/planner"
)

// accessRow is what a plan does to one person or group of one app, as far as
// it is of one sort. It names changes, so that a row of a plan of a million
// changes costs little.
type accessRow struct {
	app, who, key string
	kind          planner.Kind
	// what are the changes of the person's own account or of the group itself,
	// in the groups of which they become or cease to be a member.
	what, in []*planner.Change
}

// accessOf sorts what a plan does by what it means to people: what they lose,
// what they gain, and everything else. Rows are in the order of the plan.
type accessOf struct {
	losses, gains, others []accessRow
	// lose and gain count people, each once.
	lose, gain int
}

// rowOf names a row.
type rowOf struct{ app, key string }

// rowList collects rows of one sort.
type rowList struct {
	rows []accessRow
	at   map[rowOf]int
}

// row returns the row of somebody, and begins it where there is none.
func (l *rowList) row(app, who, key string, kind planner.Kind) *accessRow {
	if key == "" {
		key = who
	}
	k := rowOf{app, string(kind) + key}
	i, ok := l.at[k]
	if !ok {
		i = len(l.rows)
		l.at[k] = i
		l.rows = append(l.rows, accessRow{app: app, who: who, key: key, kind: kind})
	}
	return &l.rows[i]
}

// people counts the people whom rows are about, over all apps.
func (l *rowList) people() int {
	seen := make(map[string]bool, len(l.rows))
	for i := range l.rows {
		if l.rows[i].kind == planner.KindUser {
			seen[l.rows[i].key] = true
		}
	}
	return len(seen)
}

// planAccess sorts the changes of p.
func planAccess(p *planner.Plan) accessOf {
	losses, gains, others := rowList{at: map[rowOf]int{}}, rowList{at: map[rowOf]int{}}, rowList{at: map[rowOf]int{}}
	for i := range p.Changes {
		c := &p.Changes[i]
		list := &others
		switch {
		case takesAccess(c):
			list = &losses
		case givesAccess(c):
			list = &gains
		}
		if c.Kind == planner.KindUser || tellsOfGroup(c) {
			r := list.row(c.App, c.Name, c.Key, c.Kind)
			r.what = append(r.what, c)
		}
		for _, side := range []struct {
			list    *rowList
			members []planner.Member
		}{{&losses, c.Members.Remove}, {&gains, c.Members.Add}} {
			for j := range side.members {
				r := side.list.row(c.App, side.members[j].Name, side.members[j].Key, planner.KindUser)
				r.in = append(r.in, c)
			}
		}
	}
	return accessOf{losses.rows, gains.rows, others.rows, losses.people(), gains.people()}
}

// takesAccess reports whether c takes the app from a person, or a group from
// everyone who is in it.
func takesAccess(c *planner.Change) bool {
	return c.Action == planner.Deactivate || c.Action == planner.Delete || c.Action == planner.Empty
}

// givesAccess reports whether a person can use the app after c and could not before.
func givesAccess(c *planner.Change) bool {
	switch {
	case c.Kind != planner.KindUser:
		return false
	case c.Action == planner.Create, c.Action == planner.Reactivate:
		return true
	}
	return c.Action == planner.AdoptIt && valueAt(c.Before, "active") == false && valueAt(c.After, "active") == true
}

// tellsOfGroup reports whether c does more to a group than to change who is in it.
func tellsOfGroup(c *planner.Change) bool {
	return c.Action != planner.Update || renamesGroup(c) || len(c.Members.Add)+len(c.Members.Remove) == 0
}

// reasonsShown is how many reasons a row names.
const reasonsShown = 3

// reasons returns why, the person's own before those of groups, once each. Of a
// group that many join or leave it takes those that name the person, if any do.
func (r *accessRow) reasons() []planner.Reason {
	var all []planner.Reason
	add := func(rs []planner.Reason) {
		for _, reason := range rs {
			if len(all) < reasonsShown && !slices.Contains(all, reason) {
				all = append(all, reason)
			}
		}
	}
	for _, c := range r.what {
		add(c.Reasons)
	}
	for _, c := range r.in {
		if len(all) == reasonsShown {
			break
		}
		named := slices.DeleteFunc(slices.Clone(c.Reasons), func(reason planner.Reason) bool { return !strings.Contains(reason.Text, r.who) })
		if len(named) == 0 {
			named = c.Reasons
		}
		add(named)
	}
	return all
}
