package run

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/auditlog"
	"github.com/rollcall-dev/rollcall/providers"
)

// LogError says that the audit log could not be written or is not as it was
// written. Without a line in it nothing is sent.
type LogError struct{ Err error }

// Error names the cause.
func (e *LogError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *LogError) Unwrap() error { return e.Err }

// idDigits is how long the id of an apply is: short enough to be typed.
const idDigits = 10

// newID makes the id of an apply.
func (p *Project) newID() string {
	id := strings.ToLower(p.options.Random())
	return id[:min(idDigits, len(id))]
}

// recorded is an apply that stands in the audit log and has yet to end there.
type recorded struct {
	session providers.Session
	id      string
	began   time.Time
	now     func() time.Time
}

// runOf says for the audit log who does what.
func (p *Project) runOf(operation string, state *planner.State) *auditlog.Run {
	return &auditlog.Run{
		Operation: operation, Who: p.options.Who, CI: p.options.CIRun, Version: p.options.Version,
		State: planner.StateInput{Lineage: state.Lineage, Serial: state.Serial},
	}
}

// announce records that plan is about to be carried out. Where it fails,
// nothing may be sent.
func (p *Project) announce(ctx context.Context, session providers.Session, planned *Planned, how Apply) (*recorded, error) {
	plan := planned.Plan
	run := p.runOf(how.operation(), planned.State)
	run.Config, run.Fingerprint, run.Only, run.Undoes = plan.Inputs.Config, plan.Fingerprint, plan.Inputs.Only, how.Undo
	sum := &plan.Summary
	run.Plan = auditlog.Counts{Added: sum.Add, Changed: sum.Change, Destroyed: sum.Destroy, Requests: sum.Requests}
	run.Guards = slices.DeleteFunc(slices.Clone(plan.Guards), func(g planner.GuardResult) bool { return g.Count == 0 })
	r := &recorded{session: session, id: p.newID(), began: p.options.Now(), now: p.options.Now}
	err := r.write(ctx, auditlog.Record{Kind: auditlog.Begin, Run: run})
	if err != nil {
		return nil, &LogError{fmt.Errorf("nothing was sent, because no change is made that is not in the audit log: %w", err)}
	}
	return r, nil
}

// write appends records of the apply.
func (r *recorded) write(ctx context.Context, records ...auditlog.Record) error {
	at := r.now()
	for i := range records {
		records[i].Apply, records[i].At = r.id, at
	}
	return r.session.Record(context.WithoutCancel(ctx), records)
}

// atOnce is how many changes are recorded in one piece.
const atOnce = 1000

// end records what became of each change, and of the whole.
func (r *recorded) end(ctx context.Context, changes []auditlog.Change, ended auditlog.Ended) error {
	var records []auditlog.Record
	for i := range changes {
		records = append(records, auditlog.Record{Kind: auditlog.ChangeEnded, Change: &changes[i]})
		if len(records) < atOnce {
			continue
		}
		if err := r.write(ctx, records...); err != nil {
			return err
		}
		records = records[:0]
	}
	ended.Took = r.now().Sub(r.began)
	return r.write(ctx, append(records, auditlog.Record{Kind: auditlog.End, Ended: &ended})...)
}

// finish records how an apply ended.
func (r *recorded) finish(ctx context.Context, result *providers.Result) error {
	changes := make([]auditlog.Change, len(result.Changes))
	for i := range result.Changes {
		c := &result.Changes[i]
		changes[i] = auditlog.Change{Change: *c.Change, Status: auditlog.Status(c.Status), Outcome: c.Outcome, Took: c.Took}
		changes[i].Outcome.Rejected = c.Rejected
		if c.Err != nil {
			changes[i].Error = c.Err.Error()
		}
	}
	ended := auditlog.Ended{
		Result: resultOf(result),
		Counts: auditlog.Counts{Added: result.Added, Changed: result.Changed, Destroyed: result.Destroyed},
	}
	if result.Stopped != nil {
		ended.Error = result.Stopped.Error()
	}
	return r.end(ctx, changes, ended)
}

// resultOf says in a word how an apply ended.
func resultOf(r *providers.Result) auditlog.Result {
	switch {
	case r.Interrupted:
		return auditlog.Interrupted
	case !r.Written():
		return auditlog.Stopped
	case !r.Converged():
		return auditlog.Partly
	}
	return auditlog.Complete
}

// closeLeft ends the records of an earlier run that was killed, with what its
// journal knows, and saves what that did: the journal begins anew, so that it is
// told apart from what comes.
func (p *Project) closeLeft(ctx context.Context, session providers.Session, state *planner.State) error {
	if ended, err := p.endLeft(ctx, session, state); err != nil || !ended {
		return err
	}
	return save(ctx, session, state)
}

