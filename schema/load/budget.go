package load

import (
	"errors"
	"fmt"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"
)

// budget bounds one evaluation. It is used by a single goroutine.
type budget struct {
	limits     Limits
	operations int
	bytes      int
}

// textBudget is how many texts of the greatest length one evaluation may make.
const textBudget = 32

var errBudget = errors.New("this expression costs more than one evaluation may")

func newBudget(l Limits) *budget {
	return &budget{limits: l, operations: l.Operations, bytes: textBudget * l.TextBytes}
}

// spend takes n operations off the budget.
func (b *budget) spend(n int) error {
	if b.operations -= n; b.operations < 0 {
		return fmt.Errorf("%w: it takes more than %d steps", errBudget, b.limits.Operations)
	}
	return nil
}

// spendText takes a text of n bytes off the budget.
func (b *budget) spendText(n int) error {
	if n > b.limits.TextBytes {
		return fmt.Errorf("%w: it makes a text of %d bytes, and %d is the most", errBudget, n, b.limits.TextBytes)
	}
	if b.bytes -= n; b.bytes < 0 {
		return fmt.Errorf("%w: it makes texts of more than %d bytes together", errBudget, textBudget*b.limits.TextBytes)
	}
	return b.spend(n / 64)
}

// spent is what was taken off the budget so far.
func (b *budget) spent() int { return b.limits.Operations - b.operations }

// elements refuses a list that is too long before it is made.
func (b *budget) elements(n int) error {
	if n > b.limits.Elements {
		return fmt.Errorf("%w: it makes a list of %d elements, and %d is the most", errBudget, n, b.limits.Elements)
	}
	return nil
}

// admit measures a value that a function has made.
func (b *budget) admit(v cty.Value) error {
	v, _ = v.Unmark()
	if !isPlain(v) {
		return nil
	}
	switch typ := v.Type(); {
	case typ == cty.String:
		return b.spendText(len(v.AsString()))
	case typ == cty.Number:
		return checkNumber(v)
	case v.CanIterateElements():
		return b.admitCollection(v)
	}
	return nil
}

func (b *budget) admitCollection(v cty.Value) error {
	if err := b.elements(v.LengthInt()); err != nil {
		return err
	}
	if err := b.spend(v.LengthInt()); err != nil {
		return err
	}
	for it := v.ElementIterator(); it.Next(); {
		key, element := it.Element()
		if err := b.admit(element); err != nil {
			return err
		}
		if isPlain(key) && key.Type() == cty.String {
			if err := b.spendText(len(key.AsString())); err != nil {
				return err
			}
		}
	}
	return nil
}

// maxBinaryExponent bounds numbers: to write one with a giant exponent in
// decimal digits takes time that is quadratic in the exponent.
const maxBinaryExponent = 4096

func checkNumber(v cty.Value) error {
	v, _ = v.Unmark()
	if !isPlain(v) || v.Type() != cty.Number {
		return nil
	}
	f := v.AsBigFloat()
	if f.IsInf() {
		return errors.New("a number is divided by zero")
	}
	if e := f.MantExp(nil); e > maxBinaryExponent || e < -maxBinaryExponent {
		return fmt.Errorf("%w: it makes a number with a giant exponent", errBudget)
	}
	return nil
}

// weigh charges a call with the size of what it is given.
func (b *budget) weigh(args []cty.Value) error {
	cost := 1
	for _, a := range args {
		a, _ = a.Unmark()
		switch {
		case !isPlain(a):
		case a.Type() == cty.String:
			cost += len(a.AsString()) / 64
		case a.CanIterateElements():
			cost += a.LengthInt()
		}
	}
	return b.spend(cost)
}

// guards returns the functions that preparation writes into expressions.
func (b *budget) guards() map[string]function.Function {
	return map[string]function.Function{
		callMeasure:   b.passing(b.measure),
		callHash:      b.passing(b.hash),
		callSquare:    b.passing(b.square),
		callNumber:    b.passing(checkNumber),
		callText:      b.text(),
		callJoin:      b.join(),
		callDirectory: directoryFunction,
		callKey:       keyFunction,
		callEqual:     b.equal(),
	}
}

func (b *budget) measure(v cty.Value) error {
	v, _ = v.Unmark()
	if isPlain(v) && v.CanIterateElements() {
		return b.spend(v.LengthInt())
	}
	return nil
}

