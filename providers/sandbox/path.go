package sandbox

import "strings"

// resolve finds what the parts of a dotted name mean.
func (sc scope) resolve(names []string) (attrPath, bool) {
	if sc.inside != nil {
		return sc.element(names)
	}
	t := sc.kind.spec()
	if len(names[0]) > 4 && strings.EqualFold(names[0][:4], "urn:") {
		return sc.qualified(t, names)
	}
	a := find(t.attrs, names[0])
	if a == nil {
		a = find(t.common, names[0])
	}
	return sc.finish(attrPath{attr: a}, names)
}

// element resolves a name inside brackets.
func (sc scope) element(names []string) (attrPath, bool) {
	a := sc.inside.child(names[0])
	if a == nil && sc.inside.kind != typeComplex && strings.EqualFold(names[0], "value") {
		a = &attribute{name: "value", kind: sc.inside.kind, caseExact: sc.inside.caseExact}
	}
	return sc.finish(attrPath{attr: a}, names)
}

// qualified resolves a name that starts with the URN of a schema, with a colon
// before the attribute: urn:…:User:userName, urn:…:enterprise:2.0:User:manager.
func (sc scope) qualified(t *resourceType, names []string) (attrPath, bool) {
	urn := names[0]
	if ext := find(t.extensions, urn); ext != nil {
		return sc.finish(attrPath{attr: ext}, names)
	}
	colon := strings.LastIndexByte(urn, ':')
	if strings.EqualFold(urn[:colon], t.urn) {
		a := find(t.attrs, urn[colon+1:])
		if a == nil {
			a = find(t.common, urn[colon+1:])
		}
		return sc.finish(attrPath{attr: a}, names)
	}
	ext := find(t.extensions, urn[:colon])
	if ext == nil && sc.keep {
		ext = &attribute{name: urn[:colon], kind: typeAny, extension: true}
		return sc.finish(attrPath{extension: ext, attr: &attribute{name: urn[colon+1:], kind: typeAny}}, names)
	}
	if ext == nil {
		return sc.finish(attrPath{}, names)
	}
	return sc.finish(attrPath{extension: ext, attr: ext.child(urn[colon+1:])}, names)
}

// finish adds the sub-attribute. Names that no schema has become attributes of
// any type where the dialect keeps such things.
func (sc scope) finish(p attrPath, names []string) (attrPath, bool) {
	if p.attr == nil {
		if !sc.keep {
			return p, false
		}
		p.attr = &attribute{name: names[0], kind: typeAny}
	}
	switch {
	case len(names) == 1:
		return p, true
	case len(names) > 2:
		return p, false
	}
	p.sub = p.attr.child(names[1])
	if p.sub == nil && (sc.keep || p.attr.kind == typeAny) {
		p.sub = &attribute{name: names[1], kind: typeAny}
	}
	return p, p.sub != nil
}

// patchPath is the path of a PATCH operation (RFC 7644, figure 7): an attribute
// path, or a value path with perhaps a sub-attribute.
type patchPath struct {
	attrPath
	filter expr // nil without brackets
}

// parsePath reads the path of a PATCH operation.
func parsePath(sc scope, s string) (patchPath, *fail) {
	path, err := readPath(sc, s)
	if err != nil {
		err.scimType = invalidPath
	}
	return path, err
}

func readPath(sc scope, s string) (patchPath, *fail) {
	p, err := newParser(sc, s)
	if err != nil {
		return patchPath{}, err
	}
	path, known, err := p.attrPath()
	if err != nil || !known {
		return patchPath{}, err
	}
	out := patchPath{attrPath: path}
	if p.peek().is("[") {
		if out, err = p.patchFilter(path); err != nil {
			return patchPath{}, err
		}
	}
	if p.peek().kind != tokenEnd {
		return patchPath{}, p.unexpected("the end")
	}
	return out, nil
}

func (p *parser) patchFilter(path attrPath) (patchPath, *fail) {
	e, err := p.valuePath(path, true)
	if err != nil {
		return patchPath{}, err
	}
	out := patchPath{attrPath: path, filter: e.(valuePath).term}
	if !p.peek().is(".") {
		return out, nil
	}
	p.take()
	if p.peek().kind != tokenWord {
		return out, p.unexpected("the name of a sub-attribute")
	}
	name := p.take().text
	if out.sub = path.attr.child(name); out.sub == nil {
		return out, badRequest(invalidPath, "%q has no sub-attribute %q", path.attr.name, name)
	}
	return out, nil
}
