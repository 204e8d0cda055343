package load

import (
	"fmt"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/rollcall-dev/rollcall/schema"
)

// entry is one element of a list of people or groups, and where it stands. A
// ref without an address or directory is a bare name.
type entry struct {
	ref ref
	at  schema.Origin
}

// entries returns an argument that is a list of references and names of one
// type, and whether the list was given. A list that is written out is read off
// the syntax tree, element by element, so that each has its own place.
func (it *item) entries(name, typ string) ([]entry, bool) {
	a := it.attr(name)
	if a == nil {
		return nil, false
	}
	tuple, ok := unwrap(a.Expr).(*hclsyntax.TupleConsExpr)
	if !ok {
		v, ok := it.value(name)
		if !ok {
			return nil, false
		}
		return it.entriesOf(name, typ, v, it.at(name))
	}
	out := make([]entry, 0, len(tuple.Exprs))
	for _, expr := range tuple.Exprs {
		if e, ok := it.entry(name, typ, expr); ok {
			out = append(out, e)
		}
	}
	return out, true
}

// entry reads one element of a list that is written out.
func (it *item) entry(name, typ string, expr hclsyntax.Expression) (entry, bool) {
	at := origin(expr.Range())
	if text, ok := literalText(expr); ok {
		return it.checked(name, typ, entry{ref{typ: typ, name: text}, at})
	}
	if r, ok := staticRef(expr); ok {
		return it.checked(name, typ, entry{r, at})
	}
	v, ok := it.l.value(expr, it.scope)
	if !ok {
		return entry{}, false
	}
	return it.entryOf(name, typ, v, at)
}

// entriesOf takes an evaluated list apart.
func (it *item) entriesOf(name, typ string, v cty.Value, at schema.Origin) ([]entry, bool) {
	if !isPlain(v) || !v.CanIterateElements() || v.Type().IsObjectType() || v.Type().IsMapType() {
		it.wrongType(name, fmt.Sprintf("a list of %ss is needed here, and this is %s.", typ, article(friendly(v))))
		return nil, false
	}
	out := make([]entry, 0, v.LengthInt())
	for _, element := range v.AsValueSlice() {
		if e, ok := it.entryOf(name, typ, element, at); ok {
			out = append(out, e)
		}
	}
	return out, true
}

func (it *item) entryOf(name, typ string, v cty.Value, at schema.Origin) (entry, bool) {
	if text, ok := plainText(v); ok {
		return it.checked(name, typ, entry{ref{typ: typ, name: text}, at})
	}
	r, ok := refOf(v)
	if !ok {
		it.l.add(finding(codeWrongType, at, "Wrong type", fmt.Sprintf("An element of %q is a reference to a %s or a name in quotes, and this is %s.", name, typ, article(friendlyElement(v)))))
		return entry{}, false
	}
	return it.checked(name, typ, entry{r, at})
}

func friendlyElement(v cty.Value) string {
	switch {
	case v.IsMarked():
		return "sensitive value"
	case v.IsNull():
		return "null"
	}
	return friendly(v)
}

// checked makes sure that an element is of the list's type and exists.
func (it *item) checked(name, typ string, e entry) (entry, bool) {
	if e.ref.typ != typ {
		it.l.add(finding(codeWrongType, e.at, "Wrong type", fmt.Sprintf("An element of %q is a %s, and this is %s.", name, typ, article("reference to "+article(e.ref.typ)))))
		return e, false
	}
	return e, it.l.checkRef(e.ref, e.at)
}

// checkRef makes sure that what a reference names exists, as far as that is known here.
func (l *loader) checkRef(r ref, at schema.Origin) bool {
	missing := r.address
	if r.directory != "" {
		missing = r.directory
	}
	switch {
	case missing == "" && r.name == "":
		l.add(finding(codeInvalidValue, at, "Name is empty", "An empty text names nobody."))
		return false
	case missing != "" && !l.known(missing):
		l.addUnknown(missing, at)
		return false
	}
	return true
}

