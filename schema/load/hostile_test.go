package load

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rollcall-dev/rollcall/schema"
)

// hostile are the sources that kill hclsyntax, stall it or fill the memory.
func hostile() map[string]string {
	rep := strings.Repeat
	local := func(expr string) string { return "locals {\n  x = " + expr + "\n}\n" }
	return map[string]string{
		"parentheses":              local(rep("(", 100_000) + "1" + rep(")", 100_000)),
		"parentheses, open":        local(rep("(", 400_000)),
		"brackets":                 local(rep("[", 100_000) + rep("]", 100_000)),
		"objects":                  local(rep("{a=", 100_000) + "1" + rep("}", 100_000)),
		"not":                      local(rep("!", 400_000) + "true"),
		"minus":                    local(rep("-", 400_000) + "1"),
		"minus with spaces":        local(rep("- ", 300_000) + "1"),
		"not over lines":           local("(" + rep("!\n", 300_000) + "true)"),
		"not over comments":        local("(" + rep("! /* */ // x\n", 50_000) + "true)"),
		"nested blocks":            rep("a {\n", 200_000),
		"templates":                local(rep(`"${`, 100_000) + "1" + rep(`}"`, 100_000)),
		"splats":                   local("a" + rep("[*]", 300_000)),
		"splats with spaces":       local("a" + rep("[ * ]", 200_000)),
		"attribute splats":         local("a" + rep(".*", 300_000)),
		"if directives":            local(`"` + rep("%{if true}", 90_000) + `"`),
		"if in here-document":      local("<<E\n" + rep("%{if true}\n", 80_000) + "E"),
		"for directives":           local(`"` + rep("%{ for a in b }", 60_000) + `"`),
		"conditionals":             local(rep("true?1:", 100_000) + "1"),
		"conditionals in for":      local("{for a in b : a => " + rep("true?\n1:", 100_000) + "1}"),
		"operators":                local("1" + rep("+1", 400_000)),
		"indexes":                  local("a" + rep("[0]", 300_000)),
		"attributes":               local("a" + rep(".b", 400_000)),
		"number":                   local(rep("9", 100_000)),
		"fraction":                 local("1." + rep("9", 100_000)),
		"exponent":                 local(`"v${1e10000000}"`),
		"small exponent":           local(`"v${1e-10000000}"`),
		"signed exponent":          local(`"v${1E+1000000}"`),
		"computed exponent":        local(`"${` + rep("1e60*", 900) + `1}"`),
		"wide format":              local(`format("%100000000s", "x")`),
		"indent":                   local(`indent(100000000, "a\nb")`),
		"product":                  local(`setproduct(range(200), range(200), range(200))`),
		"range":                    local(`range(100000000)`),
		"small steps":              local(`range(0, 1, 0.00000001)`),
		"power":                    local(`"${pow(10, 10000000)}"`),
		"nested loops":             local(`[for a in range(1024) : [for b in range(1024) : a]]`),
		"set":                      overBig("length(toset(local.big))"),
		"union":                    overBig("setunion(local.big, local.big)"),
		"expanded union":           overBig("setunion([local.big, local.big]...)"),
		"distinct":                 overBig("distinct(local.big)"),
		"search in a big loop":     overBig("[for a in local.big : contains(local.big, a)]"),
		"big list in a loop":       overBig("[for a in local.big : local.big == local.big]"),
		"search in a loop":         local(`[for a in range(60000) : contains(range(1000), a)]`),
		"replace":                  local(`replace(join("", [for a in range(1000) : "aaaaaaaaaa"]), "a", join("", [for a in range(1000) : "aaaaaaaaaa"]))`),
		"json number":              local(`"${jsondecode("1e10000000")}"`),
		"json depth":               local(`jsondecode(join("", [for a in range(90000) : "["]))`),
		"doubling":                 doubling(30),
		"cycle":                    "locals {\n  a = local.b\n  b = local.a\n}\n",
		"yaml bomb":                local("yamldecode(<<E\n" + yamlBomb() + "E\n)"),
		"unfinished text":          `user "a" { login = "` + rep("${", 200_000),
		"unfinished here-doc":      "locals {\n x = <<EOT\n" + rep("${<<EOT\n", 60_000),
		"giant file":               rep("# comment\n", 200_000),
		"template join":            local(`"%{for a in range(60000)}%{for b in range(1000)}xxxxxxxxxx%{endfor}%{endfor}"`),
		"big texts in a list":      local(`[for a in range(50000) : join("", [for b in range(20000) : "xxxxxxxxxx"])]`),
		"equal lists in a loop":    local(`[for a in range(50000) : range(20000) == range(20000)]`),
		"splat in a loop":          local(`[for a in range(50000) : range(20000)[*]]`),
		"conditional of lists":     local(`[for a in range(50000) : true ? range(20000) : [1]]`),
		"power of two parentheses": local(rep("(1+", 70) + "1" + rep(")", 70)),
	}
}

// overBig is an expression over local.big, a list of 90,000 texts.
func overBig(expr string) string {
	var elements strings.Builder
	for i := range 90_000 {
		fmt.Fprintf(&elements, "%d,", i)
	}
	return "locals {\n  big = split(\",\", \"" + elements.String() + "\")\n  x = " + expr + "\n}\n"
}

// TestManyExpensiveValuesAreTooMuchTogether: each keeps to the budget of one expression.
func TestManyExpensiveValuesAreTooMuchTogether(t *testing.T) {
	t.Parallel()
	src := "locals {\n  list = split(\",\", \"" + strings.Repeat("x,", 1000) + "\")\n}\n"
	for i := range 100 {
		src += fmt.Sprintf("locals {\n  v%d = length([for a in local.list : a])\n}\n", i)
	}
	_, _, diags := Load(fstest.MapFS{"a.hcl": {Data: []byte(src)}}, Options{Limits: Limits{Operations: 8000}})
	if len(diags) != 1 || diags[0].Code != codeTooComplex || diags[0].Summary != "Configuration is too expensive" {
		t.Errorf("findings:\n%s", render(diags))
	}
}

func doubling(n int) string {
	out := "locals {\n  a0 = \"xxxxxxxxxx\"\n"
	for i := range n {
		out += fmt.Sprintf("  a%d = \"${local.a%d}${local.a%d}\"\n", i+1, i, i)
	}
	return out + "}\n"
}

func yamlBomb() string {
	out := "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
	for i := range 9 {
		out += fmt.Sprintf("a%d: &a%d [%s]\n", i+1, i+1, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d,", i), 10), ","))
	}
	return out
}

// TestHostileFilesAreRefusedWithFindings loads each one. It would not come back,
// or take the process down, if a guard were missing.
func TestHostileFilesAreRefusedWithFindings(t *testing.T) {
	for name, src := range hostile() {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, _, diags := Load(fstest.MapFS{"a.hcl": {Data: []byte(src)}}, Options{})
			runtime.ReadMemStats(&after)
			if !diags.HasErrors() {
				t.Fatal("no error")
			}
			if got, most := (after.TotalAlloc-before.TotalAlloc)>>20, uint64(1024); got > most {
				t.Errorf("allocated %d MiB in all, want at most %d", got, most)
			}
			t.Logf("%s %dMiB", diags[0].Code, (after.TotalAlloc-before.TotalAlloc)>>20)
			for _, d := range diags {
				if d.Code == schema.Code("") || d.Detail == "" {
					t.Errorf("finding without code or detail: %+v", d)
				}
			}
		})
	}
}
