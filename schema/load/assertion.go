package load

import (
	"errors"
	"maps"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/rollcall-dev/rollcall/schema"
)

// assertions implements [schema.Assertions].
type assertions struct {
	address schema.Address
	// forEach is nil without a for_each.
	forEach *factual
	all     []assertion
	limits  Limits
}

type assertion struct{ condition, message *factual }

// factual is a compiled expression over facts.
type factual struct {
	late *late
	want purpose
	// reading is what it looks at of the rows of facts.
	reading *reading
	// source is the expression as written, text and origin its text and place.
	source hclsyntax.Expression
	text   string
	origin schema.Origin
}

// Reads implements [schema.Assertions].
func (a *assertions) Reads(root string) bool {
	if a.forEach != nil && a.forEach.late.prepared.reads(root) != nil {
		return true
	}
	for i := range a.all {
		if a.all[i].condition.late.prepared.reads(root) != nil || a.all[i].message.late.prepared.reads(root) != nil {
			return true
		}
	}
	return false
}

// Check implements [schema.Assertions].
func (a *assertions) Check(f *schema.Facts) ([]schema.Failure, schema.Diagnostics) {
	c := &checking{a: a, facts: f, memo: memoOf(f), limits: a.limits.scaled(f.Size)}
	switch {
	case a.forEach == nil:
		c.instance(nil)
	default:
		c.eachInstance()
	}
	return c.failures, c.found
}

// stepsFor is how many steps an expression over facts may take for each person,
// membership and change, besides those that every expression may take.
const stepsFor = 100

// scaled are the limits of an expression over facts of a size.
func (l Limits) scaled(size int) Limits {
	l.Operations += stepsFor * size
	l.Elements += size
	return l
}

// checking evaluates the assertions of one block over one set of facts.
type checking struct {
	a        *assertions
	facts    *schema.Facts
	memo     *memo
	limits   Limits
	failures []schema.Failure
	found    schema.Diagnostics
}

// element is what each.key and each.value stand for.
type element struct {
	key string
	// value is a row of facts, or else a value that for_each has computed.
	row   any
	value cty.Value
}

// eachInstance checks the assertions for every element of for_each. It ends
// with the first expression that cannot be evaluated: it would say the same of
// each of ten thousand people.
func (c *checking) eachInstance() {
	elements, ok := c.elements()
	if !ok {
		return
	}
	for i := range elements {
		if c.instance(&elements[i]); len(c.found) > 0 {
			return
		}
	}
}

// elements are those of for_each, in the order of their keys.
func (c *checking) elements() ([]element, bool) {
	if t := c.table(c.a.forEach); t != nil {
		out := make([]element, len(t.Keys))
		for i, key := range t.Keys {
			out[i] = element{key: key, row: t.Row(key)}
		}
		return out, true
	}
	v, ok := c.evaluate(c.a.forEach, nil)
	if !ok {
		return nil, false
	}
	out, err := elementsForEach(v)
	return out, err == nil
}

// table is the map of facts that e stands for, if it is one and nothing else:
// its rows are then made one by one.
func (c *checking) table(e *factual) *schema.Table {
	out, _ := c.fact(e.source).(*schema.Table)
	return out
}

// fact is the part of facts that an expression stands for which only names it;
// nil for any other.
func (c *checking) fact(e hclsyntax.Expression) any {
	t, ok := unwrap(e).(*hclsyntax.ScopeTraversalExpr)
	if !ok || !isFacts(t.Traversal.RootName()) {
		return nil
	}
	var v any = c.root(t.Traversal.RootName())
	for _, step := range t.Traversal[1:] {
		attr, ok := step.(hcl.TraverseAttr)
		record, isRecord := v.(*schema.Record)
		if !ok || !isRecord {
			return nil
		}
		v = record.Get(attr.Name)
	}
	return v
}

// elementsForEach are the elements of a computed for_each.
func elementsForEach(v cty.Value) ([]element, error) {
	typ := v.Type()
	isSet := typ.IsSetType() && typ.ElementType() == cty.String
	if !isPlain(v) || !isSet && !typ.IsMapType() && !typ.IsObjectType() {
		return nil, errors.New("for_each takes a map, or a set of strings: write toset([…]) around a list of strings")
	}
	var out []element
	for it := v.ElementIterator(); it.Next(); {
		k, value := it.Element()
		if isSet {
			k = value
		}
		key, ok := plainText(k)
		if !ok {
			return nil, errors.New("a key of for_each is a text and not null")
		}
		out = append(out, element{key: key, value: value})
	}
	return out, nil
}

