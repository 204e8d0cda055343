package load

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"github.com/rollcall-dev/rollcall/schema"
)

// maxStated bounds how many values are told of one condition, maxListed how
// many elements of one list, maxStatedText how long a text is told.
const (
	maxStated     = 12
	maxListed     = 8
	maxStatedText = 200
)

// stated says what the named parts of a condition are that does not hold.
func (c *checking) stated(e *factual, el *element, ctx *hcl.EvalContext) []schema.Stated {
	s := &stater{checking: c, e: e, ctx: ctx}
	if el != nil {
		s.add("each.key", "is "+textInHCL(el.key))
	}
	for _, use := range e.late.prepared.uses {
		s.use(use)
	}
	s.part(e.source, true)
	return s.out
}

// stater collects values, each once.
type stater struct {
	*checking
	e   *factual
	ctx *hcl.EvalContext
	out []schema.Stated
}

func (s *stater) add(expression, statement string) {
	if len(s.out) < maxStated && expression != "" && !slices.ContainsFunc(s.out, func(o schema.Stated) bool { return o.Expression == expression }) {
		s.out = append(s.out, schema.Stated{Expression: expression, Statement: statement})
	}
}

// use tells the value of a name. What an author writes to name a block alone
// needs no telling, and that there are people says nothing about them.
func (s *stater) use(t hcl.Traversal) {
	v, diags := t.TraverseAbs(s.ctx)
	if diags.HasErrors() || v.ContainsMarked() {
		return
	}
	if _, isReference := refOf(v); isReference || isFacts(t.RootName()) && (v.Type().IsMapType() || v.Type().IsObjectType()) {
		return
	}
	s.add(traversalText(t), "is "+described(v))
}

// part tells what is behind a condition that is made of others: the sides of a
// comparison, the call that is negated, the elements for which a loop is false.
func (s *stater) part(expr hclsyntax.Expression, top bool) {
	switch e := unwrap(expr).(type) {
	case *hclsyntax.UnaryOpExpr:
		s.part(e.Val, false)
	case *hclsyntax.BinaryOpExpr:
		s.part(e.LHS, false)
		s.part(e.RHS, false)
	case *hclsyntax.FunctionCallExpr:
		if loop, ok := everyElement(e); ok {
			s.exceptions(loop)
			return
		}
		s.computed(e, top)
	case *hclsyntax.RelativeTraversalExpr, *hclsyntax.IndexExpr:
		s.computed(e, top)
	}
}

// everyElement returns the loop of alltrue([for … : …]).
func everyElement(e *hclsyntax.FunctionCallExpr) (*hclsyntax.ForExpr, bool) {
	if e.Name != "alltrue" || len(e.Args) != 1 {
		return nil, false
	}
	loop, ok := unwrap(e.Args[0]).(*hclsyntax.ForExpr)
	return loop, ok && loop.KeyExpr == nil
}

// computed tells the value of a part, unless that is the condition itself,
// which is false.
func (s *stater) computed(e hclsyntax.Expression, top bool) {
	if top {
		return
	}
	if v, ok := s.compute(e); ok {
		s.add(s.text(e.Range()), "is "+described(v))
	}
}

// compute evaluates a part of the condition with what the condition saw.
func (s *stater) compute(expr hclsyntax.Expression) (cty.Value, bool) {
	p := prepareOverFacts(expr)
	b := newBudget(s.limits)
	ctx := &hcl.EvalContext{Variables: s.ctx.Variables, Functions: functionsAt(p, b, nil)}
	v, diags := evaluate(p.expr, ctx, b)
	s.memo.spent += b.spent() + perEvaluation
	return v, !diags.HasErrors() && !v.ContainsMarked() && v.IsWhollyKnown()
}

// exceptionKey names the key of an element in a loop that is written for the
// report. No author can: it is no identifier.
const exceptionKey = "the key"

