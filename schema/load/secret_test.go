package load

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestSensitiveVariablesAreLeftAloneWithoutSecrets(t *testing.T) {
	t.Parallel()
	fsys := fstest.MapFS{"a.hcl": {Data: []byte(`
variable "token" {
  sensitive = true
  validation {
    condition     = length(var.token) > 100
    error_message = "The token is too short."
  }
}
variable "open" {}
target "scim" "x" {
  base_url = "https://${var.open}"
  token    = "Bearer ${var.token}"
}
`)}}
	asked := map[string]bool{}
	environ := func(name string) (string, bool) {
		asked[name] = true
		return "example.com", name == "ROLLCALL_VAR_open"
	}
	config, _, diags := Load(fsys, Options{Environ: environ, NoSecrets: true})
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	if asked["ROLLCALL_VAR_token"] {
		t.Error("the sensitive variable was looked up")
	}
	if got := config.Targets[0].BaseURL; got != "https://example.com" {
		t.Errorf("base URL: got %q", got)
	}
	if text, err := config.Targets[0].Token.Reveal(); err == nil {
		t.Errorf("token: got %q and no error", text)
	}
	if _, _, diags := Load(fsys, Options{Environ: environ}); !diags.HasErrors() || !strings.Contains(diags[0].Detail, "has no default") {
		t.Errorf("with secrets: got %v, want a finding that the variable has no value", diags)
	}
}
