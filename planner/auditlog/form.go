package auditlog

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/planfile"
	"github.com/rollcall-dev/rollcall/schema"
)

// The types of this file are a line's own shape.

// formatVersion is that of the records that this program writes.
const formatVersion = 1

// line is one line of the log. The hash is of the record's bytes as they stand.
type line struct {
	Hash   string          `json:"hash"`
	Record json.RawMessage `json:"record"`
}

type record struct {
	Version int       `json:"format_version"`
	Seq     uint64    `json:"seq"`
	Prev    string    `json:"prev"`
	Kind    Kind      `json:"kind"`
	Apply   string    `json:"apply"`
	At      time.Time `json:"at"`
	*run
	*change
	*ended
}

type run struct {
	Operation   string         `json:"operation"`
	Detail      string         `json:"detail,omitempty"`
	Who         string         `json:"who"`
	CI          string         `json:"ci_run,omitempty"`
	Rollcall    string         `json:"rollcall_version"`
	Config      config         `json:"config"`
	Fingerprint string         `json:"fingerprint,omitempty"`
	State       state          `json:"state"`
	Continues   bool           `json:"continues,omitempty"`
	Only        schema.Address `json:"only,omitempty"`
	Undoes      string         `json:"undoes,omitempty"`
	Planned     *counts        `json:"planned,omitempty"`
	Guards      []guard        `json:"guards,omitempty"`
}

type config struct {
	Commit string `json:"commit"`
	Dirty  bool   `json:"dirty"`
	Digest string `json:"digest"`
}

type state struct {
	Lineage string `json:"lineage"`
	Serial  uint64 `json:"serial"`
}

type counts struct {
	Added     int `json:"add"`
	Changed   int `json:"change"`
	Destroyed int `json:"destroy"`
	Requests  int `json:"requests"`
}

type guard struct {
	App     string         `json:"app"`
	Code    schema.Code    `json:"code"`
	Count   int            `json:"count"`
	Allowed int            `json:"allowed"`
	Owned   int            `json:"owned"`
	Waiver  schema.Address `json:"waiver,omitempty"`
	Reason  string         `json:"reason,omitempty"`
}

type change struct {
	Change   json.RawMessage `json:"change"`
	Status   Status          `json:"status"`
	RemoteID string          `json:"remote_id,omitempty"`
	DoneAt   time.Time       `json:"done_at,omitzero"`
	Error    string          `json:"error,omitempty"`
	Rejected []rejected      `json:"rejected,omitempty"`
	Answers  []answer        `json:"answers,omitempty"`
	TookMS   int64           `json:"took_ms,omitempty"`
}

type rejected struct {
	Name     string `json:"name"`
	RemoteID string `json:"remote_id"`
	Detail   string `json:"detail"`
}

type answer struct {
	Status    int    `json:"status"`
	RequestID string `json:"request_id"`
}

type ended struct {
	Result Result `json:"result"`
	Counts counts `json:"counts"`
	Stop   string `json:"stopped,omitempty"`
	ForMS  int64  `json:"run_ms,omitempty"`
}

func toRecord(r *Record) (record, error) {
	out := record{Version: formatVersion, Seq: r.Seq, Prev: r.Prev, Kind: r.Kind, Apply: r.Apply, At: r.At.UTC()}
	var err error
	switch {
	case r.Run != nil:
		out.run = toRun(r.Run, r.Kind)
	case r.Change != nil:
		out.change, err = toChange(r.Change)
	case r.Ended != nil:
		e := r.Ended
		out.ended = &ended{Result: e.Result, Counts: counts(e.Counts), Stop: e.Error, ForMS: e.Took.Milliseconds()}
	}
	return out, err
}

func toRun(r *Run, kind Kind) *run {
	out := &run{
		Operation: r.Operation, Detail: r.Detail, Who: r.Who, CI: r.CI, Rollcall: r.Version, Config: config(r.Config),
		Fingerprint: r.Fingerprint, State: state(r.State), Only: r.Only, Undoes: r.Undoes, Continues: r.Continues,
	}
	if kind == Begin {
		planned := counts(r.Plan)
		out.Planned = &planned
	}
	for i := range r.Guards {
		g := &r.Guards[i]
		out.Guards = append(out.Guards, guard{g.App, g.Code, g.Count, g.Allowed, g.Owned, g.Waiver, g.Reason})
	}
	return out
}

