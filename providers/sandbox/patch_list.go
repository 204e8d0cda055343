package sandbox

import (
	"maps"
	"slices"
	"strconv"
)

func ordinal(i int) string { return strconv.Itoa(i + 1) }

// changeList carries out an operation on a multi-valued attribute other than
// the members of a group.
func (d *draft) changeList(holder object, path patchPath, o operation) *fail {
	list, _ := holder[path.attr.name].([]any)
	var err *fail
	switch {
	case path.filter != nil || path.sub != nil:
		list, err = d.changeElements(list, path, o)
	case o.op == "remove" && isEmpty(o.value):
		list = nil
	default:
		list, err = d.changeWhole(list, path.attr, o)
	}
	if err != nil {
		return err
	}
	if err := onePrimary(path.attr, list); err != nil {
		return err
	}
	if list == nil {
		delete(holder, path.attr.name)
		return nil
	}
	assign(holder, path.attr.name, list)
	return nil
}

// changeWhole adds, replaces or removes the values of an operation.
func (d *draft) changeWhole(list []any, a *attribute, o operation) ([]any, *fail) {
	values, ok := o.value.([]any)
	if !ok {
		values = []any{o.value}
	}
	checked, err := d.intake().elements(a, values)
	if err != nil {
		return nil, err
	}
	given, _ := checked.([]any)
	switch o.op {
	case "replace":
		return given, nil
	case "remove":
		return slices.DeleteFunc(list, func(e any) bool { return containsJSON(given, e) }), nil
	}
	for _, v := range given {
		if containsJSON(list, v) {
			continue
		}
		if isPrimary(v) {
			list = unsetPrimary(list, -1)
		}
		list = append(list, v)
	}
	return list, nil
}

func containsJSON(list []any, v any) bool {
	return slices.ContainsFunc(list, func(e any) bool { return equalJSON(e, v) })
}

// unsetPrimary makes no element primary but the one at keep (RFC 7644, 3.5.2:
// a new primary value ends the old one).
func unsetPrimary(list []any, keep int) []any {
	for i, e := range list {
		if i != keep && isPrimary(e) {
			e.(object)["primary"] = false
		}
	}
	return list
}

// changeElements carries out an operation on the elements that a value path
// selects, or on one sub-attribute of them.
func (d *draft) changeElements(list []any, path patchPath, o operation) ([]any, *fail) {
	var out []any
	hits, primary := 0, -1
	for _, e := range list {
		if path.filter != nil && !path.filter.matches(asElement(e)) {
			out = append(out, e)
			continue
		}
		hits++
		changed, err := d.changeElement(e, path, o)
		if err != nil {
			return nil, err
		}
		if changed == nil {
			continue
		}
		if isPrimary(changed) && !isPrimary(e) {
			primary = len(out)
		}
		out = append(out, changed)
	}
	if hits == 0 && o.op != "remove" {
		return nil, badRequest(noTarget, "no element of %q matches the path", path.attr.name)
	}
	if primary >= 0 {
		out = unsetPrimary(out, primary)
	}
	return out, nil
}

// changeElement returns the element after the operation; nil where it is gone.
func (d *draft) changeElement(e any, path patchPath, o operation) (any, *fail) {
	if path.sub == nil {
		switch o.op {
		case "remove":
			return nil, nil
		case "replace":
			return d.intake().single(path.attr, o.value)
		}
	}
	holder, ok := e.(object)
	if !ok {
		return d.intake().single(path.attr, o.value)
	}
	changed := object{path.attr.name: maps.Clone(holder)}
	single := *path.attr
	single.multi = false
	if err := d.changeIn(changed, patchPath{attrPath: attrPath{attr: &single, sub: path.sub}}, o); err != nil {
		return nil, err
	}
	out, ok := changed[path.attr.name].(object)
	if !ok {
		return nil, nil
	}
	return out, nil
}

// changeMembers carries out an operation on the members of a group.
func (d *draft) changeMembers(path patchPath, o operation) *fail {
	if path.sub != nil {
		return badRequest(mutability, `"members.%s" is immutable; add and remove members instead`, path.sub.name)
	}
	if path.filter != nil {
		return d.changeMatching(path, o)
	}
	if d.rules.NoReplaceMembers && (o.op == "replace" || o.op == "remove" && o.value == nil) {
		return badRequest(invalidSyntax, "members cannot be replaced or removed all at once here")
	}
	given, err := d.memberValues(path.attr, o.value)
	if err != nil {
		return err
	}
	switch {
	case o.op == "add":
		return d.addMembers(given)
	case o.op == "replace":
		d.clearMembers()
		return d.addMembers(given)
	case o.value == nil:
		d.clearMembers()
	}
	// A remove with values takes out those values: what Entra sends. Taking it
	// for "remove all" would be worse than refusing it.
	for _, v := range given {
		o, _ := v.(object)
		id, _ := o["value"].(string)
		if m := d.db.byID[id]; m != nil {
			d.dropMember(m)
		}
	}
	return nil
}

func (d *draft) memberValues(a *attribute, v any) ([]any, *fail) {
	if v == nil {
		return nil, nil
	}
	values, ok := v.([]any)
	if !ok {
		values = []any{v}
	}
	checked, err := d.intake().elements(a, values)
	if err != nil {
		return nil, err
	}
	list, _ := checked.([]any)
	return list, nil
}

// changeMatching removes the members that a value path selects. One that names
// a member by its id is answered without looking at the others.
func (d *draft) changeMatching(path patchPath, o operation) *fail {
	var hits []*entry
	if id, ok := valueEquals(path.filter); ok {
		if m := d.db.byID[id]; m != nil && d.member(m) {
			hits = append(hits, m)
		}
	} else {
		for _, m := range d.members() {
			if path.filter.matches(toObject(memberFields(m, ""))) {
				hits = append(hits, m)
			}
		}
	}
	if o.op != "remove" {
		if len(hits) == 0 {
			return badRequest(noTarget, "no member matches the path")
		}
		return badRequest(mutability, "a member is immutable; remove it and add another")
	}
	for _, m := range hits {
		d.dropMember(m)
	}
	return nil
}

// valueEquals recognizes the filter value eq "id".
func valueEquals(e expr) (string, bool) {
	c, ok := e.(comparison)
	if !ok || c.op != "eq" || c.path.attr.name != "value" || !c.path.attr.caseExact {
		return "", false
	}
	id, ok := c.want.value.(string)
	return id, ok
}
