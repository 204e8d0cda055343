package load

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"

	"github.com/rollcall-dev/rollcall/schema"
)

// scope is where an expression stands, which decides what it may name.
type scope struct {
	// constant lets the expression name nothing at all.
	constant bool
	// each is the object with key and value of a for_each instance; NilVal outside.
	each cty.Value
	// variable is the variable that a validation is about, and its value.
	variable string
	value    cty.Value
	// principal lets the expression speak of a person, memberOf of groups' members.
	principal, memberOf bool
	// env lets the expression read the environment, lazily.
	env bool
	// facts lets the expression speak of what follows from the configuration,
	// instances of the element of a for_each that is not known yet.
	facts, instances bool
}

// sensitive marks values that must not be shown.
type sensitive struct{}

// prepared returns expr ready for evaluation; instances of one block share it.
func (l *loader) prepared(expr hclsyntax.Expression) *prepared {
	p := l.ready[expr]
	if p == nil {
		p = prepare(expr)
		l.ready[expr] = p
	}
	return p
}

// value evaluates an expression. It reports false, and has said why, if there is
// no value. The value may be null, sensitive, or, where the scope has env, not
// known yet; everything else is known.
func (l *loader) value(expr hclsyntax.Expression, sc scope) (cty.Value, bool) {
	if text, ok := literalText(expr); ok {
		return cty.StringVal(text), true
	}
	if literal, ok := expr.(*hclsyntax.LiteralValueExpr); ok {
		return literal.Val, true
	}
	p := l.prepared(expr)
	b := newBudget(l.opts.Limits)
	ctx, ok := l.context(p, sc, b)
	if !ok || !l.affordable(expr) {
		return cty.DynamicVal, false
	}
	v, diags := evaluate(p.expr, ctx, b)
	l.spent += b.spent()
	if diags.HasErrors() {
		l.add(explain(diags, p.readsSensitive(ctx))...)
		return cty.DynamicVal, false
	}
	if !v.IsWhollyKnown() && !v.ContainsMarked() {
		l.add(finding(codeInvalidExpression, origin(expr.Range()), "Expression has no value",
			"The value of this expression cannot be known before a plan is made."))
		return cty.DynamicVal, false
	}
	return v, true
}

// wholeBudget is how many times the operations of one expression all of them may take together.
const wholeBudget = 10

// affordable refuses to go on when the configuration as a whole has cost too much.
func (l *loader) affordable(expr hclsyntax.Expression) bool {
	if l.spent <= wholeBudget*l.opts.Limits.Operations {
		return true
	}
	if !l.exhausted {
		l.add(finding(codeTooComplex, origin(expr.Range()), "Configuration is too expensive",
			"Up to this expression, the configuration has taken more steps than a whole one may. Compute less, or keep such data in a file of a directory."))
	}
	l.exhausted = true
	return false
}

// context builds what the expression can see, and no more than it reads.
func (l *loader) context(p *prepared, sc scope, b *budget) (*hcl.EvalContext, bool) {
	l.reindex()
	functions, ok := l.functionsFor(p, sc, b)
	names := namespace{}
	for _, use := range p.uses {
		if !l.provide(names, use, sc) {
			ok = false
		}
	}
	if !ok {
		return nil, false
	}
	return &hcl.EvalContext{Variables: names.values(), Functions: functions}, true
}

// functionsFor collects the functions that the expression calls.
func (l *loader) functionsFor(p *prepared, sc scope, b *budget) (map[string]function.Function, bool) {
	out := map[string]function.Function{}
	if len(p.guards) > 0 {
		out = b.guards()
	}
	ok := true
	for _, call := range p.calls {
		f, found := l.function(call, sc, b)
		if !found {
			ok = false
			continue
		}
		out[call.Name] = f
	}
	return out, ok
}

