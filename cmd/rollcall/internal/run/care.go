package run

import (
	"context"
	"errors"
	"fmt"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/providers"
)

// StateChange says how the state is changed by hand.
type StateChange struct {
	// Operation is what the lock and the audit log call it; Detail says more, in
	// words, to the log.
	Operation, Detail string
	// Displace also takes the place of a state that is damaged, which Change is
	// then not given: it gets an empty one. What was there is kept elsewhere.
	Displace bool
	// Change alters the state. An error leaves the state as it was.
	Change func(*planner.State) error
}

// ChangeState changes the state under its lock, notes it in the audit log, and
// saves it.
func (p *Project) ChangeState(ctx context.Context, c StateChange) (err error) {
	store, err := p.store()
	if err != nil {
		return err
	}
	session, err := p.lock(ctx, store, c.Operation)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, session.Unlock(context.WithoutCancel(ctx))) }()
	held, err := p.hold(ctx, store, session, c.Displace)
	if err != nil {
		return err
	}
	before := *held.state
	if err := c.Change(held.state); err != nil {
		return err
	}
	return p.put(ctx, held, &before, c.Operation, c.Detail)
}

// heldState is the state under its lock.
type heldState struct {
	session providers.Session
	state   *planner.State
	// damaged says why state is what could be salvaged of the one that is there;
	// nil where it is that itself.
	damaged *providers.DamagedError
}

// hold reads the state under its lock, and ends what an earlier run left. A
// damaged one is an error, unless it is to be displaced.
func (p *Project) hold(ctx context.Context, store providers.Store, session providers.Session, displace bool) (*heldState, error) {
	h := &heldState{session: session}
	var err error
	h.state, err = p.readState(ctx, store)
	if displace && errors.As(err, &h.damaged) {
		h.state, err = session.Salvage(ctx)
		return h, err
	}
	if err == nil {
		err = p.closeLeft(ctx, session, h.state)
	}
	return h, err
}

// put notes an operation on the state before in the audit log, and saves what
// became of it. What is damaged is kept elsewhere first.
func (p *Project) put(ctx context.Context, h *heldState, before *planner.State, operation, detail string) error {
	if h.damaged != nil {
		where, err := h.session.Displace(ctx, h.state)
		if err != nil {
			return err
		}
		p.options.Notice("What was there is damaged. It is kept in " + where + ".")
		detail += fmt.Sprintf("; what was there is damaged (%v) and kept in %s", h.damaged.Err, where)
		if _, err := p.endLeft(ctx, h.session, h.state); err != nil {
			return err
		}
	}
	if err := p.note(ctx, h.session, operation, detail, before); err != nil {
		return err
	}
	return save(ctx, h.session, h.state)
}
