package load

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/rollcall-dev/rollcall/schema"
)

// The closures that the usual expressions compile to. A text that is not set is
// null: false, as in `text, set, err`.
type (
	textFunc  func(*subject) (text string, set bool, err error)
	truthFunc func(*subject) (bool, error)
	valueFunc func(*subject) (any, error)
)

// node is a compiled expression; exactly one of its functions is set.
type node struct {
	text  textFunc
	truth truthFunc
	value valueFunc
	// constant tells a value that is the same for everyone.
	constant bool
	// scalar tells a value that is known to be no list and no map.
	scalar bool
}

// compiler turns the usual shapes of expressions over principal into closures
// that mean exactly what hcl would compute. A shape that it does not know is no
// mistake: hcl evaluates the whole expression then.
type compiler struct {
	l     *loader
	scope scope
}

func (c *compiler) node(expr hclsyntax.Expression) (node, bool) {
	if n, ok := c.constant(expr); ok {
		return n, true
	}
	switch e := unwrap(expr).(type) {
	case *hclsyntax.ScopeTraversalExpr:
		return c.attribute(e.Traversal)
	case *hclsyntax.BinaryOpExpr:
		return c.binary(e)
	case *hclsyntax.UnaryOpExpr:
		return c.not(e)
	case *hclsyntax.FunctionCallExpr:
		return c.call(e)
	case *hclsyntax.TemplateExpr:
		return c.template(e)
	case *hclsyntax.ConditionalExpr:
		return c.conditional(e)
	}
	return node{}, false
}

// constant compiles what does not depend on the person.
func (c *compiler) constant(expr hclsyntax.Expression) (node, bool) {
	p := c.l.prepared(expr)
	if p.reads("principal") != nil || p.call("member_of") != nil {
		return node{}, false
	}
	before := len(c.l.diags)
	v, ok := c.l.value(expr, c.scope)
	if !ok {
		c.l.diags = c.l.diags[:before] // hcl finds it again where it matters
		return node{}, false
	}
	plain, err := plainValue(v)
	if err != nil {
		return node{}, false
	}
	switch plain := plain.(type) {
	case string:
		return node{constant: true, text: func(*subject) (string, bool, error) { return plain, true, nil }}, true
	case bool:
		return node{constant: true, truth: func(*subject) (bool, error) { return plain, nil }}, true
	case nil, float64:
		return node{constant: true, scalar: true, value: func(*subject) (any, error) { return plain, nil }}, true
	}
	return node{constant: true, value: func(*subject) (any, error) { return plain, nil }}, true
}

// attribute compiles principal.name and principal.custom.name.
func (c *compiler) attribute(t hcl.Traversal) (node, bool) {
	name, ok := stepName(t)
	switch {
	case !ok || t.RootName() != "principal":
		return node{}, false
	case name == "custom" && len(t) == 3:
		return customAttribute(t[2])
	case len(t) != 2 || name == "custom":
		return node{}, false
	}
	return node{text: attributeText(name)}, true
}

func customAttribute(step hcl.Traverser) (node, bool) {
	attr, ok := step.(hcl.TraverseAttr)
	if !ok {
		return node{}, false
	}
	return node{value: func(s *subject) (any, error) {
		for _, a := range s.user.Custom {
			if a.Name == attr.Name {
				return a.Value, nil
			}
		}
		return nil, nil
	}}, true
}

func attributeText(name string) textFunc {
	switch name {
	case "login":
		return func(s *subject) (string, bool, error) { return s.user.Login, true, nil }
	case "id":
		return func(s *subject) (string, bool, error) { return s.user.ID, s.user.ID != "", nil }
	case "status":
		return func(s *subject) (string, bool, error) { return s.user.Status.String(), true, nil }
	case "email":
		return func(s *subject) (string, bool, error) {
			email, set := s.user.Email()
			return email, set, nil
		}
	}
	return func(s *subject) (string, bool, error) {
		text, set := s.user.Attribute(name)
		return text, set, nil
	}
}

// asValue gives the node's value, whatever its kind.
func (n node) asValue() valueFunc {
	switch {
	case n.text != nil:
		return func(s *subject) (any, error) {
			text, set, err := n.text(s)
			if err != nil || !set {
				return nil, err
			}
			return text, nil
		}
	case n.truth != nil:
		return func(s *subject) (any, error) { return n.truth(s) }
	}
	return n.value
}

var errNull = errors.New("a null value is used where a text is needed; test for null first, as in `principal.department != null && …`")

// asText gives the node's value as a text, as hcl would convert it.
func (n node) asText() textFunc {
	if n.text != nil {
		return n.text
	}
	value := n.asValue()
	return func(s *subject) (string, bool, error) {
		v, err := value(s)
		if err != nil || v == nil {
			return "", false, err
		}
		if text, ok := v.(string); ok {
			return text, true, nil
		}
		converted, err := convert.Convert(ctyValue(v), cty.String)
		if err != nil {
			return "", false, fmt.Errorf("a text is needed: %w", err)
		}
		text, _ := plainText(converted)
		return text, true, nil
	}
}

