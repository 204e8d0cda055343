package load

import (
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// call compiles the functions that rules are made of.
func (c *compiler) call(e *hclsyntax.FunctionCallExpr) (node, bool) {
	if e.ExpandFinal {
		return node{}, false
	}
	switch {
	case e.Name == "member_of" && len(e.Args) == 1:
		return c.memberOf(e)
	case e.Name == "contains" && len(e.Args) == 2:
		return c.contains(e)
	}
	args := make([]func(*subject) (string, error), len(e.Args))
	for i, arg := range e.Args {
		n, ok := c.node(arg)
		if !ok {
			return node{}, false
		}
		args[i] = n.required()
	}
	if change := textChanges[e.Name]; change != nil && len(args) == 1 {
		return changed(args[0], change), true
	}
	if test := textTests[e.Name]; test != nil && len(args) == 2 {
		return tested(args[0], args[1], test), true
	}
	return node{}, false
}

// textChanges are functions from a text to a text, with cty's own meaning.
var textChanges = map[string]func(cty.Value) (cty.Value, error){
	"lower": stdlib.Lower, "upper": stdlib.Upper, "trimspace": stdlib.TrimSpace, "title": stdlib.Title,
}

var textTests = map[string]func(s, other string) bool{
	"startswith": strings.HasPrefix, "endswith": strings.HasSuffix, "strcontains": strings.Contains,
}

func changed(arg func(*subject) (string, error), change func(cty.Value) (cty.Value, error)) node {
	return node{text: func(s *subject) (string, bool, error) {
		text, err := arg(s)
		if err != nil {
			return "", false, err
		}
		v, err := change(cty.StringVal(text))
		if err != nil {
			return "", false, err
		}
		text, set := plainText(v)
		return text, set, nil
	}}
}

func tested(text, other func(*subject) (string, error), test func(s, other string) bool) node {
	return node{truth: func(s *subject) (bool, error) {
		a, err := text(s)
		if err != nil {
			return false, err
		}
		b, err := other(s)
		return err == nil && test(a, b), err
	}}
}

// contains compiles a search in a list of texts that is the same for everyone.
func (c *compiler) contains(e *hclsyntax.FunctionCallExpr) (node, bool) {
	list, ok := c.constant(e.Args[0])
	if !ok || list.value == nil {
		return node{}, false
	}
	needle, ok := c.node(e.Args[1])
	if !ok || needle.text == nil {
		return node{}, false
	}
	value, err := list.value(nil)
	elements, isList := value.([]any)
	if err != nil || !isList {
		return node{}, false
	}
	texts := make(map[string]bool, len(elements))
	for _, element := range elements {
		text, ok := element.(string)
		if !ok {
			return node{}, false
		}
		texts[text] = true
	}
	return node{truth: func(s *subject) (bool, error) {
		text, set, err := needle.text(s)
		return err == nil && set && texts[text], err
	}}, true
}

// truthOf reads a condition's result.
func truthOf(v cty.Value) (bool, error) {
	if truth, ok := plainBool(v); ok {
		return truth, nil
	}
	if text, ok := plainText(v); ok && (text == "true" || text == "false") {
		return text == "true", nil
	}
	return false, errNoTruth
}
