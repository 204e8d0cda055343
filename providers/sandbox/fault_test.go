package sandbox_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/providers/sandbox"
)

func fault(t testing.TB, text string) sandbox.Fault {
	t.Helper()
	f, err := sandbox.ParseFault(text)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestFaultsAreRead(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"503", "status=503", "POST /Users 429 retry-after=3 times=2", "post /Users 429 retry-after=date:3", "PATCH /Groups/* commit-then-drop once",
		"drop", "reset", "html every=5", "slow=2s", "drip=1ms", "flood", "GET /** slow=20ms truncate", "unauthorized after=10", "lag=200ms", "commit-then=503", "ignore",
		"PUT 400 scim-type=mutability",
	} {
		if f := fault(t, text); f.String() != text {
			t.Errorf("%q became %q", text, f)
		}
	}
	for text, want := range map[string]string{
		"":                     "does not say what goes wrong",
		"POST /Users":          "does not say what goes wrong",
		"POST Users 429":       `"Users" is not known`,
		"429 503":              "exclude each other",
		"drop html":            "exclude each other",
		"explode":              `"explode" is not known`,
		"99":                   "not a status",
		"status=x":             "not a status",
		"429 retry-after=soon": "want seconds",
		"drop retry-after=3":   "retry-after needs a status",
		"slow=never":           "not a duration",
		"slow=-1s":             "not a duration",
		"503 times=0":          "not a number of at least 1",
		"503 every=x":          "not a number of at least 1",
		"503 sometimes=1":      `"sometimes" is not known`,
		"lag=1s 503":           "lag stands alone",
		"POST lag=1s":          "lag stands alone",
	} {
		if _, err := sandbox.ParseFault(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want one with %q", text, err, want)
		}
	}
}

func TestFaultsStrikeWhatTheyMatchAndAsOftenAsTheySay(t *testing.T) {
	t.Parallel()
	const get, post, one = "GET /Users", "POST /Users", "GET /Users/u1"
	for _, f := range []struct {
		fault    string
		requests []string
		want     string
	}{
		{"503", []string{get, post, one}, "503 503 503"},
		{"GET 503", []string{get, post, one}, "503 201 503"},
		{"/Users 503", []string{get, post, one}, "503 503 200"},
		{"/Users/* 503", []string{get, post, one}, "200 201 503"},
		{"/** 503", []string{get, post, one}, "503 503 503"},
		{"GET /users/u1 503", []string{get, post, one}, "200 201 503"},
		{"GET 503 times=2", []string{get, get, get}, "503 503 200"},
		{"GET 503 once", []string{get, get, get}, "503 200 200"},
		{"GET 503 after=2", []string{get, get, get, get}, "200 200 503 503"},
		{"GET 503 every=2", []string{get, get, get, get}, "200 503 200 503"},
		{"GET 503 after=1 every=2 times=1", []string{get, get, get, get, get}, "200 200 503 200 200"},
		{"unauthorized after=1", []string{get, get}, "200 401"},
		{"html", []string{get}, "200"},
	} {
		t.Run(f.fault, func(t *testing.T) {
			t.Parallel()
			c := crew(t, "", 1)
			c.service.Inject(fault(t, f.fault))
			var got []string
			for i, r := range f.requests {
				method, path, _ := strings.Cut(r, " ")
				body := ""
				if method == "POST" {
					body = userBody(fmt.Sprint("new", i))
				}
				got = append(got, fmt.Sprint(c.do(method, path, body).status))
			}
			if diff := cmp.Diff(f.want, strings.Join(got, " ")); diff != "" {
				t.Errorf("statuses (-want +got):\n%s", diff)
			}
		})
	}
}

func TestErrorFaultsDoNothingAndSaySo(t *testing.T) {
	t.Parallel()
	c := open(t, sandbox.Options{})
	c.service.Inject(fault(t, "POST /Users 429 retry-after=3 once"))
	a := c.fails(429, "", "POST", "/Users", userBody("bjensen"))
	if got := a.header.Get("Retry-After"); got != "3" {
		t.Errorf("Retry-After %q, want 3", got)
	}
	c.service.Inject(fault(t, "POST /Users 429 retry-after=date:60 once"))
	when, err := http.ParseTime(c.fails(429, "", "POST", "/Users", userBody("bjensen")).header.Get("Retry-After"))
	if err != nil || when.Year() != 2026 {
		t.Errorf("Retry-After %v, error %v, want a date", when, err)
	}
	c.service.Inject(fault(t, "POST 400 scim-type=mutability once"))
	c.fails(400, "mutability", "POST", "/Users", userBody("bjensen"))
	if got := c.want(200, "GET", "/Users", "").ids(); len(got) != 0 {
		t.Errorf("users %v after refused requests", got)
	}
	c.service.Inject(fault(t, "POST commit-then=503 once"))
	c.fails(503, "", "POST", "/Users", userBody("bjensen"))
	c.fails(409, "uniqueness", "POST", "/Users", userBody("bjensen"))
}

