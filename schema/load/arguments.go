package load

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/rollcall-dev/rollcall/schema"
)

// value evaluates an argument. It reports false if the argument is not there, is
// null, which means the same, or is wrong, which has then been said.
func (it *item) value(name string) (cty.Value, bool) {
	a := it.attr(name)
	if a == nil {
		return cty.NilVal, false
	}
	v, ok := it.l.value(a.Expr, it.scope)
	if !ok {
		return cty.NilVal, false
	}
	if !v.IsMarked() && v.IsNull() {
		it.missing(name)
		return cty.NilVal, false
	}
	if v.ContainsMarked() {
		it.l.add(finding(codeSensitive, it.at(name), "Sensitive value would be shown",
			fmt.Sprintf("The argument %q appears in plans and logs, so it cannot take a sensitive value.", name)))
		return cty.NilVal, false
	}
	return v, true
}

// missing reports an argument that is null, if the block needs it.
func (it *item) missing(name string) {
	if arg := it.spec.argument(name); arg != nil && arg.Required {
		it.l.add(finding(codeMissingArgument, it.at(name), "Argument is missing", needs(it.spec, arg)+" null is as good as leaving it out."))
	}
}

// given reports whether an argument is there and not null.
func (it *item) given(name string) bool {
	a := it.attr(name)
	if a == nil {
		return false
	}
	if _, list := a.Expr.(*hclsyntax.TupleConsExpr); list {
		return true
	}
	v, ok := it.l.value(a.Expr, it.scope)
	return !ok || v.IsMarked() || !v.IsNull()
}

// converted evaluates an argument as a value of one type.
func (it *item) converted(name string, typ cty.Type) (cty.Value, bool) {
	v, ok := it.value(name)
	if !ok {
		return cty.NilVal, false
	}
	out, err := convert.Convert(v, typ)
	if err != nil || !out.IsWhollyKnown() {
		it.wrongType(name, fmt.Sprintf("%s is needed here, and this is %s.", article(it.spec.argument(name).Type), article(friendly(v))))
		return cty.NilVal, false
	}
	return out, true
}

// friendly names the type of a value in words.
func friendly(v cty.Value) string {
	if r, ok := refOf(v); ok {
		return "reference to " + article(r.typ)
	}
	return v.Type().FriendlyName()
}

func article(noun string) string {
	if strings.ContainsRune("aeio", rune(noun[0])) {
		return "an " + noun
	}
	return "a " + noun
}

func (it *item) wrongType(name, detail string) {
	it.l.add(finding(codeWrongType, it.at(name), "Wrong type", fmt.Sprintf("The argument %q: %s", name, detail)))
}

func (it *item) invalid(name, format string, args ...any) {
	it.l.add(finding(codeInvalidValue, it.at(name), "Value is not allowed", fmt.Sprintf(format, args...)))
}

// text returns an argument that is a text; empty without it.
func (it *item) text(name string) string {
	text, _ := it.said(name)
	return text
}

// textOrDefault returns an argument that is a text, or its default.
func (it *item) textOrDefault(name string) string {
	if text, ok := it.said(name); ok {
		return text
	}
	def, _ := strconv.Unquote(it.spec.argument(name).Default)
	return def
}

// said returns an argument that is a text, and whether it was given.
func (it *item) said(name string) (string, bool) {
	a := it.attr(name)
	if a == nil {
		return "", false
	}
	if text, ok := literalText(a.Expr); ok {
		return text, true
	}
	v, ok := it.converted(name, cty.String)
	if !ok {
		return "", false
	}
	return plainText(v)
}

// truth returns an argument that is a bool, or its default.
func (it *item) truth(name string) bool {
	def := it.spec.argument(name).Default == "true"
	v, ok := it.converted(name, cty.Bool)
	if !ok {
		return def
	}
	truth, _ := plainBool(v)
	return truth
}

