package scim

import (
	"encoding/json"
	"fmt"
	"strings"
)

// attributePath is a SCIM attribute path (RFC 7644 figure 7), such as
// `name.givenName`, `emails[type eq "work"].value` or
// `urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department`.
type attributePath struct {
	text string
	// schema is the URN before an extension's attribute, or empty.
	schema    string
	attribute string
	// filter picks the element of a multi-valued attribute, unless nil.
	filter *elementFilter
	sub    string
}

// elementFilter is `attribute eq value`, the only filter inside a path that
// all services understand.
type elementFilter struct {
	attribute string
	value     any
}

// parsePath reads a path, or says why it is none.
func parsePath(s string) (attributePath, error) {
	p := attributePath{text: s}
	rest := s
	bracket := strings.IndexByte(s, '[')
	head := s
	if bracket >= 0 {
		head = s[:bracket]
	}
	if len(head) > 4 && strings.EqualFold(head[:4], "urn:") {
		colon := strings.LastIndexByte(head, ':')
		p.schema, rest = s[:colon], s[colon+1:]
	}
	if open := strings.IndexByte(rest, '['); open >= 0 {
		end := strings.LastIndexByte(rest, ']')
		if end < open {
			return p, fmt.Errorf("attribute path %q: the bracket is not closed", s)
		}
		filter, err := parseElementFilter(rest[open+1 : end])
		if err != nil {
			return p, fmt.Errorf("attribute path %q: %w", s, err)
		}
		p.filter = filter
		rest = rest[:open] + rest[end+1:]
	}
	p.attribute, p.sub, _ = strings.Cut(rest, ".")
	if p.attribute == "" || strings.ContainsAny(rest, " \"[]") || strings.HasSuffix(rest, ".") {
		return p, fmt.Errorf("attribute path %q is not a SCIM attribute path", s)
	}
	return p, nil
}

func parseElementFilter(s string) (*elementFilter, error) {
	fields := strings.SplitN(strings.TrimSpace(s), " ", 3)
	if len(fields) != 3 || !strings.EqualFold(fields[1], "eq") {
		return nil, fmt.Errorf("the filter %q must have the form: attribute eq \"value\"", s)
	}
	f := &elementFilter{attribute: fields[0]}
	if err := json.Unmarshal([]byte(fields[2]), &f.value); err != nil {
		return nil, fmt.Errorf("the filter %q compares with no JSON value", s)
	}
	return f, nil
}

// in returns the value under p in a resource, or nil.
func (p *attributePath) in(resource []member) any {
	var outer, inner [8]member // enough for most, so that nothing is allocated
	if p.schema != "" {
		resource = membersOf(outer[:0], find(resource, p.schema))
	}
	value := find(resource, p.attribute)
	switch {
	case value == nil:
		return nil
	case p.filter != nil:
		value = p.element(value)
	case p.sub != "":
		value = find(membersOf(inner[:0], value), p.sub)
	}
	if value == nil {
		return nil
	}
	if value[0] == '"' {
		return unquote(value)
	}
	return anyValue(value)
}

// element returns the sub-attribute of the element that p's filter picks.
// Where no element says what it is (services that keep a single e-mail drop
// its type), the primary one stands for it, or else the first.
func (p *attributePath) element(array []byte) []byte {
	var exact, untyped choice
	_ = eachElement(array, func(v []byte) error {
		var room [8]member
		members := membersOf(room[:0], v)
		primary, _ := truth(find(members, "primary"))
		if len(members) == 0 {
			untyped.offer(v, false)
			return nil
		}
		switch held := find(members, p.filter.attribute); {
		case held == nil && strings.EqualFold(p.filter.attribute, "type"):
			untyped.offer(p.of(members, v), primary)
		case held != nil && p.filter.fits(held):
			exact.offer(p.of(members, v), primary)
		}
		return nil
	})
	if exact.value != nil {
		return exact.value
	}
	return untyped.value
}

// fits compares what an element holds with what the filter asks for.
func (f *elementFilter) fits(held []byte) bool {
	if want, ok := f.value.(string); ok && held[0] == '"' {
		return strings.EqualFold(unquote(held), want)
	}
	return sameScalar(anyValue(held), f.value)
}

func (p *attributePath) of(members []member, whole []byte) []byte {
	if p.sub == "" {
		return whole
	}
	return find(members, p.sub)
}

// choice keeps the first value that it is offered, or the first primary one.
type choice struct {
	value   []byte
	primary bool
}

func (c *choice) offer(value []byte, primary bool) {
	if value != nil && (c.value == nil || primary && !c.primary) {
		c.value, c.primary = value, primary
	}
}

// sameScalar compares two JSON scalars, text without case.
func sameScalar(a, b any) bool {
	s, isText := a.(string)
	t, bothText := b.(string)
	if isText && bothText {
		return strings.EqualFold(s, t)
	}
	return isScalar(a) && isScalar(b) && a == b
}

func isScalar(v any) bool {
	switch v.(type) {
	case nil, bool, string, float64, json.Number:
		return true
	}
	return false
}
