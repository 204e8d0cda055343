package planner

import (
	"cmp"
	"slices"
	"strings"

	"github.com/rollcall-dev/rollcall/schema"
)

// personByLogin finds a person by login, without case.
func (d *Desired) personByLogin(login string) (Person, bool) {
	i, ok := slices.BinarySearchFunc(d.People, schema.Fold(login), func(u schema.User, login string) int {
		return cmp.Compare(schema.Fold(u.Login), login)
	})
	return Person(i), ok
}

// personByKey finds a person by address or key.
func (d *Desired) personByKey(key string) (Person, bool) {
	if p, ok := d.byAddress[schema.Address(key)]; ok {
		return p, true
	}
	dir, name, ok := cutIndexed(key, ".users")
	if !ok {
		return 0, false
	}
	if p, ok := d.personByID(schema.Address(dir), name); ok {
		return p, true
	}
	p, ok := d.personByLogin(name)
	return p, ok && string(d.People[p].Directory) == dir
}

// personByID finds a person of a directory who has an id there.
func (d *Desired) personByID(dir schema.Address, id string) (Person, bool) {
	i, ok := slices.BinarySearchFunc(d.withID, id, func(p Person, id string) int {
		u := &d.People[p]
		return cmp.Or(cmp.Compare(u.Directory, dir), cmp.Compare(u.ID, id))
	})
	if !ok {
		return 0, false
	}
	return d.withID[i], true
}

// cutIndexed splits `directory.file.hr.users["x"]` at `.users`.
func cutIndexed(key, collection string) (dir, name string, ok bool) {
	dir, rest, ok := strings.Cut(key, collection+`["`)
	if !ok || !strings.HasSuffix(rest, `"]`) {
		return "", "", false
	}
	return dir, strings.TrimSuffix(rest, `"]`), true
}

// person finds whom a reference that was resolved before names.
func (d *Desired) person(ref schema.UserRef) (Person, bool) {
	if ref.Address != "" {
		return d.personByKey(string(ref.Address))
	}
	return d.personByLogin(ref.Login)
}

// groupByKey finds a group by its key.
func (d *Desired) groupByKey(key string) (uint32, bool) {
	i, ok := slices.BinarySearchFunc(d.Groups, key, func(g Group, key string) int { return cmp.Compare(g.Key, key) })
	return uint32(i), ok
}

// group finds which group a reference that was resolved before names.
func (d *Desired) group(ref schema.GroupRef) (uint32, bool) {
	switch {
	case ref.Address != "":
		return d.groupByKey(string(ref.Address))
	case ref.Directory != "":
		return d.groupByKey(directoryGroupKey(ref.Directory, ref.Name))
	}
	folded := schema.Fold(ref.Name)
	i := slices.IndexFunc(d.Groups, func(g Group) bool { return schema.Fold(g.Name) == folded })
	return uint32(max(i, 0)), i >= 0
}

// viaOf says how p came into g.
func (g *Group) viaOf(p Person) (via, bool) {
	i, ok := slices.BinarySearch(g.Members, p)
	if !ok {
		return 0, false
	}
	return g.via[i], true
}
