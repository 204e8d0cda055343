package main

import (
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/rollcall-dev/rollcall/providers/sandbox"
)

// wiredConfig has one person at the target that the tests bring into being.
const wiredConfig = `
variable "url" {}
target "scim" "corp" {
  base_url = var.url
}
app "vpn" { target = target.scim.corp }
user "ann" { login = "ann@example.com" }
assignment "ann" {
  app   = app.vpn
  users = [user.ann]
}
`

// wired is rollcall in a folder of its own, pointed at an address.
func wired(t *testing.T, address string, env []string, args ...string) (code int, said string) {
	t.Helper()
	root := t.TempDir()
	write(t, filepath.Join(root, "main.hcl"), wiredConfig)
	c := exec.Command("rollcall", args...)
	c.Dir = root
	c.Env = append(os.Environ(), "ROLLCALL_VAR_url="+address, "HOME="+root, "GORACE="+noExitSleep, "HTTPS_PROXY=", "HTTP_PROXY=", "NO_PROXY=")
	for _, host := range []string{"127_0_0_1", "localhost", "scim_example_com"} {
		c.Env = append(c.Env, "ROLLCALL_TOKEN_"+host+"="+canary)
	}
	c.Env = append(c.Env, env...)
	out, err := c.CombinedOutput()
	if failed := (*exec.ExitError)(nil); err != nil && !errors.As(err, &failed) {
		t.Fatal(err)
	}
	if form := canaryIn(string(out)); form != "" {
		t.Errorf("the token is in what %v says, as %s:\n%s", args, form, out)
	}
	if err := searchFiles(root); err != nil {
		t.Error(err)
	}
	return c.ProcessState.ExitCode(), string(out)
}

// secured serves h with a certificate for 127.0.0.1, and returns the name of the
// file of whoever has signed it.
func secured(t *testing.T, h http.Handler, with func(*tls.Config)) (s *httptest.Server, authority string) {
	t.Helper()
	s = httptest.NewUnstartedServer(h)
	// Refused handshakes are what this is about: nobody need read of them.
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.TLS = &tls.Config{}
	if with != nil {
		with(s.TLS)
	}
	s.StartTLS()
	t.Cleanup(s.Close)
	authority = filepath.Join(t.TempDir(), "ca.pem")
	write(t, authority, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})))
	return s, authority
}

// scimService is an empty target that takes the canary alone.
func scimService(t *testing.T) http.Handler {
	t.Helper()
	s, err := sandbox.Open(sandbox.Options{Token: canary})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// TestNoRedirectIsFollowedByAnyCommand sends reads and writes elsewhere: to
// another port, another name of this machine, another scheme, or to the same
// place again.
func TestNoRedirectIsFollowedByAnyCommand(t *testing.T) {
	t.Parallel()
	var reached atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	t.Cleanup(elsewhere.Close)
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(elsewhere.URL, "http://"))
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, to := range []string{elsewhere.URL + "/scim/v2/Users", "http://localhost:" + port + "/", "//127.0.0.1:" + port + "/x"} {
			// Reads are redirected from https, so that some lead to a lesser scheme.
			away := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", to)
				w.WriteHeader(status)
			})
			s, authority := secured(t, away, nil)
			code, said := wired(t, s.URL+"/scim/v2", []string{"SSL_CERT_FILE=" + authority}, "plan")
			if code != 1 || !strings.Contains(said, fmt.Sprint(status)) {
				t.Errorf("plan, %d to %s: exit code %d, want 1 and a word about it:\n%s", status, to, code, said)
			}
		}
		service := scimService(t)
		writes := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				service.ServeHTTP(w, r)
				return
			}
			http.Redirect(w, r, elsewhere.URL, status)
		}))
		t.Cleanup(writes.Close)
		if code, said := wired(t, writes.URL+sandbox.BasePath, nil, "apply", "-auto-approve"); code == 0 || strings.Contains(said, "Apply complete") {
			t.Errorf("apply, %d: exit code %d:\n%s", status, code, said)
		}
	}
	if n := reached.Load(); n != 0 {
		t.Errorf("what redirects point at was reached %d times", n)
	}
}

// TestEncryptionIsVerifiedAndNothingTurnsThatOff asks targets whose encryption
// does not suffice, and one whose does.
func TestEncryptionIsVerifiedAndNothingTurnsThatOff(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		with    func(*tls.Config)
		trusted bool
		host    string
		want    int
		says    string
	}{
		"own authority, by SSL_CERT_FILE": {trusted: true, host: "127.0.0.1", want: 0, says: "1 to add"},
		"unknown authority":               {host: "127.0.0.1", want: 1, says: "certificate"},
		"certificate of another host":     {trusted: true, host: "localhost", want: 1, says: "certificate"},
		"TLS 1.2":                         {func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }, true, "127.0.0.1", 0, "1 to add"},
		"TLS 1.1":                         {func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 }, true, "127.0.0.1", 1, "protocol version"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int32
			service := scimService(t)
			s, authority := secured(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked.Add(1)
				service.ServeHTTP(w, r)
			}), test.with)
			// What turns verification off elsewhere does nothing here.
			env := []string{"SSL_CERT_DIR=" + t.TempDir(), "GODEBUG=tls10server=1,tls10client=1", "NODE_TLS_REJECT_UNAUTHORIZED=0", "GIT_SSL_NO_VERIFY=1"}
			if test.trusted {
				env = append(env, "SSL_CERT_FILE="+authority)
			}
			u, err := url.Parse(s.URL)
			if err != nil {
				t.Fatal(err)
			}
			code, said := wired(t, "https://"+test.host+":"+u.Port()+sandbox.BasePath, env, "plan")
			if code != test.want || !strings.Contains(said, test.says) {
				t.Errorf("exit code %d, want %d and %q:\n%s", code, test.want, test.says, said)
			}
			if (asked.Load() > 0) != (test.want == 0) {
				t.Errorf("%d requests arrived", asked.Load())
			}
		})
	}
}

// TestAProxySeesTheHostAndItsOwnPasswordAlone plans by way of a proxy, which
// gets a CONNECT with its own credential and none of the target's.
func TestAProxySeesTheHostAndItsOwnPasswordAlone(t *testing.T) {
	t.Parallel()
	const password = "proxy-7d1f"
	var seen atomic.Pointer[http.Request]
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen.Store(r)
		w.WriteHeader(http.StatusForbidden)
	}))
	t.Cleanup(proxy.Close)
	address := strings.Replace(proxy.URL, "://", "://user:"+password+"@", 1)
	code, said := wired(t, "https://scim.example.com/v2", []string{"HTTPS_PROXY=" + address}, "plan")
	r := seen.Load()
	if code != 1 || r == nil || strings.Contains(said, password) {
		t.Fatalf("exit code %d, the proxy was asked: %t:\n%s", code, r != nil, said)
	}
	r.Header.Del("User-Agent")
	name, given, ok := (&http.Request{Header: http.Header{"Authorization": r.Header["Proxy-Authorization"]}}).BasicAuth()
	if r.Method != http.MethodConnect || r.Host != "scim.example.com:443" || !ok || name != "user" || given != password || len(r.Header) != 1 {
		t.Errorf("the proxy saw %s %s %v", r.Method, r.Host, r.Header)
	}
	if code, said := wired(t, "https://scim.example.com/v2", []string{"HTTPS_PROXY=http://user:" + password + "@127.0.0.1:1"}, "plan"); code != 1 || strings.Contains(said, password) {
		t.Errorf("no proxy there: exit code %d:\n%s", code, said)
	}
}
