package load

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	hcljson "github.com/hashicorp/hcl/v2/json"
	"github.com/zclconf/go-cty/cty"

	"github.com/rollcall-dev/rollcall/schema"
)

// scanJSON refuses JSON that nests too deep or has giant numbers.
func scanJSON(src []byte, maxDepth int) *refusal {
	depth, number := 0, 0
	for i := 0; i < len(src); i++ {
		c := src[i]
		if c >= '0' && c <= '9' || number > 0 && (c == '.' || c == 'e' || c == 'E' || c == '+' || c == '-') {
			if number++; number > maxNumberSize {
				return &refusal{i, fmt.Sprintf("a number has more than %d digits", maxNumberSize)}
			}
			if (c == 'e' || c == 'E') && giantExponent(src[i+1:]) {
				return &refusal{i, fmt.Sprintf("a number's exponent is over %d", maxNumberSize)}
			}
			continue
		}
		number = 0
		switch c {
		case '"':
			i = endOfJSONString(src, i)
		case '{', '[':
			if depth++; depth > maxDepth {
				return &refusal{i, fmt.Sprintf("objects and arrays nest deeper than %d", maxDepth)}
			}
		case '}', ']':
			depth--
		}
	}
	return nil
}

// endOfJSONString returns the offset of the quote that closes the one at start.
func endOfJSONString(src []byte, start int) int {
	for i := start + 1; i < len(src); i++ {
		switch src[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return len(src)
}

func giantExponent(digits []byte) bool {
	if len(digits) > 0 && (digits[0] == '+' || digits[0] == '-') {
		digits = digits[1:]
	}
	n := 0
	for _, c := range digits {
		if c < '0' || c > '9' || n > maxNumberSize {
			break
		}
		n = n*10 + int(c-'0')
	}
	return n > maxNumberSize
}

// parseJSON reads HCL's JSON syntax into the tree of the native one, so that
// the rest of the loader knows a single syntax.
func (p *parser) parseJSON(name string, src []byte) ([]*hclsyntax.Block, schema.Diagnostics) {
	file, diags := hcljson.Parse(src, name)
	if diags.HasErrors() {
		return nil, fromHCL(codeSyntax, diags)
	}
	c := jsonConverter{src: src, maxDepth: p.limits.Depth}
	body := c.body(file.Body, language, nil)
	return body.Blocks, c.diags
}

type jsonConverter struct {
	src      []byte
	maxDepth int
	diags    schema.Diagnostics
}

// body converts one object by the descriptions of what may stand in it. Where
// a type has kinds, all arguments of all kinds are taken; which of them fit is
// checked later, as for native syntax.
func (c *jsonConverter) body(body hcl.Body, blocks []BlockSpec, args []ArgumentSpec) *hclsyntax.Body {
	var s hcl.BodySchema
	for _, a := range args {
		s.Attributes = append(s.Attributes, hcl.AttributeSchema{Name: a.Name})
	}
	for _, typ := range blockTypes(blocks) {
		s.Blocks = append(s.Blocks, hcl.BlockHeaderSchema{Type: typ, LabelNames: anyOfType(blocks, typ).Labels})
	}
	content, diags := body.Content(&s)
	c.explain(diags, s)
	out := &hclsyntax.Body{Attributes: hclsyntax.Attributes{}, SrcRange: body.MissingItemRange(), EndRange: body.MissingItemRange()}
	for name, a := range content.Attributes {
		out.Attributes[name] = c.attribute(a)
	}
	for _, b := range content.Blocks {
		out.Blocks = append(out.Blocks, c.block(b, anyOfType(blocks, b.Type)))
	}
	return out
}

// explain words findings about the properties of an object as for native syntax.
func (c *jsonConverter) explain(diags hcl.Diagnostics, s hcl.BodySchema) {
	out := fromHCL(codeSyntax, diags)
	var names []string
	for _, a := range s.Attributes {
		names = append(names, a.Name)
	}
	for _, b := range s.Blocks {
		names = append(names, b.Type)
	}
	for i, d := range diags {
		if d.Summary != "Extraneous JSON object property" || d.Subject == nil {
			continue
		}
		name, err := strconv.Unquote(string(d.Subject.SliceBytes(c.src)))
		if err != nil {
			name = "this"
		}
		out[i].Code, out[i].Summary = codeUnknownArgument, "Unknown argument or block"
		if len(s.Attributes) == 0 {
			out[i].Code, out[i].Summary = codeUnknownBlock, "Unknown block"
		}
		out[i].Suggestion = nearest(name, names)
		out[i].Detail = fmt.Sprintf("There is no argument and no block %q here.%s", name, didYouMean(out[i].Suggestion))
	}
	c.diags = append(c.diags, out...)
}

// anyOfType joins the descriptions of all kinds of one type.
func anyOfType(specs []BlockSpec, typ string) BlockSpec {
	var all BlockSpec
	for i := range specs {
		if specs[i].Type != typ {
			continue
		}
		all.Type, all.Labels, all.AnyArgument = typ, specs[i].Labels, specs[i].AnyArgument
		for _, a := range specs[i].Arguments {
			if all.argument(a.Name) == nil {
				all.Arguments = append(all.Arguments, a)
			}
		}
		for _, b := range specs[i].Blocks {
			if all.block(b.Type, b.Kind) == nil {
				all.Blocks = append(all.Blocks, b)
			}
		}
	}
	return all
}

func (c *jsonConverter) block(b *hcl.Block, spec BlockSpec) *hclsyntax.Block {
	out := &hclsyntax.Block{Type: b.Type, Labels: b.Labels, TypeRange: b.TypeRange, LabelRanges: b.LabelRanges}
	out.OpenBraceRange, out.CloseBraceRange = b.DefRange, b.DefRange
	if !spec.AnyArgument {
		out.Body = c.body(b.Body, spec.Blocks, spec.Arguments)
		return out
	}
	out.Body = &hclsyntax.Body{Attributes: hclsyntax.Attributes{}, SrcRange: b.DefRange, EndRange: b.DefRange}
	attrs, diags := b.Body.JustAttributes()
	c.diags = append(c.diags, fromHCL(codeSyntax, diags)...)
	for name, a := range attrs {
		out.Body.Attributes[name] = c.attribute(a)
	}
	return out
}

func (c *jsonConverter) attribute(a *hcl.Attribute) *hclsyntax.Attribute {
	return &hclsyntax.Attribute{Name: a.Name, Expr: c.expression(a.Expr), SrcRange: a.Range, NameRange: a.NameRange}
}

// expression converts a JSON value: texts are templates.
func (c *jsonConverter) expression(expr hcl.Expression) hclsyntax.Expression {
	if pairs, diags := hcl.ExprMap(expr); !diags.HasErrors() {
		out := &hclsyntax.ObjectConsExpr{SrcRange: expr.Range(), OpenRange: expr.StartRange()}
		for _, p := range pairs {
			key := &hclsyntax.ObjectConsKeyExpr{Wrapped: c.expression(p.Key), ForceNonLiteral: true}
			out.Items = append(out.Items, hclsyntax.ObjectConsItem{KeyExpr: key, ValueExpr: c.expression(p.Value)})
		}
		return out
	}
	if items, diags := hcl.ExprList(expr); !diags.HasErrors() {
		out := &hclsyntax.TupleConsExpr{SrcRange: expr.Range(), OpenRange: expr.StartRange()}
		for _, item := range items {
			out.Exprs = append(out.Exprs, c.expression(item))
		}
		return out
	}
	// Without a context, a JSON text is taken as it is and no template is parsed.
	v, _ := expr.Value(nil)
	if text, ok := plainText(v); ok {
		return c.template(text, expr.Range())
	}
	return &hclsyntax.LiteralValueExpr{Val: v, SrcRange: expr.Range()}
}

// template parses the content of a JSON text.
func (c *jsonConverter) template(text string, at hcl.Range) hclsyntax.Expression {
	literal := &hclsyntax.LiteralValueExpr{Val: cty.StringVal(text), SrcRange: at}
	if !slices.Contains([]byte(text), '{') {
		return literal
	}
	if refused := scanTemplate([]byte(text), c.maxDepth); refused != nil {
		c.diags = append(c.diags, tooComplex(origin(at), refused.what))
		return literal
	}
	start := at.Start
	start.Byte++
	start.Column++
	expr, diags := hclsyntax.ParseTemplate([]byte(text), at.Filename, start)
	if diags.HasErrors() {
		c.diags = append(c.diags, fromHCL(codeSyntax, diags)...)
		return literal
	}
	return expr
}
