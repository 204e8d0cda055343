package providers

import (
	"context"
	"errors"
	"fmt"

	"github.com/rollcall-dev/rollcall/planner"
)

// errNotSent marks changes that were not sent because the run, or their
// target's part of it, was stopped.
var errNotSent = errors.New("not sent")

// carry takes one change through its life: intent, request, outcome. It runs
// on a worker's goroutine and fills res in.
func (r *run) carry(l *lane, res *ChangeResult) {
	c := res.Change
	if err := r.opts.Journal.Intend(*c); err != nil {
		r.halt(journalError(c, err))
		res.notSent(l.sending)
		return
	}
	outcome, err := r.send(l, c)
	res.Outcome, res.Err = outcome, err
	res.Rejected = append(res.Rejected, outcome.Rejected...)
	switch {
	case errors.Is(err, errNotSent):
		res.notSent(l.sending)
	case err != nil:
		res.Status = Failed
	default:
		res.Status = Done
	}
	if !effectKnown(err) {
		return
	}
	if err := r.opts.Journal.Settle(*c, outcome, err); err != nil {
		r.halt(journalError(c, err))
	}
}

// effectKnown reports whether err leaves no doubt about what happened at the
// target. Where it does, the intent stays open, so that the next run looks the
// object up before it repeats anything.
func effectKnown(err error) bool {
	var object *ObjectError
	return err == nil || errors.As(err, &object) || errors.Is(err, errNotSent)
}

func journalError(c *planner.Change, err error) error {
	return fmt.Errorf("record %s of %s %q in the journal: %w", c.Action, c.Kind, c.Name, err)
}

// send waits for a free slot at the target and carries c out there. A change
// of state alone needs neither.
func (r *run) send(l *lane, c *planner.Change) (planner.Outcome, error) {
	if c.Requests == 0 {
		return planner.Outcome{RemoteID: c.RemoteID, At: r.opts.Now()}, nil
	}
	select {
	case l.slots <- struct{}{}:
		defer func() { <-l.slots }()
	case <-l.sending.Done():
	}
	if l.sending.Err() != nil {
		return planner.Outcome{}, errNotSent
	}
	r.tell(Event{Type: EventStart, Change: c})
	o, err := l.target.Do(context.WithValue(r.inFlight, changeKey{}, c), *c)
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
	return o, err
}

// notSent marks a change that was not sent, for the reason that ended sending.
func (r *ChangeResult) notSent(sending context.Context) {
	r.Status = Skipped
	r.Err = fmt.Errorf("%w: %w", errNotSent, context.Cause(sending))
}
