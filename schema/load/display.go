package load

import (
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
)

// hiddenValue stands for what must not be shown, in the words of Terraform.
const hiddenValue = "(sensitive value)"

// hclText writes a value as HCL does.
func hclText(v cty.Value) string {
	var b strings.Builder
	writeHCL(&b, v, "\n")
	return b.String()
}

// writeHCL writes v; newline begins a line at the depth that v stands at.
func writeHCL(b *strings.Builder, v cty.Value, newline string) {
	switch typ := v.Type(); {
	case v.IsMarked() || !v.IsKnown():
		b.WriteString(hiddenValue)
	case v.IsNull():
		b.WriteString("null")
	case typ.IsSetType():
		b.WriteString("toset(")
		writeList(b, v, newline)
		b.WriteString(")")
	case typ.IsListType() || typ.IsTupleType():
		writeList(b, v, newline)
	case typ.IsMapType() || typ.IsObjectType():
		writeMap(b, v.AsValueMap(), newline)
	case typ.IsPrimitiveType():
		b.Write(hclwrite.TokensForValue(v).Bytes())
	default:
		b.WriteString(friendly(v))
	}
}

func writeList(b *strings.Builder, v cty.Value, newline string) {
	if v.LengthInt() == 0 {
		b.WriteString("[]")
		return
	}
	b.WriteString("[")
	for _, element := range v.AsValueSlice() {
		b.WriteString(newline + "  ")
		writeHCL(b, element, newline+"  ")
		b.WriteString(",")
	}
	b.WriteString(newline + "]")
}

// writeMap writes the attributes in the order of their names, and nothing of
// what makes a reference of them.
func writeMap(b *strings.Builder, values map[string]cty.Value, newline string) {
	delete(values, refAttribute)
	if len(values) == 0 {
		b.WriteString("{}")
		return
	}
	b.WriteString("{")
	for _, name := range slices.Sorted(maps.Keys(values)) {
		b.WriteString(newline + "  " + hclKey(name) + " = ")
		writeHCL(b, values[name], newline+"  ")
	}
	b.WriteString(newline + "}")
}

// hclKey writes a key: bare where it is a name.
func hclKey(name string) string {
	if hclsyntax.ValidIdentifier(name) {
		return name
	}
	return string(hclwrite.TokensForValue(cty.StringVal(name)).Bytes())
}
