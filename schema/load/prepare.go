package load

import (
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// The names of functions that only preparation writes into expressions. No
// author can: they are no identifiers.
const (
	callMeasure   = "measure a collection"
	callHash      = "measure a set"
	callSquare    = "measure a list to compare"
	callNumber    = "check a number"
	callText      = "build a text"
	callJoin      = "join a text"
	callDirectory = "name in a directory"
	callKey       = "name what is referred to"
	callEqual     = "compare over facts"
)

// expensive are the functions that take longer than the length of their
// arguments, with the measure that charges for it.
var expensive = map[string]string{
	"toset": callHash, "setunion": callHash, "setintersection": callHash, "setsubtract": callHash, "setproduct": callHash,
	"distinct": callSquare,
}

// wholes are the variables that hold every user and every group, instances included, for
// expressions that need them as a whole.
var wholes = map[string]string{"user": "every user", "group": "every group"}

// prepared is an expression that is ready to be evaluated within a budget.
type prepared struct {
	expr hclsyntax.Expression
	// uses are the names from outside that it reads.
	uses []hcl.Traversal
	// calls are its calls of functions that an author may name.
	calls []*hclsyntax.FunctionCallExpr
	// guards are the names of the functions that preparation wrote into it.
	guards []string
}

// call returns the first call of one of the functions, or nil.
func (p *prepared) call(names ...string) *hclsyntax.FunctionCallExpr {
	for _, c := range p.calls {
		if slices.Contains(names, c.Name) {
			return c
		}
	}
	return nil
}

// reads returns the first use of the name root, or nil.
func (p *prepared) reads(root string) hcl.Traversal {
	for _, t := range p.uses {
		if t.RootName() == root {
			return t
		}
	}
	return nil
}

// prepare copies expr with a counter wherever evaluation could take long or
// make much: loops, texts, arithmetic. The original is not changed.
func prepare(expr hclsyntax.Expression) *prepared { return (&preparer{}).prepare(expr) }

// prepareOverFacts is prepare for an expression over what follows from the
// configuration, where people, groups and apps go by their keys: a reference
// that stands for nothing but itself becomes its key.
func prepareOverFacts(expr hclsyntax.Expression) *prepared {
	return (&preparer{keys: true}).prepare(expr)
}

func (p *preparer) prepare(expr hclsyntax.Expression) *prepared {
	p.out = &prepared{}
	p.out.expr = p.expr(expr)
	slices.Sort(p.out.guards)
	p.out.guards = slices.Compact(p.out.guards)
	return p.out
}

type preparer struct {
	out *prepared
	// shadowed are the names that enclosing for expressions have taken.
	shadowed []string
	// nodes counts what was copied, as a measure of what one evaluation costs.
	nodes int
	// keys turns references into keys.
	keys bool
}

func (p *preparer) exprs(es []hclsyntax.Expression) []hclsyntax.Expression {
	out := make([]hclsyntax.Expression, len(es))
	for i, e := range es {
		out[i] = p.expr(e)
	}
	return out
}

func (p *preparer) expr(e hclsyntax.Expression) hclsyntax.Expression {
	p.nodes++
	switch e := e.(type) {
	case *hclsyntax.ScopeTraversalExpr:
		return p.traversal(e)
	case *hclsyntax.IndexExpr:
		return p.key(p.index(e), e.Range())
	case *hclsyntax.FunctionCallExpr:
		return p.call(e)
	case *hclsyntax.ForExpr:
		return p.loop(e)
	case *hclsyntax.TemplateExpr:
		return p.template(e)
	case *hclsyntax.TemplateJoinExpr:
		return p.guard(callJoin, e.Range(), p.expr(e.Tuple))
	case *hclsyntax.BinaryOpExpr:
		return p.binary(e)
	case *hclsyntax.SplatExpr:
		c := &hclsyntax.SplatExpr{Source: p.expr(e.Source), Each: p.expr(e.Each), Item: e.Item, SrcRange: e.SrcRange, MarkerRange: e.MarkerRange}
		return p.guard(callMeasure, e.Range(), c)
	case *hclsyntax.ObjectConsExpr:
		return p.object(e)
	}
	return p.plain(e)
}

// plain copies the expressions that need no counter.
func (p *preparer) plain(e hclsyntax.Expression) hclsyntax.Expression {
	switch e := e.(type) {
	case *hclsyntax.ParenthesesExpr:
		return &hclsyntax.ParenthesesExpr{Expression: p.expr(e.Expression), SrcRange: e.SrcRange}
	case *hclsyntax.RelativeTraversalExpr:
		return &hclsyntax.RelativeTraversalExpr{Source: p.source(e.Source), Traversal: e.Traversal, SrcRange: e.SrcRange}
	case *hclsyntax.ConditionalExpr:
		return &hclsyntax.ConditionalExpr{Condition: p.expr(e.Condition), TrueResult: p.expr(e.TrueResult),
			FalseResult: p.expr(e.FalseResult), SrcRange: e.SrcRange}
	case *hclsyntax.UnaryOpExpr:
		return &hclsyntax.UnaryOpExpr{Op: e.Op, Val: p.expr(e.Val), SrcRange: e.SrcRange, SymbolRange: e.SymbolRange}
	case *hclsyntax.TupleConsExpr:
		return &hclsyntax.TupleConsExpr{Exprs: p.exprs(e.Exprs), SrcRange: e.SrcRange, OpenRange: e.OpenRange}
	case *hclsyntax.TemplateWrapExpr:
		return &hclsyntax.TemplateWrapExpr{Wrapped: p.expr(e.Wrapped), SrcRange: e.SrcRange}
	}
	return e
}

// source copies what an attribute is taken of, which stays what it is.
func (p *preparer) source(e hclsyntax.Expression) hclsyntax.Expression {
	if index, ok := e.(*hclsyntax.IndexExpr); ok {
		p.nodes++
		return p.index(index)
	}
	return p.expr(e)
}

// key turns a reference into its key, where that is asked for.
func (p *preparer) key(e hclsyntax.Expression, at hcl.Range) hclsyntax.Expression {
	if !p.keys {
		return e
	}
	return p.guard(callKey, at, e)
}

// guard writes a call of one of our own functions around args.
func (p *preparer) guard(name string, at hcl.Range, args ...hclsyntax.Expression) hclsyntax.Expression {
	p.out.guards = append(p.out.guards, name)
	return &hclsyntax.FunctionCallExpr{Name: name, Args: args, NameRange: at, OpenParenRange: at, CloseParenRange: at}
}

func (p *preparer) traversal(e *hclsyntax.ScopeTraversalExpr) hclsyntax.Expression {
	if slices.Contains(p.shadowed, e.Traversal.RootName()) {
		return e
	}
	p.out.uses = append(p.out.uses, e.Traversal)
	root := e.Traversal.RootName()
	if name, ok := wholes[root]; ok && len(e.Traversal) == 1 {
		return &hclsyntax.ScopeTraversalExpr{SrcRange: e.SrcRange,
			Traversal: hcl.Traversal{hcl.TraverseRoot{Name: name, SrcRange: e.SrcRange}}}
	}
	if r, ok := directoryName(e.Traversal); ok {
		return p.key(&hclsyntax.LiteralValueExpr{Val: r.value(nil), SrcRange: e.SrcRange}, e.SrcRange)
	}
	if _, ok := staticRef(e); ok {
		return p.key(e, e.SrcRange)
	}
	return e
}

// index turns directory.KIND.NAME.users[key] into a call: a directory's people
// are not known here, so there is no collection to look into.
func (p *preparer) index(e *hclsyntax.IndexExpr) hclsyntax.Expression {
	if t, ok := e.Collection.(*hclsyntax.ScopeTraversalExpr); ok && !slices.Contains(p.shadowed, t.Traversal.RootName()) {
		if list, ok := directoryList(t.Traversal); ok && len(t.Traversal) == 4 {
			p.out.uses = append(p.out.uses, t.Traversal)
			literal := &hclsyntax.LiteralValueExpr{Val: list.value(nil), SrcRange: t.SrcRange}
			return p.guard(callDirectory, e.Range(), literal, p.expr(e.Key))
		}
	}
	return &hclsyntax.IndexExpr{Collection: p.expr(e.Collection), Key: p.expr(e.Key),
		SrcRange: e.SrcRange, OpenRange: e.OpenRange, BracketRange: e.BracketRange}
}

func (p *preparer) call(e *hclsyntax.FunctionCallExpr) hclsyntax.Expression {
	c := *e
	c.Args = p.exprs(e.Args)
	if e.Name == "contains" && len(c.Args) == 2 {
		c.Args[1] = p.key(c.Args[1], e.Args[1].Range())
	}
	if measure := expensive[e.Name]; measure != "" {
		// What a function converts its arguments to is made before the function runs.
		for i, arg := range c.Args {
			c.Args[i] = p.guard(measure, arg.Range(), arg)
		}
	}
	p.out.calls = append(p.out.calls, &c)
	return &c
}

// loop charges every element with what its evaluation costs.
func (p *preparer) loop(e *hclsyntax.ForExpr) hclsyntax.Expression {
	c := *e
	c.CollExpr = p.expr(e.CollExpr)
	outer, before := p.shadowed, p.nodes
	p.shadowed = append(slices.Clone(outer), e.KeyVar, e.ValVar)
	if e.KeyExpr != nil {
		c.KeyExpr = p.expr(e.KeyExpr)
	}
	c.ValExpr = p.expr(e.ValExpr)
	if e.CondExpr != nil {
		c.CondExpr = p.expr(e.CondExpr)
	}
	cost := 4 + (p.nodes-before)/16
	// The condition is evaluated for every element, the value only for those that it lets in.
	if c.CondExpr != nil {
		c.CondExpr = &counted{c.CondExpr, cost}
	}
	c.ValExpr = &counted{c.ValExpr, cost}
	p.shadowed = outer
	return &c
}

func (p *preparer) template(e *hclsyntax.TemplateExpr) hclsyntax.Expression {
	for _, part := range e.Parts {
		if _, ok := part.(*hclsyntax.LiteralValueExpr); !ok {
			return p.guard(callText, e.SrcRange, p.exprs(e.Parts)...)
		}
	}
	return e
}

func (p *preparer) binary(e *hclsyntax.BinaryOpExpr) hclsyntax.Expression {
	c := &hclsyntax.BinaryOpExpr{LHS: p.expr(e.LHS), Op: e.Op, RHS: p.expr(e.RHS), SrcRange: e.SrcRange}
	switch {
	case e.Op.Type == cty.Number:
		return p.guard(callNumber, e.SrcRange, c)
	case e.Op != hclsyntax.OpEqual && e.Op != hclsyntax.OpNotEqual:
		return c
	case len(p.shadowed) > 0:
		c.LHS = p.guard(callHash, e.LHS.Range(), c.LHS)
	}
	if !p.keys {
		return c
	}
	equal := p.guard(callEqual, e.SrcRange, c.LHS, c.RHS)
	if e.Op == hclsyntax.OpEqual {
		return equal
	}
	return &hclsyntax.UnaryOpExpr{Op: hclsyntax.OpLogicalNot, Val: equal, SrcRange: e.SrcRange, SymbolRange: e.SrcRange}
}

func (p *preparer) object(e *hclsyntax.ObjectConsExpr) hclsyntax.Expression {
	c := &hclsyntax.ObjectConsExpr{SrcRange: e.SrcRange, OpenRange: e.OpenRange}
	for _, item := range e.Items {
		key := item.KeyExpr
		if k, ok := key.(*hclsyntax.ObjectConsKeyExpr); ok && (k.ForceNonLiteral || hcl.ExprAsKeyword(k.Wrapped) == "") {
			key = &hclsyntax.ObjectConsKeyExpr{Wrapped: p.expr(k.Wrapped), ForceNonLiteral: k.ForceNonLiteral}
		}
		c.Items = append(c.Items, hclsyntax.ObjectConsItem{KeyExpr: key, ValueExpr: p.expr(item.ValueExpr)})
	}
	return c
}
