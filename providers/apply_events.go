package providers

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/rollcall-dev/rollcall/planner"
)

// Keys of the values that a request's context carries: the apply that watches
// it, the change that is sent, and what was answered to that.
type (
	watcherKey struct{}
	sendingKey struct{}
	answersKey struct{}
)

// sending is a change that is sent, by requests that may be many, and side by
// side.
type sending struct {
	change *planner.Change
	mu     sync.Mutex
	// intended is when its intent was written down last.
	intended time.Time
}

// maxAnswers is how many answers to one change are kept: the last ones.
const maxAnswers = 16

// answers gathers what a target answers to the requests of one change, which
// may be sent side by side.
type answers struct {
	mu  sync.Mutex
	all []planner.Receipt
}

// noteAnswer keeps an answer for the change that ctx belongs to, if any.
func noteAnswer(ctx context.Context, a planner.Receipt) {
	to, ok := ctx.Value(answersKey{}).(*answers)
	if !ok {
		return
	}
	to.mu.Lock()
	defer to.mu.Unlock()
	if len(to.all) == maxAnswers {
		to.all = slices.Delete(to.all, 0, 1)
	}
	to.all = append(to.all, a)
}

// ReportRetry tells the apply that ctx belongs to, if any, that a request is
// sent again after wait because of err.
func ReportRetry(ctx context.Context, err error, wait time.Duration) {
	if r, ok := ctx.Value(watcherKey{}).(*run); ok {
		var c *planner.Change
		if s, ok := ctx.Value(sendingKey{}).(*sending); ok {
			c = s.change
		}
		r.tell(Event{Type: EventRetry, Change: c, Err: err, Wait: wait})
	}
}

// IntentAge is how old the intent of a create may be when its request is sent,
// where the slowest target takes so long to settle. Whoever follows a run that
// was cut short waits that much longer, counted from the intent. Where reads are
// consistent there is no wait, and no age.
func IntentAge(settle time.Duration) time.Duration { return min(settle, time.Second) }

// intendAnew writes down once more that the create that ctx belongs to, if any,
// is about to be sent, where that was said too long ago: it waited for its turn,
// or was asked to come back, and the next run counts from its intent when the
// target must show it. It stops the apply that cannot write.
func intendAnew(ctx context.Context) error {
	r, ok := ctx.Value(watcherKey{}).(*run)
	s, sent := ctx.Value(sendingKey{}).(*sending)
	if !ok || !sent || s.change.Action != planner.Create {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := r.opts.Now()
	if now.Sub(s.intended) <= IntentAge(r.opts.Settle) || r.opts.Settle == 0 {
		return nil
	}
	if err := r.opts.Journal.Intend(*s.change); err != nil {
		err = journalError(s.change, err)
		r.halt(err)
		return err
	}
	s.intended = now
	return nil
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
