package sandbox

import (
	"cmp"
	"maps"
	"slices"
)

// narrow returns resources among which all that match are, where an index
// knows. The filter still has the last word.
func (db *database) narrow(k kind, e expr) (candidates []*entry, narrowed bool) {
	switch e := e.(type) {
	case logical:
		if !e.all {
			return nil, false
		}
		for _, term := range e.terms {
			if list, ok := db.narrow(k, term); ok {
				return list, true
			}
		}
	case valuePath:
		if id, ok := valueEquals(e.term); ok && isRelation(k, e.path) {
			return db.related(k, id), true
		}
	case comparison:
		return db.narrowEqual(k, e)
	case nothing:
		return nil, true
	}
	return nil, false
}

func isRelation(k kind, p attrPath) bool {
	return p.extension == nil && p.attr.name == relationName(k)
}

func (db *database) narrowEqual(k kind, c comparison) ([]*entry, bool) {
	want, isText := c.want.value.(string)
	if c.op != "eq" || !isText || c.path.extension != nil {
		return nil, false
	}
	switch name := c.path.attr.name; {
	case name == "id":
		if e := db.get(k, want); e != nil {
			return []*entry{e}, true
		}
		return nil, true
	case name == "externalId":
		return db.external(k, want), true
	case name == k.spec().nameAttr:
		return db.named(k, want), true
	case isRelation(k, c.path) && c.path.leaf().name == "value":
		return db.related(k, want), true
	}
	return nil, false
}

// related returns the users in a group, or the groups of a member.
func (db *database) related(k kind, id string) []*entry {
	e := db.byID[id]
	if e == nil {
		return nil
	}
	if k == kindGroup {
		return e.parents
	}
	return db.usersIn(e)
}

// usersIn returns the users in a group and in the groups inside it, in the
// order of creation.
func (db *database) usersIn(g *entry) []*entry {
	inside := map[*entry]bool{}
	open := []*entry{g}
	for seen := map[*entry]bool{g: true}; len(open) > 0; {
		next := open[0]
		open = open[1:]
		for _, m := range next.members {
			if m.kind == kindUser {
				inside[m] = true
			} else if !seen[m] {
				seen[m] = true
				open = append(open, m)
			}
		}
	}
	return slices.SortedFunc(maps.Keys(inside), func(a, b *entry) int { return cmp.Compare(a.seq, b.seq) })
}

// onlyEqual says whether a filter holds eq and and alone.
func onlyEqual(e expr) bool {
	switch e := e.(type) {
	case logical:
		for _, t := range e.terms {
			if !onlyEqual(t) {
				return false
			}
		}
		return e.all
	case comparison:
		return e.op == "eq"
	case nothing:
		return true
	}
	return false
}
