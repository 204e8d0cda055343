package providers

import (
	"context"
	"errors"
	"time"

	"github.com/rollcall-dev/rollcall/planner"
)

// Keys of the values that a request's context carries: the apply that watches
// it, and the change that it is part of.
type (
	watcherKey struct{}
	changeKey  struct{}
)

// ReportRetry tells the apply that ctx belongs to, if any, that a request is
// sent again after wait because of err.
func ReportRetry(ctx context.Context, err error, wait time.Duration) {
	if r, ok := ctx.Value(watcherKey{}).(*run); ok {
		c, _ := ctx.Value(changeKey{}).(*planner.Change)
		r.tell(Event{Type: EventRetry, Change: c, Err: err, Wait: wait})
	}
}

// mayWrite asks the apply that ctx belongs to, if any, whether it still has the
// right to write, and stops it where not: somebody else may be writing by now.
func mayWrite(ctx context.Context) error {
	r, ok := ctx.Value(watcherKey{}).(*run)
	if !ok {
		return nil
	}
	err := r.opts.Journal.Held()
	if err != nil {
		r.halt(err)
	}
	return err
}

// tell passes e on to whoever watches. It may be called by any goroutine.
func (r *run) tell(e Event) {
	if r.opts.Events == nil {
		return
	}
	r.events.Lock()
	defer r.events.Unlock()
	e.Total = len(r.graph.changes)
	r.opts.Events(e)
}

// report tells what became of a change that ended.
func (r *run) report(res *ChangeResult, elapsed time.Duration) {
	e := Event{Type: EventComplete, Change: res.Change, Done: r.done, Elapsed: elapsed, Err: res.Err, RemoteID: res.Outcome.RemoteID}
	var object *ObjectError
	switch {
	case errors.As(res.Err, &object), res.Status == Skipped:
		e.Type = EventQuarantined
		e.Rejected = res.Rejected
	case res.Err != nil:
		e.Type = EventErrored
	case len(res.Rejected) > 0:
		q := e
		q.Type, q.Rejected = EventQuarantined, res.Rejected
		r.tell(q)
	}
	r.tell(e)
}
