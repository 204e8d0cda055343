package load

import (
	"io/fs"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/rollcall-dev/rollcall/schema"
)

// Loaded is a configuration that was read, and what is needed to evaluate more
// expressions over it. It keeps all of that in memory: whoever needs the
// configuration alone calls [Load]. It is not safe for concurrent use.
type Loaded struct {
	// Config, Sources and Findings are what [Load] returns.
	Config   *schema.Config
	Sources  Sources
	Findings schema.Diagnostics

	loader *loader
}

// Read is [Load] for those who have more expressions to evaluate. fsys must
// stay open: an expression may read a file.
func Read(fsys fs.FS, opts Options) *Loaded {
	opts.Limits = opts.Limits.withDefaults()
	if opts.Environ == nil {
		opts.Environ = func(string) (string, bool) { return "", false }
	}
	l := &loader{fsys: fsys, opts: opts, config: &schema.Config{}, sources: Sources{}}
	l.run()
	return &Loaded{Config: l.config, Sources: l.sources, Findings: l.sorted(), loader: l}
}

// ExpressionFile is the file that places in an evaluated expression name.
const ExpressionFile = "expression"

// Result is the value of an expression. What is sensitive in it is the text
// "(sensitive value)" in both forms.
type Result struct {
	// Text is the value as HCL writes it, over several lines where it is large.
	// Texts from outside stand in it in quotes, and are not escaped for a terminal.
	Text string
	// Value is the same as nil, string, bool, float64, []any or map[string]any.
	Value any
}

// Evaluate computes one expression over the configuration, within the budget of
// one expression. It sees what a locals block sees. What is wrong with the
// expression is a finding, placed in [ExpressionFile].
func (r *Loaded) Evaluate(src string) (Result, schema.Diagnostics) { return r.EvaluateOver(src, nil) }

// EvaluateOver is [Loaded.Evaluate] for an expression that may name `effective`
// too: what facts say of it. Without facts it may not.
func (r *Loaded) EvaluateOver(src string, facts *schema.Facts) (Result, schema.Diagnostics) {
	l := r.loader
	before, spent := l.diags, l.spent
	defer func() { l.diags, l.spent, l.exhausted = before, spent, false }()
	l.diags, l.spent, l.exhausted = nil, 0, false
	expr := l.parseExpression(src)
	if expr == nil {
		return Result{}, l.sorted()
	}
	v, ok := l.valueOver(expr, facts)
	delete(l.ready, expr)
	if !ok {
		return Result{}, l.sorted()
	}
	return Result{Text: hclText(v), Value: shownValue(v)}, l.sorted()
}

// valueOver evaluates an expression that may name `effective`.
func (l *loader) valueOver(expr hclsyntax.Expression, facts *schema.Facts) (cty.Value, bool) {
	uses := prepare(expr)
	if facts == nil || uses.reads("effective") == nil {
		return l.value(expr, scope{})
	}
	if plan := uses.reads("plan"); plan != nil {
		l.add(finding(codeUnknownReference, origin(plan.SourceRange()), "plan is not available here",
			"No plan is made here: effective is what follows from the configuration alone."))
		return cty.NilVal, false
	}
	e := l.overFacts(expr, scope{facts: true}, forAnything)
	if e == nil {
		return cty.NilVal, false
	}
	c := &checking{a: &assertions{}, facts: facts, memo: memoOf(facts), limits: l.opts.Limits.scaled(facts.Size)}
	c.memo.spent = 0
	v, ok := c.evaluate(e, nil)
	l.add(c.found...)
	return v, ok
}

func forAnything(cty.Value) (schema.Code, string, error) { return "", "", nil }

// parseExpression reads one expression; nil if it is none, which has then been said.
func (l *loader) parseExpression(src string) hclsyntax.Expression {
	p := parser{limits: l.opts.Limits}
	if diags := p.check(ExpressionFile, []byte(src), nil); diags != nil {
		l.add(diags...)
		return nil
	}
	expr, diags := hclsyntax.ParseExpression([]byte(src), ExpressionFile, firstByte)
	if diags.HasErrors() {
		l.add(fromHCL(codeSyntax, diags)...)
		return nil
	}
	return expr
}

// shownValue is a value for people and programs, whatever it holds.
func shownValue(v cty.Value) any {
	switch typ := v.Type(); {
	case v.IsMarked() || !v.IsKnown():
		return hiddenValue
	case v.IsNull():
		return nil
	case typ.IsListType() || typ.IsTupleType() || typ.IsSetType():
		out := make([]any, 0, v.LengthInt())
		for _, element := range v.AsValueSlice() {
			out = append(out, shownValue(element))
		}
		return out
	case typ.IsMapType() || typ.IsObjectType():
		out := make(map[string]any, v.LengthInt())
		for name, element := range v.AsValueMap() {
			if name != refAttribute {
				out[name] = shownValue(element)
			}
		}
		return out
	}
	plain, err := plainValue(v)
	if err != nil {
		return friendly(v)
	}
	return plain
}
