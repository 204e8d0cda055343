package load

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/rollcall-dev/rollcall/schema"
)

// local is one name of a locals block and, once asked for, its value.
type local struct {
	attr  *hclsyntax.Attribute
	value cty.Value
	ok    bool
	done  bool
}

// declareLocals collects the names of all locals blocks.
func (l *loader) declareLocals() {
	for _, it := range l.items["locals"] {
		for name, a := range it.block.Body.Attributes {
			if first := l.locals[name]; first != nil {
				l.addDuplicate("local."+name, origin(first.attr.NameRange), origin(a.NameRange))
				continue
			}
			l.locals[name] = &local{attr: a}
		}
	}
}

func (l *loader) evaluateLocals() {
	for _, name := range slices.Sorted(maps.Keys(l.locals)) {
		l.settleLocal(name, origin(l.locals[name].attr.NameRange))
	}
}

// local returns the value of local.name, read at use.
func (l *loader) local(name string, use hcl.Traversal) (cty.Value, bool) {
	if l.locals[name] == nil {
		suggestion := nearest(name, slices.Sorted(maps.Keys(l.locals)))
		if suggestion != "" {
			suggestion = "local." + suggestion
		}
		d := finding(codeUnknownReference, origin(use.SourceRange()), "Unknown local value",
			fmt.Sprintf("No locals block has the name %q.%s", name, didYouMean(suggestion)))
		d.Suggestion = suggestion
		l.add(d)
		return cty.DynamicVal, false
	}
	return l.settleLocal(name, origin(use.SourceRange()))
}

func (l *loader) settleLocal(name string, use schema.Origin) (cty.Value, bool) {
	v := l.locals[name]
	if v.done {
		return v.value, v.ok
	}
	leave, ok := l.enter("local."+name, use)
	if !ok {
		return cty.DynamicVal, false
	}
	defer leave()
	v.value, v.ok = l.value(v.attr.Expr, scope{})
	v.done = true
	return v.value, v.ok
}

// edge is one step of a chain of names that need each other.
type edge struct {
	name string
	use  schema.Origin
}

// enter notes that the value called name is being computed because of use. It
// refuses a name that waits for itself, and chains that would cost the stack.
func (l *loader) enter(name string, use schema.Origin) (leave func(), ok bool) {
	start := slices.IndexFunc(l.path, func(e edge) bool { return e.name == name })
	switch {
	case start >= 0:
		l.addCycle(append(slices.Clone(l.path[start:]), edge{name, use}))
		return nil, false
	case len(l.path) > l.opts.Limits.Depth*4:
		l.add(finding(codeTooComplex, use, "Values depend on each other too deeply", "The chain of names that this one needs is too long."))
		return nil, false
	}
	l.path = append(l.path, edge{name, use})
	return func() { l.path = l.path[:len(l.path)-1] }, true
}

// addCycle reports names that need each other; the last edge closes the circle.
func (l *loader) addCycle(edges []edge) {
	names := make([]string, len(edges))
	d := finding(codeReferenceCycle, edges[len(edges)-1].use, "Values depend on each other", "")
	for i, e := range edges {
		names[i] = e.name
		if i > 0 {
			d.Related = append(d.Related, schema.Related{Origin: e.use, Message: edges[i-1].name + " needs " + e.name + " here."})
		}
	}
	d.Detail = "To compute it, each needs the next: " + strings.Join(names, ", ") + ". Take one of these references out."
	l.add(d)
}
