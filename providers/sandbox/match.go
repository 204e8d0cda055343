package sandbox

import (
	"cmp"
	"encoding/json"
	"strings"
	"time"
)

// operand is the right side of a comparison: a string, a boolean, a number, or
// nil for null.
type operand struct {
	value  any
	folded string // of a string
}

func (p *parser) operand() (operand, *fail) {
	t := p.take()
	switch {
	case t.kind == tokenString:
		return operand{t.text, fold(t.text)}, nil
	case t.kind == tokenNumber:
		return operand{value: json.Number(t.text)}, nil
	case t.kind == tokenWord && t.text == "true":
		return operand{value: true}, nil
	case t.kind == tokenWord && t.text == "false":
		return operand{value: false}, nil
	case t.kind == tokenWord && t.text == "null":
		return operand{}, nil
	}
	if t.kind != tokenEnd {
		p.next--
	}
	return operand{}, p.unexpected("a value: a quoted string, a number, true, false or null")
}

// check refuses comparisons that mean nothing for the attribute's type.
func (c comparison) check() *fail {
	leaf := c.path.leaf()
	switch {
	case leaf.kind == typeAny || c.want.value == nil && (c.op == "eq" || c.op == "ne"):
		return nil
	case leaf.kind == typeComplex:
		return badRequest(invalidFilter, "%q is complex; compare one of its sub-attributes", leaf.name)
	case !c.sameType(leaf.kind):
		return badRequest(invalidFilter, "%q is a %s, and is compared with %s", leaf.name, leaf.kind, jsonType(c.want.value))
	case leaf.kind == typeBoolean && c.op != "eq" && c.op != "ne":
		return badRequest(invalidFilter, "%q is a boolean, which %q cannot compare", leaf.name, c.op)
	case leaf.kind == typeBinary && isOrder(c.op):
		return badRequest(invalidFilter, "%q is binary, which %q cannot compare", leaf.name, c.op)
	case leaf.kind == typeDateTime && isOrder(c.op) && !isTime(c.want.value.(string)):
		return badRequest(invalidFilter, "%q is not a date and time as in 2026-01-02T15:04:05Z", c.want.value)
	}
	return nil
}

func (c comparison) sameType(t valueType) bool {
	switch c.want.value.(type) {
	case string:
		return t != typeBoolean
	case bool:
		return t == typeBoolean
	}
	return false
}

func isOrder(op string) bool { return op[0] == 'g' || op[0] == 'l' }

func (l logical) matches(o object) bool {
	for _, t := range l.terms {
		if t.matches(o) != l.all {
			return !l.all
		}
	}
	return l.all
}

func (n negation) matches(o object) bool { return !n.term.matches(o) }

func (nothing) matches(object) bool { return false }

func (p presence) matches(o object) bool {
	for _, v := range p.path.values(o) {
		if !isEmpty(v) {
			return true
		}
	}
	return false
}

func isEmpty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case object:
		return len(v) == 0
	case []any:
		return len(v) == 0
	}
	return false
}

func (v valuePath) matches(o object) bool {
	for _, e := range v.path.elements(o) {
		if v.term.matches(asElement(e)) {
			return true
		}
	}
	return false
}

// asElement lets a simple value be looked at as the "value" of an element.
func asElement(v any) object {
	if o, ok := v.(object); ok {
		return o
	}
	return object{"value": v}
}

// elements returns the values of the attribute, whole.
func (p attrPath) elements(o object) []any {
	if p.extension != nil {
		o, _ = o[p.extension.name].(object)
	}
	v, ok := o[p.attr.name]
	if !ok {
		return nil
	}
	if list, ok := v.([]any); ok {
		return list
	}
	return []any{v}
}

// values returns what is compared: for a sub-attribute, those of all elements.
func (p attrPath) values(o object) []any {
	list := p.elements(o)
	leaf := p.leaf()
	if leaf == p.attr {
		return list
	}
	out := make([]any, 0, len(list))
	for _, e := range list {
		if v, ok := asElement(e)[leaf.name]; ok {
			out = append(out, v)
		}
	}
	return out
}

// matches compares every value; one that matches is enough. An absent attribute
// equals null alone.
func (c comparison) matches(o object) bool {
	list := c.path.values(o)
	if len(list) == 0 {
		return (c.want.value == nil) == (c.op == "eq") && (c.op == "eq" || c.op == "ne")
	}
	for _, v := range list {
		if c.holds(v) {
			return true
		}
	}
	return false
}

func (c comparison) holds(v any) bool {
	switch c.op {
	case "eq":
		return c.equal(v)
	case "ne":
		return !c.equal(v)
	}
	have, ok := v.(string)
	want, isText := c.want.value.(string)
	if !ok || !isText {
		return false
	}
	if isOrder(c.op) {
		return inOrder(c.op, c.order(have, want))
	}
	if !c.exact {
		have, want = fold(have), c.want.folded
	}
	switch c.op {
	case "co":
		return strings.Contains(have, want)
	case "sw":
		return strings.HasPrefix(have, want)
	}
	return strings.HasSuffix(have, want)
}

func (c comparison) equal(v any) bool {
	have, ok := v.(string)
	want, isText := c.want.value.(string)
	switch {
	case !ok || !isText:
		return v == c.want.value
	case c.path.leaf().kind == typeDateTime:
		return c.order(have, want) == 0
	case c.exact:
		return have == want
	}
	return fold(have) == c.want.folded
}

// order compares instants as instants and everything else as text.
func (c comparison) order(have, want string) int {
	if c.path.leaf().kind == typeDateTime {
		a, errA := time.Parse(time.RFC3339, have)
		b, errB := time.Parse(time.RFC3339, want)
		if errA == nil && errB == nil {
			return a.Compare(b)
		}
	}
	if c.exact {
		return cmp.Compare(have, want)
	}
	return cmp.Compare(fold(have), c.want.folded)
}

func inOrder(op string, c int) bool {
	switch op {
	case "gt":
		return c > 0
	case "ge":
		return c >= 0
	case "lt":
		return c < 0
	}
	return c <= 0
}
