package load

import (
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"
)

// equal compares two values of which one may be a collection and the other
// written out, as in effective.users[user.alice].apps == ["vpn"]. In HCL those
// never are equal, for a list is no tuple: a condition with != would hold for
// ever, and nobody would see that it checks nothing.
func (b *budget) equal() function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{anything("a"), anything("b")},
		Type:   function.StaticReturnType(cty.Bool),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			if err := b.weigh(args); err != nil {
				return cty.UnknownVal(cty.Bool), err
			}
			x, y := alike(args[0], args[1])
			return x.Equals(y), nil
		},
	})
}

// alike gives two values one type, where one is a collection of texts, numbers
// or truths and the other has elements of that kind alone.
func alike(a, b cty.Value) (cty.Value, cty.Value) {
	if a.Type().Equals(b.Type()) || !isPlain(a) || !isPlain(b) {
		return a, b
	}
	if like, ok := convertedTo(a, b); ok {
		return a, like
	}
	if like, ok := convertedTo(b, a); ok {
		return like, b
	}
	return a, b
}

// convertedTo returns v as a collection of the type of model.
func convertedTo(model, v cty.Value) (cty.Value, bool) {
	to, from := model.Type(), v.Type()
	keyed := from.IsMapType() || from.IsObjectType()
	switch {
	case !to.IsCollectionType() || !to.ElementType().IsPrimitiveType():
		return v, false
	case to.IsMapType() != keyed, !keyed && !v.CanIterateElements(), to.IsListType() && from.IsSetType():
		return v, false
	}
	for it := v.ElementIterator(); it.Next(); {
		if _, e := it.Element(); !e.Type().Equals(to.ElementType()) {
			return v, false
		}
	}
	out, err := convert.Convert(v, to)
	return out, err == nil
}
