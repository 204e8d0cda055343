package providers

import (
	"context"

	"github.com/rollcall-dev/rollcall/planner"
)

// Reader reads a target whole. It is all that plan, drift and explain are given.
type Reader interface {
	// Read returns everything that the target holds, or an error; never a
	// part. A read that could not be proven complete is an [IncompleteReadError].
	Read(ctx context.Context) (*planner.Remote, error)
}

// Target is a service that changes are carried out at. Implementations are
// safe for concurrent use.
type Target interface {
	Reader
	// Do carries one change out. Every member of c has its RemoteID. Doing a
	// change twice is as good as once: a create whose answer was lost is looked
	// up before anything is repeated.
	//
	// The error is an [*ObjectError] where the target refuses this object and
	// others may still go through, a [*CredentialsError] where it refuses the
	// token, and anything else where the service cannot be reached or trusted.
	// Members that the target refused are no error: they are in the outcome.
	Do(ctx context.Context, c planner.Change) (planner.Outcome, error)
}
