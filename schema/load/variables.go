package load

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/rollcall-dev/rollcall/schema"
)

// variable is a variable block and, once asked for, its value.
type variable struct {
	item      *item
	typ       cty.Type
	defaults  *typeexpr.Defaults
	sensitive bool
	nullable  bool
	given     *given
	value     cty.Value
	ok        bool
}

// given is a value from outside: a text, or an expression of a file of values.
type given struct {
	// from says where it comes from, for findings.
	from string
	text string
	expr hclsyntax.Expression
	// saved is a value as JSON.
	saved string
	// outside: it is in no file of the configuration.
	outside bool
}

// declareVariables reads the variable blocks and what was given for them.
// Values that are given more explicitly win: -var, -var-file, the environment,
// *.auto.vars, rollcall.vars.
func (l *loader) declareVariables(files []source) {
	for _, it := range l.items["variable"] {
		v := &variable{item: it, typ: cty.DynamicPseudoType, nullable: it.truth("nullable"), sensitive: it.truth("sensitive")}
		if a := it.attr("type"); a != nil {
			typ, defaults, diags := typeexpr.TypeConstraintWithDefaults(it.typeExpression(a.Expr))
			l.add(fromHCL(codeInvalidValue, diags)...)
			v.typ, v.defaults = typ, defaults
		}
		it.text("description") // for people; it must still be a text
		l.variables[it.name()] = v
	}
	l.giveFiles(files)
	l.giveEnvironment()
	l.giveNamedFiles()
	l.giveSaved()
	for _, name := range slices.Sorted(maps.Keys(l.opts.Vars)) {
		l.give(name, given{from: "-var " + name, text: l.opts.Vars[name], outside: true}, schema.Origin{})
	}
}

// giveFiles takes rollcall.vars, then the *.auto.vars in the order of their names.
func (l *loader) giveFiles(files []source) {
	for _, first := range []bool{true, false} {
		for _, f := range files {
			if (f.name == "rollcall.vars") == first {
				l.giveFile(f, false)
			}
		}
	}
}

func (l *loader) giveNamedFiles() {
	for _, f := range l.opts.VarFiles {
		l.sources[f.Name] = f.Content
		l.giveFile(source{name: f.Name, content: f.Content}, true)
	}
}

// giveFile takes the attributes of one file of values.
func (l *loader) giveFile(f source, outside bool) {
	p := parser{limits: l.opts.Limits}
	if diags := p.check(f.name, f.content, nil); diags != nil {
		l.add(diags...)
		return
	}
	file, diags := hclsyntax.ParseConfig(f.content, f.name, firstByte)
	if l.add(fromHCL(codeSyntax, diags)...); diags.HasErrors() {
		return
	}
	body := file.Body.(*hclsyntax.Body)
	for _, b := range body.Blocks {
		l.add(finding(codeUnknownBlock, origin(b.DefRange()), "Block in a file of values", "A file of values holds arguments alone: name = value."))
	}
	for name, a := range body.Attributes {
		l.give(name, given{from: f.name, expr: a.Expr, outside: outside}, origin(a.NameRange))
	}
}

func (l *loader) giveEnvironment() {
	for name, v := range l.variables {
		if v.sensitive && l.opts.NoSecrets {
			continue
		}
		if text, ok := l.opts.Environ("ROLLCALL_VAR_" + name); ok {
			l.give(name, given{from: "ROLLCALL_VAR_" + name, text: text, outside: true}, schema.Origin{})
		}
	}
}

// give notes a value; it replaces the one before.
func (l *loader) give(name string, g given, at schema.Origin) {
	v := l.variables[name]
	if v == nil {
		suggestion := nearest(name, slices.Sorted(maps.Keys(l.variables)))
		d := finding(codeUnknownVariable, at, "Value for an unknown variable",
			fmt.Sprintf("%s gives a value for %q, and no variable block has that name.%s", g.from, name, didYouMean(suggestion)))
		d.Suggestion = suggestion
		l.add(d)
		return
	}
	v.given = &g
}

// variable returns the value of var.name, read at use.
func (l *loader) variable(name string, use hcl.Traversal) (cty.Value, bool) {
	v := l.variables[name]
	if v == nil {
		suggestion := nearest(name, slices.Sorted(maps.Keys(l.variables)))
		if suggestion != "" {
			suggestion = "var." + suggestion
		}
		d := finding(codeUnknownReference, origin(use.SourceRange()), "Unknown variable",
			fmt.Sprintf("There is no variable %q.%s", name, didYouMean(suggestion)))
		d.Suggestion = suggestion
		l.add(d)
		return cty.DynamicVal, false
	}
	return v.value, v.ok
}

