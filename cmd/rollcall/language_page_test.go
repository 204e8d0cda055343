package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall-dev/rollcall/schema/load"
)

func TestLanguagePageIsCurrent(t *testing.T) {
	t.Parallel()
	if n := len(load.Language()); n < 10 {
		t.Fatalf("the language has %d blocks, want ten at least", n)
	}
	wantPage(t, "language.md", languagePage())
}

const languageIntro = `# The language

<!-- Written from the tables of package schema/load; UPDATE=1 go test ./cmd/rollcall writes it anew. -->

A configuration is every ` + "`*.hcl`" + ` and ` + "`*.hcl.json`" + ` file in the root folder and below it, except names that begin
with ` + "`.` or `_`" + ` and tests (` + "`*.test.hcl`" + `). The order of files and blocks never matters. Everything is one flat
namespace: the address of a block is its type and labels, as in ` + "`user.alice` or `directory.file.hr`" + `.

An argument that is left out never means "empty": a group without ` + "`members`" + ` does not say who is in it, which is an
error, and ` + "`members = []`" + ` says "nobody" aloud. Unknown blocks and arguments are errors, with a suggestion.

Expressions are HCL's: templates, conditionals, ` + "`for`" + `, splats, and the functions of go-cty under Terraform's names.
` + "`principal`" + ` is the person that a rule or mapping is evaluated for. Nothing in a configuration can see a target,
the network or the clock.

Required arguments are in bold.
`

// languagePage writes docs/language.md from the tables that the loader decodes by.
func languagePage() string {
	p := page{written: map[string]string{}}
	p.WriteString(languageIntro)
	for _, block := range load.Language() {
		p.block(&block, 2)
	}
	return p.String()
}

// page is the reference as it grows.
type page struct {
	strings.Builder
	// written says of each nested block, by its whole content, in which block
	// it stood first. Targets share most of theirs.
	written map[string]string
}

// block writes one block, then the blocks inside it a level deeper.
func (p *page) block(block *load.BlockSpec, level int) {
	fmt.Fprintf(p, "\n%s `%s`\n\n%s\n", strings.Repeat("#", level), signature(block), block.Description)
	if block.Unsupported {
		p.WriteString("\nThis version reads the block and refuses to carry it out.\n")
	}
	if block.Repeatable {
		p.WriteString("\nMay stand more than once.\n")
	}
	if block.AnyArgument {
		p.WriteString("\nArguments have names of your choice.\n")
	}
	if len(block.Arguments) > 0 {
		p.WriteString("\n| argument | type | default | |\n|---|---|---|---|\n")
	}
	for _, a := range block.Arguments {
		p.argument(&a)
	}
	p.inner(block, level+1)
}

// inner writes the blocks inside outer, and of those that stood in another
// block already only where.
func (p *page) inner(outer *load.BlockSpec, level int) {
	again := map[string][]string{}
	for _, block := range outer.Blocks {
		content := fmt.Sprintf("%+v", block)
		if first, ok := p.written[content]; ok {
			again[first] = append(again[first], "`"+signature(&block)+"`")
			continue
		}
		p.written[content] = signature(outer)
		p.block(&block, level)
	}
	for _, first := range slices.Sorted(maps.Keys(again)) {
		fmt.Fprintf(p, "\nIt also takes %s, as `%s` does.\n", strings.Join(again[first], ", "), first)
	}
}

// signature writes the head of a block as it stands in a file: target "scim" NAME.
func signature(block *load.BlockSpec) string {
	head := block.Type
	for i, label := range block.Labels {
		if i == 0 && block.Kind != "" {
			head += ` "` + block.Kind + `"`
			continue
		}
		head += ` "` + strings.ToUpper(label) + `"`
	}
	return head
}

// argument writes one row of a block's table.
func (p *page) argument(a *load.ArgumentSpec) {
	name, def := "`"+a.Name+"`", ""
	if a.Required {
		name = "**" + name + "**"
	}
	if a.Default != "" {
		def = "`" + a.Default + "`"
	}
	text := a.Description
	if len(a.Values) > 0 {
		text += " One of `" + strings.Join(a.Values, "`, `") + "`."
	}
	fmt.Fprintf(p, "| %s | %s | %s | %s |\n", name, a.Type, def, strings.ReplaceAll(text, "|", `\|`))
}