// toChange leaves out of the change what only its apply needed, and what would
// repeat a whole group with each of its changes.
func toChange(c *Change) (*change, error) {
	slim := c.Change
	slim.Needs, slim.Base = nil, ""
	l := &slim.Link
	slim.Link = planner.Link{Name: l.Name, Active: l.Active, Push: l.Push, Pushed: l.Pushed, From: l.From, FromApp: l.FromApp}
	b, err := planfile.AppendChange(nil, &slim)
	if err != nil {
		return nil, fmt.Errorf("record the change of %q: %w", c.Change.Name, err)
	}
	out := &change{
		Change: b, Status: c.Status, RemoteID: c.Outcome.RemoteID, DoneAt: c.Outcome.At.UTC(), Error: c.Error, TookMS: c.Took.Milliseconds(),
	}
	for _, r := range c.Outcome.Rejected {
		out.Rejected = append(out.Rejected, rejected{r.Member.Name, r.Member.RemoteID, r.Detail})
	}
	for _, a := range c.Outcome.Receipts {
		out.Answers = append(out.Answers, answer(a))
	}
	return out, nil
}

// parseRecord reads what toRecord wrote. What it does not know is left out.
func parseRecord(b []byte) (Record, error) {
	in := record{run: &run{}, change: &change{}, ended: &ended{}}
	if err := json.Unmarshal(b, &in); err != nil {
		return Record{}, err
	}
	if in.Version > formatVersion {
		return Record{}, fmt.Errorf("it was written by a newer rollcall (format version %d, this program reads %d)", in.Version, formatVersion)
	}
	out := Record{Seq: in.Seq, Prev: in.Prev, Kind: in.Kind, Apply: in.Apply, At: in.At}
	switch in.Kind {
	case Begin, Note:
		out.Run = fromRun(in.run)
	case ChangeEnded:
		c, err := fromChange(in.change)
		out.Change = c
		return out, err
	case End:
		e := in.ended
		out.Ended = &Ended{Result: e.Result, Counts: Counts(e.Counts), Error: e.Stop, Took: milliseconds(e.ForMS)}
	default:
		return out, errors.New("it is of an unknown kind")
	}
	return out, nil
}

func fromRun(r *run) *Run {
	out := &Run{
		Operation: r.Operation, Detail: r.Detail, Who: r.Who, CI: r.CI, Version: r.Rollcall, Config: planner.ConfigInput(r.Config),
		Fingerprint: r.Fingerprint, State: planner.StateInput(r.State), Only: r.Only, Undoes: r.Undoes, Continues: r.Continues,
	}
	if r.Planned != nil {
		out.Plan = Counts(*r.Planned)
	}
	for _, g := range r.Guards {
		out.Guards = append(out.Guards, planner.GuardResult{
			App: g.App, Code: g.Code, Count: g.Count, Allowed: g.Allowed, Owned: g.Owned, Waiver: g.Waiver, Reason: g.Reason,
		})
	}
	return out
}

func fromChange(c *change) (*Change, error) {
	if len(bytes.TrimSpace(c.Change)) == 0 {
		return nil, errors.New("it says of no change what became of it")
	}
	parsed, err := planfile.ParseChange(c.Change)
	if err != nil {
		return nil, err
	}
	out := &Change{Change: parsed, Status: c.Status, Error: c.Error, Took: milliseconds(c.TookMS)}
	out.Outcome.RemoteID, out.Outcome.At = c.RemoteID, c.DoneAt
	for _, r := range c.Rejected {
		m := planner.Member{Name: r.Name, RemoteID: r.RemoteID}
		out.Outcome.Rejected = append(out.Outcome.Rejected, planner.RejectedMember{Member: m, Detail: r.Detail})
	}
	for _, a := range c.Answers {
		out.Outcome.Receipts = append(out.Outcome.Receipts, planner.Receipt(a))
	}
	return out, nil
}

func milliseconds(n int64) time.Duration { return time.Duration(n) * time.Millisecond }
