package providers

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/auditlog"
)

// Store keeps a state and lets one writer at a time change it.
type Store interface {
	// Read returns the state with what the journal has beyond it, and the
	// intents whose answer was never recorded. A store that holds nothing yet
	// returns an empty State without a lineage. Where what it holds was read whole
	// and is no state with its journal, the error is a [*DamagedError].
	Read(ctx context.Context) (*planner.State, error)
	// Saved returns the state as it was saved last, without what the journal has
	// beyond it, which may be damaged.
	Saved(ctx context.Context) (*planner.State, error)
	// Lock takes the sole right to write and waits up to wait for it. Where
	// somebody else holds it the error is a [*LockedError].
	Lock(ctx context.Context, info LockInfo, wait time.Duration) (Session, error)
	// ForceUnlock breaks the lock called id. Its holder notices before the next
	// write and stops.
	ForceUnlock(ctx context.Context, id string) error
	// Holder says who holds the lock, if anybody does. It takes nothing, so that
	// a run that only reads can wait for one that writes.
	Holder(ctx context.Context) (holder LockInfo, held bool, err error)
	// Log returns the audit log as it is now, from its first record, in the form
	// of package auditlog; it is empty where nothing was recorded. A log is read
	// as it is asked for, not whole. Reading needs no lock.
	Log(ctx context.Context) (io.ReadCloser, error)
	// String says where the state is kept. It holds no secret.
	fmt.Stringer
}

// Session is the right to write a state. It ends with Unlock, with the process
// (at once, or once its lease has run out), and where somebody breaks the lock.
type Session interface {
	Journal
	// Record appends records to the audit log and returns once they are durable.
	// It sets their Seq and Prev. A log whose end was altered is not appended to.
	Record(ctx context.Context, records []auditlog.Record) error
	// Left returns what an earlier run left in the log and the journal without an
	// end. It comes before any change of this session. A log from whose end something
	// is missing that st, the state of this session, knows of is a
	// [*auditlog.BrokenError]; one that is gone goes on where st knows that it ended,
	// and its first record says so.
	Left(ctx context.Context, st *planner.State) (Left, error)
	// Save writes s with the next serial and empties the journal. It fails if
	// the state was changed by somebody else since it was read.
	Save(ctx context.Context, s *planner.State) error
	// Salvage returns what a state starts from that is to take the place of a
	// damaged one: no lineage and no objects, the highest serial that anything
	// there tells of, and the creates that the journal is known to have open.
	Salvage(ctx context.Context) (*planner.State, error)
	// Displace keeps what is there under another name, durably, and says where.
	// After it, and only then, a state that came from salvaged may be saved: in
	// the place of what was displaced, with a lineage and a serial of its own.
	Displace(ctx context.Context, salvaged *planner.State) (where string, err error)
	// Unlock ends the session.
	Unlock(ctx context.Context) error
}

// DamagedError says that what a store holds was read, and is no state with its
// journal: it was altered, cut short, replaced, or never was one. What could not
// be read, for whatever reason, is not damaged.
type DamagedError struct{ Err error }

// Error names the damage, and the commands that take its place.
func (e *DamagedError) Error() string {
	return e.Err.Error() + "; unless the configuration names the wrong place, put a backup there with \"rollcall state push -force FILE\", " +
		"or make it anew with \"rollcall state rebuild -replace\": both keep what is there under another name, and write to no target"
}

// Unwrap returns the damage.
func (e *DamagedError) Unwrap() error { return e.Err }

// Left is what a run left that was cut short.
type Left struct {
	// Apply is the id of the apply that the log has begun and not ended; empty
	// where there is none.
	Apply string
	// Changes are what the journal knows of, in the order in which they were
	// begun. Of one that is not done only the fields are set that say which it is.
	Changes []auditlog.Change
}

// Journal is the durable record of an apply while it runs. It is safe for
// concurrent use; calls made at the same time share a flush.
type Journal interface {
	// Intend returns once it is durable that c is about to be sent. No intent,
	// no request.
	Intend(c planner.Change) error
	// Held reports an error once the right to write is lost, or can no longer be
	// proven. It is asked right before each request: between an intent and its
	// request a run may have waited for its turn longer than its lease.
	Held() error
	// Settle returns once it is durable that c ended with o, or, with failed,
	// that it ended without effect.
	Settle(c planner.Change, o planner.Outcome, failed error) error
}

// LockInfo says who holds a lock.
type LockInfo struct {
	ID, Operation, Who, Version string
	Created                     time.Time
	// Run is the address of the CI run, if any.
	Run string
	// Expires is when the lock is free unless its holder renews it, by the clock
	// of the store. It is zero for a lock that ends with its holder's process,
	// and for a holder who has yet to be.
	Expires time.Time
}

// LockedError says that somebody else holds the lock.
type LockedError struct{ Holder LockInfo }

// Error says who holds the lock, since when, until when unless they renew it,
// and how to break it.
func (e *LockedError) Error() string {
	h := e.Holder
	text := "the state is locked by " + h.Who + " (" + h.Operation + ") since " + h.Created.UTC().Format(time.RFC3339)
	if h.Run != "" {
		text += ", CI run " + h.Run
	}
	if !h.Expires.IsZero() {
		text += ", free from " + h.Expires.UTC().Format(time.RFC3339) + " on unless renewed"
	}
	return text + ", lock " + h.ID
}
