package main

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/rollcall-dev/rollcall/cmd/rollcall/internal/run"
	"github.com/rollcall-dev/rollcall/planner/policy"
	"github.com/rollcall-dev/rollcall/schema"
	"github.com/rollcall-dev/rollcall/schema/load"
)

// surroundings are what the examples of the catalogue take for granted. Each is
// declared unless the example declares it itself.
var surroundings = map[string]string{
	"variable.network":     `default = "acme"`,
	"directory.file.hr":    `path = "people.csv"`,
	"target.twingate.corp": `network = "acme"`,
	"target.scim.x":        `base_url = "https://scim.acme.com/v2"`,
	"app.twingate":         `target = target.twingate.corp`,
	"app.x":                `target = target.scim.x`,
	"user.alice":           `login = "alice@acme.com"`,
	"user.bob":             `login = "bob@acme.com"`,
	"user.guest":           `login = "guest@acme.com"`,
	"user.breakglass_old":  `login = "old@acme.com"`,
	"group.engineering":    `members = [user.alice]`,
	"group.eng":            `members = [user.alice]`,
	"group.platform":       `members = [user.alice]`,
	"group.data":           `members = [user.alice]`,
	"group.seasonal":       `members = []`,
	"group.leads":          `members = [user.alice]`,
	"group.staff":          `members = [user.alice]`,
}

// around returns the surroundings of an example that it does not declare.
func around(t *testing.T, example string) string {
	t.Helper()
	declared := map[string]bool{}
	file, _ := hclsyntax.ParseConfig([]byte(example), "example.hcl", hcl.InitialPos)
	for _, block := range file.Body.(*hclsyntax.Body).Blocks {
		declared[strings.Join(append([]string{block.Type}, block.Labels...), ".")] = true
	}
	var b strings.Builder
	for address, argument := range surroundings {
		if declared[address] {
			continue
		}
		parts := strings.Split(address, ".")
		fmt.Fprintf(&b, "%s \"%s\" {\n  %s\n}\n", parts[0], strings.Join(parts[1:], `" "`), argument)
	}
	return b.String()
}

// findingsOf returns the findings about an example in its surroundings.
func findingsOf(t *testing.T, code schema.Code, example string) schema.Diagnostics {
	t.Helper()
	if strings.HasPrefix(example, "rule ") {
		example = "group \"example\" {\n" + example + "\n}"
	}
	root := t.TempDir()
	for name, content := range map[string]string{
		"example.hcl": example, "around.hcl": around(t, example),
		"people.csv": peopleFor(code),
	} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p, err := run.Open(run.Options{Root: root, Now: time.Now, Random: func() string { return "x" }, Log: slog.New(slog.DiscardHandler),
		Notice: func(string) {}, Load: load.Options{}})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if p.Desired == nil {
		return p.Findings
	}
	v := policy.Check(p.Desired, nil)
	return slices.Concat(p.Findings, v.Broken, v.Findings)
}

// peopleFor returns the file of the directory that an example is about.
func peopleFor(code schema.Code) string {
	if code == "missing-column" {
		return "e-mail,first_name\nzoe@acme.com,Zoe\n"
	}
	return "login,groups\nzoe@acme.com,Staff;VPN\n"
}

// seenAtTheTarget are codes whose bad example is one only together with what a
// target holds, or with what a plan would do there.
var seenAtTheTarget = []schema.Code{"name-collision", "match-not-found", "push-member-unassigned"}

func TestExamplesOfCodesHaveTheirFinding(t *testing.T) {
	t.Parallel()
	for _, d := range schema.Codes() {
		t.Run(string(d.Code), func(t *testing.T) {
			t.Parallel()
			isIt := func(f schema.Diagnostic) bool { return f.Code == d.Code }
			bad := findingsOf(t, d.Code, d.Bad)
			if d.Bad != "" && slices.ContainsFunc(bad, isIt) == slices.Contains(seenAtTheTarget, d.Code) {
				t.Errorf("the bad example has the findings %v\n%s", bad, d.Bad)
			}
			good := findingsOf(t, d.Code, d.Good)
			if good.HasErrors() || slices.ContainsFunc(good, isIt) {
				t.Errorf("the good example has the findings %v\n%s", good, d.Good)
			}
		})
	}
}
