package load

import (
	"strings"
	"testing"
	"testing/fstest"
)

// TestSensitiveValuesAreInNoFinding: what functions, loops and validations say
// when they fail may repeat what they were given.
func TestSensitiveValuesAreInNoFinding(t *testing.T) {
	t.Parallel()
	for name, src := range map[string]string{
		"number":           `locals { x = tonumber(var.secret) }`,
		"digits":           `locals { x = parseint(var.secret, 10) }`,
		"time":             `locals { x = timeadd(var.secret, "1h") }`,
		"date":             `locals { x = formatdate("YYYY", var.secret) }`,
		"pattern":          `locals { x = regex("[${var.secret}", "a") }`,
		"path":             `locals { x = file(var.secret) }`,
		"transformed":      `locals { x = tonumber(strrev(strrev(var.secret))) }`,
		"through a local":  "locals {\n  y = \"${var.secret}\"\n  x = tonumber(local.y)\n}",
		"in a loop":        `locals { x = [for v in [var.secret] : tonumber(v)] }`,
		"of a list":        `locals { x = [for v in split(",", var.secret) : tonumber(v)] }`,
		"key twice":        `locals { x = { for v in ["a", "b"] : var.secret => v } }`,
		"attribute":        `locals { x = { a = 1 }[var.secret] }`,
		"in a secret":      "target \"scim\" \"x\" {\n  base_url = \"https://x.example\"\n  token = tonumber(var.secret)\n}",
		"dialect":          `target "sandbox" "x" { dialect = var.secret }`,
		"person":           `user "a" { login = var.secret }`,
		"member":           `group "g" { members = [user[var.secret]] }`,
		"directory":        "directory \"file\" \"d\" { path = \"d.csv\" }\ngroup \"g\" { members = [directory.file.d.users[var.secret]] }",
		"message":          `variable "v" { sensitive = true, default = "hushhush", validation { condition = false, error_message = "It is ${var.v}." } }`,
		"condition":        `variable "v" { sensitive = true, default = "hushhush", validation { condition = tonumber(var.v) > 1, error_message = "No." } }`,
		"message's number": `variable "v" { sensitive = true, default = "hushhush", validation { condition = false, error_message = "It is ${tonumber(var.v)}." } }`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src = strings.NewReplacer(", default", "\n  default", ", validation {", "\n  validation {\n ", ", error_message", "\n  error_message", ` sensitive = true`, "\n  sensitive = true", `." } }`, ".\"\n  }\n}").Replace(src)
			src += "\nvariable \"secret\" {\n  sensitive = true\n}\n"
			_, _, diags := Load(fstest.MapFS{"a.hcl": {Data: []byte(src)}}, Options{Vars: map[string]string{"secret": "hushhush"}})
			if !diags.HasErrors() {
				t.Fatalf("no error about\n%s", src)
			}
			for _, d := range diags {
				if d.Code == codeSyntax || d.Detail == "" || strings.Contains(d.Summary+d.Detail, "hushhush") {
					t.Errorf("%s: %s: %s", d.Code, d.Summary, d.Detail)
				}
			}
		})
	}
}

// TestErrorsOfSecretsRepeatNoSecret: the expression of a token may fail on its value.
func TestErrorsOfSecretsRepeatNoSecret(t *testing.T) {
	t.Parallel()
	src := "target \"scim\" \"x\" {\n  base_url = \"https://x.example\"\n  token    = \"x${tonumber(env(\"TOKEN\"))}\"\n}\n"
	environ := func(string) (string, bool) { return "hushhush", true }
	config, _, diags := Load(fstest.MapFS{"a.hcl": {Data: []byte(src)}}, Options{Environ: environ})
	if diags.HasErrors() {
		t.Fatal(render(diags))
	}
	_, err := config.Targets[0].Token.Reveal()
	if err == nil || strings.Contains(err.Error(), "hushhush") || !strings.Contains(err.Error(), "tonumber") {
		t.Errorf("Reveal: %v, want an error that names the function and not the value", err)
	}
}

// TestBoundTokensAreNotReadByName: a configuration that names another host must
// not get them there.
func TestBoundTokensAreNotReadByName(t *testing.T) {
	t.Parallel()
	for _, name := range []string{`ROLLCALL_TOKEN_acme_twingate_com`, `${upper("rollcall_token_")}acme_twingate_com`, `rollcall_token_acme_twingate_com`, `ROLLCALL_TOKEN_a_FILE`} {
		src := "target \"scim\" \"x\" {\n  base_url = \"https://x.example\"\n  token    = env(\"" + name + "\")\n}\n"
		_, _, diags := Load(fstest.MapFS{"a.hcl": {Data: []byte(src)}}, Options{Environ: func(string) (string, bool) { return "hushhush", true }})
		if len(diags) != 1 || diags[0].Origin.Line != 3 || !strings.Contains(diags[0].Detail, "Leave the token out") {
			t.Errorf("findings about env(%q):\n%swant one that says to leave it out", name, render(diags))
		}
	}
}
