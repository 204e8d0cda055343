package load

import (
	"errors"
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"

	"github.com/rollcall-dev/rollcall/schema"
)

// subject is what an expression over principal is evaluated for.
type subject struct {
	user     *schema.User
	memberOf func(schema.Address) bool
}

// condition is the compiled condition of a rule.
type condition struct {
	holds  truthFunc
	groups []schema.GroupRef
}

// Holds implements [schema.Condition].
func (c *condition) Holds(u *schema.User, memberOf func(schema.Address) bool) (bool, error) {
	return c.holds(&subject{u, memberOf})
}

// Groups implements [schema.Condition].
func (c *condition) Groups() []schema.GroupRef { return c.groups }

// expression is a compiled expression over one person.
type expression struct{ eval valueFunc }

// Value implements [schema.Expression].
func (e *expression) Value(u *schema.User) (any, error) { return e.eval(&subject{user: u}) }

// compileCondition compiles the condition of a rule; nil if it is wrong, which
// has then been said.
func (l *loader) compileCondition(expr hclsyntax.Expression, sc scope) *condition {
	sc.principal, sc.memberOf = true, true
	late, ok := l.late(expr, sc)
	if !ok {
		return nil
	}
	groups, ok := l.groupsOf(late.prepared, sc)
	if !ok {
		return nil
	}
	c := compiler{l: l, scope: sc}
	n, ok := c.node(expr)
	if ok && n.truth != nil {
		return &condition{n.truth, groups}
	}
	if ok && (n.text != nil || n.constant) && !isTruthText(n) {
		l.add(finding(codeWrongType, origin(expr.Range()), "Wrong type", "A condition is true or false, as in principal.department == \"Sales\"."))
		return nil
	}
	return &condition{late.truth, groups}
}

// isTruthText reports whether a constant is "true" or "false", which hcl takes as such.
func isTruthText(n node) bool {
	if !n.constant || n.text == nil {
		return false
	}
	text, _, _ := n.text(nil)
	return text == "true" || text == "false"
}

// compileText is compileExpression for an expression that must make a text.
func (l *loader) compileText(expr hclsyntax.Expression, sc scope) schema.Expression {
	c := compiler{l: l, scope: sc}
	c.scope.principal = true
	if n, ok := c.node(expr); ok && (n.truth != nil || n.constant && n.text == nil) {
		l.add(finding(codeWrongType, origin(expr.Range()), "Wrong type", "A text is needed here, as in principal.login."))
		return nil
	}
	return l.compileExpression(expr, sc)
}

// compileExpression compiles an expression over principal; nil if it is wrong.
func (l *loader) compileExpression(expr hclsyntax.Expression, sc scope) schema.Expression {
	sc.principal = true
	late, ok := l.late(expr, sc)
	if !ok {
		return nil
	}
	c := compiler{l: l, scope: sc}
	if n, ok := c.node(expr); ok {
		return &expression{n.asValue()}
	}
	return &expression{late.value}
}

// groupsOf finds the groups whose membership an expression reads. Which they
// are must not depend on the person.
func (l *loader) groupsOf(p *prepared, sc scope) ([]schema.GroupRef, bool) {
	var out []schema.GroupRef
	for _, call := range p.calls {
		if call.Name != "member_of" {
			continue
		}
		at := origin(hcl.RangeBetween(call.NameRange, call.CloseParenRange))
		if len(call.Args) != 1 {
			l.add(finding(codeInvalidExpression, at, "Function cannot be called so", "member_of takes one group, as in member_of(group.engineering)."))
			return nil, false
		}
		r, ok := staticRef(call.Args[0])
		if !ok || r.typ != "group" || r.directory != "" {
			l.add(finding(codeInvalidExpression, origin(call.Args[0].Range()), "Group is not written out",
				"member_of takes a group block, written out as in member_of(group.engineering), so that rules can be put in order. For a directory's group, declare a group block with from."))
			return nil, false
		}
		if !l.known(r.address) {
			l.addUnknown(r.address, origin(call.Args[0].Range()))
			return nil, false
		}
		if g := r.group(origin(call.Args[0].Range())); !slices.ContainsFunc(out, func(o schema.GroupRef) bool { return o.Address == g.Address }) {
			out = append(out, g)
		}
	}
	return out, true
}

