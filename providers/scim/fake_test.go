package scim_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/providers"
	"github.com/rollcall-dev/rollcall/providers/scim"
	"github.com/rollcall-dev/rollcall/schema"
)

// fake is a small SCIM service for tests: strict where the client must be
// strict, and with a hook before every request for everything that services do.
type fake struct {
	mu      sync.Mutex
	objects map[string][]map[string]any
	next    int
	// log holds every request as "METHOD path?query" and its body.
	log []exchange
	// before may answer a request; it reports whether it did.
	before func(w http.ResponseWriter, r *http.Request, body []byte) bool
	// after may replace an answer that the service gave; it gets the recorded one.
	after     func(w http.ResponseWriter, r *http.Request, rec *httptest.ResponseRecorder) bool
	maxPage   int
	filterAny bool
	unique    bool
}

type exchange struct {
	method, target string
	body           string
	header         http.Header
}

func newFake() *fake {
	return &fake{objects: map[string][]map[string]any{"Users": {}, "Groups": {}}, maxPage: 1000, unique: true}
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	f.mu.Lock()
	f.log = append(f.log, exchange{r.Method, r.URL.RequestURI(), string(body), r.Header.Clone()})
	f.mu.Unlock()
	if f.before != nil && f.before(w, r, body) {
		return
	}
	rec := httptest.NewRecorder()
	f.serve(rec, r, body)
	if f.after != nil && f.after(w, r, rec) {
		return
	}
	for k, v := range rec.Header() {
		w.Header()[k] = v
	}
	w.WriteHeader(rec.Code)
	_, _ = w.Write(rec.Body.Bytes())
}

func (f *fake) serve(w http.ResponseWriter, r *http.Request, body []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	parts := strings.Split(strings.TrimPrefix(r.URL.EscapedPath(), "/scim/v2/"), "/")
	kind := parts[0]
	if _, ok := f.objects[kind]; !ok {
		answerError(w, 404, "", "no such endpoint")
		return
	}
	if len(parts) == 1 {
		if r.Method == http.MethodPost {
			f.create(w, kind, body)
			return
		}
		f.list(w, r, kind)
		return
	}
	id, _ := url.PathUnescape(parts[1])
	f.one(w, r, kind, id, body)
}

func (f *fake) create(w http.ResponseWriter, kind string, body []byte) {
	var o map[string]any
	if json.Unmarshal(body, &o) != nil {
		answerError(w, 400, "invalidSyntax", "bad body")
		return
	}
	for _, name := range []string{"userName", "externalId", "displayName"} {
		if kind == "Users" && name == "displayName" || !f.unique {
			continue
		}
		for _, other := range f.objects[kind] {
			if o[name] != nil && strings.EqualFold(fmt.Sprint(o[name]), fmt.Sprint(other[name])) {
				answerError(w, 409, "uniqueness", name+" is taken")
				return
			}
		}
	}
	f.add(kind, o)
	answer(w, 201, o)
}

func (f *fake) add(kind string, o map[string]any) string {
	f.next++
	id := fmt.Sprintf("%s-%03d", strings.ToLower(kind[:1]), f.next)
	if o["id"] == nil {
		o["id"] = id
	}
	f.objects[kind] = append(f.objects[kind], o)
	return o["id"].(string)
}

var eq = regexp.MustCompile(`^(\S+) eq (".*")$`)

func (f *fake) list(w http.ResponseWriter, r *http.Request, kind string) {
	all := f.objects[kind]
	if filter := r.URL.Query().Get("filter"); filter != "" && !f.filterAny {
		m := eq.FindStringSubmatch(filter)
		if m == nil {
			answerError(w, 400, "invalidFilter", filter)
			return
		}
		var want string
		_ = json.Unmarshal([]byte(m[2]), &want)
		all = slices.DeleteFunc(slices.Clone(all), func(o map[string]any) bool { return !f.matches(o, m[1], want) })
	}
	start, _ := strconv.Atoi(r.URL.Query().Get("startIndex"))
	n, err := strconv.Atoi(r.URL.Query().Get("count"))
	if err != nil {
		n = f.maxPage
	}
	start, n = max(start, 1), min(n, f.maxPage)
	page := all[min(start-1, len(all)):min(start-1+n, len(all))]
	answer(w, 200, listResponse(len(all), page))
}

