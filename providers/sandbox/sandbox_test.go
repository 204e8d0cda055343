package sandbox_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/providers/sandbox"
)

const (
	userURN       = "urn:ietf:params:scim:schemas:core:2.0:User"
	groupURN      = "urn:ietf:params:scim:schemas:core:2.0:Group"
	enterpriseURN = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
)

// client speaks to a service in the process.
type client struct {
	t       testing.TB
	service *sandbox.Service
	header  http.Header
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	raw    []byte
	body   map[string]any
}

// open starts a service whose ids are u1, u2, … and whose clock moves one second
// with each look.
func open(t testing.TB, o sandbox.Options) *client {
	t.Helper()
	if o.NewID == nil {
		n := 0
		o.NewID = func() string { n++; return fmt.Sprintf("u%d", n) }
	}
	if o.Clock == nil {
		now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
		o.Clock = func() time.Time { now = now.Add(time.Second); return now }
	}
	s, err := sandbox.Open(o)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return &client{t: t, service: s, header: http.Header{}}
}

func (c *client) do(method, path, body string) answer {
	c.t.Helper()
	r := httptest.NewRequest(method, sandbox.BasePath+path, strings.NewReader(body))
	for name, values := range c.header {
		r.Header[name] = values
	}
	if body != "" && r.Header.Get("Content-Type") == "" {
		r.Header.Set("Content-Type", "application/scim+json")
	}
	w := httptest.NewRecorder()
	c.service.ServeHTTP(w, r)
	return read(c.t, w.Result())
}

func read(t testing.TB, r *http.Response) answer {
	t.Helper()
	defer r.Body.Close()
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatalf("read answer: %v", err)
	}
	out := answer{status: r.StatusCode, header: r.Header, raw: raw}
	if bytes.HasPrefix(raw, []byte("{")) {
		if err := json.Unmarshal(raw, &out.body); err != nil {
			t.Fatalf("answer is not JSON: %v\n%s", err, raw)
		}
	}
	return out
}

// want does a request and checks the status.
func (c *client) want(status int, method, path, body string) answer {
	c.t.Helper()
	a := c.do(method, path, body)
	if a.status != status {
		c.t.Fatalf("%s %s: status %d, want %d\n%s", method, path, a.status, status, a.raw)
	}
	return a
}

// fails does a request and checks the error that it meets.
func (c *client) fails(status int, scimType, method, path, body string) answer {
	c.t.Helper()
	a := c.want(status, method, path, body)
	if got := a.text("scimType"); got != scimType {
		c.t.Fatalf("%s %s: scimType %q, want %q\n%s", method, path, got, scimType, a.raw)
	}
	if a.text("status") != fmt.Sprint(status) || a.text("detail") == "" {
		c.t.Fatalf("%s %s: the error body is not complete\n%s", method, path, a.raw)
	}
	return a
}

func (a answer) text(name string) string { s, _ := a.body[name].(string); return s }

// ids lists the ids of a ListResponse in order.
func (a answer) ids() []string {
	out := []string{}
	list, _ := a.body["Resources"].([]any)
	for _, r := range list {
		out = append(out, r.(map[string]any)["id"].(string))
	}
	return out
}

// members lists the ids of a group's members in order.
func (a answer) members() []string {
	out := []string{}
	list, _ := a.body["members"].([]any)
	for _, m := range list {
		out = append(out, m.(map[string]any)["value"].(string))
	}
	return out
}

func userBody(name string) string {
	return fmt.Sprintf(`{"schemas":[%q],"userName":%q}`, userURN, name)
}

func groupBody(name string, members ...string) string {
	list := []string{}
	for _, m := range members {
		list = append(list, fmt.Sprintf(`{"value":%q}`, m))
	}
	return fmt.Sprintf(`{"schemas":[%q],"displayName":%q,"members":[%s]}`, groupURN, name, strings.Join(list, ","))
}

// user creates a user and returns its id.
func (c *client) user(name string) string {
	c.t.Helper()
	return c.want(201, "POST", "/Users", userBody(name)).text("id")
}

func (c *client) group(name string, members ...string) string {
	c.t.Helper()
	return c.want(201, "POST", "/Groups", groupBody(name, members...)).text("id")
}

func patchBody(operations ...string) string {
	return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[` + strings.Join(operations, ",") + `]}`
}

func TestUsersAndGroupsComeBackAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	c := open(t, sandbox.Options{})
	u := c.user("bjensen")
	g := c.group("Tour Guides", u)
	if got := c.want(200, "GET", "/Groups/"+g, "").members(); len(got) != 1 || got[0] != u {
		t.Errorf("members %v, want [%s]", got, u)
	}
	c.want(200, "PATCH", "/Groups/"+g, patchBody(fmt.Sprintf(`{"op":"remove","path":"members[value eq \"%s\"]"}`, u)))
	if got := c.want(200, "GET", "/Groups/"+g, "").members(); len(got) != 0 {
		t.Errorf("members %v, want none", got)
	}
	a := c.want(200, "GET", "/Users?filter=userName+eq+%22BJENSEN%22", "")
	if got := a.ids(); len(got) != 1 || got[0] != u {
		t.Errorf("found %v, want [%s]", got, u)
	}
	c.want(204, "DELETE", "/Users/"+u, "")
	c.fails(404, "", "GET", "/Users/"+u, "")
}

func mustJSON(v any) []byte {
	out, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return out
}
