package run

import (
	"context"
	"errors"
	"fmt"

	"github.com/rollcall-dev/rollcall/planner"
)

// Rebuild says how a state is rebuilt.
type Rebuild struct {
	// Replace also takes the place of a state that holds something, or is damaged;
	// what is damaged is kept elsewhere.
	Replace bool
	// Approve is shown what would be saved and says whether to. Nil approves.
	Approve func(*planner.Rebuilt) (bool, error)
}

// Rebuild makes a lost state anew from the configuration and what the targets
// have, under the state's lock. The targets are given to it without a way to
// write. It reports whether the state was saved; nothing is before it was approved.
func (p *Project) Rebuild(ctx context.Context, how Rebuild) (saved bool, err error) {
	store, err := p.store()
	if err != nil {
		return false, err
	}
	session, err := p.lock(ctx, store, "state rebuild")
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, session.Unlock(context.WithoutCancel(ctx))) }()
	held, err := p.hold(ctx, store, session, how.Replace)
	if err != nil {
		return false, err
	}
	state := held.state
	if n := owned(state); n > 0 && !how.Replace {
		return false, fmt.Errorf("rebuild the state: there is one, with %d objects (serial %d), and it knows what no rebuild finds again; "+
			"keep it with \"rollcall state pull\" and rebuild with -replace if it is wrong", n, state.Serial)
	}
	rebuilt, err := p.rebuilt(ctx, state)
	if err != nil {
		return false, err
	}
	if how.Approve != nil {
		if yes, err := how.Approve(rebuilt); err != nil || !yes {
			return false, err
		}
	}
	before := *state
	state.Replace(rebuilt.State)
	if err := p.put(ctx, held, &before, "state rebuild", fmt.Sprintf("made anew with %d objects", owned(state))); err != nil {
		return false, err
	}
	return true, nil
}

// owned counts the objects of a state.
func owned(s *planner.State) (n int) {
	for i := range s.Apps {
		n += len(s.Apps[i].Users) + len(s.Apps[i].Groups)
	}
	return n
}

// rebuilt reads the targets and makes the state anew.
func (p *Project) rebuilt(ctx context.Context, state *planner.State) (*planner.Rebuilt, error) {
	connected, err := p.connect(ctx, reading, state)
	if err != nil {
		return nil, err
	}
	defer connected.close()
	if err := p.settle(ctx, state, connected); err != nil {
		return nil, err
	}
	remotes, err := p.read(ctx, connected)
	if err != nil {
		return nil, err
	}
	r, err := planner.Rebuild(planner.Input{
		Desired: p.Desired, State: state, Remotes: remotes, Inputs: p.inputs(state, remotes),
	}, p.options.Now())
	if err != nil {
		return nil, p.unreadable(err)
	}
	return r, nil
}
