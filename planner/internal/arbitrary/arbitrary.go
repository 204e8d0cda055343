// Package arbitrary makes values of any type for property tests: it fills
// every exported field, so that a field which somebody adds later is tested
// without anybody thinking of it. What a format promises to keep, and no more,
// is made: valid UTF-8, finite numbers, times in UTC, attributes sorted by path.
package arbitrary

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/rollcall-dev/rollcall/schema"
)

// Of draws a value of type T. Empty lists and maps are nil.
func Of[T any](t *rapid.T) T {
	var v T
	fill(t, reflect.ValueOf(&v).Elem())
	return v
}

// special are types that are not made field by field.
var special = map[reflect.Type]func(*rapid.T) any{
	reflect.TypeFor[time.Time]():         func(t *rapid.T) any { return moment(t) },
	reflect.TypeFor[[]schema.Value]():    func(t *rapid.T) any { return values(t) },
	reflect.TypeFor[schema.GivenValue](): func(t *rapid.T) any { return given(t) },
}

func fill(t *rapid.T, v reflect.Value) {
	if draw, ok := special[v.Type()]; ok {
		v.Set(reflect.ValueOf(draw(t)))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(text(t))
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, "bool"))
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(rapid.Int32().Draw(t, "int")))
	case reflect.Uint32:
		v.SetUint(uint64(rapid.Uint32().Draw(t, "uint32")))
	case reflect.Uint64:
		v.SetUint(rapid.Uint64().Draw(t, "uint64"))
	case reflect.Float64:
		v.SetFloat(number(t))
	default:
		fillMany(t, v)
	}
}

// given is the value of a variable: JSON, or nothing where it is sensitive.
func given(t *rapid.T) schema.GivenValue {
	if rapid.Bool().Draw(t, "sensitive") {
		return schema.GivenValue{Name: text(t), Sensitive: true}
	}
	return schema.GivenValue{Name: text(t), Value: strconv.Quote(rapid.StringMatching("[a-z]*").Draw(t, "value"))}
}

// fillMany fills what has parts.
func fillMany(t *rapid.T, v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(t, v.Field(i))
		}
	case reflect.Slice:
		for range rapid.IntRange(0, 2).Draw(t, "length") {
			e := reflect.New(v.Type().Elem()).Elem()
			fill(t, e)
			v.Set(reflect.Append(v, e))
		}
	case reflect.Map:
		for range rapid.IntRange(0, 2).Draw(t, "length") {
			key, e := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			fill(t, key)
			fill(t, e)
			if v.IsNil() {
				v.Set(reflect.MakeMap(v.Type()))
			}
			v.SetMapIndex(key, e)
		}
	default:
		panic(fmt.Sprintf("arbitrary: no way to make a %s", v.Type()))
	}
}

// text is empty half of the time, because that is what formats leave out.
func text(t *rapid.T) string {
	return rapid.OneOf(rapid.Just(""), rapid.String(), rapid.StringMatching(`[a-z"\\<&\x00-\x1f é]{1,6}`)).Draw(t, "text")
}

func number(t *rapid.T) float64 { return rapid.Float64Range(-1e300, 1e300).Draw(t, "number") }

func moment(t *rapid.T) time.Time {
	seconds := rapid.Int64Range(-62135596800, 253402300799).Draw(t, "seconds") // the years 1 to 9999
	return time.Unix(seconds, rapid.Int64Range(0, 999_999_999).Draw(t, "nanoseconds")).UTC()
}

func values(t *rapid.T) []schema.Value {
	var out []schema.Value
	for range rapid.IntRange(0, 3).Draw(t, "attributes") {
		out = append(out, schema.Value{Path: text(t), Value: value(t, 2)})
	}
	slices.SortFunc(out, func(a, b schema.Value) int { return strings.Compare(a.Path, b.Path) })
	return slices.CompactFunc(out, func(a, b schema.Value) bool { return a.Path == b.Path })
}

// value is one of the types that an attribute may have, nested at most depth deep.
func value(t *rapid.T, depth int) any {
	kinds := 4
	if depth > 0 {
		kinds = 6
	}
	switch rapid.IntRange(0, kinds-1).Draw(t, "kind") {
	case 0:
		return text(t)
	case 1:
		return rapid.Bool().Draw(t, "bool")
	case 2:
		return number(t)
	case 3:
		return nil
	case 4:
		return []any{value(t, depth-1), value(t, depth-1)}
	}
	return map[string]any{text(t): value(t, depth-1), "b": value(t, depth-1)}
}
