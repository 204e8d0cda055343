package load

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rollcall-dev/rollcall/schema"
)

// TestEveryArgumentIsRead gives each argument of the table a value that no
// argument takes, and expects a finding at that very place: an argument that
// were described and not decoded would pass.
func TestEveryArgumentIsRead(t *testing.T) {
	t.Parallel()
	for _, spec := range Language() {
		if !spec.Unsupported {
			checkArguments(t, spec, nil)
		}
	}
}

func checkArguments(t *testing.T, spec BlockSpec, around []BlockSpec) {
	t.Helper()
	for _, arg := range spec.Arguments {
		if arg.Type == typeAny {
			continue
		}
		src, line := withArgument(append(around, spec), arg)
		name := "a.hcl"
		if strings.HasPrefix(src, "run ") {
			name = "a.test.hcl"
		}
		loaded := Read(fstest.MapFS{name: {Data: []byte(src)}}, Options{})
		diags := loaded.Findings
		for _, f := range loaded.Tests() {
			diags = append(diags, f.Findings...)
		}
		if !hasFindingAt(diags, uint32(line)) {
			t.Errorf("no finding about %s in\n%s%s", arg.Name, src, render(diags))
		}
	}
	for _, inner := range spec.Blocks {
		checkArguments(t, inner, append(around, spec))
	}
}

// withArgument writes nested blocks, the argument in the innermost, and returns its line.
func withArgument(specs []BlockSpec, arg ArgumentSpec) (string, int) {
	var out strings.Builder
	for _, spec := range specs {
		out.WriteString(spec.Type)
		for i := range spec.Labels {
			label := "x"
			if i == 0 && spec.Kind != "" {
				label = spec.Kind
			}
			fmt.Fprintf(&out, " %q", label)
		}
		out.WriteString(" {\n")
		for _, other := range spec.Arguments {
			if other.Required && other.Name != arg.Name && len(specs) > 1 && spec.Type == "variable" {
				fmt.Fprintf(&out, "  %s = 1\n", other.Name)
			}
		}
		if spec.Type == "variable" && arg.Name != "default" {
			out.WriteString("  default = 5\n")
		}
		if spec.Type == "validation" && arg.Name == "error_message" {
			out.WriteString("  condition = false\n")
		}
	}
	line := strings.Count(out.String(), "\n") + 1
	fmt.Fprintf(&out, "  %s = [[{}]]\n%s", arg.Name, strings.Repeat("}\n", len(specs)))
	return out.String(), line
}

func hasFindingAt(ds schema.Diagnostics, line uint32) bool {
	for _, d := range ds {
		if d.Origin.Line == line && d.Origin.Column > 3 {
			return true
		}
	}
	return false
}
