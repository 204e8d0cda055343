package providers_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"sync"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/providers"
)

var (
	errDead = errors.New("the process was killed")
	errLost = errors.New("connection reset by peer")
)

// fate decides when a process dies. A step lies before and after each request
// and each write to disk: whatever comes between two of them, the process may
// die there. The dead send nothing and write nothing.
type fate struct {
	mu    sync.Mutex
	steps int
	// dieAt is the step of death; negative for a process that lives.
	dieAt int
	dead  bool
	// interrupted: the process is told to end when it has its first intent.
	interrupted bool
}

func (f *fate) step() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.steps == f.dieAt {
		f.dead = true
	}
	if f.dead {
		return errDead
	}
	f.steps++
	return nil
}

// mishap is what befalls a request that writes.
type mishap string

const (
	none        mishap = ""
	lostBefore  mishap = "lost before the write"
	lostAfter   mishap = "lost after the write"
	errorBefore mishap = "503 before the write"
	errorAfter  mishap = "503 after the write"
	throttled   mishap = "429 before the write"
	// overtaken: the process dies, and its request arrives when the next one has
	// read the target.
	overtaken mishap = "late"
)

var mishaps = []mishap{lostBefore, lostAfter, errorBefore, errorAfter, throttled}

// wire is the way from a process to a service, in place of a network.
type wire struct {
	*fate
	service http.Handler
	// befall decides what befalls the n-th request that writes; nil is nothing.
	befall func(n int) mishap
	writes int
	// late is what was on its way when the process died, and arrives when this is
	// called.
	late   func()
	struck map[mishap]int
}

// newWire returns the way of a process that dies at the given step.
func newWire(dieAt int) *wire {
	return &wire{fate: &fate{dieAt: dieAt}, struck: map[mishap]int{}}
}

// RoundTrip delivers a request, unless fate or a mishap is against it.
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := w.step(); err != nil {
		return nil, err
	}
	if trace := httptrace.ContextClientTrace(r.Context()); trace != nil && trace.GotConn != nil {
		trace.GotConn(httptrace.GotConnInfo{}) // from here on, nobody can say that nothing was sent
	}
	m := w.next(r.Method)
	switch m {
	case lostBefore:
		return nil, errLost
	case errorBefore:
		return answer(r, http.StatusServiceUnavailable, "1"), nil
	case throttled:
		return answer(r, http.StatusTooManyRequests, "1"), nil
	case overtaken:
		return nil, w.die(r)
	}
	recorder := httptest.NewRecorder()
	w.service.ServeHTTP(recorder, r)
	if err := w.step(); err != nil {
		return nil, err
	}
	switch m {
	case lostAfter:
		return nil, errLost
	case errorAfter:
		return answer(r, http.StatusServiceUnavailable, ""), nil
	}
	return recorder.Result(), nil
}

// die ends the process while r is on its way.
func (w *wire) die(r *http.Request) error {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	late := r.Clone(context.Background())
	late.Body = io.NopCloser(bytes.NewReader(body))
	w.late = func() { w.service.ServeHTTP(httptest.NewRecorder(), late) }
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dead = true
	return errDead
}

func (w *wire) next(method string) mishap {
	if method == http.MethodGet {
		return none
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	m := none
	if w.befall != nil {
		m = w.befall(w.writes)
	}
	w.writes++
	if m != none {
		w.struck[m]++
	}
	return m
}

func answer(r *http.Request, status int, retryAfter string) *http.Response {
	w := httptest.NewRecorder()
	if retryAfter != "" {
		w.Header().Set("Retry-After", retryAfter)
	}
	w.Header().Set("Content-Type", "application/scim+json")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"%d"}`, status)
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
	}
	return w.Result()
}

// mortal is a session of a process that may die.
type mortal struct {
	providers.Session
	*fate
	interrupt func()
}

// alive does what has a step before and after it.
func (m mortal) alive(do func() error) error {
	if err := m.step(); err != nil {
		return err
	}
	if err := do(); err != nil {
		return err
	}
	return m.step()
}

func (m mortal) Intend(c planner.Change) error {
	if m.interrupted {
		defer m.interrupt()
	}
	return m.alive(func() error { return m.Session.Intend(c) })
}

func (m mortal) Settle(c planner.Change, o planner.Outcome, failed error) error {
	return m.alive(func() error { return m.Session.Settle(c, o, failed) })
}

func (m mortal) Save(ctx context.Context, s *planner.State) error {
	return m.alive(func() error { return m.Session.Save(ctx, s) })
}
