package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/schema"
)

// docsDir is where the documentation lies, from this folder.
const docsDir = "../../docs"

func TestFindingsPageIsCurrent(t *testing.T) {
	t.Parallel()
	wantPage(t, "findings.md", findingsPage())
}

// wantPage compares a generated page with docs/name; UPDATE=1 writes it instead.
func wantPage(t *testing.T, name, page string) {
	t.Helper()
	file := filepath.Join(docsDir, name)
	if os.Getenv("UPDATE") != "" {
		if err := os.MkdirAll(docsDir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	current, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("read the page (UPDATE=1 writes it): %v", err)
	}
	if diff := cmp.Diff(string(current), page); diff != "" {
		t.Errorf("docs/%s is not current (UPDATE=1 writes it), - is, + should be:\n%s", name, diff)
	}
}

// findingKinds are the parts of the page of findings.
var findingKinds = []struct {
	severity    schema.Severity
	title, text string
}{
	{schema.Error, "Errors", "An error of the configuration stops everything (exit 1). An error of one object holds that object back while the rest goes on (exit 4 after an apply)."},
	{schema.Guarded, "Guards", "A guard blocks a whole plan (exit 3): nothing is written."},
	{schema.Warning, "Warnings", "A warning is worth a look; it stops nothing."},
	{schema.Info, "Good to know", "These explain what rollcall does; there is nothing to do."},
}

// findingsPage writes docs/findings.md from the catalogue.
func findingsPage() string {
	var b strings.Builder
	b.WriteString("# Findings\n\n<!-- Written from the catalogue in package schema; UPDATE=1 go test ./cmd/rollcall writes it anew. -->\n\n" +
		"Every finding carries a stable code. `rollcall explain-code CODE` prints what stands here.\n")
	for _, kind := range findingKinds {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n", kind.title, kind.text)
		for _, d := range schema.Codes() {
			if d.Severity == kind.severity {
				writeFinding(&b, d)
			}
		}
	}
	return b.String()
}

// writeFinding writes one entry of the page.
func writeFinding(b *strings.Builder, d schema.CodeDoc) {
	fmt.Fprintf(b, "\n### `%s`\n\n**%s.** %s\n", d.Code, d.Title, d.Text)
	writeExample(b, "Instead of", d.Bad)
	if d.Bad == "" {
		writeExample(b, "For example", d.Good)
	} else {
		writeExample(b, "write", d.Good)
	}
}

// writeExample writes configuration as a block of code.
func writeExample(b *strings.Builder, title, text string) {
	if text != "" {
		fmt.Fprintf(b, "\n%s:\n```hcl\n%s\n```\n", title, text)
	}
}