func TestIgnoredWritesAreAnsweredAsDone(t *testing.T) {
	t.Parallel()
	c := crew(t, "", 1)
	c.service.Inject(fault(t, "PATCH ignore"))
	c.service.Inject(fault(t, "DELETE ignore"))
	a := c.want(200, "PATCH", "/Users/u1", patchBody(`{"op":"replace","path":"title","value":"x"}`))
	if a.body["title"] != nil {
		t.Errorf("title %v", a.body["title"])
	}
	c.want(204, "DELETE", "/Users/u1", "")
	c.want(200, "GET", "/Users/u1", "")
}

// online serves over a real connection and returns a client without keep-alive,
// whose requests are never repeated behind our back.
func online(t *testing.T, o sandbox.Options) (*client, func(method, path, body string) (*http.Response, error)) {
	t.Helper()
	c := open(t, o)
	base, err := c.service.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DisableKeepAlives: true}
	t.Cleanup(transport.CloseIdleConnections)
	return c, func(method, path, body string) (*http.Response, error) {
		r, err := http.NewRequestWithContext(t.Context(), method, base+path, strings.NewReader(body))
		if err != nil {
			return nil, err
		}
		r.Header.Set("Content-Type", "application/scim+json")
		r.Header.Set("Authorization", "Bearer "+o.Token)
		return transport.RoundTrip(r)
	}
}

func TestLostAnswers(t *testing.T) {
	t.Parallel()
	for text, done := range map[string]int{"commit-then-drop": 1, "drop": 0, "reset": 0} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			c, call := online(t, sandbox.Options{})
			c.service.Inject(fault(t, "POST /Users "+text))
			if r, err := call("POST", "/Users", userBody("bjensen")); err == nil {
				t.Errorf("status %d, want no answer", r.StatusCode)
				_ = r.Body.Close()
			} else if text == "reset" && !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, io.EOF) {
				t.Errorf("error %v, want a reset", err)
			}
			if got := len(c.want(200, "GET", "/Users", "").ids()); got != done {
				t.Errorf("%d users, want %d", got, done)
			}
		})
	}
}

func TestTruncatedAnswersEndEarly(t *testing.T) {
	t.Parallel()
	c, call := online(t, sandbox.Options{})
	c.service.Inject(fault(t, "POST truncate"))
	r, err := call("POST", "/Users", userBody("bjensen"))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if r.StatusCode != 201 || !errors.Is(err, io.ErrUnexpectedEOF) || len(body) == 0 {
		t.Errorf("status %d, %d bytes, error %v; want 201 and an early end", r.StatusCode, len(body), err)
	}
	c.want(200, "GET", "/Users/u1", "")
}

func TestHTMLIsServedAsSuccess(t *testing.T) {
	t.Parallel()
	c := open(t, sandbox.Options{})
	c.service.Inject(fault(t, "html"))
	a := c.want(200, "GET", "/Users", "")
	if !strings.HasPrefix(a.header.Get("Content-Type"), "text/html") || !strings.Contains(string(a.raw), "<html>") {
		t.Errorf("content type %q, body %q", a.header.Get("Content-Type"), a.raw)
	}
}

func TestSlowAnswersTakeTheirTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := open(t, sandbox.Options{})
		c.service.Inject(fault(t, "GET slow=2s times=1"))
		start := time.Now()
		c.want(200, "GET", "/Users", "")
		if took := time.Since(start); took != 2*time.Second {
			t.Errorf("took %s, want 2s", took)
		}
		c.want(200, "GET", "/Users", "")
		if took := time.Since(start); took != 2*time.Second {
			t.Errorf("the second answer was slow too")
		}
	})
}

func TestDrippingAnswersComeInPieces(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := crew(t, "", 1)
		whole := c.want(200, "GET", "/Users/u1", "").raw
		c.service.Inject(fault(t, "GET drip=1s"))
		start := time.Now()
		a := c.want(200, "GET", "/Users/u1", "")
		if diff := cmp.Diff(string(whole), string(a.raw)); diff != "" {
			t.Errorf("body (-whole +dripped):\n%s", diff)
		}
		if took, want := time.Since(start), time.Duration((len(whole)+63)/64)*time.Second; took != want {
			t.Errorf("took %s, want %s", took, want)
		}
	})
}

