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

// item is one block, or one instance of a block with for_each, together with
// its description and the scope that its expressions are evaluated in.
type item struct {
	l       *loader
	spec    *BlockSpec
	block   *hclsyntax.Block
	address schema.Address
	// key is the key of an instance; instance tells it from a plain block.
	key      string
	instance bool
	scope    scope
}

// name returns the last label.
func (it *item) name() string {
	if len(it.block.Labels) == 0 {
		return ""
	}
	return it.block.Labels[len(it.block.Labels)-1]
}

// origin is the block's header, from its type to its last label.
func (it *item) origin() schema.Origin { return headerOf(it.block) }

func headerOf(b *hclsyntax.Block) schema.Origin {
	r := b.TypeRange
	if n := len(b.LabelRanges); n > 0 {
		r = hcl.RangeBetween(r, b.LabelRanges[n-1])
	}
	return origin(r)
}

// attr returns an argument, or nil. To ask for one that the table does not
// describe is a mistake of the loader.
func (it *item) attr(name string) *hclsyntax.Attribute {
	if it.spec.argument(name) == nil {
		panic("load: no argument " + name + " in the description of " + it.spec.Type)
	}
	return it.block.Body.Attributes[name]
}

// at is where an argument's value stands; the block's header without it.
func (it *item) at(name string) schema.Origin {
	if a := it.block.Body.Attributes[name]; a != nil {
		return origin(a.Expr.Range())
	}
	return it.origin()
}

// nested returns the nested blocks of one type, in the scope of this one.
func (it *item) nested(typ string) []*item {
	var out []*item
	for _, b := range it.block.Body.Blocks {
		if b.Type != typ {
			continue
		}
		kind := ""
		if len(b.Labels) > 0 {
			kind = b.Labels[0]
		}
		if spec := it.spec.block(typ, kind); spec != nil {
			out = append(out, &item{l: it.l, spec: spec, block: b, address: it.address, scope: it.scope})
		}
	}
	return out
}

// accept checks the form of a block against the table: type, labels, arguments
// and nested blocks. It returns the block's description, or nil if the block
// cannot be decoded at all; findings about its parts do not prevent that.
func (l *loader) accept(b *hclsyntax.Block, specs []BlockSpec, within string) *BlockSpec {
	if !slices.Contains(blockTypes(specs), b.Type) {
		l.unknownBlock(b, specs, within)
		return nil
	}
	kind := ""
	if len(b.Labels) > 0 {
		kind = b.Labels[0]
	}
	spec := findBlock(specs, b.Type, kind)
	if spec == nil {
		l.unknownKind(b, specs)
		return nil
	}
	if !l.acceptLabels(b, spec) {
		return nil
	}
	if spec.Unsupported {
		l.add(finding(codeUnsupported, headerOf(b), "Block is not supported",
			fmt.Sprintf("%s blocks belong to the language, but this version of rollcall does not carry them out. Take the block out, or use a version that does.", blockWords(b.Type, kind, spec))))
		return nil
	}
	l.acceptBody(b, spec)
	return spec
}

// blockWords names a type of block, with its kind where kinds differ.
func blockWords(typ, kind string, spec *BlockSpec) string {
	if spec.Kind == "" {
		return typ
	}
	return typ + " " + quote(kind)
}

// parentsOf are the types of blocks that have nested blocks of a type.
func parentsOf(nested string) []string {
	var in []string
	for i := range language {
		if typ := language[i].Type; slices.Contains(blockTypes(language[i].Blocks), nested) && !slices.Contains(in, typ) {
			in = append(in, typ)
		}
	}
	return in
}

func (l *loader) unknownBlock(b *hclsyntax.Block, specs []BlockSpec, within string) {
	suggestion := nearest(b.Type, blockTypes(specs))
	d := finding(codeUnknownBlock, origin(b.TypeRange), "Unknown block",
		fmt.Sprintf("There is no block of type %q%s.%s", b.Type, within, didYouMean(suggestion)))
	if within == "" && slices.Contains(blockTypes(testBlocks), b.Type) {
		d.Detail = fmt.Sprintf("A %s block is a test, and stands in a file whose name ends with .test.hcl.", b.Type)
	}
	if in := parentsOf(b.Type); within == "" && suggestion == "" && len(in) > 0 {
		d.Detail = fmt.Sprintf("A block of type %q stands inside a block of type %s.", b.Type, strings.Join(in, " or "))
	}
	d.Suggestion = suggestion
	l.add(d)
}

func (l *loader) unknownKind(b *hclsyntax.Block, specs []BlockSpec) {
	kinds := blockKinds(specs, b.Type)
	if len(b.Labels) == 0 {
		l.wrongLabels(b, findBlock(specs, b.Type, kinds[0]))
		return
	}
	suggestion := nearest(b.Labels[0], kinds)
	d := finding(codeInvalidValue, origin(b.LabelRanges[0]), "Unknown kind of block",
		fmt.Sprintf("%q is no kind of %s. The kinds are %s.%s", b.Labels[0], b.Type, list(kinds), didYouMean(quoteNonEmpty(suggestion))))
	d.Suggestion = suggestion
	l.add(d)
}

