package statestore_test

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// faults stands before a server. Its function is asked before and after each
// request is carried out: a status above zero is answered instead, one below
// breaks the connection.
type faults struct {
	mu  sync.Mutex
	say func(r *http.Request, after bool) int
}

func (f *faults) set(say func(r *http.Request, after bool) int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.say = say
}

// fails breaks the exchange off where a fault says so.
func (f *faults) fails(w http.ResponseWriter, r *http.Request, after bool) bool {
	f.mu.Lock()
	say := f.say
	f.mu.Unlock()
	if say == nil {
		return false
	}
	code := say(r, after)
	if code < 0 {
		panic(http.ErrAbortHandler)
	}
	if code > 0 {
		w.WriteHeader(code)
	}
	return code != 0
}

// serve starts a server behind faults, if any, and returns its address.
func serve(t *testing.T, s http.Handler, f *faults) string {
	t.Helper()
	h := s
	if f != nil {
		h = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if f.fails(w, r, false) {
				return
			}
			answer := httptest.NewRecorder()
			s.ServeHTTP(answer, r)
			if f.fails(w, r, true) {
				return
			}
			maps.Copy(w.Header(), answer.Header())
			w.WriteHeader(answer.Code)
			_, _ = w.Write(answer.Body.Bytes())
		})
	}
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

// httpServer keeps one state by Terraform's protocol as GitLab does: a lock is
// taken by POST and given back by DELETE, a write must carry the lock's id, and
// a serial is written once.
type httpServer struct {
	mu       sync.Mutex
	document []byte
	serial   uint64
	lock     []byte
	lockID   string
	writes   int
	// lies makes it ignore "lock" or "write" of who does not hold the lock.
	lies string
}

func startHTTP(t *testing.T, s *httpServer, f *faults) string {
	t.Helper()
	return "http|" + serve(t, s, f) + "/api/v4/projects/1/terraform/state/" + strings.ReplaceAll(t.Name(), "/", "+")
}

func (s *httpServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	user, password, _ := r.BasicAuth()
	locking := strings.HasSuffix(r.URL.Path, "/lock")
	switch {
	case user != "ci" || password != "canary-secret-of-http":
		w.WriteHeader(http.StatusUnauthorized)
	case locking && r.Method == http.MethodPost:
		s.take(w, body)
	case locking && r.Method == http.MethodDelete:
		s.giveBack(w, body)
	case r.Method == http.MethodPost:
		s.write(w, r.URL.Query().Get("ID"), body)
	case r.Method == http.MethodGet && s.document == nil:
		w.WriteHeader(http.StatusNotFound)
	case r.Method == http.MethodGet:
		_, _ = w.Write(s.document)
	default:
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}

func idOf(body []byte) string {
	var l struct{ ID string }
	_ = json.Unmarshal(body, &l)
	return l.ID
}

func (s *httpServer) take(w http.ResponseWriter, body []byte) {
	if s.lockID != "" && s.lies != "lock" {
		w.WriteHeader(http.StatusConflict)
		_, _ = w.Write(s.lock)
		return
	}
	s.lock, s.lockID = body, idOf(body)
}

func (s *httpServer) giveBack(w http.ResponseWriter, body []byte) {
	if s.lockID != idOf(body) {
		w.WriteHeader(http.StatusConflict)
		_, _ = w.Write(s.lock)
		return
	}
	s.lock, s.lockID = nil, ""
}

func (s *httpServer) write(w http.ResponseWriter, id string, body []byte) {
	var d struct{ Serial uint64 }
	switch err := json.Unmarshal(body, &d); {
	case err != nil:
		w.WriteHeader(http.StatusBadRequest)
	case id != s.lockID && s.lies != "write":
		w.WriteHeader(http.StatusConflict)
		_, _ = w.Write(s.lock)
	case d.Serial <= s.serial && s.document != nil:
		w.WriteHeader(http.StatusUnprocessableEntity)
	default:
		s.document, s.serial = body, d.Serial
		s.writes++
	}
}