// users returns an argument that is a list of people.
func (it *item) users(name string) ([]schema.UserRef, bool) {
	entries, said := it.entries(name, "user")
	if len(entries) == 0 {
		return nil, said
	}
	out := make([]schema.UserRef, len(entries))
	for i, e := range entries {
		out[i] = e.ref.user(e.at)
	}
	return out, said
}

// groups returns an argument that is a list of groups.
func (it *item) groups(name string) ([]schema.GroupRef, bool) {
	entries, said := it.entries(name, "group")
	if len(entries) == 0 {
		return nil, said
	}
	out := make([]schema.GroupRef, len(entries))
	for i, e := range entries {
		out[i] = e.ref.group(e.at)
	}
	return out, said
}

// one returns an argument that is a reference to a block of one of the types.
func (it *item) one(name string, types ...string) (entry, bool) {
	a := it.attr(name)
	if a == nil {
		return entry{}, false
	}
	e, ok := entry{at: origin(a.Expr.Range())}, false
	if e.ref, ok = staticRef(it.reference(a.Expr)); !ok {
		v, evaluated := it.value(name)
		if !evaluated {
			return entry{}, false
		}
		if e.ref, ok = refOf(v); !ok {
			it.wrongType(name, fmt.Sprintf("a reference like %s.name is needed here, and this is %s.", types[0], article(friendly(v))))
			return entry{}, false
		}
	}
	for _, typ := range types {
		if e.ref.typ == typ {
			return it.checked(name, typ, e)
		}
	}
	it.wrongType(name, fmt.Sprintf("a reference like %s.name is needed here, and this is %s.", types[0], article("reference to "+article(e.ref.typ))))
	return entry{}, false
}

// reference reads a text like "app.x" in JSON as the reference that it spells:
// where nothing but a reference may stand, JSON needs no template around it.
func (it *item) reference(expr hclsyntax.Expression) hclsyntax.Expression {
	if text, ok := literalText(expr); ok && isJSON(expr.Range().Filename) && len(text) < 1024 {
		t, diags := hclsyntax.ParseTraversalAbs([]byte(text), expr.Range().Filename, expr.Range().Start)
		if !diags.HasErrors() {
			return &hclsyntax.ScopeTraversalExpr{Traversal: t, SrcRange: expr.Range()}
		}
	}
	return expr
}

// typeExpression reads a text like "list(string)" in JSON as the type that it
// spells; there is no other way to write one there.
func (it *item) typeExpression(expr hclsyntax.Expression) hclsyntax.Expression {
	text, ok := literalText(expr)
	if !ok || !isJSON(expr.Range().Filename) || scan([]byte(text), it.l.opts.Limits.Depth, nil) != nil {
		return expr
	}
	typ, diags := hclsyntax.ParseExpression([]byte(text), expr.Range().Filename, expr.Range().Start)
	if diags.HasErrors() {
		return expr
	}
	return typ
}

// address reads an argument that is an address, of a block that may be gone.
func (it *item) anyAddress(name string) schema.Address {
	a := it.attr(name)
	if a == nil {
		return ""
	}
	t, ok := unwrap(it.reference(a.Expr)).(*hclsyntax.ScopeTraversalExpr)
	if ok {
		spec := findAnyKind(language, t.Traversal.RootName())
		if spec != nil && len(spec.Labels) > 0 {
			if address, rest := addressOf(t.Traversal, len(spec.Labels)); address != "" && len(rest) == 0 {
				return address
			}
		}
	}
	it.invalid(name, "The argument %q is the address of a block, as in group.engineering or user.team[\"key\"].", name)
	return ""
}

func findAnyKind(specs []BlockSpec, typ string) *BlockSpec {
	for i := range specs {
		if specs[i].Type == typ {
			return &specs[i]
		}
	}
	return nil
}
