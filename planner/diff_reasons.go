package planner

import (
	"fmt"
	"slices"

	"github.com/rollcall-dev/rollcall/schema"
)

// reaches reports whether g gives p the app.
func (d *Desired) reaches(g *grant, p Person) bool {
	if g.direct {
		return g.person == p
	}
	return d.Groups[g.group].Has(p)
}

// absences says why a person, counted from one, who has the app as p in v, does
// not have it in other, where they are q: what became of each of their ways.
func (v *view) absences(other *view, p, q uint32) []Reason {
	login := v.d.People[p-1].Login
	switch {
	case other.s == nil:
		return []Reason{v.noApp()}
	case q == 0:
		return []Reason{noPerson(login)}
	}
	u := &other.d.People[q-1]
	switch {
	case u.Status == schema.Deprovisioned:
		return []Reason{{Code: "deprovisioned", Text: fmt.Sprintf("%s is DEPROVISIONED", u.Login), Origin: u.Origin}}
	case other.s.best[q-1] != 0:
		return []Reason{other.d.suspended(other.s, q-1)}
	}
	var rs []Reason
	for i := range v.s.grants {
		if g := &v.s.grants[i]; v.d.reaches(g, p-1) {
			rs = addReason(rs, v.absence(other, g, u.Login))
		}
	}
	return rs
}

// addReason appends r unless it is there.
func addReason(rs []Reason, r Reason) []Reason {
	if slices.Contains(rs, r) {
		return rs
	}
	return append(rs, r)
}

// noApp says that the app of v is not declared in the other configuration.
func (v *view) noApp() Reason {
	return Reason{Code: "app-absent", Text: fmt.Sprintf("%s is not declared", v.s.App.Address)}
}

func noPerson(login string) Reason {
	return Reason{Code: "person-absent", Text: login + " is not declared"}
}

// absence says why a grant of v does not reach the person of that login in other.
func (v *view) absence(other *view, g *grant, login string) Reason {
	a := &v.d.Config.Assignments[g.assignment]
	there := other.assignment(other.known(string(a.Address)))
	if !g.direct {
		key := other.known(v.d.Groups[g.group].Key)
		at, ok := other.d.groupByKey(key)
		switch {
		case !ok:
			return Reason{Code: "group-absent", Text: key + " is not declared"}
		case other.assigned(at):
			group := &other.d.Groups[at]
			return Reason{Code: "not-in-group", Text: fmt.Sprintf("%s is not in %s", login, key), Origin: group.Origin}
		case there != nil && inForce(there, other.d.AsOf):
			return Reason{Code: "group-not-assigned", Text: fmt.Sprintf("%s does not name %s", there.Address, key), Origin: there.Origin}
		}
	}
	switch {
	case there == nil:
		return Reason{Code: "assignment-absent", Text: fmt.Sprintf("%s is not declared", a.Address)}
	case !inForce(there, other.d.AsOf):
		return outOfForce(there, other.d)
	}
	return Reason{Code: "not-assigned-directly", Text: fmt.Sprintf("%s does not name %s", there.Address, login), Origin: there.Origin}
}

// assignment finds a block; nil without.
func (v *view) assignment(address string) *schema.Assignment {
	as := v.d.Config.Assignments
	i := slices.IndexFunc(as, func(a schema.Assignment) bool { return string(a.Address) == address })
	if i < 0 {
		return nil
	}
	return &as[i]
}

// assigned reports whether a grant in force gives the app to a group.
func (v *view) assigned(group uint32) bool {
	return slices.ContainsFunc(v.s.grants, func(g grant) bool { return !g.direct && g.group == group })
}

// kept notes everyone who has the app before and after, and whom a group or a
// direct assignment does not give it any more. That another block names the
// same group, or the same person, is no loss of a way.
func (f *differ) kept() {
	direct, groups := f.ways()
	left, had := make(map[uint32][]Reason), make(map[uint32][]Reason)
	lose := func(i uint32, g *grant) {
		login := f.person(f.couples[i]).Login
		left[i] = addReason(left[i], f.base.absence(&f.head, g, login))
		for _, r := range f.base.d.grantReasons(g, f.couples[i].base-1) {
			had[i] = addReason(had[i], r)
		}
	}
	for i := range f.base.s.grants {
		g := &f.base.s.grants[i]
		if g.direct {
			if at := f.base.index[g.person]; f.access[at] == both && !direct[f.couples[at].head-1] {
				lose(at, g)
			}
			continue
		}
		group := &f.base.d.Groups[g.group]
		there, assigned := groups[f.head.known(group.Key)]
		for _, p := range group.Members {
			at := f.base.index[p]
			if f.access[at] == both && !(assigned && f.head.d.Groups[there].Has(f.couples[at].head-1)) {
				lose(at, g)
			}
		}
	}
	for i, reasons := range left {
		c := f.couples[i]
		u := f.person(c)
		f.out.Kept = append(f.out.Kept, Kept{
			Key: u.Key(), Login: u.Login, App: f.appName(),
			Before: had[i], Left: reasons, Through: f.head.d.assignmentReasons(f.head.s, c.head-1),
		})
	}
}

// ways are the people and groups that head's grants give the app to.
func (f *differ) ways() (direct map[Person]bool, groups map[string]uint32) {
	direct, groups = make(map[Person]bool), make(map[string]uint32)
	for i := range f.head.s.grants {
		g := &f.head.s.grants[i]
		if g.direct {
			direct[g.person] = true
		} else {
			groups[f.head.d.Groups[g.group].Key] = g.group
		}
	}
	return direct, groups
}
