package statestore

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/planfile"
)

// The kinds of journal records.
const (
	kindBegin  = "begin"
	kindIntent = "intent"
	kindDone   = "done"
	kindFailed = "failed"
	// kindEncrypted stands for several that are encrypted together.
	kindEncrypted = "encrypted"
)

const journalVersion = 1

// record is one entry of the journal.
type record struct {
	Kind string `json:"kind"`
	// Of the first record: the state that the journal continues.
	Begin *begin `json:"begin,omitempty"`
	// Of an intent: what is about to be sent. Of a failure: what it was about.
	Intent *intent `json:"intent,omitempty"`
	// Of a success: the change and what became of it.
	Change  json.RawMessage `json:"change,omitempty"`
	Outcome *outcome        `json:"outcome,omitempty"`
	Error   string          `json:"error,omitempty"`
	// Of what is encrypted: a JSON array of records.
	Encrypted []byte `json:"encrypted,omitempty"`
}

// begin says which save of which state a journal continues.
type begin struct {
	Version int    `json:"version"`
	Lineage string `json:"lineage"`
	Serial  uint64 `json:"serial"`
}

type intent struct {
	Change     string         `json:"change"`
	Action     planner.Action `json:"action"`
	App        string         `json:"app"`
	Kind       string         `json:"kind"`
	Key        string         `json:"key"`
	Name       string         `json:"name"`
	ExternalID string         `json:"external_id"`
	At         time.Time      `json:"at"`
}

type outcome struct {
	RemoteID string     `json:"remote_id"`
	At       time.Time  `json:"at"`
	Rejected []rejected `json:"rejected,omitempty"`
	Receipts []receipt  `json:"receipts,omitempty"`
}

type receipt struct {
	Status    int    `json:"status"`
	RequestID string `json:"request_id,omitempty"`
}

type rejected struct {
	Name     string `json:"name"`
	Key      string `json:"key"`
	RemoteID string `json:"remote_id"`
	Change   string `json:"change"`
	Detail   string `json:"detail"`
}

func toIntent(c *planner.Change, at time.Time) *intent {
	return &intent{
		Change: c.ID, Action: c.Action, App: c.App, Kind: string(c.Kind), Key: c.Key, Name: c.Name,
		ExternalID: c.Link.ExternalID, At: at.UTC(),
	}
}

func (i *intent) planner() planner.Intent {
	return planner.Intent{App: i.App, Kind: i.Kind, Key: i.Key, Name: i.Name, ExternalID: i.ExternalID, At: i.At}
}

// carried is an intent of an earlier journal, as a record of the next one.
func carried(i planner.Intent) record {
	return record{Kind: kindIntent, Intent: &intent{
		Action: planner.Create, App: i.App, Kind: i.Kind, Key: i.Key, Name: i.Name, ExternalID: i.ExternalID, At: i.At.UTC(),
	}}
}

// settled is the record of how c ended.
func settled(c *planner.Change, o planner.Outcome, failed error) (record, error) {
	if failed != nil {
		return record{Kind: kindFailed, Intent: toIntent(c, o.At), Outcome: toOutcome(o), Error: failed.Error()}, nil
	}
	b, err := planfile.AppendChange(nil, c)
	if err != nil {
		return record{}, fmt.Errorf("journal the change of %q: %w", c.Name, err)
	}
	return record{Kind: kindDone, Change: b, Outcome: toOutcome(o)}, nil
}

func toOutcome(o planner.Outcome) *outcome {
	out := &outcome{RemoteID: o.RemoteID, At: o.At.UTC()}
	for _, r := range o.Rejected {
		out.Rejected = append(out.Rejected, rejected{
			Name: r.Member.Name, Key: r.Member.Key, RemoteID: r.Member.RemoteID, Change: r.Member.Change, Detail: r.Detail,
		})
	}
	for _, r := range o.Receipts {
		out.Receipts = append(out.Receipts, receipt(r))
	}
	return out
}

func (o *outcome) planner() planner.Outcome {
	out := planner.Outcome{RemoteID: o.RemoteID, At: o.At}
	for _, r := range o.Rejected {
		out.Rejected = append(out.Rejected, planner.RejectedMember{
			Member: planner.Member{Name: r.Name, Key: r.Key, RemoteID: r.RemoteID, Change: r.Change}, Detail: r.Detail,
		})
	}
	for _, r := range o.Receipts {
		out.Receipts = append(out.Receipts, planner.Receipt(r))
	}
	return out
}

// object names what an intent is about.
type object struct{ app, kind, key string }

func objectOf(i planner.Intent) object { return object{i.App, i.Kind, i.Key} }

// history is what a journal holds: which state it continues, what was done
// since, and the creates that were begun and never ended.
type history struct {
	begin begin
	done  []planner.Settled
	open  []planner.Intent
	// begun is everything that was begun since, in order, and sent finds it by
	// the change's id.
	begun []trace
	sent  map[string]int
	// size is the length of what is whole; a torn end lies behind it.
	size int64
}

// add takes the next record in.
func (h *history) add(r *record) error {
	switch {
	case r.Kind == kindIntent && r.Intent != nil:
		h.trace(trace{intent: r.Intent})
		if r.Intent.Action == planner.Create {
			h.reopen(r.Intent.planner())
		}
		return nil
	case r.Kind == kindBegin && r.Begin != nil && *r.Begin == h.begin:
		// Two holders began it, one of them too late.
		return nil
	case r.Kind == kindFailed && r.Intent != nil:
		h.trace(trace{intent: r.Intent, failed: r.Error, outcome: r.Outcome})
		h.close(objectOf(r.Intent.planner()))
		return nil
	case r.Kind == kindDone && r.Outcome != nil:
		c, err := planfile.ParseChange(r.Change)
		h.done = append(h.done, planner.Settled{Change: c, Outcome: r.Outcome.planner()})
		h.trace(trace{intent: &intent{Change: c.ID}, done: len(h.done)})
		h.close(object{c.App, string(c.Kind), c.Key})
		return err
	}
	return errors.New("a record of an unknown kind")
}

// reopen begins a create; the same one begun again replaces it.
func (h *history) reopen(i planner.Intent) {
	h.close(objectOf(i))
	h.open = append(h.open, i)
}

// close ends the open intent about o.
func (h *history) close(o object) {
	for i := len(h.open) - 1; i >= 0; i-- {
		if objectOf(h.open[i]) == o {
			h.open = append(h.open[:i], h.open[i+1:]...)
		}
	}
}
