package providers_test

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/providers"
	"github.com/rollcall-dev/rollcall/schema"
)

const canary = "canary-9f86d081884c7d659a2feaa0c55ad015"

func canaryToken() *schema.Secret {
	return schema.NewSecret(func() (string, error) { return canary, nil })
}

// client returns a client of server that trusts its certificate.
func client(t *testing.T, server *httptest.Server, with func(*providers.ClientOptions)) *providers.Client {
	t.Helper()
	opts := providers.ClientOptions{BaseURL: server.URL + "/scim/v2/", Token: canaryToken(), Clock: hurried()}
	if server.Certificate() != nil {
		opts.RootCAs = x509.NewCertPool()
		opts.RootCAs.AddCert(server.Certificate())
	}
	if with != nil {
		with(&opts)
	}
	c, err := providers.NewClient(opts)
	if err != nil {
		t.Fatalf("NewClient: %v", err)
	}
	t.Cleanup(c.CloseIdle)
	return c
}

func serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewTLSServer(h)
	// Refused handshakes are what some tests are about: nobody need read of them.
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	t.Cleanup(s.Close)
	return s
}

// hurried is a clock that never waits.
func hurried() providers.Clock {
	return providers.Clock{Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }}
}

func get(path ...string) providers.Request {
	return providers.Request{Method: http.MethodGet, Path: path}
}

func TestRequestCarriesWhatTargetsExpect(t *testing.T) {
	t.Parallel()
	var got *http.Request
	var body string
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		got, body = r, string(b)
	})
	c := client(t, s, func(o *providers.ClientOptions) { o.UserAgent = "rollcall/1.2" })
	_, err := c.Do(t.Context(), providers.Request{
		Method: http.MethodPatch, Path: []string{"Groups", "VXNlcjo1==/a?b#c%d e"}, Query: "x=%20y", Body: []byte(`{}`), IfMatch: `W/"1"`,
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"Authorization": "Bearer " + canary, "Accept": "application/scim+json, application/json;q=0.9",
		"Content-Type": "application/scim+json", "User-Agent": "rollcall/1.2", "If-Match": `W/"1"`,
	}
	for name, value := range want {
		if got.Header.Get(name) != value {
			t.Errorf("%s is %q, want %q", name, got.Header.Get(name), value)
		}
	}
	if uri := "/scim/v2/Groups/VXNlcjo1==%2Fa%3Fb%23c%25d%20e?x=%20y"; got.RequestURI != uri || body != "{}" {
		t.Errorf("got %q with %q, want %q", got.RequestURI, body, uri)
	}
}

func TestIDsThatWouldLeaveTheBaseURLAreRefused(t *testing.T) {
	t.Parallel()
	s := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("a request was sent") })
	c := client(t, s, nil)
	for _, id := range []string{"", ".", ".."} {
		var unsent *providers.UnsentError
		if _, err := c.Do(t.Context(), get("Users", id)); !errors.As(err, &unsent) {
			t.Errorf("id %q: got %v", id, err)
		}
	}
}

