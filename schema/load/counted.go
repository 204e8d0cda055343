package load

import (
	"reflect"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// counted is an expression inside a loop: each evaluation is charged. Where the
// budget is used up it panics with an abort, which evaluate turns into a
// finding: hcl would go on with the next element, and collect an error for each.
type counted struct {
	hclsyntax.Expression
	cost int
}

// abort is what ends an evaluation from inside.
type abort struct {
	err error
	at  hcl.Range
}

// Value charges the budget of the evaluation, then evaluates.
func (c *counted) Value(ctx *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	if b := budgetOf(ctx); b != nil {
		if err := b.spend(c.cost); err != nil {
			panic(abort{err, c.Range()})
		}
	}
	return c.Expression.Value(ctx)
}

var budgetType = cty.Capsule("budget", reflect.TypeFor[budget]())

// budgetVariable holds the budget of an evaluation. No expression can name it.
const budgetVariable = "the budget"

// budgetOf finds the budget in the outermost context.
func budgetOf(ctx *hcl.EvalContext) *budget {
	for ctx.Parent() != nil {
		ctx = ctx.Parent()
	}
	v, ok := ctx.Variables[budgetVariable]
	if !ok {
		return nil
	}
	return v.EncapsulatedValue().(*budget)
}

// evaluate computes an expression within a budget. What hcl and cty check with a
// panic instead of an error becomes an error here: the expression comes from outside.
func evaluate(expr hclsyntax.Expression, ctx *hcl.EvalContext, b *budget) (v cty.Value, diags hcl.Diagnostics) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case abort:
			v, diags = cty.DynamicVal, hcl.Diagnostics{{
				Severity: hcl.DiagError, Summary: summaryExpensive, Detail: r.err.Error(), Subject: &r.at,
			}}
		default:
			v, diags = cty.DynamicVal, hcl.Diagnostics{{
				Severity: hcl.DiagError, Summary: "Invalid expression",
				Detail:  "This expression cannot be computed: its values do not fit together.",
				Subject: expr.Range().Ptr(),
			}}
		}
	}()
	ctx.Variables[budgetVariable] = cty.CapsuleVal(budgetType, b)
	return expr.Value(ctx)
}
