package sandbox

import (
	"slices"
	"strings"
)

// operation is one operation of a PATCH request (RFC 7644, section 3.5.2).
type operation struct {
	op       string // add, replace or remove
	path     string
	hasPath  bool
	value    any
	hasValue bool
}

// operations reads the body of a PATCH request.
func operations(body object) ([]operation, *fail) {
	urns, err := stringList(body, "schemas")
	if err != nil {
		return nil, err
	}
	if !containsFold(urns, urnPatch) {
		return nil, badRequest(invalidSyntax, `"schemas" must hold %q`, urnPatch)
	}
	list, ok := anyCase(body, "Operations").([]any)
	if !ok || len(list) == 0 {
		return nil, badRequest(invalidSyntax, `"Operations" must be an array with at least one operation`)
	}
	out := make([]operation, len(list))
	for i, v := range list {
		if out[i], err = readOperation(v); err != nil {
			err.detail = "operation " + ordinal(i) + ": " + err.detail
			return nil, err
		}
	}
	return out, nil
}

func readOperation(v any) (operation, *fail) {
	o, ok := v.(object)
	if !ok {
		return operation{}, badRequest(invalidSyntax, "must be an object, and is %s", jsonType(v))
	}
	var out operation
	for name, v := range o {
		switch strings.ToLower(name) {
		case "op":
			s, _ := v.(string)
			out.op = strings.ToLower(s)
		case "path":
			if out.path, out.hasPath = v.(string); !out.hasPath && v != nil {
				return out, badRequest(invalidPath, `"path" must be a string, and is %s`, jsonType(v))
			}
		case "value":
			out.value, out.hasValue = v, true
		}
	}
	return out, out.check()
}

func (o operation) check() *fail {
	switch {
	case !slices.Contains([]string{"add", "replace", "remove"}, o.op):
		return badRequest(invalidSyntax, `"op" must be add, replace or remove, and is %q`, o.op)
	case o.op == "remove" && !o.hasPath:
		return badRequest(noTarget, `remove needs a "path"`)
	case o.op != "remove" && !o.hasValue:
		return badRequest(invalidValue, `%s needs a "value"`, o.op)
	}
	return nil
}

// patch applies operations in order. The draft is thrown away on an error, so
// that a request is done whole or not at all.
func (d *draft) patch(ops []operation) *fail {
	for i, o := range ops {
		if err := d.operate(o); err != nil {
			err.detail = "operation " + ordinal(i) + ": " + err.detail
			return err
		}
	}
	return nil
}

func (d *draft) operate(o operation) *fail {
	if err := d.rules.allowsOperation(o); err != nil {
		return err
	}
	if !o.hasPath {
		return d.mergeObject(o)
	}
	path, err := parsePath(d.scope(), o.path)
	if err != nil {
		return err
	}
	if path.attr.readOnly() || path.sub != nil && path.sub.readOnly() {
		return badRequest(mutability, "%q is read-only", o.path)
	}
	return d.change(path, o)
}

func (d *draft) scope() scope { return scope{kind: d.kind, keep: d.rules.Unknown == unknownKeep} }

// mergeObject carries out an operation without a path: its value is an object
// of attributes (RFC 7644, sections 3.5.2.1 and 3.5.2.3). Read-only ones are
// ignored, as in any other body: Okta sends the id along.
func (d *draft) mergeObject(o operation) *fail {
	values, ok := o.value.(object)
	if !ok {
		return badRequest(invalidValue, `without a "path" the value must be an object, and is %s`, jsonType(o.value))
	}
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if err := d.mergeOne(name, operation{op: o.op, value: values[name]}); err != nil {
			return err
		}
	}
	return nil
}

func (d *draft) mergeOne(name string, o operation) *fail {
	path, err := parsePath(d.scope(), name)
	switch {
	case err != nil && d.rules.Unknown == unknownIgnore:
		return nil
	case err != nil:
		return err
	case path.filter != nil:
		return badRequest(invalidPath, "%q is not the name of an attribute", name)
	case path.attr.readOnly() || path.sub != nil && path.sub.readOnly():
		return nil
	}
	if values, ok := o.value.(object); ok && path.extension != nil && path.extension.kind == typeAny {
		return d.keepObject(name, values)
	}
	return d.change(path, o)
}