func TestFloodsEndWhenTheClientHangsUp(t *testing.T) {
	t.Parallel()
	c, call := online(t, sandbox.Options{})
	c.service.Inject(fault(t, "GET flood"))
	r, err := call("GET", "/Users", "")
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.CopyN(io.Discard, r.Body, 5<<20); err != nil {
		t.Errorf("read %d bytes, error %v; want more than 5 MiB", n, err)
	}
	_ = r.Body.Close()
	if err := c.service.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestReadsLagBehindWrites(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	c := open(t, sandbox.Options{Clock: func() time.Time { return now }})
	c.user("early")
	c.service.Inject(fault(t, "lag=200ms"))
	c.user("late")
	c.group("Guides", "u1", "u2")
	for _, step := range []struct {
		after time.Duration
		want  string
	}{{0, "u1"}, {199 * time.Millisecond, "u1"}, {time.Millisecond, "u1 u2 u3"}} {
		now = now.Add(step.after)
		if got := strings.Join(c.want(200, "GET", "/", "").ids(), " "); got != step.want {
			t.Errorf("%s later: %s, want %s", step.after, got, step.want)
		}
	}
	c.want(204, "DELETE", "/Users/u1", "")
	c.want(200, "GET", "/Users/u1", "")
	c.fails(409, "uniqueness", "POST", "/Users", userBody("LATE"))
	c.service.ClearFaults()
	c.fails(404, "", "GET", "/Users/u1", "")
}

func TestListenServesLoopbackAlone(t *testing.T) {
	t.Parallel()
	c, call := online(t, sandbox.Options{Token: "h480djs93hd8"})
	r, err := call("POST", "/Users", userBody("bjensen"))
	if err != nil {
		t.Fatal(err)
	}
	if a := read(t, r); a.status != 201 || !strings.HasPrefix(r.Header.Get("Location"), "http://127.0.0.1:") {
		t.Errorf("status %d, location %q", a.status, r.Header.Get("Location"))
	}
	for _, addr := range []string{"0.0.0.0:0", ":0", "example.com:80", "192.0.2.1:0", "127.0.0.1", "[::]:0"} {
		if _, err := c.service.Listen(t.Context(), addr); err == nil {
			t.Errorf("listens on %s", addr)
		}
	}
}

func TestListenRefusesOtherHostNames(t *testing.T) {
	t.Parallel()
	c := open(t, sandbox.Options{})
	base, err := c.service.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), "GET", base+"/Users", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "rebound.example.com"
	transport := &http.Transport{DisableKeepAlives: true}
	answer, err := transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	if a := read(t, answer); a.status != http.StatusMisdirectedRequest {
		t.Errorf("status %d, want 421", a.status)
	}
}

func TestListenEndsWithItsContext(t *testing.T) {
	t.Parallel()
	c := open(t, sandbox.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	base, err := c.service.Listen(ctx, "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := c.service.Close(); err != nil {
		t.Fatal(err)
	}
	if err := c.service.Close(); err != nil {
		t.Errorf("second close: %v", err)
	}
	transport := &http.Transport{DisableKeepAlives: true}
	r, _ := http.NewRequestWithContext(t.Context(), "GET", base+"/Users", nil)
	if _, err := transport.RoundTrip(r); err == nil {
		t.Error("it still listens")
	}
	if got := c.do("GET", "/Users", "").status; got != 503 {
		t.Errorf("status %d after Close, want 503", got)
	}
}

func TestRequestsAreCountedAndLogged(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var log []string
	c := open(t, sandbox.Options{Log: func(x sandbox.Exchange) {
		mu.Lock()
		defer mu.Unlock()
		log = append(log, fmt.Sprintf("%s %s?%s %d %s", x.Method, x.Path, x.Query, x.Status, x.Fault))
	}})
	c.user("bjensen")
	c.want(200, "GET", "/Users?count=1", "")
	c.want(200, "GET", "/Users/u1", "")
	c.service.Inject(fault(t, "503 once"))
	c.service.Inject(fault(t, "slow=1ns once"))
	c.want(503, "GET", "/Users/u1", "")
	c.want(404, "GET", "/robots.txt", "")
	want := map[sandbox.Endpoint]int{
		{Method: "POST", Path: "/Users"}: 1, {Method: "GET", Path: "/Users"}: 1, {Method: "GET", Path: "/Users/*"}: 2, {Method: "GET", Path: "/?"}: 1,
	}
	if diff := cmp.Diff(want, c.service.Requests()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	wantLog := []string{
		"POST /scim/v2/Users? 201 ", "GET /scim/v2/Users?count=1 200 ", "GET /scim/v2/Users/u1? 200 ",
		"GET /scim/v2/Users/u1? 503 503 once; slow=1ns once", "GET /scim/v2/robots.txt? 404 ",
	}
	if diff := cmp.Diff(wantLog, log); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
	c.service.ResetRequests()
	if got := c.service.Requests(); len(got) != 0 {
		t.Errorf("requests %v after a reset", got)
	}
}
