package providers

import (
	"context"
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
	r.noteUnsettled()
	r.result.tally()
}

// explainStop says why the run, or a part of it, was cut short.
func (r *run) explainStop(ctx context.Context) {
	cause := context.Cause(r.sending)
	switch {
	case cause == nil:
	case ctx.Err() != nil && cause == context.Cause(ctx):
		r.result.Interrupted = true
	default:
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
	for i := range r.result.Changes {
		res := &r.result.Changes[i]
		if c, ok := res.effect(); ok {
			r.result.State.Record(c, res.Outcome)
		}
	}
}

// noteUnsettled notes in the ledger when the last change was done that no
// read-back has shown.
func (r *run) noteUnsettled() {
	r.opts.State.Unsettled = time.Time{}
	for i := range r.result.Changes {
		res := &r.result.Changes[i]
		unseen := res.Status == Done || res.Status == NotInEffect || res.made()
		if unseen && res.Outcome.At.After(r.opts.State.Unsettled) {
			r.opts.State.Unsettled = res.Outcome.At
		}
	}
}

// object names what a change is about.
type object struct {
	app  string
	kind planner.Kind
	key  string
}

func objectOf(c *planner.Change) object { return object{c.App, c.Kind, c.Key} }

// weight says under what an object counts; the heavier of its changes wins.
type weight uint8

const (
	changed weight = iota + 1
	added
	destroyed
)

func weightOf(a planner.Action) weight {
	switch a {
	case planner.Create:
		return added
	case planner.Deactivate, planner.Delete, planner.Empty:
		return destroyed
	}
	return changed
}

// tally counts the objects of which something was done.
func (r *Result) tally() {
	weights := make(map[object]weight, len(r.Changes))
	for i := range r.Changes {
		if c := &r.Changes[i]; c.Done() || c.made() {
			o := objectOf(c.Change)
			weights[o] = max(weights[o], weightOf(c.Change.Action))
		}
	}
	for _, w := range weights {
		switch w {
		case added:
			r.Added++
		case changed:
			r.Changed++
		case destroyed:
			r.Destroyed++
		}
	}
}
