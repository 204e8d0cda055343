package planner

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/rollcall-dev/rollcall/schema"
)

// The paths of the default mapping.
const (
	pathUserName    = "userName"
	pathExternalID  = "externalId"
	pathActive      = "active"
	pathGivenName   = "name.givenName"
	pathFamilyName  = "name.familyName"
	pathDisplayName = "displayName"
	pathWorkEmail   = `emails[type eq "work"].value`
	// The paths of changes of state alone.
	pathSource     = "source"
	pathAddress    = "address"
	pathProtected  = "protected"
	pathOnUnpush   = "on_unpush"
	pathOnUnassign = "on_unassign"
)

// attribute is one attribute that an app manages for one person.
type attribute struct {
	path string
	// value is nil where the attribute is cleared.
	value any
	// createOnly attributes are sent with a create and never compared.
	createOnly bool
}

// mapping is an app's way from a person to attributes, prepared once.
type mapping struct {
	d       *Desired
	s       *Scope
	entries []entry
	// createOnly and locked are looked up by path; locked nil means open.
	createOnly map[string]bool
	locked     map[string]bool
	// scratch is used again for every person.
	scratch []attribute
}

// entry is one attribute of a mapping: a function in Go, or an expression.
type entry struct {
	path string
	of   func(*schema.User) any
	from schema.Expression
}

var defaultMapping = []entry{
	{path: pathDisplayName, of: displayName},
	{path: pathWorkEmail, of: email},
	{path: pathFamilyName, of: base("last_name")},
	{path: pathGivenName, of: base("first_name")},
}

func base(name string) func(*schema.User) any {
	return func(u *schema.User) any {
		v, _ := u.Attribute(name)
		return v
	}
}

// displayName is display_name, else first and last name, else the login.
func displayName(u *schema.User) any {
	if v, _ := u.Attribute("display_name"); v != "" {
		return v
	}
	first, _ := u.Attribute("first_name")
	last, _ := u.Attribute("last_name")
	return cmp.Or(strings.TrimSpace(first+" "+last), u.Login)
}

// email is the person's email, else the login if it is an address.
func email(u *schema.User) any {
	if v, set := u.Email(); set {
		return v
	}
	return nil
}

func newMapping(d *Desired, s *Scope, caps Capabilities) *mapping {
	m := &mapping{d: d, s: s, createOnly: make(map[string]bool)}
	for _, path := range s.App.CreateOnly {
		m.createOnly[path] = true
	}
	if caps.LockedMapping != nil {
		m.locked = make(map[string]bool)
		for _, path := range caps.LockedMapping {
			m.locked[path] = true
		}
	}
	for _, e := range defaultMapping {
		if m.allowed(e.path) && !slices.ContainsFunc(s.App.Attributes, func(a schema.Mapping) bool { return a.Path == e.path }) {
			m.entries = append(m.entries, e)
		}
	}
	for _, a := range s.App.Attributes {
		if a.Expression != nil && m.allowed(a.Path) && !fixed(a.Path) {
			m.entries = append(m.entries, entry{path: a.Path, from: a.Expression})
		}
	}
	slices.SortStableFunc(m.entries, func(a, b entry) int { return cmp.Compare(a.path, b.path) })
	return m
}

func (m *mapping) allowed(path string) bool { return m.locked == nil || m.locked[path] }

// fixed paths are compared apart from the other attributes.
func fixed(path string) bool {
	return path == pathUserName || path == pathExternalID || path == pathActive
}

// of returns what the app manages for p, sorted by path. The result is good
// until the next call.
func (m *mapping) of(p Person) ([]attribute, error) {
	u := &m.d.People[p]
	out := m.scratch[:0]
	for _, e := range m.entries {
		var v any
		if e.of != nil {
			v = e.of(u)
		} else {
			var err error
			if v, err = e.from.Value(u); err != nil {
				return nil, fmt.Errorf("attribute %s of %s: %w", e.path, u.Login, err)
			}
		}
		out = append(out, m.attribute(e.path, v))
	}
	for _, v := range m.s.profileOf(p) {
		if !m.allowed(v.Path) {
			continue
		}
		at, ok := slices.BinarySearchFunc(out, v.Path, func(a attribute, path string) int { return cmp.Compare(a.path, path) })
		if ok {
			out[at] = m.attribute(v.Path, v.Value)
		} else {
			out = slices.Insert(out, at, m.attribute(v.Path, v.Value))
		}
	}
	m.scratch = out
	return out, nil
}

func (m *mapping) attribute(path string, v any) attribute {
	return attribute{path: path, value: cleared(v), createOnly: m.createOnly[path]}
}

// profileOf are the values that p's assignments set.
func (s *Scope) profileOf(p Person) []schema.Value {
	if s.profile == nil {
		return nil
	}
	return s.profiles[s.profile[p]]
}

// cleared turns every way of saying nothing into nil: null and "" both mean
// that the attribute is cleared.
func cleared(v any) any {
	switch t := v.(type) {
	case string:
		if t == "" {
			return nil
		}
	case []any:
		if len(t) == 0 {
			return nil
		}
	case map[string]any:
		if len(t) == 0 {
			return nil
		}
	}
	return v
}

// same reports whether two attribute values are equal. Strings, which nearly
// all are, are compared without reflection.
func same(a, b any) bool {
	if s, ok := a.(string); ok {
		t, ok := b.(string)
		return ok && s == t
	}
	return reflect.DeepEqual(a, b)
}

// SameValue reports whether two attribute values are equal. Nil, "" and what is
// empty all say nothing, and are one.
func SameValue(a, b any) bool { return same(cleared(a), cleared(b)) }

// lookup finds path in values, which are sorted by it.
func lookup(values []schema.Value, path string) any {
	i, ok := slices.BinarySearchFunc(values, path, func(v schema.Value, path string) int { return cmp.Compare(v.Path, path) })
	if !ok {
		return nil
	}
	return values[i].Value
}
