package providers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rollcall-dev/rollcall/planner"
)

// errNotSent marks changes that were not sent because the run, or their
// target's part of it, was stopped.
var errNotSent = errors.New("not sent")

// carry takes one change through its life: intent, request, outcome. It runs
// on a worker's goroutine, fills res in, and returns how long the target took.
func (r *run) carry(l *lane, t turn, res *ChangeResult) (took time.Duration) {
	c := res.Change
	s := &sending{change: c, intended: r.opts.Now()}
	intent := r.opts.Journal.Intend(*c)
	if intent != nil {
		r.halt(journalError(c, intent)) // which also keeps this change from being sent
	}
	if l.takeSlot(t) {
		took = r.send(l, s, res)
	} else {
		res.Status = Skipped
		res.Err = notSent(l)
	}
	if intent != nil {
		return took
	}
	if err := r.settleIn(res); err != nil {
		r.halt(journalError(c, err))
	}
	return took
}

// settleIn writes down how a change ended. Where nobody knows, the intent
// stays open, so that the next run looks the object up before it repeats anything.
func (r *run) settleIn(res *ChangeResult) error {
	if c, ok := res.effect(); ok {
		return r.opts.Journal.Settle(c, res.Outcome, nil)
	}
	var object *ObjectError
	if errors.As(res.Err, &object) || errors.Is(res.Err, errNotSent) && !r.unanswered(res.Change) {
		return r.opts.Journal.Settle(*res.Change, res.Outcome, res.Err)
	}
	return nil
}

// unanswered reports whether an earlier run may have sent the same create. One
// that was not sent now says nothing about that, and must not end its intent.
func (r *run) unanswered(c *planner.Change) bool {
	return c.Action == planner.Create && slices.ContainsFunc(r.opts.State.Intents, func(i planner.Intent) bool {
		return i.App == c.App && i.Kind == string(c.Kind) && i.Key == c.Key
	})
}

// effect returns what the ledger must record, if anything. An object that was
// made before its change failed is ours: without the link, the next plan would
// take it for somebody else's.
func (r *ChangeResult) effect() (planner.Change, bool) {
	c := *r.Change
	if r.Done() {
		return c, true
	}
	c.Members, c.Link.Known = planner.MemberChanges{}, nil
	return c, r.made()
}

// made reports whether a create failed after it had made its object.
func (r *ChangeResult) made() bool {
	return r.Status == Failed && r.Change.Action == planner.Create && r.Outcome.RemoteID != ""
}

func journalError(c *planner.Change, err error) error {
	return fmt.Errorf("record %s of %s %q in the journal: %w", c.Action, c.Kind, c.Name, err)
}

// send carries a change out at the target and gives the slot back. A change
// of state alone is only written down.
func (r *run) send(l *lane, s *sending, res *ChangeResult) (took time.Duration) {
	defer l.freeSlot()
	c, began := res.Change, r.opts.Now()
	if c.Requests == 0 {
		res.Outcome = planner.Outcome{RemoteID: c.RemoteID, At: began}
		res.Status = Confirmed // nothing was sent that might not be in effect
		return 0
	}
	ctx := context.WithValue(r.inFlight, sendingKey{}, s)
	if mayWrite(ctx) != nil {
		res.Status, res.Err = Skipped, notSent(l)
		return 0
	}
	r.tell(Event{Type: EventStart, Change: c})
	var heard answers
	o, err := l.target.Do(context.WithValue(ctx, answersKey{}, &heard), *c)
	o.Receipts = heard.all
	var credentials *CredentialsError
	if errors.As(err, &credentials) {
		r.halt(fmt.Errorf("app %q: %w", c.App, err))
	}
	if o.At.IsZero() {
		o.At = r.opts.Now()
	}
	if o.RemoteID == "" {
		o.RemoteID = c.RemoteID
	}
	res.Outcome, res.Err, res.Status = o, err, Done
	res.Rejected = append(res.Rejected, o.Rejected...)
	if err != nil {
		res.Status = Failed
	}
	return r.opts.Now().Sub(began)
}

// notSent is the error of a change that was not sent, with the reason that
// ended sending.
func notSent(l *lane) error { return fmt.Errorf("%w: %w", errNotSent, context.Cause(l.sending)) }