// late is an expression over principal as hcl evaluates it, person by person.
// What else it names was fixed when the configuration was read.
type late struct {
	prepared  *prepared
	variables map[string]cty.Value
	limits    Limits
	// custom are the custom attributes that the expression names.
	custom []string
}

// late prepares an expression for evaluation with a person. It reports false,
// and has said why, if it names something that there is not.
func (l *loader) late(expr hclsyntax.Expression, sc scope) (*late, bool) {
	p := l.prepared(expr)
	ctx, ok := l.context(p, sc, newBudget(l.opts.Limits))
	if !ok {
		return nil, false
	}
	for name, v := range ctx.Variables {
		if v.ContainsMarked() {
			l.add(finding(codeSensitive, origin(expr.Range()), "Sensitive value would be shown",
				fmt.Sprintf("What this expression makes appears in plans, and %s holds a sensitive value.", name)))
			return nil, false
		}
	}
	out := &late{prepared: p, variables: ctx.Variables, limits: l.opts.Limits}
	for _, use := range p.uses {
		if use.RootName() == "principal" {
			ok = l.checkPrincipal(use, out) && ok
		}
	}
	return out, ok
}

// principalNames are the attributes of principal.
var principalNames = func() []string {
	names := []string{"login", "id", "status", "custom"}
	for _, a := range schema.BaseAttributes() {
		names = append(names, a.Name)
	}
	return names
}()

// checkPrincipal makes sure that an attribute of principal exists, and notes custom ones.
func (l *loader) checkPrincipal(use hcl.Traversal, out *late) bool {
	name, ok := stepName(use)
	if !ok {
		return true
	}
	if !slices.Contains(principalNames, name) {
		suggestion := nearest(name, principalNames)
		if suggestion != "" {
			suggestion = "principal." + suggestion
		}
		d := finding(codeUnknownAttribute, origin(use.SourceRange()), "Unknown attribute",
			fmt.Sprintf("principal has no attribute %q.%s Attributes outside Okta's base profile are in principal.custom.", name, didYouMean(suggestion)))
		d.Suggestion = suggestion
		l.add(d)
		return false
	}
	if name == "custom" && len(use) > 2 {
		switch step := use[2].(type) {
		case hcl.TraverseAttr:
			out.custom = append(out.custom, step.Name)
		case hcl.TraverseIndex:
			if key, ok := plainText(step.Key); ok {
				out.custom = append(out.custom, key)
			}
		}
	}
	return true
}

// evaluate computes the expression for one person.
func (e *late) evaluate(s *subject) (cty.Value, error) {
	special := map[string]function.Function{"member_of": memberOfFunction(s.memberOf)}
	variables := make(map[string]cty.Value, len(e.variables)+1)
	for name, v := range e.variables {
		variables[name] = v
	}
	variables["principal"] = e.principal(s.user)
	b := newBudget(e.limits)
	ctx := &hcl.EvalContext{Variables: variables, Functions: functionsAt(e.prepared, b, special)}
	v, diags := evaluate(e.prepared.expr, ctx, b)
	if diags.HasErrors() {
		return cty.NilVal, errors.New(explain(diags, false)[0].Detail)
	}
	return v, nil
}

// principal is a person as expressions see one.
func (e *late) principal(u *schema.User) cty.Value {
	attributes := userAttributes(u)
	custom := map[string]cty.Value{}
	for _, name := range e.custom {
		custom[name] = cty.NullVal(cty.DynamicPseudoType)
	}
	for _, a := range u.Custom {
		custom[a.Name] = ctyValue(a.Value)
	}
	attributes["custom"] = cty.ObjectVal(custom)
	return cty.ObjectVal(attributes)
}

func (e *late) truth(s *subject) (bool, error) {
	v, err := e.evaluate(s)
	if err != nil {
		return false, err
	}
	return truthOf(v)
}

func (e *late) value(s *subject) (any, error) {
	v, err := e.evaluate(s)
	if err != nil {
		return nil, err
	}
	return plainValue(v)
}

// memberOfFunction is member_of for one person.
func memberOfFunction(memberOf func(schema.Address) bool) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{anything("group")},
		Type:   function.StaticReturnType(cty.Bool),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			r, ok := refOf(args[0])
			if !ok || r.typ != "group" || memberOf == nil {
				return cty.DynamicVal, errors.New("a reference like group.name is needed")
			}
			return cty.BoolVal(memberOf(r.address)), nil
		},
	})
}