// keepObject merges the object of a schema that is not known, and kept.
func (d *draft) keepObject(urn string, values object) *fail {
	have, _ := d.attrs[urn].(object)
	if have == nil {
		have = object{}
	}
	for name, v := range values {
		assign(have, name, v)
	}
	assign(d.attrs, urn, have)
	return nil
}

// change carries out one operation at one place.
func (d *draft) change(path patchPath, o operation) *fail {
	if o.op != "remove" && o.value == nil {
		o.op = "remove" // null is unassigned (RFC 7643, section 2.5)
	}
	if d.kind == kindGroup && path.attr.name == "members" {
		return d.changeMembers(path, o)
	}
	if path.attr.extension {
		return d.changeExtension(path, o)
	}
	holder := d.attrs
	if path.extension != nil {
		holder, _ = d.attrs[path.extension.name].(object)
		if holder == nil {
			holder = object{}
		}
	}
	if err := d.changeIn(holder, path, o); err != nil {
		return err
	}
	if path.extension != nil {
		assign(d.attrs, path.extension.name, holder)
	}
	return nil
}

// assign stores v, where what is empty is absent.
func assign(o object, name string, v any) {
	if isEmpty(v) && v != "" {
		delete(o, name)
		return
	}
	o[name] = v
}

// changeExtension merges into, or removes, the object of an extension schema.
func (d *draft) changeExtension(path patchPath, o operation) *fail {
	if o.op == "remove" {
		delete(d.attrs, path.attr.name)
		return nil
	}
	values, ok := o.value.(object)
	if !ok {
		return wrongType(path.attr, "an object", o.value)
	}
	for name, v := range values {
		sub := path.attr.child(name)
		if sub == nil {
			if d.rules.Unknown == unknownIgnore {
				continue
			}
			return badRequest(invalidPath, "%q has no attribute %q", path.attr.name, name)
		}
		inner := patchPath{attrPath: attrPath{extension: path.attr, attr: sub}}
		if err := d.change(inner, operation{op: o.op, value: v}); err != nil {
			return err
		}
	}
	return nil
}

func (d *draft) changeIn(holder object, path patchPath, o operation) *fail {
	switch {
	case path.attr.multi:
		return d.changeList(holder, path, o)
	case path.sub != nil:
		inner, _ := holder[path.attr.name].(object)
		if inner == nil {
			inner = object{}
		}
		if err := d.setValue(inner, path.sub, o); err != nil {
			return err
		}
		assign(holder, path.attr.name, inner)
		return nil
	case path.attr.kind == typeComplex && o.op != "remove":
		return d.mergeComplex(holder, path.attr, o)
	}
	return d.setValue(holder, path.attr, o)
}

// setValue sets or removes an attribute that is not multi-valued.
func (d *draft) setValue(holder object, a *attribute, o operation) *fail {
	if o.op == "remove" {
		if a.required {
			return badRequest(mutability, "%q is required and cannot be removed", a.name)
		}
		delete(holder, a.name)
		return nil
	}
	v, err := d.intake().value(a, o.value)
	if err == nil && a.returned != "never" {
		assign(holder, a.name, v)
	}
	return err
}

func (d *draft) intake() intake { return intake{d.kind, d.rules.Unknown} }

// mergeComplex sets the sub-attributes given and leaves the others alone.
func (d *draft) mergeComplex(holder object, a *attribute, o operation) *fail {
	values, ok := o.value.(object)
	if !ok {
		return wrongType(a, "an object", o.value)
	}
	inner, _ := holder[a.name].(object)
	if inner == nil {
		inner = object{}
	}
	for name, v := range values {
		if v == nil {
			if sub := a.child(name); sub != nil {
				delete(inner, sub.name)
			}
			continue
		}
		fresh := object{}
		if err := d.intake().putSub(a, fresh, name, v); err != nil {
			return err
		}
		for k, v := range fresh {
			inner[k] = v
		}
	}
	assign(holder, a.name, inner)
	return nil
}
