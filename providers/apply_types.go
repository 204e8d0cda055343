package providers

import (
	"time"

	"github.com/rollcall-dev/rollcall/planner"
)

// Status says how far a change came.
type Status string

// The statuses of a change after an apply.
const (
	// Confirmed: done, and the read-back shows it.
	Confirmed Status = "confirmed"
	// Unconfirmed: done, but the target does not let us read it.
	Unconfirmed Status = "unconfirmed"
	// NotInEffect: accepted by the target, but the read-back shows otherwise.
	NotInEffect Status = "not-in-effect"
	// Failed: refused, the rest went on.
	Failed Status = "failed"
	// Skipped: not sent, because a change that it needs failed or the run stopped.
	Skipped Status = "skipped"
)

// Event tells whoever watches an apply what happens. It is sent from one
// goroutine at a time.
type Event struct {
	// Type is apply_start, apply_progress, apply_complete, apply_errored,
	// quarantined or retry, as in the event stream of the command line.
	Type    string
	Change  *planner.Change
	Done    int
	Total   int
	Elapsed time.Duration
	// Err is the cause, for apply_errored, quarantined and retry.
	Err error
	// Wait is how long a retry waits.
	Wait     time.Duration
	Rejected []planner.RejectedMember
}
