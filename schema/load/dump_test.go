package load

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/rollcall-dev/rollcall/schema"
)

// dump writes a configuration as text: every field that is not zero, one a
// line, without origins.
func dump(c *schema.Config) string {
	var out strings.Builder
	d := dumper{&out}
	v := reflect.ValueOf(*c)
	for i := range v.NumField() {
		if name := v.Type().Field(i).Name; name != "Files" && name != "Digest" {
			d.value(name, v.Field(i), 0)
		}
	}
	return out.String()
}

type dumper struct{ out *strings.Builder }

func (d dumper) line(depth int, format string, args ...any) {
	fmt.Fprintf(d.out, strings.Repeat("  ", depth)+format+"\n", args...)
}

func (d dumper) value(name string, v reflect.Value, depth int) {
	if v.IsZero() || !v.CanInterface() || name == "Origin" || strings.HasSuffix(name, "Origin") {
		return
	}
	switch x := v.Interface().(type) {
	case time.Time:
		d.line(depth, "%s: %s", name, x.Format(time.RFC3339))
		return
	case fmt.Stringer:
		d.line(depth, "%s: %s", name, x)
		return
	case schema.Condition:
		d.line(depth, "%s: groups %v", name, x.Groups())
		return
	case schema.Expression:
		got, err := x.Value(&schema.User{Login: "p@x.com", Profile: []schema.Attribute{{Name: "first_name", Value: "Pat"}}})
		d.line(depth, "%s: %#v %v", name, got, err)
		return
	}
	d.composite(name, v, depth)
}

func (d dumper) composite(name string, v reflect.Value, depth int) {
	switch v.Kind() {
	case reflect.Slice:
		d.line(depth, "%s:", name)
		for i := range v.Len() {
			d.value(fmt.Sprintf("- %d", i), v.Index(i), depth+1)
		}
	case reflect.Struct:
		d.line(depth, "%s:", name)
		for i := range v.NumField() {
			d.value(v.Type().Field(i).Name, v.Field(i), depth+1)
		}
	case reflect.Pointer, reflect.Interface:
		d.value(name, v.Elem(), depth)
	default:
		d.line(depth, "%s: %#v", name, v.Interface())
	}
}

// render writes findings as text.
func render(ds schema.Diagnostics) string {
	var out strings.Builder
	for _, d := range ds {
		fmt.Fprintf(&out, "%s %s at %s: %s\n  %s\n", d.Severity, d.Code, place2(d.Origin), d.Summary, d.Detail)
		if d.Suggestion != "" {
			fmt.Fprintf(&out, "  suggestion: %s\n", d.Suggestion)
		}
		for _, r := range d.Related {
			fmt.Fprintf(&out, "  related: %s: %s\n", place2(r.Origin), r.Message)
		}
	}
	return out.String()
}

func place2(o schema.Origin) string {
	return fmt.Sprintf("%s:%d:%d-%d:%d", o.File, o.Line, o.Column, o.EndLine, o.EndColumn)
}