// required is asText where null is a mistake.
func (n node) required() func(*subject) (string, error) {
	text := n.asText()
	return func(s *subject) (string, error) {
		t, set, err := text(s)
		if err == nil && !set {
			err = errNull
		}
		return t, err
	}
}

func (c *compiler) binary(e *hclsyntax.BinaryOpExpr) (node, bool) {
	left, ok := c.node(e.LHS)
	if !ok {
		return node{}, false
	}
	right, ok := c.node(e.RHS)
	if !ok {
		return node{}, false
	}
	switch e.Op {
	case hclsyntax.OpEqual:
		return equal(left, right, true)
	case hclsyntax.OpNotEqual:
		return equal(left, right, false)
	case hclsyntax.OpLogicalAnd:
		return decide(left, right, false)
	case hclsyntax.OpLogicalOr:
		return decide(left, right, true)
	}
	return node{}, false
}

// equal compares two nodes; want is the answer for equal ones. Null equals
// null and nothing else.
func equal(left, right node, want bool) (node, bool) {
	if left.text != nil && right.text != nil {
		return node{truth: func(s *subject) (bool, error) {
			a, aSet, err := left.text(s)
			if err != nil {
				return false, err
			}
			b, bSet, err := right.text(s)
			return (a == b && aSet == bSet) == want, err
		}}, true
	}
	// Lists and maps are compared by cty, whose types make a difference; one
	// side that cannot be either is enough to stay out of that.
	if left.isComposite() && right.isComposite() {
		return node{}, false
	}
	a, b := left.asValue(), right.asValue()
	return node{truth: func(s *subject) (bool, error) {
		x, err := a(s)
		if err != nil {
			return false, err
		}
		y, err := b(s)
		return (isScalar(x) && isScalar(y) && x == y) == want, err
	}}, true
}

func (n node) isComposite() bool { return n.value != nil && !n.scalar }

func isScalar(v any) bool {
	switch v.(type) {
	case nil, string, bool, float64:
		return true
	}
	return false
}

// decide is || (deciding is true) or && (deciding is false). As for hcl, a side
// that decides makes mistakes of the other side vanish.
func decide(left, right node, deciding bool) (node, bool) {
	if left.truth == nil || right.truth == nil {
		return node{}, false
	}
	return node{truth: func(s *subject) (bool, error) {
		a, aErr := left.truth(s)
		if aErr == nil && a == deciding {
			return deciding, nil
		}
		b, bErr := right.truth(s)
		if bErr == nil && b == deciding {
			return deciding, nil
		}
		if aErr != nil {
			return false, aErr
		}
		return !deciding, bErr
	}}, true
}

func (c *compiler) not(e *hclsyntax.UnaryOpExpr) (node, bool) {
	n, ok := c.node(e.Val)
	if !ok || n.truth == nil || e.Op != hclsyntax.OpLogicalNot {
		return node{}, false
	}
	return node{truth: func(s *subject) (bool, error) {
		truth, err := n.truth(s)
		return !truth && err == nil, err
	}}, true
}

// conditional compiles a choice between two texts, or between two truths.
func (c *compiler) conditional(e *hclsyntax.ConditionalExpr) (node, bool) {
	test, ok1 := c.node(e.Condition)
	yes, ok2 := c.node(e.TrueResult)
	no, ok3 := c.node(e.FalseResult)
	if !ok1 || !ok2 || !ok3 || test.truth == nil {
		return node{}, false
	}
	switch {
	case yes.text != nil && no.text != nil:
		return node{text: func(s *subject) (string, bool, error) {
			truth, err := test.truth(s)
			switch {
			case err != nil:
				return "", false, err
			case truth:
				return yes.text(s)
			}
			return no.text(s)
		}}, true
	case yes.truth != nil && no.truth != nil:
		return node{truth: func(s *subject) (bool, error) {
			truth, err := test.truth(s)
			switch {
			case err != nil:
				return false, err
			case truth:
				return yes.truth(s)
			}
			return no.truth(s)
		}}, true
	}
	return node{}, false
}

// template compiles a text with interpolations.
func (c *compiler) template(e *hclsyntax.TemplateExpr) (node, bool) {
	parts := make([]func(*subject) (string, error), len(e.Parts))
	for i, part := range e.Parts {
		n, ok := c.node(part)
		if !ok {
			return node{}, false
		}
		parts[i] = n.required()
	}
	limit := c.l.opts.Limits.TextBytes
	return node{text: func(s *subject) (string, bool, error) {
		var out strings.Builder
		for _, part := range parts {
			text, err := part(s)
			if err != nil {
				return "", false, err
			}
			if out.Len()+len(text) > limit {
				return "", false, fmt.Errorf("%w: it makes a text of more than %d bytes", errBudget, limit)
			}
			out.WriteString(text)
		}
		return out.String(), true, nil
	}}, true
}

// memberOf compiles member_of(group.x); groupsOf has checked the argument.
func (c *compiler) memberOf(e *hclsyntax.FunctionCallExpr) (node, bool) {
	r, ok := staticRef(e.Args[0])
	address := r.address
	return node{truth: func(s *subject) (bool, error) { return s.memberOf(address), nil }}, ok && c.scope.memberOf
}

var _ schema.Expression = (*expression)(nil)