// hash charges a collection that is about to become a set: cty needs twenty
// times as long for an element of a set as for one of a list.
func (b *budget) hash(v cty.Value) error {
	v, _ = v.Unmark()
	if !isPlain(v) || !v.CanIterateElements() {
		return nil
	}
	cost := 20 * v.LengthInt()
	for it := v.ElementIterator(); it.Next() && cost <= b.limits.Operations; {
		if _, element := it.Element(); isPlain(element) && element.CanIterateElements() {
			cost += 20 * element.LengthInt()
		}
	}
	return b.spend(cost)
}

// square charges a list whose elements are about to be compared with each other.
func (b *budget) square(v cty.Value) error {
	v, _ = v.Unmark()
	if !isPlain(v) || !v.CanIterateElements() {
		return nil
	}
	n := v.LengthInt()
	return b.spend(n * n / 64)
}

// anything is a parameter that takes every value as it is.
func anything(name string) function.Parameter {
	return function.Parameter{Name: name, Type: cty.DynamicPseudoType,
		AllowNull: true, AllowUnknown: true, AllowDynamicType: true, AllowMarked: true}
}

// passing is a function that hands its argument through if check lets it.
func (b *budget) passing(check func(cty.Value) error) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{anything("value")},
		Type: func(args []cty.Value) (cty.Type, error) {
			return args[0].Type(), nil
		},
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			return args[0], check(args[0])
		},
	})
}

// text is a template: its parts as texts, one behind the other.
func (b *budget) text() function.Function {
	part := anything("part")
	return function.New(&function.Spec{
		VarParam: &part,
		Type:     function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			return b.concatenate(args)
		},
	})
}

// join is the loop of a template, which arrives as the list of its passes.
func (b *budget) join() function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{anything("passes")},
		Type:   function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			passes, marks := args[0].Unmark()
			if !isPlain(passes) || !passes.CanIterateElements() {
				return cty.UnknownVal(cty.String).WithMarks(marks), nil
			}
			v, err := b.concatenate(passes.AsValueSlice())
			return v.WithMarks(marks), err
		},
	})
}

func (b *budget) concatenate(parts []cty.Value) (cty.Value, error) {
	var out []byte
	var marks []cty.ValueMarks
	for i, part := range parts {
		part, m := part.Unmark()
		marks = append(marks, m)
		if part.IsNull() {
			return cty.UnknownVal(cty.String), function.NewArgErrorf(i, "a null value cannot be part of a text")
		}
		text, err := convert.Convert(part, cty.String)
		if err != nil {
			return cty.UnknownVal(cty.String), function.NewArgErrorf(i, "a text cannot hold this: %s", err)
		}
		if !text.IsKnown() {
			return cty.UnknownVal(cty.String).WithMarks(marks...), nil
		}
		out = append(out, text.AsString()...)
		if len(out) > b.limits.TextBytes {
			break
		}
	}
	if err := b.spendText(len(out)); err != nil {
		return cty.UnknownVal(cty.String), err
	}
	return cty.StringVal(string(out)).WithMarks(marks...), nil
}

// directoryFunction names a person or group of a directory by a computed text.
var directoryFunction = function.New(&function.Spec{
	Params: []function.Parameter{anything("directory"), {Name: "name", Type: cty.String}},
	Type:   function.StaticReturnType(cty.Object(map[string]cty.Type{refAttribute: refType})),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		r, ok := refOf(args[0])
		if !ok {
			return cty.DynamicVal, errors.New("no directory stands before the brackets")
		}
		r.name = args[1].AsString()
		return r.value(nil), nil
	},
})

// keyFunction turns a reference into the key that people, groups and apps have
// in facts: login, address, name. Everything else stays what it is.
var keyFunction = function.New(&function.Spec{
	Params: []function.Parameter{anything("value")},
	Type: func(args []cty.Value) (cty.Type, error) {
		if _, ok := keyOf(args[0]); ok {
			return cty.String, nil
		}
		return args[0].Type(), nil
	},
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		if key, ok := keyOf(args[0]); ok {
			return cty.StringVal(key), nil
		}
		return args[0], nil
	},
})

// keyOf returns the key of what v refers to.
func keyOf(v cty.Value) (string, bool) {
	r, ok := refOf(v)
	switch {
	case !ok:
		return "", false
	case r.typ == "user" && r.directory == "":
		return plainText(v.GetAttr("login"))
	case r.typ == "user":
		return r.name, true
	case r.typ == "app":
		return r.address.Name(), true
	}
	return string(r.full()), true
}
