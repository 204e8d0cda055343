package sandbox

import (
	"strings"
)

// view says which attributes of a resource are shown (RFC 7644, section 3.9).
type view struct {
	base            string // URL of the service
	only, excluding [][]string
	// needs are the attributes that have to be decoded.
	needs selection
}

func (v view) some() bool { return v.only != nil || v.excluding != nil }

// viewOf reads the parameters of a request's query.
func (s *Service) viewOf(r *request) (view, *fail) {
	return s.newView(r.base, splitList(r.query.Get("attributes")), splitList(r.query.Get("excludedAttributes")))
}

func (s *Service) newView(base string, only, excluding []string) (view, *fail) {
	v := view{base: base}
	if s.dialect.Quirks.NoProjection {
		return v, nil
	}
	if only != nil && excluding != nil {
		return v, badRequest(invalidValue, "attributes and excludedAttributes cannot be given together")
	}
	v.only, v.excluding = namePaths(only), namePaths(excluding)
	v.needs = v.selection()
	return v, nil
}

// selection leaves out what is not shown, so that it is not even made.
func (v view) selection() selection {
	if v.only != nil {
		names := map[string]bool{}
		for _, path := range v.only {
			names[path[0]] = true
		}
		return selection{only: names}
	}
	names := map[string]bool{}
	for _, path := range v.excluding {
		if len(path) == 1 {
			names[path[0]] = true
		}
	}
	return selection{not: names}
}

func splitList(text string) []string {
	var out []string
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

// namePaths cuts names into the steps of a resource's objects: an extension's
// URN, the attribute, the sub-attribute.
func namePaths(names []string) [][]string {
	var out [][]string
	for _, name := range names {
		out = append(out, steps(name))
	}
	return out
}

func steps(name string) []string {
	for k := range kindCount {
		t := k.spec()
		if rest, ok := cutFold(name, t.urn+":"); ok {
			return spelled(strings.SplitN(rest, ".", 2))
		}
		for _, ext := range t.extensions {
			if strings.EqualFold(name, ext.name) {
				return []string{ext.name}
			}
			if rest, ok := cutFold(name, ext.name+":"); ok {
				return append([]string{ext.name}, strings.SplitN(rest, ".", 2)...)
			}
		}
	}
	return spelled(strings.SplitN(name, ".", 2))
}

// spelled gives the first step the schema's spelling.
func spelled(path []string) []string {
	for k := range kindCount {
		if a := k.spec().attribute(path[0]); a != nil {
			path[0] = a.name
			break
		}
	}
	return path
}

func cutFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

// project keeps what the view asks for. What is always returned stays.
func (v view) project(k kind, o object) object {
	if v.only == nil {
		for _, path := range v.excluding {
			if a := k.spec().attribute(path[0]); a == nil || a.returned != "always" {
				drop(o, path)
			}
		}
		return o
	}
	out := object{"schemas": o["schemas"], "id": o["id"]}
	for _, path := range v.only {
		pick(out, o, path)
	}
	return out
}

// drop removes what path leads to.
func drop(o object, path []string) {
	for name, v := range o {
		if !strings.EqualFold(name, path[0]) {
			continue
		}
		if len(path) == 1 {
			delete(o, name)
			continue
		}
		for _, inner := range objectsIn(v) {
			drop(inner, path[1:])
		}
		if isEmpty(v) {
			delete(o, name)
		}
	}
}

func objectsIn(v any) []object {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	var out []object
	for _, e := range list {
		if o, ok := e.(object); ok {
			out = append(out, o)
		}
	}
	return out
}

// pick copies what path leads to from one object to another, beside what is
// there already.
func pick(to, from object, path []string) {
	for name, v := range from {
		if !strings.EqualFold(name, path[0]) {
			continue
		}
		if len(path) == 1 {
			to[name] = v
			continue
		}
		if picked := pickInside(to[name], v, path[1:]); picked != nil {
			to[name] = picked
		}
	}
}

func pickInside(have, v any, path []string) any {
	list, ok := v.([]any)
	if !ok {
		inner, _ := v.(object)
		out, _ := have.(object)
		if out == nil {
			out = object{}
		}
		if pick(out, inner, path); len(out) == 0 {
			return nil
		}
		return out
	}
	out, _ := have.([]any)
	if out == nil {
		out = make([]any, len(list))
		for i := range out {
			out[i] = object{}
		}
	}
	for i, e := range list {
		to, okTo := out[i].(object)
		from, okFrom := e.(object)
		if okTo && okFrom {
			pick(to, from, path)
		}
	}
	return out
}
