package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/rollcall-dev/rollcall/providers/sandbox"
)

// The tokens of the target: one may only read.
const (
	readToken  = "canary-read-11d0"
	writeToken = "canary-write-7c3e"
	stateToken = "canary-state-52f6"
)

// scene is a repository with the configuration of an example, and the target
// that it names.
type scene struct {
	t *testing.T
	// origin is a bare repository, work the clone in which people work.
	origin, work string
	// home is the home folder of every job.
	home    string
	service *sandbox.Service
	// address is that of the target, through which readToken may only read.
	address string
	// replace points the names of the example at the target of the test.
	replace *strings.Replacer
}

// newScene commits a copy of an example to main.
func newScene(t *testing.T, example string) *scene {
	t.Helper()
	s := &scene{t: t, origin: filepath.Join(t.TempDir(), "origin.git"), work: t.TempDir(), home: t.TempDir()}
	s.serve()
	state := httptest.NewServer(&stateServer{})
	t.Cleanup(state.Close)
	u, err := url.Parse(s.address)
	if err != nil {
		t.Fatal(err)
	}
	s.replace = strings.NewReplacer(
		"https://scim.example.com/scim/v2", s.address,
		"scim_example_com", "127_0_0_1",
		"scim.example.com", u.Host,
		// A database is no thing of a moment: the state lies behind HTTP instead.
		postgresState, strings.ReplaceAll(httpState, "https://state.example.com", state.URL),
		"https://gitlab.com", state.URL,
		"db.example.com", strings.TrimPrefix(state.URL, "http://"),
	)
	git(t, filepath.Dir(s.origin), "init", "-q", "--bare", "-b", "main", s.origin)
	git(t, s.work, "init", "-q", "-b", "main")
	git(t, s.work, "remote", "add", "origin", s.origin)
	if err := os.CopyFS(s.work, os.DirFS(example)); err != nil {
		t.Fatal(err)
	}
	s.edit("access.hcl", s.replace.Replace)
	s.edit("state.hcl", s.replace.Replace)
	s.commit("main")
	return s
}

const (
	postgresState = `  state "postgres" {
    url = env("ROLLCALL_STATE_URL")
`
	httpState = `  state "http" {
    address  = "https://state.example.com/state"
    password = env("ROLLCALL_STATE_URL")
`
)

// stateServer keeps a state by Terraform's HTTP protocol, in whatever way its
// lock is asked for, for whoever has the password.
type stateServer struct {
	mu             sync.Mutex
	document, lock []byte
}

func (s *stateServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	_, password, _ := r.BasicAuth()
	locking := strings.HasSuffix(r.URL.Path, "/lock")
	switch {
	case password != stateToken:
		w.WriteHeader(http.StatusUnauthorized)
	case (r.Method == "LOCK" || locking && r.Method == http.MethodPost) && s.lock != nil:
		w.WriteHeader(http.StatusConflict)
		_, _ = w.Write(s.lock)
	case r.Method == "LOCK" || locking && r.Method == http.MethodPost:
		s.lock = body
	case r.Method == "UNLOCK" || locking && r.Method == http.MethodDelete:
		s.lock = nil
	case r.Method == http.MethodPost && (s.lock == nil || r.URL.Query().Get("ID") != lockID(s.lock)):
		w.WriteHeader(http.StatusConflict)
	case r.Method == http.MethodPost:
		s.document = body
	case s.document == nil:
		w.WriteHeader(http.StatusNotFound)
	default:
		_, _ = w.Write(s.document)
	}
}

func lockID(lock []byte) string {
	var l struct{ ID string }
	_ = json.Unmarshal(lock, &l)
	return l.ID
}

// serve starts the target.
func (s *scene) serve() {
	s.t.Helper()
	service, err := sandbox.Open(sandbox.Options{Token: writeToken})
	if err != nil {
		s.t.Fatal(err)
	}
	address, err := service.Listen(context.Background(), "127.0.0.1:0")
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = service.Close() })
	behind, err := url.Parse(address)
	if err != nil {
		s.t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&url.URL{Scheme: behind.Scheme, Host: behind.Host})
		if r.In.Header.Get("Authorization") == "Bearer "+readToken {
			r.Out.Header.Set("Authorization", "Bearer "+writeToken)
		}
	}}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Header.Get("Authorization") == "Bearer "+readToken {
			s.t.Errorf("%s %s with the token that may only read", r.Method, r.URL.Path)
			w.WriteHeader(http.StatusForbidden)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	s.t.Cleanup(front.Close)
	s.service, s.address = service, front.URL+behind.Path
}

