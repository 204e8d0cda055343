package load

import (
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/rollcall-dev/rollcall/schema"
)

// customShape is the type of `custom` that all people share in expressions, so
// that lists and conditionals may mix them: every name that anyone has.
type customShape map[string]cty.Type

// shapeOf finds the shape for all people. A name whose values agree in no type
// has none, and people then differ in it.
func shapeOf(users []schema.User) customShape {
	seen := map[string][]cty.Type{}
	for i := range users {
		for _, a := range users[i].Custom {
			seen[a.Name] = appendType(seen[a.Name], ctyValue(a.Value).Type())
		}
	}
	shape := customShape{}
	for name, types := range seen {
		if typ, _ := convert.UnifyUnsafe(types); typ != cty.NilType {
			shape[name] = typ
		}
	}
	return shape
}

func appendType(types []cty.Type, typ cty.Type) []cty.Type {
	for _, t := range types {
		if t.Equals(typ) {
			return types
		}
	}
	return append(types, typ)
}

// value is a person's custom attributes in the common shape; a nil shape takes
// them as they are.
func (s customShape) value(custom []schema.CustomAttribute) cty.Value {
	out := make(map[string]cty.Value, len(s))
	for name, typ := range s {
		out[name] = cty.NullVal(typ)
	}
	for _, a := range custom {
		v := ctyValue(a.Value)
		if typ, ok := s[a.Name]; ok {
			if converted, err := convert.Convert(v, typ); err == nil {
				v = converted
			}
		}
		out[a.Name] = v
	}
	return cty.ObjectVal(out)
}
