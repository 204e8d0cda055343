package load

import (
	"io/fs"
	"slices"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/rollcall-dev/rollcall/schema"
)

// loader carries one Load from files to a Config.
type loader struct {
	fsys    fs.FS
	opts    Options
	config  *schema.Config
	sources Sources
	diags   schema.Diagnostics
	blocks  []*hclsyntax.Block
}

func (l *loader) add(ds ...schema.Diagnostic) { l.diags = append(l.diags, ds...) }

// sorted returns the findings in the order of their places.
func (l *loader) sorted() schema.Diagnostics {
	sortDiagnostics(l.diags)
	return slices.Clip(l.diags)
}

func (l *loader) run() {
	t := l.read()
	p := parser{limits: l.opts.Limits}
	for _, src := range t.config {
		blocks, diags := p.parse(src.name, src.content)
		l.blocks = append(l.blocks, blocks...)
		l.add(diags...)
	}
}
