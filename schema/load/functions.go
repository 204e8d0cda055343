package load

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2/ext/tryfunc"
	yaml "github.com/zclconf/go-cty-yaml"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// pureFunctions are go-cty's functions under Terraform's names, and Terraform's
// own where go-cty has none. They depend on their arguments alone.
var pureFunctions = map[string]function.Function{
	"abs": stdlib.AbsoluteFunc, "ceil": stdlib.CeilFunc, "floor": stdlib.FloorFunc, "log": stdlib.LogFunc,
	"max": stdlib.MaxFunc, "min": stdlib.MinFunc, "parseint": stdlib.ParseIntFunc, "pow": stdlib.PowFunc,
	"signum": stdlib.SignumFunc,

	"chomp": stdlib.ChompFunc, "format": stdlib.FormatFunc, "formatlist": stdlib.FormatListFunc,
	"indent": stdlib.IndentFunc, "join": stdlib.JoinFunc, "lower": stdlib.LowerFunc, "regex": stdlib.RegexFunc,
	"regexall": stdlib.RegexAllFunc, "replace": replaceFunction, "split": stdlib.SplitFunc,
	"strrev": stdlib.ReverseFunc, "substr": stdlib.SubstrFunc, "title": stdlib.TitleFunc, "trim": stdlib.TrimFunc,
	"trimprefix": stdlib.TrimPrefixFunc, "trimsuffix": stdlib.TrimSuffixFunc, "trimspace": stdlib.TrimSpaceFunc,
	"upper": stdlib.UpperFunc, "startswith": textTest("prefix", strings.HasPrefix),
	"endswith": textTest("suffix", strings.HasSuffix), "strcontains": textTest("part", strings.Contains),

	"chunklist": stdlib.ChunklistFunc, "coalesce": stdlib.CoalesceFunc, "coalescelist": stdlib.CoalesceListFunc,
	"compact": stdlib.CompactFunc, "concat": stdlib.ConcatFunc, "contains": stdlib.ContainsFunc,
	"distinct": stdlib.DistinctFunc, "element": stdlib.ElementFunc, "flatten": stdlib.FlattenFunc,
	"keys": stdlib.KeysFunc, "length": lengthFunction, "lookup": stdlib.LookupFunc, "merge": stdlib.MergeFunc,
	"range": stdlib.RangeFunc, "reverse": stdlib.ReverseListFunc, "setintersection": stdlib.SetIntersectionFunc,
	"setproduct": stdlib.SetProductFunc, "setsubtract": stdlib.SetSubtractFunc, "setunion": stdlib.SetUnionFunc,
	"slice": stdlib.SliceFunc, "sort": stdlib.SortFunc, "values": stdlib.ValuesFunc, "zipmap": stdlib.ZipmapFunc,
	"alltrue": truthFunction(true), "anytrue": truthFunction(false),

	"csvdecode": stdlib.CSVDecodeFunc, "jsondecode": stdlib.JSONDecodeFunc, "jsonencode": stdlib.JSONEncodeFunc,
	"yamldecode": yaml.YAMLDecodeFunc, "yamlencode": yaml.YAMLEncodeFunc,
	"formatdate": stdlib.FormatDateFunc, "timeadd": stdlib.TimeAddFunc,

	"tobool": stdlib.MakeToFunc(cty.Bool), "tonumber": stdlib.MakeToFunc(cty.Number),
	"tostring": stdlib.MakeToFunc(cty.String), "tolist": stdlib.MakeToFunc(cty.List(cty.DynamicPseudoType)),
	"toset": stdlib.MakeToFunc(cty.Set(cty.DynamicPseudoType)), "tomap": stdlib.MakeToFunc(cty.Map(cty.DynamicPseudoType)),

	"can": tryfunc.CanFunc, "try": tryfunc.TryFunc,
}

// Functions returns the names of all functions of the language, sorted.
func Functions() []string {
	names := append(slices.Collect(maps.Keys(pureFunctions)), "file", "env", "member_of")
	slices.Sort(names)
	return names
}

func textTest(other string, test func(s, other string) bool) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "text", Type: cty.String}, {Name: other, Type: cty.String}},
		Type:   function.StaticReturnType(cty.Bool),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			return cty.BoolVal(test(args[0].AsString(), args[1].AsString())), nil
		},
	})
}

// truthFunction is alltrue (neutral true) or anytrue (neutral false). As in
// Terraform, null is not true. It takes a tuple as it is: to make a list of what
// a for expression over everybody gives costs the square of its length.
func truthFunction(neutral bool) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "list", Type: cty.DynamicPseudoType}},
		Type: func(args []cty.Value) (cty.Type, error) {
			if t := args[0].Type(); !t.IsListType() && !t.IsSetType() && !t.IsTupleType() {
				return cty.Bool, function.NewArgErrorf(0, "list of bool required")
			}
			return cty.Bool, nil
		},
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			result := neutral
			for i, v := range args[0].AsValueSlice() {
				b, err := convert.Convert(v, cty.Bool)
				if err != nil {
					return cty.DynamicVal, function.NewArgErrorf(0, "element %d: %w", i, err)
				}
				if truth, ok := plainBool(b); truth != neutral && (ok || neutral) {
					result = !neutral
				}
			}
			return cty.BoolVal(result), nil
		},
	})
}

