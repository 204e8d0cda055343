package load

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/zclconf/go-cty/cty"
)

// plainValue turns a value of cty into one of schema's: nil, string, bool,
// float64, []any or map[string]any.
func plainValue(v cty.Value) (any, error) {
	switch {
	case v == cty.NilVal || v.IsMarked() || !v.IsKnown():
		return nil, errors.New("a sensitive value cannot be used here")
	case v.IsNull():
		return nil, nil
	}
	switch typ := v.Type(); {
	case typ == cty.String:
		return v.AsString(), nil
	case typ == cty.Bool:
		return v.True(), nil
	case typ == cty.Number:
		n, _ := plainNumber(v)
		return n, nil
	case typ.IsListType() || typ.IsTupleType() || typ.IsSetType():
		return plainList(v)
	case typ.IsMapType() || typ.IsObjectType() && !typ.HasAttribute(refAttribute):
		return plainMap(v)
	}
	return nil, fmt.Errorf("a %s is no value that can be kept; name one of its attributes", friendly(v))
}

func plainList(v cty.Value) (any, error) {
	out := make([]any, 0, v.LengthInt())
	for _, element := range v.AsValueSlice() {
		plain, err := plainValue(element)
		if err != nil {
			return nil, err
		}
		out = append(out, plain)
	}
	return out, nil
}

func plainMap(v cty.Value) (any, error) {
	out := make(map[string]any, v.LengthInt())
	for name, element := range v.AsValueMap() {
		plain, err := plainValue(element)
		if err != nil {
			return nil, err
		}
		out[name] = plain
	}
	return out, nil
}

// ctyValue is the way back.
func ctyValue(plain any) cty.Value {
	switch v := plain.(type) {
	case string:
		return cty.StringVal(v)
	case bool:
		return cty.BoolVal(v)
	case float64:
		return cty.NumberFloatVal(v)
	case []any:
		out := make([]cty.Value, len(v))
		for i := range v {
			out[i] = ctyValue(v[i])
		}
		return cty.TupleVal(out)
	case map[string]any:
		out := make(map[string]cty.Value, len(v))
		for _, name := range slices.Sorted(maps.Keys(v)) {
			out[name] = ctyValue(v[name])
		}
		return cty.ObjectVal(out)
	}
	return cty.NullVal(cty.DynamicPseudoType)
}
