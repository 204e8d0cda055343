package providers

import (
	"context"
	"errors"
	"time"

	"github.com/rollcall-dev/rollcall/planner"
)

// finish makes the result of a run that is over: why it stopped, what the
// target shows now, and the ledger.
func (r *run) finish(ctx context.Context) {
	r.explainStop(ctx)
	r.skipRest()
	r.record()
	r.confirm(ctx)
	if ctx.Err() != nil && r.result.Stopped == nil {
		r.result.Interrupted = true // perhaps only while it was read back
	}
	r.noteUnsettled()
	r.result.tally()
}

// explainStop says why the run, or a part of it, was cut short.
func (r *run) explainStop(ctx context.Context) {
	if cause := context.Cause(r.sending); cause != nil && !errors.Is(cause, context.Cause(ctx)) {
		r.result.Stopped = cause
	}
	for app, l := range r.laneOf {
		if err := r.lanes[l].gaveUp; err != nil {
			r.result.GaveUp[app] = err
		}
	}
}

// skipRest marks what was never started.
func (r *run) skipRest() {
	for i := range r.result.Changes {
		if res := &r.result.Changes[i]; res.Status == "" {
			res.Change, res.Status = &r.graph.changes[i], Skipped
			res.Err = notSent(r.lanes[r.graph.laneOf[i]])
		}
	}
}

// record writes what was done into the ledger, in the order of the plan.
func (r *run) record() {
	var all []planner.Settled
	for i := range r.result.Changes {
		res := &r.result.Changes[i]
		if c, ok := res.effect(); ok {
			all = append(all, planner.Settled{Change: c, Outcome: res.Outcome})
		}
	}
	r.result.State.RecordAll(all)
}

// noteUnsettled notes in the ledger when the last change was done that no
// read-back has shown.
func (r *run) noteUnsettled() {
	r.opts.State.Unsettled = time.Time{}
	for i := range r.result.Changes {
		res := &r.result.Changes[i]
		if unseen := res.Status == Done || res.made(); unseen && res.Outcome.At.After(r.opts.State.Unsettled) {
			r.opts.State.Unsettled = res.Outcome.At
		}
	}
}

// tally counts the objects of which something was done.
func (r *Result) tally() {
	s := planner.Summarize(func(yield func(*planner.Change) bool) {
		for i := range r.Changes {
			if c := &r.Changes[i]; (c.Done() || c.made()) && !yield(c.Change) {
				return
			}
		}
	})
	r.Added, r.Changed, r.Destroyed = s.Add, s.Change, s.Destroy
}