// lengthFunction measures collections and, as Terraform's does, texts.
var lengthFunction = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "value", Type: cty.DynamicPseudoType, AllowDynamicType: true}},
	Type:   function.StaticReturnType(cty.Number),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		if args[0].Type() == cty.String {
			return stdlib.Strlen(args[0])
		}
		if !args[0].CanIterateElements() {
			return cty.UnknownVal(cty.Number), function.NewArgErrorf(0, "a %s has no length", args[0].Type().FriendlyName())
		}
		return cty.NumberIntVal(int64(args[0].LengthInt())), nil
	},
})

// replaceFunction replaces text, or what a /regular expression/ between slashes matches.
var replaceFunction = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "text", Type: cty.String}, {Name: "old", Type: cty.String}, {Name: "new", Type: cty.String}},
	Type:   function.StaticReturnType(cty.String),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		old := args[1].AsString()
		if len(old) > 1 && old[0] == '/' && old[len(old)-1] == '/' {
			return stdlib.RegexReplace(args[0], cty.StringVal(old[1:len(old)-1]), args[2])
		}
		return stdlib.Replace(args[0], args[1], args[2])
	},
})

// wrapped returns a function of the language that keeps to the budget: it is
// charged by its arguments, refused before it makes too much, and measured after.
func (b *budget) wrapped(name string, f function.Function) function.Function {
	if name == "can" || name == "try" {
		return f // their arguments are expressions, which are charged as such
	}
	return function.New(&function.Spec{
		Params:   f.Params(),
		VarParam: f.VarParam(),
		Type: func(args []cty.Value) (cty.Type, error) {
			if err := b.foresee(name, args); err != nil {
				return cty.DynamicPseudoType, err
			}
			return f.ReturnTypeForValues(args)
		},
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			if err := b.weigh(args); err != nil {
				return cty.DynamicVal, err
			}
			v, err := f.Call(args)
			if err != nil {
				return v, err
			}
			return v, b.admit(v)
		},
	})
}

// foresee refuses the calls whose result is much larger than their arguments.
func (b *budget) foresee(name string, args []cty.Value) error {
	switch name {
	case "setproduct":
		return b.elements(productOf(args))
	case "range":
		return b.elements(rangeLength(args))
	case "pow":
		return b.foreseePower(args)
	case "format", "formatlist":
		if text, ok := plainText(args[0]); ok {
			return b.foreseeFormat(text)
		}
	case "indent":
		spaces, _ := plainWhole(args[0])
		text, _ := plainText(args[1])
		return b.foreseeText(spaces, strings.Count(text, "\n")+1, len(text))
	case "replace":
		return b.foreseeReplace(args)
	case "join":
		return b.foreseeJoin(args)
	case "jsondecode", "yamldecode":
		return b.foreseeDocument(name, args)
	}
	return nil
}

// foreseeText refuses a text of count pieces of size bytes and rest besides.
func (b *budget) foreseeText(size, count, rest int) error {
	limit := b.limits.TextBytes
	if size > limit || count > limit || size*count > limit || size*count+rest > limit {
		return fmt.Errorf("%w: it makes a text of more than %d bytes", errBudget, limit)
	}
	return nil
}

// foreseeFormat looks for a width or precision beyond all reason.
func (b *budget) foreseeFormat(text string) error {
	for rest := text; ; {
		i := strings.IndexAny(rest, "0123456789")
		if i < 0 {
			return nil
		}
		rest = rest[i:]
		digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
		if n, err := strconv.Atoi(rest[:digits]); err != nil || n > b.limits.TextBytes {
			return fmt.Errorf("%w: a width in the format is over %d", errBudget, b.limits.TextBytes)
		}
		rest = rest[digits:]
	}
}

func (b *budget) foreseeReplace(args []cty.Value) error {
	text, _ := plainText(args[0])
	old, _ := plainText(args[1])
	replacement, _ := plainText(args[2])
	count := len(text) + 1
	if old != "" && old[0] != '/' {
		count = strings.Count(text, old)
	}
	return b.foreseeText(len(replacement), count, len(text))
}

func (b *budget) foreseeJoin(args []cty.Value) error {
	separator, _ := plainText(args[0])
	count := 0
	for _, list := range args[1:] {
		if isPlain(list) && list.CanIterateElements() {
			count += list.LengthInt()
		}
	}
	return b.foreseeText(len(separator), count, 0)
}

// foreseePower refuses exponents that make giants; cty multiplies them out.
func (b *budget) foreseePower(args []cty.Value) error {
	if exponent, ok := plainNumber(args[1]); ok && (exponent > 1024 || exponent < -1024) {
		return fmt.Errorf("%w: the exponent of pow is over 1024", errBudget)
	}
	return nil
}

func productOf(args []cty.Value) int {
	product := 1
	for _, a := range args {
		if isPlain(a) && a.CanIterateElements() {
			product *= a.LengthInt()
		}
		if product > 1<<30 {
			break
		}
	}
	return product
}

// rangeLength is how many numbers range would make.
func rangeLength(args []cty.Value) int {
	start, end, step := 0.0, 0.0, 1.0
	numbers := make([]float64, 0, 3)
	for _, a := range args {
		n, ok := plainNumber(a)
		if !ok {
			return 0
		}
		numbers = append(numbers, n)
	}
	switch len(numbers) {
	case 1:
		end = numbers[0]
	case 2:
		start, end = numbers[0], numbers[1]
	case 3:
		start, end, step = numbers[0], numbers[1], numbers[2]
	}
	if step == 0 {
		return 0
	}
	return int(min(max((end-start)/step, (start-end)/step), 1<<30))
}