func TestBaseURLIsRefused(t *testing.T) {
	t.Parallel()
	for address, why := range map[string]string{
		"http://scim.example.com/v2":            "not encrypted",
		"http://127.0.0.1.example.com/v2":       "not encrypted",
		"https://u:" + canary + "@example.com":  "must not hold a user name",
		"https://u:" + canary + "@exa mple.com": "no valid address",
		"https://example.com/v2?token=x":        "must end with its path",
		"ftp://example.com":                     "must start with https://",
		"example.com/scim":                      "names no host",
		"https://:443/":                         "names no host",
	} {
		_, err := providers.NewClient(providers.ClientOptions{BaseURL: address})
		if err == nil || !strings.Contains(err.Error(), why) || strings.Contains(err.Error(), canary) {
			t.Errorf("%s: got %v, want an error with %q", address, err, why)
		}
	}
	for _, address := range []string{"http://127.0.0.1:8080/x", "http://[::1]:1", "http://localhost", "https://example.com/scim/v2///"} {
		if _, err := providers.NewClient(providers.ClientOptions{BaseURL: address}); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestOnlyAllowedHostsAreSpokenTo(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		allowed []string
		ok      bool
	}{
		{nil, true}, {[]string{}, false}, {[]string{"other.example"}, false},
		{[]string{"Acme.Example"}, true}, {[]string{"x", "acme.example:8443"}, true}, {[]string{"acme.example:443"}, false},
	} {
		_, err := providers.NewClient(providers.ClientOptions{BaseURL: "https://acme.example:8443/v2", AllowedHosts: test.allowed})
		if (err == nil) != test.ok {
			t.Errorf("allowed %q: got %v", test.allowed, err)
		}
	}
}

func TestRedirectsAreNeverFollowedAndTheTokenStaysHome(t *testing.T) {
	t.Parallel()
	var reached atomic.Int32
	other := serve(t, func(http.ResponseWriter, *http.Request) { reached.Add(1) })
	elsewhere, _ := url.Parse(other.URL)
	for _, status := range []int{300, 301, 302, 303, 307, 308} {
		for _, location := range []string{other.URL + "/scim/v2/Users?secret=x", "//" + elsewhere.Host + "/", "/login", ""} {
			for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodDelete} {
				var asked atomic.Int32
				s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
					asked.Add(1)
					if location != "" {
						w.Header().Set("Location", location)
					}
					w.WriteHeader(status)
				})
				u, _ := url.Parse(s.URL)
				want := u.Host
				if strings.Contains(location, elsewhere.Host) {
					want = elsewhere.Host
				}
				_, err := client(t, s, nil).Do(t.Context(), providers.Request{Method: method, Path: []string{"Users"}})
				var answer *providers.RequestError
				if !errors.As(err, &answer) || answer.Status != status || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
					t.Errorf("%s %d to %q: got %v, want an error that names %s", method, status, location, err, want)
				}
				if asked.Load() != 1 {
					t.Errorf("%s %d: asked %d times", method, status, asked.Load())
				}
				s.Close()
			}
		}
	}
	if reached.Load() != 0 {
		t.Errorf("the other host was reached %d times", reached.Load())
	}
}

func TestReadOnlyClientSendsNothingButGET(t *testing.T) {
	t.Parallel()
	var asked []string
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) { asked = append(asked, r.Method) })
	c := client(t, s, func(o *providers.ClientOptions) { o.ReadOnly = true })
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodHead, "BREW"} {
		_, err := c.Do(t.Context(), providers.Request{Method: method, Path: []string{"Users"}})
		if !errors.Is(err, providers.ErrReadOnly) {
			t.Errorf("%s: got %v", method, err)
		}
	}
	if _, err := c.Do(t.Context(), get("Users")); err != nil {
		t.Errorf("GET: %v", err)
	}
	if diff := cmp.Diff(asked, []string{"GET"}); diff != "" {
		t.Errorf("asked (-got +want):\n%s", diff)
	}
}

func TestTokenThatCannotStandInAHeaderIsRefusedWithoutBeingShown(t *testing.T) {
	t.Parallel()
	s := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("a request was sent") })
	for _, token := range []string{canary + "\n", " " + canary, canary + "\r\nX: y", canary + "é"} {
		c := client(t, s, func(o *providers.ClientOptions) {
			o.Token = schema.NewSecret(func() (string, error) { return token, nil })
		})
		_, err := c.Do(t.Context(), get("Users"))
		if err == nil || strings.Contains(err.Error(), canary) {
			t.Errorf("got %v", err)
		}
	}
}