// exceptions tells for which elements alltrue([for … : …]) is false.
func (s *stater) exceptions(loop *hclsyntax.ForExpr) {
	report := *loop
	key := loop.KeyVar
	if key == "" {
		key = exceptionKey
		report.KeyVar = key
	}
	name := func(n string) hclsyntax.Expression {
		return &hclsyntax.ScopeTraversalExpr{Traversal: hcl.Traversal{hcl.TraverseRoot{Name: n}}}
	}
	report.ValExpr = &hclsyntax.TupleConsExpr{Exprs: []hclsyntax.Expression{name(key), name(loop.ValVar), loop.ValExpr}}
	v, ok := s.compute(&report)
	if !ok || !v.CanIterateElements() {
		return
	}
	rows, _ := s.fact(loop.CollExpr).(*schema.List)
	var names []string
	for _, row := range v.AsValueSlice() {
		parts := row.AsValueSlice()
		if truth, isTruth := plainBool(parts[2]); isTruth && !truth {
			names = append(names, rowName(rows, parts[0], parts[1]))
		}
	}
	s.add(s.text(loop.ValExpr.Range()), "is false for "+listing(names))
}

// rowName is how an element is called that may be a row of facts, of which the
// condition need not have read the name.
func rowName(rows *schema.List, key, v cty.Value) string {
	i, ok := plainWhole(key)
	if rows == nil || !ok || i < 0 || i >= rows.Len {
		return elementName(key, v)
	}
	if r, ok := rows.Row(i).(*schema.Record); ok {
		for _, name := range elementNames {
			if !slices.Contains(r.Names, name) {
				continue
			}
			if text, _ := r.Get(name).(string); text != "" {
				return textInHCL(text)
			}
		}
	}
	return elementName(key, v)
}

// elementNames are the attributes that may say how an element is called.
var elementNames = []string{"login", "name", "key", "id"}

// elementName is how an element of a loop is called: its key, or for a list
// itself, or what it calls itself.
func elementName(key, v cty.Value) string {
	if text, ok := plainText(key); ok {
		return textInHCL(text)
	}
	if isPlain(v) && v.Type().IsObjectType() {
		for _, name := range elementNames {
			if !v.Type().HasAttribute(name) {
				continue
			}
			if text, ok := plainText(v.GetAttr(name)); ok {
				return textInHCL(text)
			}
		}
		if n, ok := plainWhole(key); ok {
			return "element " + strconv.Itoa(n)
		}
	}
	return described(v)
}

// listing names the first of names and counts the rest.
func listing(names []string) string {
	if len(names) > maxListed {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:maxListed], ", "), len(names)-maxListed)
	}
	return strings.Join(names, ", ")
}

// text is a part of the condition as it is written.
func (s *stater) text(at hcl.Range) string {
	from, to := at.Start.Byte-s.e.source.Range().Start.Byte, at.End.Byte-s.e.source.Range().Start.Byte
	if from < 0 || to > len(s.e.text) || from > to {
		return ""
	}
	return strings.Join(strings.Fields(s.e.text[from:to]), " ")
}

// traversalText writes a name as its author did.
func traversalText(t hcl.Traversal) string {
	return string(hclwrite.TokensForTraversal(t).Bytes())
}

func textInHCL(text string) string {
	if runes := []rune(text); len(runes) > maxStatedText {
		text = string(runes[:maxStatedText]) + "…"
	}
	return string(hclwrite.TokensForValue(cty.StringVal(text)).Bytes())
}

// described says what a value is: itself where it is short, else its kind and size.
func described(v cty.Value) string {
	switch typ := v.Type(); {
	case v.IsMarked() || !v.IsKnown():
		return hiddenValue
	case v.IsNull():
		return "null"
	case typ == cty.String:
		return textInHCL(v.AsString())
	case typ.IsPrimitiveType():
		return hclText(v)
	case typ.IsListType() || typ.IsTupleType() || typ.IsSetType():
		return describedList(v)
	case typ.IsMapType() || typ.IsObjectType():
		return fmt.Sprintf("%s with %s", article(friendly(v)), elementCount(v.LengthInt()))
	}
	return article(friendly(v))
}

func describedList(v cty.Value) string {
	n := v.LengthInt()
	var shown []string
	for _, e := range v.AsValueSlice() {
		if !isPlain(e) || !e.Type().IsPrimitiveType() {
			return "a list of " + elementCount(n)
		}
		if len(shown) == maxListed {
			return fmt.Sprintf("[%s, …], %s", strings.Join(shown, ", "), elementCount(n))
		}
		shown = append(shown, described(e))
	}
	return "[" + strings.Join(shown, ", ") + "]"
}

func elementCount(n int) string {
	if n == 1 {
		return "1 element"
	}
	return strconv.Itoa(n) + " elements"
}
