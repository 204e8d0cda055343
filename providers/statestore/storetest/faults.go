package storetest

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
)

// SecretOfTests is the password of every stand-in: it must not appear anywhere.
const SecretOfTests = "canary-secret-of-stores"

// Faults stand before a server. Say is asked before and after each request is
// carried out: a status above zero is answered instead, one below breaks the
// connection.
type Faults struct {
	Server http.Handler

	mu  sync.Mutex
	say func(r *http.Request, after bool) int
}

// Set makes say the one that is asked from now on; nil ends the faults.
func (f *Faults) Set(say func(r *http.Request, after bool) int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.say = say
}

// ServeHTTP answers one request, or fails to.
func (f *Faults) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if f.fails(w, r, false) {
		return
	}
	answer := httptest.NewRecorder()
	f.Server.ServeHTTP(answer, r)
	if f.fails(w, r, true) {
		return
	}
	maps.Copy(w.Header(), answer.Header())
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes())
}

// fails breaks the exchange off where a fault says so.
func (f *Faults) fails(w http.ResponseWriter, r *http.Request, after bool) bool {
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
