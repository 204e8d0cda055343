package sandbox

import (
	"slices"
	"strings"
)

// expr is a filter that was parsed against a schema.
type expr interface {
	// matches says whether an object meets the filter. Outside brackets the
	// object is a resource, inside an element of a multi-valued attribute.
	matches(o object) bool
}

type (
	// logical is "and" where all must match, "or" otherwise.
	logical struct {
		all   bool
		terms []expr
	}
	negation struct{ term expr }
	presence struct{ path attrPath }
	// valuePath matches if one element of a multi-valued attribute does.
	valuePath struct {
		path attrPath
		term expr
	}
	comparison struct {
		path  attrPath
		op    string // lower case
		want  operand
		exact bool // compare case
	}
	// nothing never matches: what an attribute of another resource type is.
	nothing struct{}
)

// attrPath is the place of an attribute in a resource, or, inside brackets, in
// an element.
type attrPath struct {
	extension *attribute // nil for core attributes
	attr      *attribute
	sub       *attribute // may be nil
}

// top is the name of the member of the resource that holds the attribute.
func (p attrPath) top() string {
	if p.extension != nil {
		return p.extension.name
	}
	return p.attr.name
}

// leaf is the attribute whose values are compared. For a multi-valued complex
// attribute without a sub-attribute that is its value (RFC 7644, 3.4.2.2).
func (p attrPath) leaf() *attribute {
	if p.sub != nil {
		return p.sub
	}
	if p.attr.multi && p.attr.kind == typeComplex {
		if v := p.attr.child("value"); v != nil {
			return v
		}
	}
	return p.attr
}

// parser reads filters and paths by recursive descent.
type parser struct {
	source string
	tokens []token
	next   int
	depth  int
	terms  int
	scope  scope
}

// scope says what names mean at one place of a filter.
type scope struct {
	kind kind
	// inside is the attribute whose elements are looked at, or nil.
	inside *attribute
	// keep accepts names that no schema has.
	keep bool
	// lax lets names that this resource type lacks match nothing, as a query
	// over all types needs (RFC 7644, section 3.4.2.1).
	lax bool
	// exact compares the case of every text.
	exact bool
}

func newParser(sc scope, s string) (*parser, *fail) {
	tokens, err := tokenize(s)
	if err != nil {
		return nil, err
	}
	return &parser{source: s, tokens: tokens, scope: sc}, nil
}

// parseFilter reads a whole filter.
func parseFilter(sc scope, s string) (expr, *fail) {
	p, err := newParser(sc, s)
	if err != nil {
		return nil, err
	}
	e, err := p.or()
	if err != nil {
		return nil, err
	}
	if t := p.peek(); t.kind != tokenEnd {
		return nil, p.unexpected("the end")
	}
	return e, nil
}

func (p *parser) peek() token { return p.tokens[p.next] }

func (p *parser) take() token {
	t := p.tokens[p.next]
	if t.kind != tokenEnd {
		p.next++
	}
	return t
}

func (p *parser) unexpected(want string) *fail {
	t := p.peek()
	if t.kind == tokenEnd {
		return badRequest(invalidFilter, "%q ends where %s should be", p.source, want)
	}
	return badRequest(invalidFilter, "%q has %q at position %d where %s should be", p.source, t.text, t.at+1, want)
}

func (p *parser) enter() *fail {
	if p.depth++; p.depth > maxFilterDepth {
		return badRequest(invalidFilter, "the filter is nested more than %d deep", maxFilterDepth)
	}
	return nil
}

func (p *parser) or() (expr, *fail)  { return p.chain("or", p.and) }
func (p *parser) and() (expr, *fail) { return p.chain("and", p.factor) }

func (p *parser) chain(word string, operand func() (expr, *fail)) (expr, *fail) {
	first, err := operand()
	if err != nil {
		return nil, err
	}
	terms := []expr{first}
	for p.peek().keyword(word) {
		p.take()
		term, err := operand()
		if err != nil {
			return nil, err
		}
		terms = append(terms, term)
	}
	if len(terms) == 1 {
		return first, nil
	}
	return logical{all: word == "and", terms: terms}, nil
}

func (p *parser) factor() (expr, *fail) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	switch t := p.peek(); {
	case t.is("("):
		p.take()
		return p.closed(")")
	case t.keyword("not") && p.tokens[p.next+1].is("("):
		p.take()
		p.take()
		term, err := p.closed(")")
		return negation{term}, err
	}
	return p.term()
}

func (p *parser) closed(end string) (expr, *fail) {
	e, err := p.or()
	if err != nil {
		return nil, err
	}
	if !p.peek().is(end) {
		return nil, p.unexpected("\"" + end + "\"")
	}
	p.take()
	return e, nil
}

// term reads a comparison, a presence test or a value path.
func (p *parser) term() (expr, *fail) {
	if p.terms++; p.terms > maxFilterTerms {
		return nil, badRequest(invalidFilter, "the filter has more than %d comparisons", maxFilterTerms)
	}
	path, known, err := p.attrPath()
	if err != nil {
		return nil, err
	}
	if p.peek().is("[") {
		return p.valuePath(path, known)
	}
	op := p.take()
	if op.keyword("pr") {
		return orNothing(known, presence{path}), nil
	}
	if op.kind != tokenWord || !slices.Contains(operators, strings.ToLower(op.text)) {
		p.next--
		return nil, p.unexpected("one of eq ne co sw ew gt ge lt le pr")
	}
	want, err := p.operand()
	if err != nil {
		return nil, err
	}
	if !known {
		return nothing{}, nil
	}
	c := comparison{path, strings.ToLower(op.text), want, p.scope.exact || path.leaf().caseExact}
	return c, c.check()
}

var operators = []string{"eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"}

func orNothing(known bool, e expr) expr {
	if known {
		return e
	}
	return nothing{}
}

func (p *parser) valuePath(path attrPath, known bool) (expr, *fail) {
	if known && (p.scope.inside != nil || !path.attr.multi || path.sub != nil) {
		return nil, badRequest(invalidFilter, "brackets may only follow a multi-valued attribute, and %q is none", path.attr.name)
	}
	p.take()
	outer := p.scope
	p.scope.inside = path.attr
	if !known {
		p.scope.inside = &attribute{name: "?", kind: typeAny}
	}
	term, err := p.closed("]")
	p.scope = outer
	return orNothing(known, valuePath{path, term}), err
}

// attrPath reads a name such as userName, name.givenName or urn:…:User:department.
// Known is false where the scope is lax and the name means nothing here.
func (p *parser) attrPath() (path attrPath, known bool, err *fail) {
	t := p.take()
	if t.kind != tokenWord {
		p.next = max(0, p.next-1)
		if t.kind == tokenEnd {
			p.next = len(p.tokens) - 1
		}
		return path, false, p.unexpected("the name of an attribute")
	}
	names := []string{t.text}
	for p.peek().is(".") {
		p.take()
		if p.peek().kind != tokenWord {
			return path, false, p.unexpected("the name of a sub-attribute")
		}
		names = append(names, p.take().text)
	}
	path, ok := p.scope.resolve(names)
	if !ok && !p.scope.lax {
		return path, false, badRequest(invalidFilter, "%s has no attribute %q", p.scope.subject(), strings.Join(names, "."))
	}
	return path, ok, nil
}

func (sc scope) subject() string {
	if sc.inside != nil {
		return `an element of "` + sc.inside.name + `"`
	}
	return sc.kind.String()
}
