package load

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/rollcall-dev/rollcall/schema"
)

// Most of a large configuration is people and groups that are written out:
// texts and references, nothing to compute. They are decoded off the syntax tree
// as soon as their run is parsed, so that the tree can go. Whatever is not plain
// in that sense, and whatever is wrong, is left to the item that it is, which
// decodes the same and knows what to say.

// plainUser decodes a person who is written out.
func plainUser(b *hclsyntax.Block) (schema.User, bool) {
	u := schema.User{Origin: headerOf(b)}
	if len(b.Labels) != 1 || !isName(b.Labels[0]) || len(b.Body.Blocks) > 0 {
		return u, false
	}
	u.Address = schema.Address("user." + b.Labels[0])
	attributes := b.Body.Attributes
	taken := 0
	for i, a := range baseAttributes {
		text, said, ok := plainAttribute(attributes, a.Name)
		if !ok {
			return u, false
		}
		if !said {
			continue
		}
		if limit := a.MaxLength; limit > 0 && len(text) > limit && utf8.RuneCountInString(text) > limit {
			return u, false
		}
		if u.Profile == nil {
			u.Profile = make([]schema.Attribute, 0, min(len(attributes), len(baseAttributes)-i))
		}
		u.Profile = append(u.Profile, schema.Attribute{Name: a.Name, Value: text})
		taken++
	}
	if a := attributes["custom"]; a != nil {
		custom, ok := writtenCustom(a.Expr)
		if !ok {
			return u, false
		}
		u.Custom = custom
		taken++
	}
	more, ok := plainIdentity(attributes, &u)
	return u, ok && taken+more == len(attributes)
}

// writtenCustom decodes custom attributes that are written out.
func writtenCustom(expr hclsyntax.Expression) ([]schema.CustomAttribute, bool) {
	object, ok := expr.(*hclsyntax.ObjectConsExpr)
	if !ok {
		return nil, false
	}
	var out []schema.CustomAttribute
	for _, item := range object.Items {
		name, ok := writtenKey(item.KeyExpr)
		if !ok || slices.ContainsFunc(out, func(a schema.CustomAttribute) bool { return a.Name == name }) {
			return nil, false
		}
		value, ok := writtenValue(item.ValueExpr)
		if !ok {
			return nil, false
		}
		out = append(out, schema.CustomAttribute{Name: name, Value: value})
	}
	slices.SortFunc(out, func(a, b schema.CustomAttribute) int { return strings.Compare(a.Name, b.Name) })
	return out, true
}

func writtenKey(key hclsyntax.Expression) (string, bool) {
	k, ok := key.(*hclsyntax.ObjectConsKeyExpr)
	if !ok {
		return "", false
	}
	if name := hcl.ExprAsKeyword(k.Wrapped); name != "" && !k.ForceNonLiteral {
		return name, true
	}
	return literalText(k.Wrapped)
}

// writtenValue decodes a text, number or truth value, or a list of these.
func writtenValue(expr hclsyntax.Expression) (any, bool) {
	if text, ok := literalText(expr); ok {
		return text, true
	}
	switch e := expr.(type) {
	case *hclsyntax.LiteralValueExpr:
		plain, err := plainValue(e.Val)
		return plain, err == nil && plain != nil
	case *hclsyntax.TupleConsExpr:
		out := make([]any, len(e.Exprs))
		for i, element := range e.Exprs {
			var ok bool
			if out[i], ok = writtenValue(element); !ok {
				return nil, false
			}
		}
		return out, true
	}
	return nil, false
}

// plainIdentity decodes login, id and status, and says how many of them there are.
func plainIdentity(attributes hclsyntax.Attributes, u *schema.User) (taken int, ok bool) {
	login, said, ok := plainAttribute(attributes, "login")
	if !ok || !said || strings.TrimSpace(login) == "" {
		return 0, false
	}
	id, hasID, ok := plainAttribute(attributes, "id")
	if !ok {
		return 0, false
	}
	u.Login, u.ID = login, id
	status, hasStatus, ok := plainAttribute(attributes, "status")
	if !ok {
		return 0, false
	}
	taken = 1
	if hasID {
		taken++
	}
	if !hasStatus {
		return taken, true
	}
	s, known := schema.ParseStatus(status)
	u.Status = s
	return taken + 1, known && s.String() == status
}