// env is what every job has: no secret, and nothing of the machine but its programs.
func (s *scene) env() []string {
	return append(gitEnv(s.home), "PATH="+filepath.Dir(binary(s.t))+":"+os.Getenv("PATH"), "CI=true")
}

// edit rewrites a file of the working clone.
func (s *scene) edit(name string, change func(string) string) {
	s.t.Helper()
	file := filepath.Join(s.work, name)
	before := ""
	if _, err := os.Stat(file); err == nil {
		before = contentOf(s.t, file)
	}
	putFile(s.t, file, change(before))
}

// add appends to a file.
func (s *scene) add(name, text string) {
	s.edit(name, func(before string) string { return before + text })
}

// commit commits everything to a branch, pushes it, and returns the commit.
func (s *scene) commit(branch string) string {
	s.t.Helper()
	git(s.t, s.work, "add", "-A")
	git(s.t, s.work, "commit", "-q", "-m", "change "+branch)
	git(s.t, s.work, "push", "-q", "origin", "HEAD:refs/heads/"+branch)
	return git(s.t, s.work, "rev-parse", "HEAD")
}

// branch begins a branch from main.
func (s *scene) branch(name string) {
	s.t.Helper()
	git(s.t, s.work, "checkout", "-q", "-B", name, "main")
}

// squash merges a branch into main as one new commit, and returns it.
func (s *scene) squash(branch string) string {
	s.t.Helper()
	git(s.t, s.work, "checkout", "-q", "main")
	git(s.t, s.work, "merge", "-q", "--squash", branch)
	return s.commit("main")
}

// merged is the commit that a forge offers for a pull request: what main would be.
func (s *scene) merged(branch string) string {
	s.t.Helper()
	git(s.t, s.work, "checkout", "-q", "--detach", "main")
	git(s.t, s.work, "merge", "-q", "--no-ff", "-m", "merge", branch)
	commit := git(s.t, s.work, "rev-parse", "HEAD")
	git(s.t, s.work, "push", "-q", "-f", "origin", "HEAD:refs/pull/7/merge", branch+":refs/pull/7/head")
	git(s.t, s.work, "checkout", "-q", branch)
	return commit
}

// accounts are the logins of the target's active accounts, sorted.
func (s *scene) accounts() []string {
	s.t.Helper()
	var list struct {
		Resources []struct {
			UserName string `json:"userName"`
			Active   bool   `json:"active"`
		}
	}
	if err := json.Unmarshal(s.ask(http.MethodGet, "/Users?count=100", ""), &list); err != nil {
		s.t.Fatal(err)
	}
	var names []string
	for _, u := range list.Resources {
		if u.Active {
			names = append(names, u.UserName)
		}
	}
	slices.Sort(names)
	return names
}

// deactivate switches an account off behind our back.
func (s *scene) deactivate(login string) {
	s.t.Helper()
	var list struct {
		Resources []struct {
			ID string `json:"id"`
		}
	}
	found := s.ask(http.MethodGet, "/Users?filter="+url.QueryEscape(`userName eq "`+login+`"`), "")
	if err := json.Unmarshal(found, &list); err != nil || len(list.Resources) != 1 {
		s.t.Fatalf("look for %s: %v, %s", login, err, found)
	}
	s.ask(http.MethodPatch, "/Users/"+list.Resources[0].ID,
		`{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","value":{"active":false}}]}`)
}

// ask sends one request to the target as somebody else.
func (s *scene) ask(method, path, body string) []byte {
	s.t.Helper()
	request, err := http.NewRequest(method, s.address+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+writeToken)
	request.Header.Set("Content-Type", "application/scim+json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode >= 300 {
		s.t.Fatalf("%s %s: %s %s", method, path, answer.Status, bytes.TrimSpace(content))
	}
	return content
}

// written is how many requests that may write have reached the target.
func (s *scene) written() int { return (&service{Service: s.service}).written() }