func (l *loader) function(call *hclsyntax.FunctionCallExpr, sc scope, b *budget) (function.Function, bool) {
	switch {
	case call.Name == "env" && sc.env:
		return l.lazyEnv(), true
	case call.Name == "env":
		l.misplaced(call, "env reads a secret, which is only taken where a secret belongs: the token of a target, the url of a state store. For other values, declare a variable and set ROLLCALL_VAR_name.")
		return function.Function{}, false
	case call.Name == "member_of" && sc.memberOf:
		return memberOfFunction(func(schema.Address) bool { return false }), true
	case call.Name == "member_of":
		l.misplaced(call, "member_of asks about a person and works only in the condition of a rule.")
		return function.Function{}, false
	case call.Name == "file" && (sc.principal || sc.env || sc.facts):
		l.misplaced(call, "file is read once, with the configuration. Give its content a name in a locals block and use that here.")
		return function.Function{}, false
	case call.Name == "file":
		return b.wrapped(call.Name, l.fileFunction()), true
	}
	if f, ok := pureFunctions[call.Name]; ok {
		return b.wrapped(call.Name, f), true
	}
	suggestion := nearest(call.Name, Functions())
	d := finding(codeUnknownFunction, origin(call.NameRange), "Unknown function",
		fmt.Sprintf("There is no function %q.%s", call.Name, didYouMean(suggestion)))
	d.Suggestion = suggestion
	l.add(d)
	return function.Function{}, false
}

func (l *loader) misplaced(call *hclsyntax.FunctionCallExpr, why string) {
	l.add(finding(codeUnknownFunction, origin(call.NameRange), "Function is not available here", "The function "+why))
}

// namespace collects the variables of an evaluation: root, then name.
type namespace map[string]map[string]cty.Value

func (n namespace) set(root, name string, v cty.Value) {
	if n[root] == nil {
		n[root] = map[string]cty.Value{}
	}
	n[root][name] = v
}

// whole is the name under which a root that is no object of names stands.
const whole = ""

func (n namespace) values() map[string]cty.Value {
	out := make(map[string]cty.Value, len(n))
	for root, names := range n {
		if v, ok := names[whole]; ok {
			out[root] = v
			continue
		}
		out[root] = cty.ObjectVal(names)
	}
	return out
}

// readsSensitive reports whether a value that must not be shown takes part in
// the expression. Loops and functions see its parts without the mark.
func (p *prepared) readsSensitive(ctx *hcl.EvalContext) bool {
	return p.call("env") != nil || slices.ContainsFunc(p.uses, func(t hcl.Traversal) bool {
		v := ctx.Variables[t.RootName()]
		return v != cty.NilVal && v.ContainsMarked()
	})
}

// hiddenDetail stands for what HCL and functions say, which may repeat the
// value that they were given.
const hiddenDetail = "What is wrong is not said, for a sensitive value takes part in it."

// explain turns the findings of an evaluation into ours. Their words are hidden
// where they might repeat a sensitive value.
func explain(diags hcl.Diagnostics, hidden bool) schema.Diagnostics {
	out := fromHCL(codeInvalidExpression, diags)
	for i, d := range diags {
		if hidden {
			out[i].Detail = hiddenDetail
		}
		if d.Summary == summaryExpensive {
			out[i].Code, out[i].Detail = codeTooComplex, expensiveDetail(d.Detail)
		}
		if extra, ok := hcl.DiagnosticExtra[hclsyntax.FunctionCallDiagExtra](d); ok && extra.FunctionCallError() != nil {
			explainCall(&out[i], extra, hidden)
		}
		if strings.HasPrefix(d.Summary, "Unsupported attribute") {
			out[i].Code = codeUnknownAttribute
		}
	}
	return out
}

var errHidden = errors.New("the reason is not said, for a sensitive value takes part in it")

const summaryExpensive = "Expression is too expensive"

func expensiveDetail(err string) string {
	return sentence(err) + " Compute less, or keep such data in a file of a directory."
}

// explainCall says what went wrong in a call. Calls that preparation wrote into
// the expression must not show.
func explainCall(d *schema.Diagnostic, extra hclsyntax.FunctionCallDiagExtra, hidden bool) {
	err := extra.FunctionCallError()
	if errors.Is(err, errBudget) {
		d.Code, d.Summary, d.Detail = codeTooComplex, summaryExpensive, expensiveDetail(err.Error())
		return
	}
	if hidden && !errors.As(err, new(*unsetError)) && !errors.As(err, new(*boundError)) {
		err = errHidden
	}
	if strings.Contains(extra.CalledFunctionName(), " ") {
		d.Summary, d.Detail = "Invalid expression", sentence(err.Error())
		return
	}
	d.Summary = "Function cannot be called so"
	d.Detail = fmt.Sprintf("Calling %s failed: %s.", extra.CalledFunctionName(), strings.TrimSuffix(err.Error(), "."))
}

// sentence makes a sentence of an error's text.
func sentence(text string) string {
	if text == "" {
		return ""
	}
	return capital(strings.TrimSuffix(text, ".")) + "."
}

func capital(text string) string { return strings.ToUpper(text[:1]) + text[1:] }
