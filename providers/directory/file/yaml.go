package file

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// readYAML adds each mapping of one list. The parser builds a tree of the whole
// file, so its tokens are looked at first: anchors, aliases, tags and deep
// nesting are refused before a tree is made of them.
func readYAML(t *text, b *builder, limits Limits) error {
	t.uncounted = true
	content, err := io.ReadAll(t)
	if err != nil {
		return err
	}
	tokens := lexer.Tokenize(string(bytes.TrimPrefix(content, mark)))
	if err := permitted(tokens, limits.Depth); err != nil {
		return err
	}
	tree, err := parse(tokens)
	if err != nil {
		return err
	}
	o := &objects{builder: b, text: t, limit: limits.Depth}
	for _, doc := range tree.Docs {
		if err := o.document(doc, len(tree.Docs)); err != nil {
			return err
		}
	}
	return nil
}

// place returns where a token stands.
func place(t *token.Token) position {
	if t == nil || t.Position == nil {
		return position{1, 1}
	}
	return position{uint32(max(t.Position.Line, 1)), uint32(max(t.Position.Column, 1))}
}

// permitted refuses what a data file has no use for. Values nest by brackets,
// by dashes in one line, and by indentation; each is bounded.
func permitted(tokens token.Tokens, limit int) error {
	brackets, dashes, line := 0, 0, 0
	for _, t := range tokens {
		if t.Position.Line != line {
			line, dashes = t.Position.Line, 0
		}
		switch t.Type {
		case token.AnchorType, token.AliasType, token.MergeKeyType, token.TagType:
			return malformedf(place(t), "there is an anchor, an alias, a merge key or a tag; write the values out")
		case token.SequenceStartType, token.MappingStartType:
			brackets++
		case token.SequenceEndType, token.MappingEndType:
			brackets--
		case token.SequenceEntryType, token.MappingKeyType:
			dashes++
		}
		if brackets > limit || dashes > limit || t.Position.IndentNum > 4*limit {
			return &tooDeep{place(t)}
		}
	}
	return nil
}

// parse makes the tree. The parser is not ours: should it fall over something,
// that is a finding about the file.
func parse(tokens token.Tokens) (tree *ast.File, err error) {
	defer func() {
		if p := recover(); p != nil {
			tree, err = nil, malformedf(position{1, 0}, "the YAML cannot be parsed (%v)", p)
		}
	}()
	tree, err = parser.Parse(tokens, 0)
	var syntax yaml.Error
	if errors.As(err, &syntax) {
		return nil, malformedf(place(syntax.GetToken()), "the YAML is not valid: %s", syntax.GetMessage())
	}
	if err != nil {
		return nil, malformedf(position{1, 0}, "the YAML is not valid: %v", err)
	}
	return tree, nil
}

func (o *objects) document(doc *ast.DocumentNode, of int) error {
	if doc.Body == nil && of == 1 {
		return malformedf(position{1, 1}, "there is no list; write [] for a directory without people")
	}
	list, ok := doc.Body.(*ast.SequenceNode)
	if !ok || of != 1 {
		return malformedf(place(doc.GetToken()), "there must be one document, and in it one list, of one mapping a person")
	}
	for _, row := range list.Values {
		if o.full() {
			return nil
		}
		if err := o.mapping(row); err != nil {
			return err
		}
	}
	return nil
}

// mapping adds one row.
func (o *objects) mapping(row ast.Node) error {
	m, ok := row.(ast.MapNode)
	if !ok {
		return malformedf(place(row.GetToken()), "every row must be a mapping")
	}
	o.cells, o.scratch = o.cells[:0], o.scratch[:0]
	for it := m.MapRange(); it.Next(); {
		key, err := keyOf(it.Key())
		if err != nil {
			return err
		}
		c := cell{column: o.column(key), at: place(it.Key().GetToken())}
		if err := o.fillYAML(&c, it.Value()); err != nil {
			return err
		}
	}
	o.finishRow(place(row.GetToken()))
	return nil
}

func keyOf(k ast.MapKeyNode) (string, error) {
	if _, ok := k.(*ast.MappingKeyNode); ok {
		return "", malformedf(place(k.GetToken()), "a key is no plain text")
	}
	scalar, ok := k.(ast.ScalarNode)
	if !ok {
		return "", malformedf(place(k.GetToken()), "a key is no plain text")
	}
	return fmt.Sprint(scalar.GetValue()), nil
}

// fillYAML adds c with the value of n, unless that is null. A number in an
// attribute is taken as it is written: 007 stays 007.
func (o *objects) fillYAML(c *cell, n ast.Node) error {
	v, err := o.yamlValue(n, 1)
	if err != nil {
		return err
	}
	switch v.(type) {
	case nil:
		if c.column.rank != rankLogin {
			return nil
		}
	case float64, bool:
		if !c.column.custom() {
			v = n.GetToken().Value
		}
	}
	o.fill(c, v)
	o.cells = append(o.cells, *c)
	return nil
}

// yamlValue is the value of n in the types of custom attributes.
func (o *objects) yamlValue(n ast.Node, depth int) (any, error) {
	if depth > o.limit {
		return nil, &tooDeep{place(n.GetToken())}
	}
	switch n := n.(type) {
	case nil, *ast.NullNode:
		return nil, nil
	case *ast.StringNode:
		return n.Value, nil
	case *ast.LiteralNode:
		return n.Value.Value, nil
	case *ast.BoolNode:
		return n.Value, nil
	case *ast.IntegerNode, *ast.FloatNode:
		return yamlNumber(n.(ast.ScalarNode)), nil
	case *ast.SequenceNode:
		return o.yamlList(n, depth+1)
	case ast.MapNode:
		return o.yamlMap(n, depth+1)
	}
	return nil, malformedf(place(n.GetToken()), "a value is of a kind that is not read (%s)", n.Type())
}

func yamlNumber(n ast.ScalarNode) any {
	switch v := n.GetValue().(type) {
	case int64:
		return float64(v)
	case uint64:
		return float64(v)
	case float64:
		if !math.IsInf(v, 0) && !math.IsNaN(v) {
			return v
		}
	}
	return n.GetToken().Value
}

func (o *objects) yamlList(n *ast.SequenceNode, depth int) (any, error) {
	out := make([]any, len(n.Values))
	for i, e := range n.Values {
		var err error
		if out[i], err = o.yamlValue(e, depth); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (o *objects) yamlMap(n ast.MapNode, depth int) (any, error) {
	out := map[string]any{}
	for it := n.MapRange(); it.Next(); {
		key, err := keyOf(it.Key())
		if err != nil {
			return nil, err
		}
		if out[key], err = o.yamlValue(it.Value(), depth); err != nil {
			return nil, err
		}
	}
	return out, nil
}
