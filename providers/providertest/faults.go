package providertest

import (
	"errors"
	"testing"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/providers"
	"github.com/rollcall-dev/rollcall/schema"
)

// runFaults makes single requests fail. Whatever fails, what was asked for is
// done once, or an error says that it was not and nothing is changed.
func runFaults(t *testing.T, open func(testing.TB) Service) {
	for _, fault := range []Fault{LostAnswer, LostRequest, ErrorAfterCreate, Busy, Throttled} {
		t.Run(string(fault), func(t *testing.T) {
			t.Parallel()
			passing(t, open(t), fault)
		})
	}
	t.Run(string(TokenRejected), func(t *testing.T) {
		t.Parallel()
		rejected(t, open(t))
	})
	for _, fault := range []Fault{NoAnswerOfUse, CutAnswer} {
		t.Run(string(fault), func(t *testing.T) {
			t.Parallel()
			unreadable(t, open(t), fault)
		})
	}
}

// passing sends one change of each kind through a fault that passes.
func passing(t *testing.T, s Service, fault Fault) {
	h := newHistory(t, t, s)
	s.Writes, h.service.Writes = nil, nil // repeats are what this is about
	user := planner.Change{ID: "create ann", Kind: planner.KindUser, Action: planner.Create, Name: "ann@acme.example",
		After: h.account("ann@acme.example"), Link: planner.Link{ExternalID: "00-ann"}}
	group := planner.Change{ID: "create eng", Kind: planner.KindGroup, Action: planner.Create, Name: "Eng",
		After:   []schema.Value{{Path: "displayName", Value: "Eng"}},
		Members: planner.MemberChanges{Add: []planner.Member{{Name: "ann@acme.example", RemoteID: user.ID}}}}
	off := planner.Change{ID: "deactivate ann", Kind: planner.KindUser, Action: planner.Deactivate, Name: "ann@acme.example", RemoteID: user.ID,
		Before: []schema.Value{{Path: "active", Value: true}}, After: []schema.Value{{Path: "active", Value: false}}}
	for _, c := range []planner.Change{user, group, off} {
		s.Inject(fault)
		h.do(t, c)
		h.hold(t)
	}
}

func (h *history) account(name string) []schema.Value {
	after := []schema.Value{{Path: "active", Value: true}, {Path: "externalId", Value: "00-" + name}, {Path: "userName", Value: name}}
	for _, path := range h.paths {
		after = append(after, schema.Value{Path: path, Value: "x@acme.example"})
	}
	return after
}

// rejected asks with a token that the service refuses.
func rejected(t *testing.T, s Service) {
	h := newHistory(t, t, s)
	s.Inject(TokenRejected)
	var credentials *providers.CredentialsError
	if r, err := s.Target.Read(t.Context()); r != nil || !errors.As(err, &credentials) {
		t.Errorf("read: got %v, %v; want a CredentialsError", r, err)
	}
	c := planner.Change{ID: "x", Kind: planner.KindUser, Action: planner.Create, Name: "x", After: h.account("x"), Requests: 1}
	if _, err := s.Target.Do(t.Context(), c); !errors.As(err, &credentials) {
		t.Errorf("create: got %v; want a CredentialsError", err)
	}
}

// unreadable reads what cannot be read: an error, never a part.
func unreadable(t *testing.T, s Service, fault Fault) {
	h := newHistory(t, t, s)
	h.do(t, planner.Change{ID: "create ann", Kind: planner.KindUser, Action: planner.Create, Name: "ann@acme.example",
		After: h.account("ann@acme.example")})
	s.Inject(fault)
	if r, err := s.Target.Read(t.Context()); r != nil || err == nil {
		t.Errorf("got %+v, %v; want an error and nothing else", r, err)
	}
}