// evaluateVariables settles the value of every variable.
func (l *loader) evaluateVariables() {
	for _, name := range slices.Sorted(maps.Keys(l.variables)) {
		v := l.variables[name]
		if v.sensitive && l.opts.NoSecrets {
			v.value, v.ok = cty.UnknownVal(v.typ).Mark(sensitive{}), true
			continue
		}
		v.value, v.ok = l.settle(v, name)
		if v.ok && v.sensitive {
			v.value = v.value.Mark(sensitive{})
		}
		if v.ok {
			l.validate(v, name)
		}
	}
}

// settle finds a variable's value: what was given, or the default.
func (l *loader) settle(v *variable, name string) (cty.Value, bool) {
	at, ok := v.item.origin(), true
	var value cty.Value
	switch a := v.item.attr("default"); {
	case v.given != nil:
		value, at, ok = l.givenValue(v, name)
	case a != nil:
		at = origin(a.Expr.Range())
		value, ok = l.value(a.Expr, scope{constant: true})
	default:
		l.add(finding(codeMissingVariable, at, "Variable has no value",
			fmt.Sprintf("The variable %q has no default. Give it a value with -var '%s=…', in a file named *.auto.vars, or as ROLLCALL_VAR_%s.", name, name, name)))
		return cty.DynamicVal, false
	}
	if !ok {
		return cty.DynamicVal, false
	}
	return l.constrain(v, name, value, at)
}

// constrain converts a value to the variable's type.
func (l *loader) constrain(v *variable, name string, value cty.Value, at schema.Origin) (cty.Value, bool) {
	if v.defaults != nil && !value.IsNull() {
		value = v.defaults.Apply(value)
	}
	out, err := convert.Convert(value, v.typ)
	if err != nil {
		l.add(finding(codeInvalidVariable, at, "Value does not fit the variable's type",
			fmt.Sprintf("The variable %q is declared as %s: %v.", name, typeexpr.TypeString(v.typ), err)))
		return cty.DynamicVal, false
	}
	if out.IsNull() && !v.nullable {
		l.add(finding(codeInvalidVariable, at, "Variable may not be null", fmt.Sprintf("The variable %q says nullable = false.", name)))
		return cty.DynamicVal, false
	}
	return out, true
}

// givenValue reads a value from outside. A text stands for itself where the
// variable is a string or has no type, and is an expression otherwise, as in Terraform.
func (l *loader) givenValue(v *variable, name string) (cty.Value, schema.Origin, bool) {
	at := v.item.origin()
	switch {
	case v.given.expr != nil:
		value, ok := l.value(v.given.expr, scope{constant: true})
		return value, origin(v.given.expr.Range()), ok
	case v.given.saved != "":
		value, ok := l.savedValue(v.given.saved, name, at)
		return value, at, ok
	}
	if v.typ.IsPrimitiveType() || v.typ == cty.DynamicPseudoType {
		return cty.StringVal(v.given.text), at, true
	}
	src := []byte(v.given.text)
	refused := scan(src, l.opts.Limits.Depth, nil)
	if refused != nil || len(src) > l.opts.Limits.FileBytes {
		l.add(finding(codeInvalidVariable, at, "Value of a variable is too complex", "The value given by "+v.given.from+" nests too deep or is too long."))
		return cty.DynamicVal, at, false
	}
	expr, diags := hclsyntax.ParseExpression(src, v.given.from, firstByte)
	if diags.HasErrors() {
		l.add(finding(codeInvalidVariable, at, "Value of a variable cannot be read",
			fmt.Sprintf("What %s gives for %q is no expression: %s.", v.given.from, name, diags[0].Summary)))
		return cty.DynamicVal, at, false
	}
	value, ok := l.value(expr, scope{constant: true})
	return value, at, ok
}

// validate checks the variable's validation blocks.
func (l *loader) validate(v *variable, name string) {
	for _, it := range v.item.nested("validation") {
		condition := it.attr("condition")
		sc := scope{variable: name, value: v.value}
		if condition == nil {
			continue
		}
		result, ok := l.value(condition.Expr, sc)
		if !ok {
			continue
		}
		result, _ = result.Unmark()
		if truth, isBool := plainBool(result); isBool && truth {
			continue
		}
		it.scope = sc
		l.add(finding(codeInvalidVariable, origin(condition.Expr.Range()), "Value of a variable is not allowed",
			cmp.Or(it.text("error_message"), hiddenDetail)))
	}
}
