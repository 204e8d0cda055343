package load

import (
	"reflect"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/rollcall-dev/rollcall/schema"
)

// ref is what an expression like user.alice stands for: the name of a block, or
// of a person or group as a directory has them.
type ref struct {
	// typ is "user", "group", "app" or "target".
	typ string
	// address names a block, directory and name an entry of a directory.
	address   schema.Address
	directory schema.Address
	name      string
}

var refType = cty.Capsule("reference", reflect.TypeFor[ref]())

// refAttribute holds the ref in the object that a reference evaluates to. No
// expression can name it: it is no identifier.
const refAttribute = "@"

// value returns the object that r evaluates to, with attributes beside the ref.
func (r ref) value(attributes map[string]cty.Value) cty.Value {
	all := make(map[string]cty.Value, len(attributes)+1)
	for name, v := range attributes {
		all[name] = v
	}
	all[refAttribute] = cty.CapsuleVal(refType, &r)
	return cty.ObjectVal(all)
}

// refOf finds the ref in an evaluated value.
func refOf(v cty.Value) (ref, bool) {
	if !isPlain(v) || !v.Type().IsObjectType() || !v.Type().HasAttribute(refAttribute) {
		return ref{}, false
	}
	hidden := v.GetAttr(refAttribute)
	if !isPlain(hidden) || !hidden.Type().Equals(refType) {
		return ref{}, false
	}
	return *hidden.EncapsulatedValue().(*ref), true
}

// full returns the address of r: a block's, or that of a directory's entry.
func (r ref) full() schema.Address {
	if r.directory == "" {
		return r.address
	}
	return instanceAddress(r.directory+schema.Address("."+r.typ+"s"), r.name)
}

// user returns r as a person, found at the place at.
func (r ref) user(at schema.Origin) schema.UserRef {
	return schema.UserRef{Address: r.address, Directory: r.directory, Login: r.name, Origin: at}
}

// group returns r as a group, found at the place at.
func (r ref) group(at schema.Origin) schema.GroupRef {
	return schema.GroupRef{Address: r.address, Directory: r.directory, Name: r.name, Origin: at}
}

// staticRef reads a reference off the syntax tree: user.alice,
// user.team["a"], target.twingate.corp, directory.file.hr.users["a"].
func staticRef(expr hclsyntax.Expression) (ref, bool) {
	t, ok := unwrap(expr).(*hclsyntax.ScopeTraversalExpr)
	if !ok {
		return ref{}, false
	}
	if r, ok := directoryName(t.Traversal); ok {
		return r, true
	}
	typ := t.Traversal.RootName()
	labels := map[string]int{"user": 1, "group": 1, "app": 1, "target": 2}[typ]
	if labels == 0 {
		return ref{}, false
	}
	address, rest := addressOf(t.Traversal, labels)
	if address == "" || len(rest) > 0 {
		return ref{}, false
	}
	return ref{typ: typ, address: address}, true
}

// addressOf reads an address of so many labels off a traversal, with the key
// of an instance if one follows, and returns the steps that are left.
func addressOf(t hcl.Traversal, labels int) (schema.Address, hcl.Traversal) {
	if len(t) <= labels {
		return "", t
	}
	address := t.RootName()
	for _, step := range t[1 : labels+1] {
		attr, ok := step.(hcl.TraverseAttr)
		if !ok {
			return "", t
		}
		address += "." + attr.Name
	}
	rest := t[labels+1:]
	if len(rest) > 0 {
		if key, ok := literalIndex(rest[0]); ok {
			return instanceAddress(schema.Address(address), key), rest[1:]
		}
	}
	return schema.Address(address), rest
}

// instanceAddress is the address of one instance of a for_each.
func instanceAddress(base schema.Address, key string) schema.Address {
	return base + schema.Address("["+quote(key)+"]")
}

// literalIndex reads the text of a step like ["a"].
func literalIndex(step hcl.Traverser) (string, bool) {
	index, ok := step.(hcl.TraverseIndex)
	if !ok {
		return "", false
	}
	return plainText(index.Key)
}

// directoryList reads directory.KIND.NAME.users, or .groups, off a traversal;
// the ref has no name yet.
func directoryList(t hcl.Traversal) (ref, bool) {
	if t.RootName() != "directory" || len(t) < 4 {
		return ref{}, false
	}
	kind, ok1 := t[1].(hcl.TraverseAttr)
	name, ok2 := t[2].(hcl.TraverseAttr)
	list, ok3 := t[3].(hcl.TraverseAttr)
	if !ok1 || !ok2 || !ok3 {
		return ref{}, false
	}
	r := ref{directory: schema.Address("directory." + kind.Name + "." + name.Name)}
	switch list.Name {
	case "users":
		r.typ = "user"
	case "groups":
		r.typ = "group"
	default:
		return ref{}, false
	}
	return r, true
}

// directoryName reads directory.KIND.NAME.users["login"] off a traversal.
func directoryName(t hcl.Traversal) (ref, bool) {
	r, ok := directoryList(t)
	if !ok || len(t) != 5 {
		return ref{}, false
	}
	r.name, ok = literalIndex(t[4])
	return r, ok
}

// unwrap takes off what does not change a value: parentheses, and the template
// that is a single interpolation, as JSON writes expressions.
func unwrap(expr hclsyntax.Expression) hclsyntax.Expression {
	for {
		switch e := expr.(type) {
		case *hclsyntax.ParenthesesExpr:
			expr = e.Expression
		case *hclsyntax.TemplateWrapExpr:
			expr = e.Wrapped
		default:
			return expr
		}
	}
}

// literalText reads a text without interpolation off the syntax tree.
func literalText(expr hclsyntax.Expression) (string, bool) {
	switch e := unwrap(expr).(type) {
	case *hclsyntax.LiteralValueExpr:
		return plainText(e.Val)
	case *hclsyntax.TemplateExpr:
		switch len(e.Parts) {
		case 0:
			return "", true
		case 1:
			if part, ok := e.Parts[0].(*hclsyntax.LiteralValueExpr); ok {
				return plainText(part.Val)
			}
		}
	}
	return "", false
}