// choice returns an argument that is one of the texts that the table allows, or
// its default; empty if there is none.
func (it *item) choice(name string) string {
	spec := it.spec.argument(name)
	def, _ := strconv.Unquote(spec.Default)
	text, ok := it.said(name)
	if !ok {
		return def
	}
	if slices.Contains(spec.Values, text) {
		return text
	}
	suggestion := nearest(text, spec.Values)
	d := finding(codeInvalidValue, it.at(name), "Value is not allowed",
		fmt.Sprintf("The argument %q is one of %s.%s", name, list(spec.Values), didYouMean(quoteNonEmpty(suggestion))))
	d.Suggestion = quoteNonEmpty(suggestion)
	it.l.add(d)
	return def
}

// choiceOrZero is choice for Go types whose zero value is the default.
func choiceOrZero[T ~string](it *item, name string) T {
	text := it.choice(name)
	if quote(text) == it.spec.argument(name).Default {
		return ""
	}
	return T(text)
}

// number returns an argument that is a number of at least zero, and whether it was given.
func (it *item) number(name string) (float64, bool) {
	v, ok := it.converted(name, cty.Number)
	if !ok {
		return 0, false
	}
	n, _ := plainNumber(v)
	if n < 0 {
		it.invalid(name, "The argument %q cannot be less than zero.", name)
		return 0, false
	}
	return n, true
}

// whole returns an argument that is a whole number, and whether it was given.
func (it *item) whole(name string) (int, bool) {
	v, ok := it.converted(name, cty.Number)
	if !ok {
		return 0, false
	}
	n, isWhole := plainWhole(v)
	if !isWhole || n > math.MaxInt32 || n < math.MinInt32 {
		it.invalid(name, "The argument %q is a whole number.", name)
		return 0, false
	}
	return n, true
}

// count is whole for what cannot be less than zero; def without the argument.
func (it *item) count(name string, def int) int {
	n, ok := it.whole(name)
	if ok && n < 0 {
		it.invalid(name, "The argument %q cannot be less than zero.", name)
	}
	if !ok || n < 0 {
		return def
	}
	return n
}

// duration returns an argument like "30s" or "24h"; def without it.
func (it *item) duration(name string, def time.Duration) time.Duration {
	text, ok := it.said(name)
	if !ok {
		return def
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		it.invalid(name, "The argument %q is a duration like \"30s\", \"15m\" or \"24h\".", name)
		return def
	}
	return d
}

// time returns an argument that is an RFC 3339 time; zero without it.
func (it *item) time(name string) time.Time {
	text, ok := it.said(name)
	if !ok {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		it.invalid(name, "The argument %q is a time with its zone, as in \"2026-12-31T18:00:00Z\" (RFC 3339).", name)
		return time.Time{}
	}
	return t
}

// limit returns an argument that is a count or a share like "10%"; def without it.
func (it *item) limit(name string, def schema.Limit) schema.Limit {
	v, ok := it.value(name)
	if !ok {
		return def
	}
	if n, isNumber := plainWhole(v); isNumber && n >= 0 {
		return schema.Limit{Value: float64(n)}
	}
	text, _ := plainText(v)
	digits, isShare := strings.CutSuffix(text, "%")
	n, err := strconv.ParseFloat(digits, 64)
	if err != nil || n < 0 || isShare && n > 100 || !isShare && n != math.Trunc(n) || n > math.MaxInt32 {
		it.invalid(name, "The argument %q is a count, as in 10, or a share from 0 to 100 percent, as in \"10%%\".", name)
		return def
	}
	return schema.Limit{Share: isShare, Value: n}
}

// texts returns an argument that is a list of texts.
func (it *item) texts(name string) []string {
	v, ok := it.converted(name, cty.List(cty.String))
	if !ok {
		return nil
	}
	var out []string
	for _, element := range v.AsValueSlice() {
		text, ok := plainText(element)
		if !ok {
			it.wrongType(name, "no element may be null.")
			return nil
		}
		out = append(out, text)
	}
	return out
}

// textMap returns an argument that is a map of texts.
func (it *item) textMap(name string) map[string]string {
	v, ok := it.converted(name, cty.Map(cty.String))
	if !ok {
		return nil
	}
	out := map[string]string{}
	for key, element := range v.AsValueMap() {
		text, ok := plainText(element)
		if !ok {
			it.wrongType(name, "no element may be null.")
			return nil
		}
		out[key] = text
	}
	return out
}
