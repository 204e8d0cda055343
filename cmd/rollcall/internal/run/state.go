package run

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/providers"
	"github.com/rollcall-dev/rollcall/providers/statestore"
)

// store opens the state's store. Nothing is read or written by that.
func (p *Project) store() (providers.Store, error) {
	s := p.Config.Settings.State
	if s.Kind != "" && s.Kind != "file" {
		return nil, &PlaceError{What: "state", Origin: s.Origin, Err: fmt.Errorf("a state of kind %q is not supported by this version", s.Kind)}
	}
	file, err := p.dataFile(s.Path, "state.json")
	if err != nil {
		return nil, &PlaceError{What: "state", Origin: s.Origin, Err: err}
	}
	return statestore.NewFile(file, p.options.Random, p.options.Now), nil
}

// readState reads the state beside whoever writes it.
func (p *Project) readState(ctx context.Context, store providers.Store) (*planner.State, error) {
	state, err := store.Read(ctx)
	if err != nil {
		return nil, &PlaceError{What: "state", Origin: p.Config.Settings.State.Origin, Err: err}
	}
	return state, nil
}

// patience is how long a run waits for a lock at least: somebody may just be
// looking whether it is held.
const patience = 100 * time.Millisecond

// lock takes the right to write the state.
func (p *Project) lock(ctx context.Context, store providers.Store, operation string) (providers.Session, error) {
	session, err := store.Lock(ctx, p.locked(operation), max(p.options.LockWait, patience))
	if err != nil {
		return nil, &PlaceError{What: "state", Origin: p.Config.Settings.State.Origin, Err: err}
	}
	return session, nil
}

// awaitWriter waits for whoever writes the state now: a plan of what is half
// done tells nothing. It takes no lock, because it writes nothing.
func (p *Project) awaitWriter(ctx context.Context, store providers.Store) error {
	if p.options.NoLock {
		return nil
	}
	deadline := p.options.Now().Add(max(p.options.LockWait, patience))
	for {
		holder, held, err := store.Holder(ctx)
		if err != nil || !held {
			return err
		}
		if p.options.Now().After(deadline) {
			return &PlaceError{What: "state", Origin: p.Config.Settings.State.Origin, Err: &providers.LockedError{Holder: holder}}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(patience / 2):
		}
	}
}

// State reads the state with what its journal has beyond it.
func (p *Project) State(ctx context.Context) (*planner.State, error) {
	store, err := p.store()
	if err != nil {
		return nil, err
	}
	return p.readState(ctx, store)
}

// CheckState proves that the state can be read, locked and written beside, and
// returns where it is.
func (p *Project) CheckState(ctx context.Context) (string, error) {
	store, err := p.store()
	if err != nil {
		return "", err
	}
	session, err := p.lock(ctx, store, "init")
	if err != nil {
		return "", err
	}
	_, err = p.readState(ctx, store)
	return store.String(), errors.Join(err, session.Unlock(context.WithoutCancel(ctx)))
}

// ChangeState lets change alter the state under its lock and saves what it
// made of it. An error of change leaves the state as it was.
func (p *Project) ChangeState(ctx context.Context, operation string, change func(*planner.State) error) (err error) {
	store, err := p.store()
	if err != nil {
		return err
	}
	session, err := p.lock(ctx, store, operation)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, session.Unlock(context.WithoutCancel(ctx))) }()
	state, err := p.readState(ctx, store)
	if err != nil {
		return err
	}
	if err := change(state); err != nil {
		return err
	}
	return save(ctx, session, state)
}

// ForceUnlock breaks the state's lock called id.
func (p *Project) ForceUnlock(ctx context.Context, id string) error {
	store, err := p.store()
	if err != nil {
		return err
	}
	return store.ForceUnlock(ctx, id)
}

// save writes the ledger, also where the run was interrupted: it is what the
// next run knows.
func save(ctx context.Context, session providers.Session, state *planner.State) error {
	if err := session.Save(context.WithoutCancel(ctx), state); err != nil {
		return fmt.Errorf("save the state (what was done is in its journal, and the next run reads it): %w", err)
	}
	return nil
}
