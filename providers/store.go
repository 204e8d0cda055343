package providers

import (
	"context"
	"time"

	"github.com/rollcall-dev/rollcall/planner"
)

// Store keeps a state and lets one writer at a time change it.
type Store interface {
	// Read returns the state with what the journal has beyond it, and the
	// intents whose answer was never recorded. A store that holds nothing yet
	// returns an empty State without a lineage.
	Read(ctx context.Context) (*planner.State, error)
	// Lock takes the sole right to write and waits up to wait for it. Where
	// somebody else holds it the error is a [*LockedError].
	Lock(ctx context.Context, info LockInfo, wait time.Duration) (Session, error)
	// ForceUnlock breaks the lock called id.
	ForceUnlock(ctx context.Context, id string) error
}

// Session is the right to write a state.
type Session interface {
	Journal
	// Save writes s with the next serial and empties the journal. It fails if
	// the state was changed by somebody else since it was read.
	Save(ctx context.Context, s *planner.State) error
	// Unlock ends the session.
	Unlock(ctx context.Context) error
}

// Journal is the durable record of an apply while it runs. It is safe for
// concurrent use; calls made at the same time share a flush to disk.
type Journal interface {
	// Intend returns once it is on disk that c is about to be sent. No intent,
	// no request.
	Intend(c planner.Change) error
	// Settle returns once it is on disk that c ended with o, or, with failed,
	// that it ended without effect.
	Settle(c planner.Change, o planner.Outcome, failed error) error
}

// LockInfo says who holds a lock.
type LockInfo struct {
	ID, Operation, Who, Version string
	Created                     time.Time
	// Run is the address of the CI run, if any.
	Run string
}

// LockedError says that somebody else holds the lock.
type LockedError struct{ Holder LockInfo }

// Error says who holds the lock, since when, and how to break it.
func (e *LockedError) Error() string {
	h := e.Holder
	return "the state is locked by " + h.Who + " (" + h.Operation + ") since " +
		h.Created.UTC().Format(time.RFC3339) + ", lock " + h.ID
}