// instance checks all assertions for one element, or for none.
func (c *checking) instance(e *element) {
	for i := range c.a.all {
		c.assert(&c.a.all[i], e)
	}
}

func (c *checking) assert(a *assertion, e *element) {
	v, ctx, ok := c.evaluated(a.condition, e)
	if !ok {
		return
	}
	if holds, _ := truthOf(v); holds {
		return
	}
	f := schema.Failure{Origin: a.condition.origin}
	if e != nil {
		f.Instance = instanceAddress(c.a.address, e.key)
	}
	if v, ok := c.evaluate(a.message, e); ok {
		f.Message, _ = plainText(v)
	}
	f.Values = c.stated(a.condition, e, ctx)
	c.failures = append(c.failures, f)
}

// fail notes that an expression cannot be evaluated.
func (c *checking) fail(e *factual, code schema.Code, summary, detail string) {
	d := finding(code, e.origin, summary, detail)
	d.Object = string(c.a.address)
	c.found = append(c.found, d)
}

// forInstance says of the findings from one on which instance they are about.
func (c *checking) forInstance(e *element, from int) {
	if e == nil {
		return
	}
	for i := from; i < len(c.found); i++ {
		d := &c.found[i]
		d.Object = string(instanceAddress(c.a.address, e.key))
		d.Detail += " It was evaluated for " + d.Object + "."
	}
}

func (c *checking) evaluate(e *factual, el *element) (cty.Value, bool) {
	v, _, ok := c.evaluated(e, el)
	return v, ok
}

// evaluated computes an expression over the facts, within the budget.
func (c *checking) evaluated(e *factual, el *element) (cty.Value, *hcl.EvalContext, bool) {
	b := newBudget(c.limits)
	from := len(c.found)
	ctx, err := c.context(e, el, b)
	if err == nil {
		err = c.affordable()
	}
	if err != nil {
		c.fail(e, codeTooComplex, summaryExpensive, expensiveDetail(err.Error()))
		return cty.NilVal, nil, false
	}
	v, diags := evaluate(e.late.prepared.expr, ctx, b)
	c.memo.spent += b.spent() + perEvaluation
	if diags.HasErrors() {
		for _, d := range explain(diags, false) {
			if !d.Origin.Known() {
				d.Origin = e.origin
			}
			if d.Summary == "Invalid index" {
				d.Detail += " Who or what is not there cannot be looked up: ask contains(keys(…), …) first, or use try."
			}
			d.Object = string(c.a.address)
			c.found = append(c.found, d)
		}
		c.forInstance(el, from)
		return cty.NilVal, nil, false
	}
	if code, summary, err := e.want(v); err != nil {
		c.fail(e, code, summary, sentence(err.Error()))
		c.forInstance(el, from)
		return cty.NilVal, nil, false
	}
	return v, ctx, true
}

// perEvaluation is what an evaluation costs besides its steps.
const perEvaluation = 20

var errAllExpensive = errors.New("up to here, the assertions have taken more steps together than they may")

// affordable refuses to go on when all that is asserted has cost too much.
func (c *checking) affordable() error {
	if c.memo.spent > wholeBudget*c.limits.Operations {
		return errAllExpensive
	}
	return nil
}

// context is what an expression sees of the facts, and no more than it reads.
func (c *checking) context(e *factual, el *element, b *budget) (*hcl.EvalContext, error) {
	variables := maps.Clone(e.late.variables)
	make := &maker{memo: c.memo, reading: e.reading, budget: b}
	selected := map[string]*selection{}
	for _, use := range e.late.prepared.uses {
		if root := use.RootName(); isFacts(root) {
			if selected[root] == nil {
				selected[root] = &selection{}
			}
			selected[root].take(use[1:])
		}
	}
	for root, s := range selected {
		v, err := make.value(c.root(root), s, root)
		if err != nil {
			return nil, err
		}
		variables[root] = v
	}
	if el != nil {
		variables["each"] = el.each(e.reading)
	}
	return &hcl.EvalContext{Variables: variables, Functions: functionsAt(e.late.prepared, b, nil)}, nil
}

// root is one of the values that facts are.
func (c *checking) root(name string) *schema.Record {
	if name == "plan" {
		return c.facts.Plan
	}
	return c.facts.Effective
}

// each is the value of `each`, with as much of a row as r reads.
func (e *element) each(r *reading) cty.Value {
	if e.row == nil {
		return eachOf(e.key, e.value)
	}
	return eachOf(e.key, factValue(narrow(e.row, r)))
}