func listResponse(total int, page []map[string]any) map[string]any {
	return map[string]any{
		"schemas":      []string{"urn:ietf:params:scim:api:messages:2.0:ListResponse"},
		"totalResults": total, "itemsPerPage": len(page), "startIndex": 1, "Resources": page,
	}
}

func (f *fake) matches(o map[string]any, attribute, want string) bool {
	switch attribute {
	case "groups.value":
		for _, g := range f.objects["Groups"] {
			if g["id"] == want && slices.Contains(memberIDs(g), o["id"].(string)) {
				return true
			}
		}
		return false
	case "emails.value":
		return strings.Contains(fmt.Sprint(o["emails"]), want)
	}
	return strings.EqualFold(fmt.Sprint(o[attribute]), want)
}

func (f *fake) one(w http.ResponseWriter, r *http.Request, kind, id string, body []byte) {
	i := slices.IndexFunc(f.objects[kind], func(o map[string]any) bool { return o["id"] == id })
	if i < 0 {
		answerError(w, 404, "", "no object "+id)
		return
	}
	o := f.objects[kind][i]
	switch r.Method {
	case http.MethodDelete:
		f.objects[kind] = slices.Delete(f.objects[kind], i, i+1)
		w.WriteHeader(204)
		return
	case http.MethodPut:
		next := map[string]any{}
		_ = json.Unmarshal(body, &next)
		next["id"] = id
		f.objects[kind][i] = next
		o = next
	case http.MethodPatch:
		if err := f.patch(kind, o, body); err != nil {
			answerError(w, err.status, err.scimType, err.detail)
			return
		}
	}
	answer(w, 200, o)
}

type refusal struct {
	status           int
	scimType, detail string
}

// patch knows the portable shapes and nothing else: whatever more a client
// sends is an error.
func (f *fake) patch(kind string, o map[string]any, body []byte) *refusal {
	var p struct {
		Operations []struct {
			Op, Path string
			Value    any
		}
	}
	_ = json.Unmarshal(body, &p)
	for _, op := range p.Operations {
		if op.Path == "" || strings.ToLower(op.Op) != op.Op {
			return &refusal{400, "invalidPath", "only explicit paths and lower case"}
		}
		if kind == "Groups" && strings.HasPrefix(op.Path, "members") {
			if err := f.patchMembers(o, op.Op, op.Path, op.Value); err != nil {
				return err
			}
			continue
		}
		if err := patchAttribute(o, op.Op, op.Path, op.Value); err != nil {
			return err
		}
	}
	return nil
}

func (f *fake) patchMembers(o map[string]any, op, path string, value any) *refusal {
	members, _ := o["members"].([]any)
	if op == "remove" {
		var id string
		_ = json.Unmarshal([]byte(strings.TrimSuffix(strings.TrimPrefix(path, "members[value eq "), "]")), &id)
		o["members"] = slices.DeleteFunc(members, func(m any) bool { return m.(map[string]any)["value"] == id })
		return nil
	}
	for _, m := range value.([]any) {
		id := m.(map[string]any)["value"].(string)
		if !slices.ContainsFunc(f.objects["Users"], func(u map[string]any) bool { return u["id"] == id }) {
			return &refusal{404, "", "a member does not exist"}
		}
		if !slices.Contains(memberIDs(o), id) {
			members = append(members, m)
		}
		o["members"] = members
	}
	return nil
}

func memberIDs(o map[string]any) []string {
	var ids []string
	members, _ := o["members"].([]any)
	for _, m := range members {
		ids = append(ids, m.(map[string]any)["value"].(string))
	}
	slices.Sort(ids)
	return ids
}

