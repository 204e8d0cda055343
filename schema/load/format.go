package load

import (
	"github.com/hashicorp/hcl/v2/hclwrite"

	"github.com/rollcall-dev/rollcall/schema"
)

// Format returns src in the canonical format: HCL's own, as `terraform fmt`
// knows it. A file that does not parse, that is too deep or too large, or that
// is JSON is left alone and said why. Formatting twice changes nothing more.
func Format(filename string, src []byte) ([]byte, schema.Diagnostics) {
	if isJSON(filename) {
		return nil, schema.Diagnostics{finding(codeUnsupported, schema.Origin{File: filename, Line: 1, Column: 1},
			"JSON is not formatted", "The canonical format is that of HCL's native syntax; format JSON files with a JSON tool.")}
	}
	p := parser{limits: Limits{}.withDefaults()}
	if _, diags := p.parse(filename, src); diags.HasErrors() {
		return nil, diags
	}
	return hclwrite.Format(src), nil
}
