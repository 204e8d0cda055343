package load

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/rollcall-dev/rollcall/schema"
)

// mappings decodes the attributes of an app: SCIM paths to expressions. A map
// that is written out has its own place for each; any other must not depend on
// the person.
func (it *item) mappings(a *schema.App) []schema.Mapping {
	attr := it.attr("attributes")
	if attr == nil || literalUnset(attr.Expr) {
		return nil
	}
	a.AttributesOrigin = origin(attr.NameRange)
	object, ok := unwrap(attr.Expr).(*hclsyntax.ObjectConsExpr)
	if !ok {
		return it.constantMappings()
	}
	var out []schema.Mapping
	for _, entry := range object.Items {
		if m, ok := it.mapping(entry, out); ok {
			out = append(out, m)
		}
	}
	sortBy(out, func(m schema.Mapping) string { return m.Path })
	return out
}

// mapping decodes one entry of a map that is written out.
func (it *item) mapping(entry hclsyntax.ObjectConsItem, before []schema.Mapping) (schema.Mapping, bool) {
	at := origin(entry.KeyExpr.Range())
	path, ok := it.mappingPath(entry.KeyExpr)
	if !ok {
		return schema.Mapping{}, false
	}
	it.checkPath("attributes", path, at)
	for _, other := range before {
		if other.Path == path {
			it.l.addDuplicate("the attribute "+path, other.Origin, at)
			return schema.Mapping{}, false
		}
	}
	m := schema.Mapping{Path: path, Origin: at}
	if !literalUnset(entry.ValueExpr) {
		m.Expression = it.l.compileExpression(entry.ValueExpr, it.scope)
	}
	return m, literalUnset(entry.ValueExpr) || m.Expression != nil
}

func (it *item) mappingPath(key hclsyntax.Expression) (string, bool) {
	k, ok := key.(*hclsyntax.ObjectConsKeyExpr)
	if ok && !k.ForceNonLiteral {
		if name := hcl.ExprAsKeyword(k.Wrapped); name != "" {
			return name, true
		}
	}
	if ok {
		key = k.Wrapped
	}
	v, ok := it.l.value(key, it.scope)
	if !ok {
		return "", false
	}
	path, ok := plainText(v)
	if !ok {
		it.wrongType("attributes", "a key is a SCIM path, which is a text.")
	}
	return path, ok
}

// constantMappings decodes a map that was computed.
func (it *item) constantMappings() []schema.Mapping {
	v, ok := it.value("attributes")
	if !ok {
		return nil
	}
	if !v.Type().IsObjectType() && !v.Type().IsMapType() {
		it.wrongType("attributes", fmt.Sprintf("a map of SCIM paths to expressions is needed here, and this is %s.", article(friendly(v))))
		return nil
	}
	var out []schema.Mapping
	for path, element := range v.AsValueMap() {
		at := it.at("attributes")
		it.checkPath("attributes", path, at)
		plain, err := plainValue(element)
		if err != nil {
			it.wrongType("attributes", fmt.Sprintf("%s: %v.", path, err))
			continue
		}
		m := schema.Mapping{Path: path, Origin: at}
		if plain != nil {
			m.Expression = &expression{func(*subject) (any, error) { return plain, nil }}
		}
		out = append(out, m)
	}
	sortBy(out, func(m schema.Mapping) string { return m.Path })
	return out
}