func (l *loader) wrongLabels(b *hclsyntax.Block, spec *BlockSpec) {
	form := spec.Type
	for _, label := range spec.Labels {
		form += " " + quote(label)
	}
	l.add(finding(codeWrongLabels, headerOf(b), "Wrong number of labels",
		fmt.Sprintf("%s block is written as: %s { … }.", capital(article(spec.Type)), form)))
}

func (l *loader) acceptLabels(b *hclsyntax.Block, spec *BlockSpec) bool {
	if len(b.Labels) != len(spec.Labels) {
		l.wrongLabels(b, spec)
		return false
	}
	for i, label := range b.Labels {
		if !isName(label) {
			l.add(finding(codeInvalidValue, origin(b.LabelRanges[i]), "Label is not a name",
				"A label begins with a letter or underscore and goes on with letters, digits, underscores and dashes, so that other blocks can refer to it."))
			return false
		}
	}
	return true
}

// isName reports whether s can follow a dot in a reference. Letters beyond
// ASCII are left to HCL's own rule.
func isName(s string) bool {
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= 0x80:
			return hclsyntax.ValidIdentifier(s)
		case isIdent(c), i > 0 && (c == '-' || '0' <= c && c <= '9'):
		default:
			return false
		}
	}
	return s != ""
}

func (l *loader) acceptBody(b *hclsyntax.Block, spec *BlockSpec) {
	if !spec.AnyArgument {
		l.acceptArguments(b, spec)
	}
	seen := map[string]*hclsyntax.Block{}
	for _, inner := range b.Body.Blocks {
		innerSpec := l.accept(inner, spec.Blocks, " in a "+spec.Type+" block")
		if innerSpec == nil {
			continue
		}
		if first := seen[inner.Type]; first != nil && !innerSpec.Repeatable {
			l.addDuplicate("the "+inner.Type+" block", headerOf(first), headerOf(inner))
		}
		seen[inner.Type] = inner
	}
}

func (l *loader) acceptArguments(b *hclsyntax.Block, spec *BlockSpec) {
	for name, a := range b.Body.Attributes {
		if spec.argument(name) == nil {
			l.unknownArgument(a, spec)
		}
	}
	for _, arg := range spec.Arguments {
		if arg.Required && b.Body.Attributes[arg.Name] == nil {
			l.add(finding(codeMissingArgument, headerOf(b), "Argument is missing", needs(spec, &arg)))
		}
	}
}

// needs says that a block cannot do without an argument.
func needs(spec *BlockSpec, arg *ArgumentSpec) string {
	return fmt.Sprintf("%s block needs the argument %q: %s", capital(article(blockWords(spec.Type, spec.Kind, spec))), arg.Name, arg.Description)
}

func (l *loader) unknownArgument(a *hclsyntax.Attribute, spec *BlockSpec) {
	var names []string
	for _, arg := range spec.Arguments {
		names = append(names, arg.Name)
	}
	suggestion := nearest(a.Name, names)
	detail := fmt.Sprintf("%s block has no argument %q.%s", capital(article(blockWords(spec.Type, spec.Kind, spec))), a.Name, didYouMean(suggestion))
	if slices.Contains(blockTypes(spec.Blocks), a.Name) {
		suggestion = a.Name + " {"
		detail = fmt.Sprintf("%s is a block, not an argument: write %s { … } without an equals sign.", a.Name, a.Name)
	}
	d := finding(codeUnknownArgument, origin(a.NameRange), "Unknown argument", detail)
	d.Suggestion = suggestion
	l.add(d)
}

// addDuplicate reports something that is declared twice, at both places.
func (l *loader) addDuplicate(what string, first, second schema.Origin) {
	if compareOrigins(first, second) > 0 {
		first, second = second, first
	}
	d := finding(codeDuplicateBlock, second, "Declared twice",
		fmt.Sprintf("Here %s is declared again; the first time was at %s:%d. Give one of them another name, or take it out.", what, first.File, first.Line))
	d.Related = []schema.Related{{Origin: first, Message: "The first declaration."}}
	l.add(d)
}

// list joins words as in: "a", "b" and "c".
func list(words []string) string {
	out := ""
	for i, w := range words {
		switch {
		case i == 0:
		case i == len(words)-1:
			out += " and "
		default:
			out += ", "
		}
		out += quote(w)
	}
	return out
}

func quoteNonEmpty(s string) string {
	if s == "" {
		return ""
	}
	return quote(s)
}

// eachOf is the value of `each` in an instance.
func eachOf(key string, value cty.Value) cty.Value {
	return cty.ObjectVal(map[string]cty.Value{"key": cty.StringVal(key), "value": value})
}
