package load

import (
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/schema"
)

// savedVariables declares one variable of every shape, all of them given from outside.
const savedVariables = `
variable "any" {}
variable "text" { type = string }
variable "number" { type = number }
variable "names" { type = set(string) }
variable "people" { type = map(object({ first = string, last = optional(string, "Ng") })) }
variable "nothing" { default = "something" }
`

func TestSavedValuesReadTheSameConfiguration(t *testing.T) {
	t.Parallel()
	fsys := fstest.MapFS{"a.hcl": {Data: []byte(savedVariables)}}
	given := NamedSource{Name: "given.vars", Content: []byte(`
any     = [1, "two", null, { three = "$${3}" }]
text    = "%%{ if }"
number  = 0.1
names   = ["b", "a"]
people  = { alice = { first = "Alice" } }
nothing = null
`)}
	first, _, diags := Load(fsys, Options{VarFiles: []NamedSource{given}})
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	again, _, diags := Load(fsys, Options{Saved: first.Given})
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	if diff := cmp.Diff(first.Given, again.Given); diff != "" {
		t.Errorf("given values (-first +again):\n%s", diff)
	}
	if again.Digest != first.Digest {
		t.Errorf("digest = %s, want that of the first read, %s", again.Digest, first.Digest)
	}
}

func TestCredentialsAreNotKept(t *testing.T) {
	t.Parallel()
	fsys := fstest.MapFS{"a.hcl": {Data: []byte(`
variable "plain" {}
variable "declared" { sensitive = true }
variable "harmless" {}
target "scim" "a" {
  base_url = "https://a.example.com"
  token    = var.plain.token
}
target "scim" "b" {
  base_url = "https://b.example.com"
  token    = var.declared
}
`)}}
	given := NamedSource{Name: "given.vars", Content: []byte("plain = { token = \"hush\" }\ndeclared = \"hush\"\nharmless = \"x\"\n")}
	config, _, _ := Load(fsys, Options{VarFiles: []NamedSource{given}})
	want := []schema.GivenValue{
		{Name: "declared", Sensitive: true},
		{Name: "harmless", Value: `"x"`},
		{Name: "plain", Sensitive: true},
	}
	if diff := cmp.Diff(want, config.Given); diff != "" {
		t.Errorf("given values (-want +got):\n%s", diff)
	}
}
