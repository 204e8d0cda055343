package load

import (
	"github.com/zclconf/go-cty/cty"

	"github.com/rollcall-dev/rollcall/schema"
)

// shape is the type that values have in common, so that rows of facts form a
// list or a map of one type: an attribute that some of them lack is null there.
type shape struct {
	kind    shapeKind
	element *shape
	fields  map[string]*shape
}

type shapeKind uint8

const (
	// shapeless values are all null.
	shapeless shapeKind = iota
	textShape
	truthShape
	numberShape
	listShape
	objectShape
	// mixedShape values have no type in common and keep their own.
	mixedShape
)

// take widens the shape so that it fits v, too.
func (s *shape) take(v any) {
	switch v := v.(type) {
	case nil:
	case string:
		s.become(textShape)
	case bool:
		s.become(truthShape)
	case float64:
		s.become(numberShape)
	case []string:
		s.become(listShape)
		s.of().become(textShape)
	case []any:
		s.become(listShape)
		for _, e := range v {
			s.of().take(e)
		}
	case *schema.List:
		s.become(listShape)
		for i := range v.Len {
			s.of().take(v.Row(i))
		}
	case *schema.Table:
		s.become(mixedShape)
	case *schema.Record:
		s.become(objectShape)
		for _, name := range v.Names {
			s.field(name).take(v.Get(name))
		}
	case map[string]any:
		s.become(objectShape)
		for name, e := range v {
			s.field(name).take(e)
		}
	default:
		s.become(mixedShape)
	}
}

func (s *shape) become(kind shapeKind) {
	switch s.kind {
	case kind:
	case shapeless:
		s.kind = kind
	default:
		s.kind = mixedShape
	}
}

// of is the shape of a list's elements.
func (s *shape) of() *shape {
	if s.element == nil {
		s.element = &shape{}
	}
	return s.element
}

func (s *shape) field(name string) *shape {
	f := s.fields[name]
	if f == nil {
		if s.fields == nil {
			s.fields = map[string]*shape{}
		}
		f = &shape{}
		s.fields[name] = f
	}
	return f
}

// typ is the type of values of the shape; false if they have none in common.
func (s *shape) typ() (cty.Type, bool) {
	switch s.kind {
	case shapeless, textShape:
		return cty.String, true
	case truthShape:
		return cty.Bool, true
	case numberShape:
		return cty.Number, true
	case listShape:
		element, ok := s.of().typ()
		return cty.List(element), ok
	case objectShape:
		fields := make(map[string]cty.Type, len(s.fields))
		for name, f := range s.fields {
			t, ok := f.typ()
			if !ok {
				return cty.NilType, false
			}
			fields[name] = t
		}
		return cty.Object(fields), true
	}
	return cty.NilType, false
}

// value is v in the shape.
func (s *shape) value(v any) cty.Value {
	if v == nil {
		t, ok := s.typ()
		if !ok {
			t = cty.DynamicPseudoType
		}
		return cty.NullVal(t)
	}
	switch s.kind {
	case listShape:
		return s.list(v)
	case objectShape:
		return s.object(v)
	}
	return factValue(v)
}

func (s *shape) list(v any) cty.Value {
	n, at := elementsOf(v)
	element, ok := s.of().typ()
	if n == 0 && ok {
		return cty.ListValEmpty(element)
	}
	out := make([]cty.Value, n)
	for i := range out {
		out[i] = s.of().value(at(i))
	}
	if !ok {
		return cty.TupleVal(out)
	}
	return cty.ListVal(out)
}

// elementsOf goes through what take knows as a list.
func elementsOf(v any) (n int, at func(int) any) {
	switch v := v.(type) {
	case []string:
		return len(v), func(i int) any { return v[i] }
	case []any:
		return len(v), func(i int) any { return v[i] }
	case *schema.List:
		return v.Len, v.Row
	}
	return 0, nil
}

func (s *shape) object(v any) cty.Value {
	out := make(map[string]cty.Value, len(s.fields))
	get := fieldsOf(v)
	for name, f := range s.fields {
		out[name] = f.value(get(name))
	}
	return cty.ObjectVal(out)
}

func fieldsOf(v any) func(name string) any {
	switch v := v.(type) {
	case map[string]any:
		return func(name string) any { return v[name] }
	case *schema.Record:
		return v.Get
	}
	return func(string) any { return nil }
}

// factValue is a value of facts as a whole.
func factValue(v any) cty.Value {
	if t, ok := v.(*schema.Table); ok {
		return tableValue(t, &reading{open: true})
	}
	s := &shape{}
	s.take(v)
	if s.kind == listShape || s.kind == objectShape {
		return s.value(v)
	}
	return ctyValue(v)
}