func TestErrorsSayWhatTheTargetSaid(t *testing.T) {
	t.Parallel()
	const rfc = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"%d","scimType":"mutability","detail":"Attribute 'id' is readOnly"}`
	for name, test := range map[string]struct {
		status int
		header map[string]string
		body   string
		want   providers.RequestError
	}{
		"as the RFC has it": {400, nil, rfc, providers.RequestError{SCIMType: "mutability", Detail: "Attribute 'id' is readOnly"}},
		"with a request id": {400, map[string]string{"x-amzn-requestid": "r-1"}, `{"Detail":"no"}`, providers.RequestError{Detail: "no", RequestID: "r-1"}},
		"status as number":  {400, nil, `{"status":400,"message":"bad"}`, providers.RequestError{Detail: "bad"}},
		"Django's shapes":   {409, nil, `{"non_field_errors":["taken"]}`, providers.RequestError{Detail: `{"non_field_errors":["taken"]}`}},
		"HTML": {500, nil, "<html><head><title>x</title><style>p{}</style></head><body><h1>Bad &amp; worse</h1>\n<script>alert(1)</script></body>",
			providers.RequestError{Detail: "Bad & worse"}},
		"nothing":            {500, nil, "", providers.RequestError{}},
		"control characters": {400, map[string]string{"X-Request-Id": "a\tb"}, `{"detail":"a\u001b[31mred\u202e\nend"}`, providers.RequestError{Detail: `a\u001b[31mred\u202e end`, RequestID: "a b"}},
		"the token":          {400, map[string]string{"X-Request-Id": canary}, `{"detail":"bad token ` + canary + `"}`, providers.RequestError{Detail: "bad token (redacted)", RequestID: "(redacted)"}},
		"bad UTF-8":          {400, nil, "\xff\xfe", providers.RequestError{Detail: `\ufffd\ufffd`}},
		"deep nesting":       {400, nil, strings.Repeat("[", 10000), providers.RequestError{Detail: strings.Repeat("[", 401) + "…"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				for k, v := range test.header {
					w.Header().Set(k, v)
				}
				w.WriteHeader(test.status)
				_, _ = io.WriteString(w, strings.Replace(test.body, "%d", fmt.Sprint(test.status), 1))
			})
			_, err := client(t, s, nil).Do(t.Context(), providers.Request{Method: http.MethodPost, Path: []string{"Users"}, Query: "q=1"})
			var got *providers.RequestError
			if !errors.As(err, &got) {
				t.Fatalf("got %v", err)
			}
			test.want.Method, test.want.Path, test.want.Status = "POST", "/Users", test.status
			if diff := cmp.Diff(*got, test.want); diff != "" {
				t.Errorf("error (-got +want):\n%s", diff)
			}
		})
	}
}

func TestRefusedTokenIsAnErrorOfItsOwn(t *testing.T) {
	t.Parallel()
	for _, status := range []int{401, 403} {
		var asked atomic.Int32
		s := serve(t, func(w http.ResponseWriter, _ *http.Request) { asked.Add(1); w.WriteHeader(status) })
		_, err := client(t, s, nil).Do(t.Context(), get("Users"))
		var credentials *providers.CredentialsError
		var answer *providers.RequestError
		if !errors.As(err, &credentials) || !errors.As(err, &answer) || answer.Status != status || asked.Load() != 1 {
			t.Errorf("%d: asked %d times, got %v", status, asked.Load(), err)
		}
	}
}

func TestAnswersThatAreNoAnswerAreErrors(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"a page with status 200":     "<!doctype html><title>Log in</title><p>Please log in",
		"half of an answer":          `{"Resources":[{"id":`,
		"JSON nested without an end": `{"a":` + strings.Repeat("[", 100000) + strings.Repeat("]", 100000) + "}",
		"more than the cap":          `{"a":"` + strings.Repeat("x", 2000) + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) })
			c := client(t, s, func(o *providers.ClientOptions) {
				if name == "more than the cap" {
					o.MaxBody = 1000
				}
				o.MaxAttempts = 1
			})
			if res, err := c.Do(t.Context(), get("Users")); err == nil {
				t.Errorf("got %q", res.Body)
			} else if len(err.Error()) > 700 {
				t.Errorf("the error has %d bytes", len(err.Error()))
			}
		})
	}
}

func TestAWriteIsDoneWhateverWordsTheTargetHasForIt(t *testing.T) {
	t.Parallel()
	for body, ok := range map[string]bool{"": true, "OK": true, `{"id":`: true, "<html>Log in": false} {
		s := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) })
		for _, method := range []string{http.MethodPost, http.MethodPatch, http.MethodDelete} {
			res, err := client(t, s, nil).Do(t.Context(), providers.Request{Method: method, Path: []string{"Users"}})
			if (err == nil) != ok || ok && len(res.Body) > 0 {
				t.Errorf("%s answered %q: got %+v, %v", method, body, res, err)
			}
		}
	}
}

