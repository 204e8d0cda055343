package providertest

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/providers"
)

// Service is an empty service under test with a client of it.
type Service struct {
	Target providers.Target
	// Writes is how many requests that change something were received so far.
	// Nil where they cannot be counted, or where each change is read first.
	Writes func() int
	// Reads is the same for requests that change nothing.
	Reads func() int
	// PageSize is how many objects a page holds, for the count of reads; zero
	// where they are not counted.
	PageSize int
	// Inject makes the requests that follow fail. Nil runs no fault cases.
	Inject func(Fault)
}

// Fault is a way in which requests fail.
type Fault string

// The faults. Each strikes as often as it says and is then over.
const (
	// LostAnswer: the next create is done, and its answer never comes.
	LostAnswer Fault = "lost answer"
	// LostRequest: the next create is not done, and no answer comes.
	LostRequest Fault = "lost request"
	// ErrorAfterCreate: the next create is done, and answered with an error.
	ErrorAfterCreate Fault = "error after create"
	// Busy: the next two writes are refused for the moment.
	Busy Fault = "busy"
	// Throttled: the next request is too many, and is welcome in a second.
	Throttled Fault = "throttled"
	// TokenRejected: every request is refused for its token.
	TokenRejected Fault = "token rejected"
	// NoAnswerOfUse: every read is answered by a page for people.
	NoAnswerOfUse Fault = "no answer of use"
	// CutAnswer: every read breaks off in the middle.
	CutAnswer Fault = "cut answer"
)

// Run holds the service that open starts to what a target promises. open is
// called many times; what it starts must end with the test that it is given.
func Run(t *testing.T, open func(t testing.TB) Service) {
	t.Helper()
	t.Run("histories", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(rt *rapid.T) { walk(rt, t, open) })
	})
	if open(t).Inject == nil {
		return
	}
	t.Run("faults", func(t *testing.T) {
		t.Parallel()
		runFaults(t, open)
	})
}

// walk takes one random history.
func walk(rt *rapid.T, t *testing.T, open func(testing.TB) Service) {
	h := newHistory(t, rt, open(t))
	rt.Repeat(map[string]func(*rapid.T){
		"create user":       h.createUser,
		"change user":       h.changeUser,
		"deactivate":        func(rt *rapid.T) { h.switchUser(rt, planner.Deactivate, false) },
		"reactivate":        func(rt *rapid.T) { h.switchUser(rt, planner.Reactivate, true) },
		"delete user":       h.deleteUser,
		"create group":      h.createGroup,
		"rename group":      h.renameGroup,
		"change members":    h.changeMembers,
		"empty group":       h.emptyGroup,
		"delete group":      h.deleteGroup,
		"do it once more":   h.repeat,
		"release an object": h.release,
		"":                  h.compare,
	})
}
