package load

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/rollcall-dev/rollcall/schema"
)

// policy decodes one policy. Its for_each may read what follows from the
// configuration, so its instances are made when it is checked.
func (it *item) policy() schema.Policy {
	return schema.Policy{
		Address: it.address, Severity: schema.Severity(it.choice("severity")),
		Assertions: it.assertions(), Origin: it.origin(),
	}
}

// assertions compiles the for_each and the assert blocks of a block.
func (it *item) assertions() *assertions {
	out := &assertions{address: it.address, limits: it.l.opts.Limits}
	sc := scope{facts: true}
	if it.spec.argument("for_each") != nil && it.attr("for_each") != nil {
		out.forEach = it.l.overFacts(it.attr("for_each").Expr, sc, forElements)
		sc.instances = true
	}
	blocks := it.nested("assert")
	if len(blocks) == 0 && !it.expectsFailure() {
		it.l.add(finding(codeNoAssertion, it.origin(), "Nothing is asserted",
			fmt.Sprintf("A %s holds whatever happens without an assert block. Add one: assert { condition = …, error_message = \"…\" }.", it.spec.Type)))
	}
	for _, b := range blocks {
		a := assertion{b.overFacts("condition", sc, forTruth), b.overFacts("error_message", sc, forText)}
		if a.condition != nil && a.message != nil {
			out.all = append(out.all, a)
		}
	}
	return out
}

// expectsFailure reports whether a block names a policy that must fail, which
// is an assertion of its own.
func (it *item) expectsFailure() bool {
	if it.spec.argument("expect_failures") == nil || it.attr("expect_failures") == nil {
		return false
	}
	list, ok := unwrap(it.attr("expect_failures").Expr).(*hclsyntax.TupleConsExpr)
	return !ok || len(list.Exprs) > 0
}

// overFacts compiles an argument over facts; nil if it is not there or wrong,
// which has then been said.
func (it *item) overFacts(name string, sc scope, want purpose) *factual {
	a := it.attr(name)
	if a == nil {
		return nil
	}
	return it.l.overFacts(a.Expr, sc, want)
}

// purpose is what an expression over facts is for: it returns what a value is
// then wrong about.
type purpose func(cty.Value) (schema.Code, string, error)

func forTruth(v cty.Value) (schema.Code, string, error) {
	if _, err := truthOf(v); err != nil {
		return codeWrongType, "Condition is neither true nor false", fmt.Errorf("a condition is true or false, and this is %s", described(v))
	}
	return "", "", nil
}

func forText(v cty.Value) (schema.Code, string, error) {
	if _, ok := plainText(v); !ok {
		return codeWrongType, "Message is no text", fmt.Errorf("an error_message is a text, and this is %s", described(v))
	}
	return "", "", nil
}

func forElements(v cty.Value) (schema.Code, string, error) {
	if _, err := elementsForEach(v); err != nil {
		return codeWrongType, "Wrong type", err
	}
	return "", "", nil
}

// overFacts compiles an expression over facts; nil if it is wrong, which has
// then been said. What the facts have no part in is evaluated at once, so that
// what is wrong with it is found without them.
func (l *loader) overFacts(expr hclsyntax.Expression, sc scope, want purpose) *factual {
	l.ready[expr] = prepareOverFacts(expr)
	defer delete(l.ready, expr)
	late, ok := l.late(expr, sc)
	if !ok {
		return nil
	}
	at := expr.Range()
	e := &factual{late: late, want: want, reading: readingOf(expr), source: expr, text: l.textAt(at), origin: origin(at)}
	if late.prepared.reads("effective") != nil || late.prepared.reads("plan") != nil || late.prepared.reads("each") != nil {
		return e
	}
	v, ok := l.value(expr, sc)
	if !ok {
		return nil
	}
	if code, summary, err := want(v); err != nil {
		l.add(finding(code, e.origin, summary, sentence(err.Error())))
		return nil
	}
	return e
}

// textAt is the text of an expression; empty where the source is not at hand.
func (l *loader) textAt(at hcl.Range) string {
	src := l.sources[at.Filename]
	if at.Start.Byte < 0 || at.End.Byte > len(src) || at.Start.Byte > at.End.Byte {
		return ""
	}
	return string(src[at.Start.Byte:at.End.Byte])
}

// checkFacts makes sure that effective and plan may be named here, and that
// the names that follow are some of theirs.
func (l *loader) checkFacts(use hcl.Traversal, sc scope) bool {
	root := use.RootName()
	if !sc.facts {
		l.add(finding(codeUnknownReference, origin(use.SourceRange()), root+" is not available here",
			fmt.Sprintf("%s is what follows from the whole configuration. It can be named in policy blocks and in tests (*.test.hcl).", root)))
		return false
	}
	names := schema.EffectiveNames()
	if root == "plan" {
		names = schema.PlanNames()
	}
	step, ok := stepName(use)
	if !ok || len(use) < 2 {
		return true
	}
	if !slices.Contains(names, step) {
		l.unknownFact(use, root, step, names)
		return false
	}
	return root == "plan" || l.checkEntry(use, step)
}

func (l *loader) unknownFact(use hcl.Traversal, root, step string, names []string) {
	suggestion := nearest(step, names)
	if suggestion != "" {
		suggestion = root + "." + suggestion
	}
	d := finding(codeUnknownAttribute, origin(use.SourceRange()), "Unknown attribute",
		fmt.Sprintf("%s has no attribute %q; it has %s.%s", root, step, list(names), didYouMean(suggestion)))
	d.Suggestion = suggestion
	l.add(d)
}

// checkEntry makes sure that an app or group that is written out is declared:
// a policy about what there is not would hold for ever.
func (l *loader) checkEntry(use hcl.Traversal, part string) bool {
	if len(use) < 3 {
		return true
	}
	key, dotted := "", false
	switch step := use[2].(type) {
	case hcl.TraverseAttr:
		key, dotted = step.Name, true
	case hcl.TraverseIndex:
		key, _ = plainText(step.Key)
	}
	switch {
	case key == "":
		return true
	case part == "apps":
		return l.checkDeclared(schema.Address("app."+key), use)
	case dotted && (part == "users" || part == "groups"):
		typ := strings.TrimSuffix(part, "s")
		l.add(finding(codeUnknownReference, origin(use.SourceRange()), "Name is no key",
			fmt.Sprintf("effective.%s is a map by %s. Write effective.%s[%s.%s].", part, keyWords[typ], part, typ, key)))
		return false
	case part == "groups" && strings.HasPrefix(key, "group."):
		return l.checkDeclared(schema.Address(key), use)
	}
	return true
}

var keyWords = map[string]string{"user": "login", "group": "address"}

func (l *loader) checkDeclared(address schema.Address, use hcl.Traversal) bool {
	if l.known(address) {
		return true
	}
	l.addUnknown(address, origin(use.SourceRange()))
	return false
}