func patchAttribute(o map[string]any, op, path string, value any) *refusal {
	if strings.HasPrefix(path, "emails") {
		return patchEmails(o, op, path, value)
	}
	target, name := o, path
	if i := strings.LastIndexByte(path, ':'); strings.HasPrefix(path, "urn:") {
		if o[path[:i]] == nil {
			o[path[:i]] = map[string]any{}
		}
		target, name = o[path[:i]].(map[string]any), path[i+1:]
	} else if head, sub, ok := strings.Cut(path, "."); ok {
		if o[head] == nil {
			o[head] = map[string]any{}
		}
		target, name = o[head].(map[string]any), sub
	}
	if op == "remove" {
		delete(target, name)
		return nil
	}
	target[name] = value
	return nil
}

func patchEmails(o map[string]any, op, path string, value any) *refusal {
	emails, _ := o["emails"].([]any)
	work := slices.IndexFunc(emails, func(e any) bool { return e.(map[string]any)["type"] == "work" })
	switch {
	case op == "add" && path == "emails":
		o["emails"] = append(emails, value.([]any)...)
	case work < 0:
		return &refusal{400, "noTarget", "no e-mail of that type"}
	case op == "remove":
		o["emails"] = slices.Delete(emails, work, work+1)
	default:
		emails[work].(map[string]any)["value"] = value
	}
	return nil
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/scim+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func answerError(w http.ResponseWriter, status int, scimType, detail string) {
	answer(w, status, map[string]any{
		"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:Error"},
		"status":  strconv.Itoa(status), "scimType": scimType, "detail": detail,
	})
}

// requests returns the log as "METHOD target", of one method or of all.
func (f *fake) requests(method string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []string
	for _, e := range f.log {
		if method == "" || e.method == method {
			out = append(out, e.method+" "+e.target)
		}
	}
	return out
}

func (f *fake) bodies(method string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []string
	for _, e := range f.log {
		if e.method == method {
			out = append(out, e.body)
		}
	}
	return out
}

func (f *fake) get(kind, id string) map[string]any {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, o := range f.objects[kind] {
		if o["id"] == id {
			return o
		}
	}
	return nil
}

// handlerTransport carries requests to a handler without a network, so that
// tests can run on a clock of their own.
type handlerTransport struct{ http.Handler }

func (h handlerTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if r.Body == nil {
		r.Body = http.NoBody
	}
	// A request that reaches the service had a connection.
	if trace := httptrace.ContextClientTrace(r.Context()); trace != nil {
		trace.GotConn(httptrace.GotConnInfo{})
	}
	rec := httptest.NewRecorder()
	if err := serve(h.Handler, rec, r); err != nil {
		return nil, err
	}
	return rec.Result(), nil
}

// serve turns the panic by which a handler drops its connection into the error
// that a client sees.
func serve(h http.Handler, w http.ResponseWriter, r *http.Request) (err error) {
	defer func() {
		if v := recover(); v == http.ErrAbortHandler {
			err = io.ErrUnexpectedEOF
		} else if v != nil {
			panic(v)
		}
	}()
	h.ServeHTTP(w, r)
	return nil
}

const canary = "canary-token-5d41402abc4b2a76"

// target returns a client of f on the test's clock.
func target(t *testing.T, f http.Handler, with func(*scim.Config)) *scim.Target {
	t.Helper()
	c := scim.Config{
		Target: schema.Target{Address: "target.scim.x", Dialect: "scim", BaseURL: "https://scim.example.com/scim/v2"},
		Token:  schema.NewSecret(func() (string, error) { return canary, nil }),
		HTTP:   providers.ClientOptions{Transport: handlerTransport{f}, Clock: providers.Clock{Jitter: func(d time.Duration) time.Duration { return d }}},
	}
	if with != nil {
		with(&c)
	}
	out, err := scim.New(c)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return out
}