// endLeft ends the records of an earlier run that was killed, if there is one.
func (p *Project) endLeft(ctx context.Context, session providers.Session, state *planner.State) (ended bool, err error) {
	left, err := session.Left(ctx, state)
	if err != nil {
		return false, &LogError{err}
	}
	if left.Apply == "" {
		return false, nil
	}
	var counts auditlog.Counts
	s := planner.Summarize(func(yield func(*planner.Change) bool) {
		for i := range left.Changes {
			if c := &left.Changes[i]; c.Status.Done() && !yield(&c.Change) {
				return
			}
		}
	})
	counts.Added, counts.Changed, counts.Destroyed = s.Add, s.Change, s.Destroy
	r := &recorded{session: session, id: left.Apply, began: p.options.Now(), now: p.options.Now}
	last := auditlog.Ended{Result: auditlog.Killed, Counts: counts, Error: "closed by the next run, with what the journal knew"}
	if err := r.end(ctx, left.Changes, last); err != nil {
		return false, &LogError{err}
	}
	return true, nil
}

// note records an operation on the state alone.
func (p *Project) note(ctx context.Context, session providers.Session, operation, detail string, state *planner.State) error {
	run := p.runOf(operation, state)
	run.Detail, run.Config = detail, p.revision()
	r := &recorded{session: session, id: p.newID(), now: p.options.Now}
	if err := r.write(ctx, auditlog.Record{Kind: auditlog.Note, Run: run}); err != nil {
		return &LogError{err}
	}
	return nil
}

// saveNoted saves a state that no target was told of, and says why in the log.
func (p *Project) saveNoted(ctx context.Context, session providers.Session, state *planner.State, operation, why string) error {
	if err := p.note(ctx, session, operation, why, state); err != nil {
		return err
	}
	return save(ctx, session, state)
}

// Log opens the audit log. It is to be closed. Without an encryption block it is
// read with the age identity of the environment: where the block was taken out,
// the log still has lines of then.
func (p *Project) Log(ctx context.Context) (io.ReadCloser, error) {
	c := p.Cipher()
	if c == nil {
		c = p.fileCipher()
	}
	store, err := p.storeWith(c)
	if err != nil {
		return nil, err
	}
	log, err := store.Log(ctx)
	if err != nil {
		return nil, p.stateError(err)
	}
	return &hinted{log, func(err error) error { return p.stateError(fmt.Errorf("read the audit log: %w", err)) }}, nil
}

// LogEndError says that something is missing at the end of the log that the state
// knows of.
type LogEndError struct{ Why string }

// Error says what.
func (e *LogEndError) Error() string { return "the audit log ends early: " + e.Why }

// CheckLogEnd compares the end of a log, which was read after state, with what
// that knows of it. The log's filter marked the last record that the state knows.
func CheckLogEnd(state *planner.State, s *auditlog.Selection) error {
	switch known := state.Logged; {
	case known.Seq > 0 && s.Head.Seq == 0:
		return &LogEndError{fmt.Sprintf("it is empty, or gone, and the state knows of %d records, the last with the hash %s", known.Seq, known.Hash)}
	case known.Seq > s.Head.Seq:
		return &LogEndError{fmt.Sprintf("its last record is %d, and the state knows of %d: the last ones were cut off", s.Head.Seq, known.Seq)}
	case known.Seq > 0 && s.Marked != "" && s.Marked != known.Hash:
		return &LogEndError{fmt.Sprintf("its record %d is not the one that the state knows, whose hash is %s: "+
			"what came before was replaced, or cut off and written anew", known.Seq, known.Hash)}
	}
	last := s.Last
	switch {
	case last == nil && state.Serial == 0, last != nil && last.State.Lineage != "" && last.State.Lineage != state.Lineage:
		return nil
	case last == nil:
		return &LogEndError{fmt.Sprintf("it tells of nothing, and the state is at serial %d: its records were taken away", state.Serial)}
	case state.Serial > last.State.Serial+1:
		return &LogEndError{fmt.Sprintf("it tells of the state up to serial %d, and the state is at %d: "+
			"its last records were cut off, or the state was written by something else", last.State.Serial+1, state.Serial)}
	}
	return nil
}

// applyOf reads the records of one apply out of the log; id may be the beginning
// of its id.
func (p *Project) applyOf(ctx context.Context, id string) (*auditlog.Apply, error) {
	log, err := p.Log(ctx)
	if err != nil {
		return nil, err
	}
	a, err := auditlog.Find(log, id)
	return a, errors.Join(err, log.Close())
}
