package load

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// reading is what an expression may read of the rows of facts. A row is only
// made as far as that: ten thousand people with all their attributes cost more
// than all policies about them.
type reading struct {
	// open: a row may be looked at as a whole, or by a computed name.
	open bool
	// names are all names that attributes can be taken by.
	names map[string]bool
	// id is the same for the same names.
	id string
}

// reads reports whether an attribute of a row may be needed.
func (r *reading) reads(name string) bool { return r.open || r.names[name] }

func readingOf(expr hclsyntax.Expression) *reading {
	w := &readingWalker{out: &reading{names: map[string]bool{}}, elements: map[string]bool{}}
	_ = hclsyntax.Walk(expr, w) // finds nothing wrong
	r := w.out
	names := make([]string, 0, len(r.names))
	for name := range r.names {
		names = append(names, name)
	}
	slices.Sort(names)
	r.id = strings.Join(names, " ")
	if r.open {
		r.id = "*"
	}
	return r
}

// readingWalker goes through an expression. Whatever it is not sure about is open.
type readingWalker struct {
	out     *reading
	parents []hclsyntax.Node
	// elements are the names that loops give to elements.
	elements map[string]bool
}

// Enter looks at a node.
func (w *readingWalker) Enter(n hclsyntax.Node) hcl.Diagnostics {
	switch e := n.(type) {
	case *hclsyntax.ForExpr:
		w.elements[e.ValVar] = true
	case *hclsyntax.ScopeTraversalExpr:
		w.note(e.Traversal)
		w.out.open = w.out.open || w.opens(e)
	case *hclsyntax.RelativeTraversalExpr:
		w.note(e.Traversal)
	case *hclsyntax.SplatExpr:
		_, whole := e.Each.(*hclsyntax.AnonSymbolExpr)
		w.out.open = w.out.open || whole
	case *hclsyntax.IndexExpr:
		w.out.open = w.out.open || w.opensIndex(e)
	case *hclsyntax.LiteralValueExpr:
		if text, ok := plainText(e.Val); ok {
			w.out.names[text] = true
		}
	}
	w.parents = append(w.parents, n)
	return nil
}

// Exit leaves a node.
func (w *readingWalker) Exit(hclsyntax.Node) hcl.Diagnostics {
	w.parents = w.parents[:len(w.parents)-1]
	return nil
}

func (w *readingWalker) parent() hclsyntax.Node {
	if len(w.parents) == 0 {
		return nil
	}
	return w.parents[len(w.parents)-1]
}

func (w *readingWalker) note(t hcl.Traversal) {
	for _, step := range t {
		switch step := step.(type) {
		case hcl.TraverseAttr:
			w.out.names[step.Name] = true
		case hcl.TraverseIndex:
			if text, ok := plainText(step.Key); ok {
				w.out.names[text] = true
			}
		}
	}
}

// opens reports whether a name may stand for a row as a whole, or for rows
// that something takes which does not look into them by names.
func (w *readingWalker) opens(e *hclsyntax.ScopeTraversalExpr) bool {
	t := e.Traversal
	switch root := t.RootName(); {
	case isFacts(root):
		return !w.looksInto(e)
	case root == "each":
		step, _ := stepName(t)
		return len(t) <= 2 && step != "key"
	default:
		return len(t) == 1 && w.elements[root]
	}
}

func isFacts(root string) bool { return root == "effective" || root == "plan" }

// looksInto reports whether what stands around a collection takes it apart, or
// asks for no row at all.
func (w *readingWalker) looksInto(e hclsyntax.Expression) bool {
	switch p := w.parent().(type) {
	case *hclsyntax.ForExpr:
		return true
	case *hclsyntax.IndexExpr:
		return p.Collection == e
	case *hclsyntax.SplatExpr:
		return p.Source == e
	case *hclsyntax.FunctionCallExpr:
		return p.Name == "length" || p.Name == "keys"
	}
	return false
}

// opensIndex reports whether an index takes an attribute by a computed name,
// or stands for a row as a whole.
func (w *readingWalker) opensIndex(e *hclsyntax.IndexExpr) bool {
	t, ok := e.Collection.(*hclsyntax.ScopeTraversalExpr)
	if !ok || !isFacts(t.Traversal.RootName()) {
		return true
	}
	_, taken := w.parent().(*hclsyntax.RelativeTraversalExpr)
	return !taken
}
