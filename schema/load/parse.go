package load

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/rollcall-dev/rollcall/schema"
)

// parser turns files into blocks of hclsyntax's tree, whatever their syntax.
type parser struct{ limits Limits }

var firstByte = hcl.Pos{Line: 1, Column: 1}

// parse reads one whole file.
func (p *parser) parse(name string, src []byte) ([]*hclsyntax.Block, schema.Diagnostics) {
	if diags := p.check(name, src, nil); diags != nil {
		return nil, diags
	}
	if isJSON(name) {
		return p.parseJSON(name, src)
	}
	return parseRun(name, src, firstByte)
}

// check refuses what must not reach a parser.
func (p *parser) check(name string, src []byte, breaks func(offset, line int)) schema.Diagnostics {
	if len(src) > p.limits.FileBytes {
		return schema.Diagnostics{unreadableFile(name, errTooLarge)}
	}
	var refused *refusal
	if isJSON(name) {
		refused = scanJSON(src, p.limits.Depth)
	} else {
		refused = scan(src, p.limits.Depth, breaks)
	}
	if refused == nil {
		return nil
	}
	return schema.Diagnostics{tooComplex(place(name, src, refused.offset), refused.what)}
}

func tooComplex(at schema.Origin, what string) schema.Diagnostic {
	return finding(codeTooComplex, at, "Configuration is too complex",
		"Here "+what+". Such a file would cost more than a configuration may; write it with less nesting.")
}

// place finds the line and column of an offset.
func place(name string, src []byte, offset int) schema.Origin {
	at := schema.Origin{File: name, Line: 1, Column: 1}
	for _, r := range string(src[:min(offset, len(src))]) {
		at.Column++
		if r == '\n' {
			at.Line, at.Column = at.Line+1, 1
		}
	}
	at.EndLine, at.EndColumn = at.Line, at.Column
	return at
}

// parseRun parses blocks that begin at start.
func parseRun(name string, src []byte, start hcl.Pos) ([]*hclsyntax.Block, schema.Diagnostics) {
	file, diags := hclsyntax.ParseConfig(src, name, start)
	out := fromHCL(codeSyntax, diags)
	if out.HasErrors() {
		return nil, out
	}
	body := file.Body.(*hclsyntax.Body)
	for _, a := range body.Attributes {
		out = append(out, finding(codeUnknownArgument, origin(a.NameRange), "Argument outside of a block",
			fmt.Sprintf("%q stands outside of any block. A file holds blocks; a name for a value belongs in a locals block.", a.Name)))
	}
	return body.Blocks, out
}
