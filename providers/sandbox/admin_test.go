package sandbox_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/providers/sandbox"
)

// admin does a request beside SCIM and returns status and text.
func (c *client) admin(token, method, path, body string) (int, string) {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	c.service.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

func TestFaultsAndCountsAreReachedBesideSCIM(t *testing.T) {
	t.Parallel()
	c := open(t, sandbox.Options{Token: "secret", Admin: true})
	c.header = http.Header{"Authorization": {"Bearer secret"}}
	for _, step := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"GET", "/sandbox/faults", "", 200, ""},
		{"POST", "/sandbox/faults", "GET /Users 503 once\n\nlag=10ms\n", 204, ""},
		{"GET", "/sandbox/faults", "", 200, "GET /Users 503 once (struck 0 of 0)\nlag=10ms\n"},
		{"POST", "/sandbox/faults", "503\nexplode", 400, "parse fault \"explode\": \"explode\" is not known\n"},
		{"GET", "/sandbox/faults", "", 200, "GET /Users 503 once (struck 0 of 0)\nlag=10ms\n"},
		{"DELETE", "/sandbox/faults", "", 204, ""},
		{"GET", "/sandbox/faults", "", 200, ""},
		{"GET", "/sandbox/requests", "", 200, ""},
	} {
		status, text := c.admin("secret", step.method, step.path, step.body)
		if status != step.status {
			t.Errorf("%s %s: status %d, want %d", step.method, step.path, status, step.status)
		}
		if diff := cmp.Diff(step.want, text); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", step.method, step.path, diff)
		}
	}
	c.user("bjensen")
	if _, text := c.admin("secret", "GET", "/sandbox/requests", ""); text != "POST /Users 1\n" {
		t.Errorf("requests %q", text)
	}
	if status, _ := c.admin("secret", "DELETE", "/sandbox/requests", ""); status != 204 {
		t.Errorf("reset: status %d", status)
	}
	for _, path := range []string{"/sandbox/faults", "/sandbox/requests"} {
		if status, _ := c.admin("wrong", "GET", path, ""); status != 401 {
			t.Errorf("%s with a wrong token: status %d, want 401", path, status)
		}
	}
	if status, _ := c.admin("secret", "GET", "/sandbox/other", ""); status != 404 {
		t.Errorf("an unknown path: status %d, want 404", status)
	}
}

func TestAdminIsOffUnlessAskedFor(t *testing.T) {
	t.Parallel()
	c := open(t, sandbox.Options{})
	if status, _ := c.admin("", "GET", "/sandbox/faults", ""); status != 404 {
		t.Errorf("status %d, want 404", status)
	}
}
