package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"

	"github.com/rollcall-dev/rollcall/schema"
)

func TestExamplesOfCodesAreCanonicalConfiguration(t *testing.T) {
	t.Parallel()
	for _, d := range schema.Codes() {
		t.Run(string(d.Code), func(t *testing.T) {
			t.Parallel()
			wantCanonical(t, d.Good)
			if d.Code != "syntax" {
				wantCanonical(t, d.Bad)
			}
		})
	}
}

// wantCanonical fails unless text parses and is laid out as `rollcall fmt` would.
func wantCanonical(t *testing.T, text string) {
	t.Helper()
	if _, diags := hclsyntax.ParseConfig([]byte(text), "example.hcl", hcl.InitialPos); diags.HasErrors() {
		t.Errorf("example does not parse: %v\n%s", diags, text)
	}
	if diff := cmp.Diff(text, string(hclwrite.Format([]byte(text)))); diff != "" {
		t.Errorf("example is not formatted (- is, + should be):\n%s", diff)
	}
}