// plainAttribute reads a text that is written out; ok is false for anything else.
func plainAttribute(attributes hclsyntax.Attributes, name string) (text string, said, ok bool) {
	a := attributes[name]
	if a == nil {
		return "", false, true
	}
	text, ok = literalText(a.Expr)
	return text, true, ok
}

// plainGroup decodes a group whose members and included groups are written out.
func plainGroup(b *hclsyntax.Block) (schema.Group, bool) {
	g := schema.Group{Origin: headerOf(b)}
	if len(b.Labels) != 1 || !isName(b.Labels[0]) || len(b.Body.Blocks) > 0 {
		return g, false
	}
	g.Address, g.Name = schema.Address("group."+b.Labels[0]), b.Labels[0]
	for name, a := range b.Body.Attributes {
		var ok bool
		switch name {
		case "name":
			g.Name, ok = literalText(a.Expr)
			ok = ok && strings.TrimSpace(g.Name) != ""
		case "description":
			g.Description, ok = literalText(a.Expr)
		case "members":
			g.MembersSaid = true
			g.Members, ok = writtenList(a.Expr, "user", ref.user)
		case "include_groups":
			g.IncludeGroups, ok = writtenList(a.Expr, "group", ref.group)
		}
		if !ok {
			return g, false
		}
	}
	return g, g.MembersSaid || b.Body.Attributes["include_groups"] != nil
}

// writtenList reads a list of names and references that is written out.
func writtenList[T any](expr hclsyntax.Expression, typ string, as func(ref, schema.Origin) T) ([]T, bool) {
	tuple, ok := expr.(*hclsyntax.TupleConsExpr)
	if !ok {
		return nil, false
	}
	if len(tuple.Exprs) == 0 {
		return nil, true
	}
	out := make([]T, len(tuple.Exprs))
	for i, e := range tuple.Exprs {
		r, ok := ref{typ: typ}, false
		if r.name, ok = literalText(e); !ok {
			r, ok = staticRef(e)
		}
		if !ok || r.typ != typ || r.name == "" && r.address == "" {
			return nil, false
		}
		out[i] = as(r, origin(e.Range()))
	}
	return out, true
}

// parsed is what was read of one file.
type parsed struct {
	users  []schema.User
	groups []schema.Group
	blocks []*hclsyntax.Block
	diags  schema.Diagnostics
}

func (p *parsed) take(blocks []*hclsyntax.Block) {
	for _, b := range blocks {
		switch b.Type {
		case "user":
			if u, ok := plainUser(b); ok {
				p.users = append(p.users, u)
				continue
			}
		case "group":
			if g, ok := plainGroup(b); ok {
				p.groups = append(p.groups, g)
				continue
			}
		}
		p.blocks = append(p.blocks, b)
	}
}

// runBytes is how much source is given to the parser at once: its tokens take a
// hundred times the space of what they are read from.
const runBytes = 16 << 10

// read parses one file and keeps only what is still needed.
func (p *parser) read(name string, src []byte) parsed {
	if isJSON(name) {
		var out parsed
		blocks, diags := p.parse(name, src)
		out.take(blocks)
		out.diags = diags
		return out
	}
	var ends []hcl.Pos
	last := 0
	diags := p.check(name, src, func(offset, line int) {
		if offset-last >= runBytes {
			ends = append(ends, hcl.Pos{Byte: offset, Line: line, Column: 1})
			last = offset
		}
	})
	if diags != nil {
		return parsed{diags: diags}
	}
	return readRuns(name, src, ends)
}

// readRuns reads a file in runs that end at ends. If a run has a mistake, the
// whole file is parsed for the findings, so that what they say does not depend
// on where the cuts are.
func readRuns(name string, src []byte, ends []hcl.Pos) parsed {
	var out parsed
	start := firstByte
	for _, end := range append(ends, hcl.Pos{Byte: len(src)}) {
		if literal, ok := readLiterals(name, src[start.Byte:end.Byte], start); ok {
			out.users = append(out.users, literal.users...)
			out.groups = append(out.groups, literal.groups...)
			start = end
			continue
		}
		blocks, diags := parseRun(name, src[start.Byte:end.Byte], start)
		if len(diags) > 0 {
			out = parsed{}
			blocks, out.diags = parseRun(name, src, firstByte)
			out.take(blocks)
			return out
		}
		out.take(blocks)
		start = end
	}
	return out
}