func TestAnyJSONMediaTypeIsTaken(t *testing.T) {
	t.Parallel()
	for _, contentType := range []string{"application/scim+json", "text/json", "text/html", ""} {
		s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", contentType)
			_, _ = io.WriteString(w, "\xef\xbb\xbf\n{\"id\":\"1\"}\n")
		})
		res, err := client(t, s, nil).Do(t.Context(), get("Users"))
		if err != nil || string(res.Body) != `{"id":"1"}` {
			t.Errorf("%q: got %v, %v", contentType, res, err)
		}
	}
}

func TestCertificateThatIsNotTrustedIsFinal(t *testing.T) {
	t.Parallel()
	s := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("a request was sent") })
	c := client(t, s, func(o *providers.ClientOptions) { o.RootCAs = x509.NewCertPool() })
	_, err := c.Do(t.Context(), get("Users"))
	var unsent *providers.UnsentError
	if !errors.As(err, &unsent) || c.Requests() != 1 {
		t.Errorf("after %d requests: got %v", c.Requests(), err)
	}
}

func TestLoopbackIsReachedWithoutTheProxy(t *testing.T) {
	t.Parallel()
	s := serve(t, func(http.ResponseWriter, *http.Request) {})
	c := client(t, s, func(o *providers.ClientOptions) {
		o.Proxy = func(*http.Request) (*url.URL, error) { return nil, errors.New("the proxy was asked for") }
	})
	if _, err := c.Do(t.Context(), get("Users")); err != nil {
		t.Error(err)
	}
}

func TestOtherHostsAreReachedThroughTheProxy(t *testing.T) {
	t.Parallel()
	var asked string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.Method + " " + r.Host + " " + r.Header.Get("Authorization")
		w.WriteHeader(http.StatusBadGateway)
	}))
	t.Cleanup(proxy.Close)
	c, err := providers.NewClient(providers.ClientOptions{
		BaseURL: "https://scim.example.com/v2", Token: canaryToken(), Clock: hurried(), MaxAttempts: 1,
		Proxy: func(*http.Request) (*url.URL, error) { return url.Parse(proxy.URL) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseIdle)
	if _, err := c.Do(t.Context(), get("Users")); err == nil {
		t.Error("the proxy's refusal passed for an answer")
	}
	if want := "CONNECT scim.example.com:443 "; asked != want {
		t.Errorf("the proxy saw %q, want %q", asked, want)
	}
}

func FuzzError(f *testing.F) {
	for _, seed := range []string{"", "{}", `{"detail":1}`, `{"detail":"x","scimType":null}`, "<html>", "[[[[", "\x1b[31m", `{"Detail":"a` + "\u202e" + `"}`} {
		f.Add([]byte(seed), 400)
	}
	f.Fuzz(func(t *testing.T, body []byte, status int) {
		if status < 400 || status > 599 {
			status = 400
		}
		c, err := providers.NewClient(providers.ClientOptions{
			BaseURL: "https://x.example", Clock: hurried(), MaxAttempts: 1, Token: canaryToken(),
			Transport: answering(func(*http.Request) *http.Response {
				return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(string(body)))}
			}),
		})
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Do(context.Background(), get("Users"))
		if err == nil {
			t.Fatal("an error passed for a success")
		}
		text := err.Error()
		if len(text) > 2000 || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0x202e }) {
			t.Errorf("the error is unfit for a terminal: %q", text)
		}
	})
}
