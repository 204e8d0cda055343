package statestore

import (
	"context"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/auditlog"
	"github.com/rollcall-dev/rollcall/providers"
)

// trace is what a journal knows of one change.
type trace struct {
	intent *intent
	// done is one more than the index of what was done.
	done int
	// failed is why it had no effect, outcome what was answered.
	failed  string
	outcome *outcome
}

// trace takes down how far a change came. An intent that was carried over from
// an earlier journal belongs to no change of this one.
func (h *history) trace(t trace) {
	id := t.intent.Change
	if id == "" {
		return
	}
	if at, known := h.sent[id]; known {
		h.begun[at] = t
		return
	}
	if h.sent == nil {
		h.sent = map[string]int{}
	}
	h.sent[id] = len(h.begun)
	h.begun = append(h.begun, t)
}

// changes says for the audit log what became of everything that was begun.
func (h *history) changes() []auditlog.Change {
	all := make([]auditlog.Change, len(h.begun))
	for i, t := range h.begun {
		if t.done > 0 {
			d := h.done[t.done-1]
			all[i] = auditlog.Change{Change: d.Change, Status: auditlog.Done, Outcome: d.Outcome}
			continue
		}
		c := auditlog.Change{Status: auditlog.Unknown, Error: "the run ended before an answer was recorded", Change: planner.Change{
			ID: t.intent.Change, App: t.intent.App, Kind: planner.Kind(t.intent.Kind),
			Key: t.intent.Key, Name: t.intent.Name, Action: t.intent.Action,
		}}
		if t.failed != "" {
			c.Status, c.Error = auditlog.Failed, t.failed
		}
		if t.outcome != nil {
			c.Outcome = t.outcome.planner()
		}
		all[i] = c
	}
	return all
}

// Left returns what an earlier run left in the log and the journal without an end.
func (s *session) Left(_ context.Context, st *planner.State) (providers.Left, error) {
	last, err := s.last(st)
	if err != nil || last.Kind != auditlog.Begin && last.Kind != auditlog.ChangeEnded {
		return providers.Left{}, err
	}
	left := providers.Left{Apply: last.Apply}
	h := s.left
	if h == nil {
		if h, err = s.medium.journal(); err != nil || h == nil {
			return left, err
		}
	}
	left.Changes = h.changes()
	return left, nil
}
