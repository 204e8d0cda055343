package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func lookupIn(env map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) { v, ok := env[name]; return v, ok }
}

func TestTokenVariableNamesTheHost(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"acme.twingate.com": "ROLLCALL_TOKEN_acme_twingate_com",
		"my-corp.example":   "ROLLCALL_TOKEN_my__corp_example",
		"Acme.Example":      "ROLLCALL_TOKEN_acme_example",
		"127.0.0.1":         "ROLLCALL_TOKEN_127_0_0_1",
		"::1":               "ROLLCALL_TOKEN___1",
	}
	for host, want := range tests {
		if got := tokenVariable(host); got != want {
			t.Errorf("tokenVariable(%q) = %q, want %q", host, got, want)
		}
	}
}

// TestNoHostTakesTheTokenOfAnother: the variables' names of these hosts are
// those of hosts that somebody else may own.
func TestNoHostTakesTheTokenOfAnother(t *testing.T) {
	t.Parallel()
	p := process{lookup: func(string) (string, bool) { return "canary", true }}
	for _, host := range []string{
		"my_.host.com", "my.-host.com", "my-.host.com", "acme_twingate.com", "acme..com", "acme.com.", "", "acm\u00e9.com", "acme\u3002com",
		"a%2eb", "fe80::1%eth0", "a:b",
	} {
		if secret, err := p.token(host); err == nil || secret != nil {
			t.Errorf("the host %q was given a token", host)
		}
	}
	for _, host := range []string{"my-host.com", "xn--acm-epa.com", "localhost", "127.0.0.1", "::1", "a--b.c"} {
		if _, err := p.token(host); err != nil {
			t.Errorf("token of %q: %v", host, err)
		}
	}
}

func TestMissingTokenNamesTheVariableToSet(t *testing.T) {
	t.Parallel()
	p := process{lookup: lookupIn(nil)}
	_, err := p.token("acme.twingate.com")
	if err == nil || !strings.Contains(err.Error(), "set ROLLCALL_TOKEN_acme_twingate_com, or ") {
		t.Errorf("token = %v, want an error that names the variable", err)
	}
}

func TestTokenFileIsReadWhenNeededAndTrimmed(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "token")
	p := process{lookup: lookupIn(map[string]string{"ROLLCALL_TOKEN_a_b_FILE": path})}
	secret, err := p.token("a.b")
	if err != nil {
		t.Fatalf("token: %v", err)
	}
	if _, err := secret.Reveal(); err == nil {
		t.Error("reveal without a file: want an error")
	}
	if err := os.WriteFile(path, []byte(" canary\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := secret.Reveal(); got != "canary" || err != nil {
		t.Errorf("reveal = %q, %v, want the trimmed content", got, err)
	}
	if shown := fmt.Sprintf("%v %+v %s", secret, secret, secret); strings.Contains(shown, "canary") {
		t.Errorf("the token is printed: %s", shown)
	}
}

func TestAllowedHostsTellsNoneFromUnset(t *testing.T) {
	t.Parallel()
	unset := process{lookup: lookupIn(nil)}
	if got := unset.allowedHosts(); got != nil {
		t.Errorf("unset: %v, want nil", got)
	}
	none := process{lookup: lookupIn(map[string]string{envAllowedHosts: ""})}
	if got := none.allowedHosts(); got == nil || len(got) != 0 {
		t.Errorf("set to nothing: %#v, want an empty list that allows no host", got)
	}
	two := process{lookup: lookupIn(map[string]string{envAllowedHosts: "a.b, c.d"})}
	if got := two.allowedHosts(); len(got) != 2 {
		t.Errorf("two: %q", got)
	}
}
