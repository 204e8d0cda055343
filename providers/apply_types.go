package providers

import (
	"time"

	"github.com/rollcall-dev/rollcall/planner"
)

// Options are what [Apply] needs besides the plan. Targets, Journal and State
// are required, the rest has defaults.
type Options struct {
	// Targets are where each app of the plan is kept, by the app's name. Apps
	// may share one; it must then be the same comparable value, a pointer say.
	// An app that is only reported on needs none: its changes are never sent.
	// A plan with any other change for an app without a target is refused.
	Targets map[string]Target
	Journal Journal
	// State is the ledger before the apply. Apply changes it in place.
	State *planner.State
	// Parallelism is how many changes are under way at one target at a time;
	// zero means [DefaultParallelism].
	Parallelism int
	// GiveUpAfter is how many changes in a row may fail at one target, because
	// it cannot be reached or trusted, before nothing more is sent there; zero
	// means [DefaultGiveUpAfter].
	GiveUpAfter int
	// Grace is how long requests in flight may go on once the run is stopped;
	// zero means [DefaultGrace].
	Grace time.Duration
	// Settle is how long a target may take until its reads show what was
	// written. Zero means that reads are consistent.
	Settle time.Duration
	// Now is the clock for records and elapsed times; nil means [time.Now].
	Now func() time.Time
	// Events is told what happens, by one goroutine at a time. It must return
	// quickly: the apply waits for it. Nil means that nobody listens.
	Events func(Event)
}

// What holds where [Options] say nothing.
const (
	DefaultParallelism = 8
	DefaultGiveUpAfter = 5
	DefaultGrace       = 30 * time.Second
)

// Status says how far a change came.
type Status string

// The statuses of a change after an apply.
const (
	// Confirmed: done, and the read-back shows it.
	Confirmed Status = "confirmed"
	// Unconfirmed: done, but the target does not let us read it.
	Unconfirmed Status = "unconfirmed"
	// Done: done, but nothing was read back, because the run was stopped or
	// the read failed.
	Done Status = "done"
	// NotInEffect: accepted by the target, but the read-back shows otherwise.
	NotInEffect Status = "not-in-effect"
	// Failed: refused, the rest went on.
	Failed Status = "failed"
	// Skipped: not sent, because a change that it needs failed or the run stopped.
	Skipped Status = "skipped"
)

// ChangeResult is what became of one change of a plan.
type ChangeResult struct {
	// Change is the change as it was sent: ids that were not known before are
	// filled in, and members who were held back are left out. A change that
	// was not sent stands here as planned. It may share memory with the plan.
	Change  *planner.Change
	Status  Status
	Outcome planner.Outcome
	// Rejected are the members that the target refused and those who were held
	// back because their own create failed.
	Rejected []planner.RejectedMember
	// Err says why the change failed, was skipped, or is not in effect.
	Err error
	// Took is how long the target took; zero where nothing was sent.
	Took time.Duration
}

// Done reports whether the target carried the change out, whatever a
// read-back made of it.
func (r *ChangeResult) Done() bool { return r.Status != Failed && r.Status != Skipped }

// Result is what became of a plan.
type Result struct {
	// Changes are in the order of the plan, without those that are only reported.
	Changes []ChangeResult
	// State is the ledger after the apply.
	State *planner.State
	// Added, Changed and Destroyed count objects of which at least one change
	// was done, as [planner.Summary] counts them.
	Added, Changed, Destroyed int
	// Interrupted: the context was cancelled before the apply was through.
	Interrupted bool
	// Stopped is why nothing more was sent anywhere: rejected credentials, a
	// journal that cannot be written. Nil where the run was not cut short.
	Stopped error
	// GaveUp holds, by app, the last of the failures in a row after which
	// nothing more was sent to its target.
	GaveUp map[string]error
	// ReadBack says, by app, why what was done could not be read back.
	ReadBack map[string]error
}

// Written reports whether any change was done, at least in part.
func (r *Result) Written() bool {
	for i := range r.Changes {
		if c := &r.Changes[i]; c.Done() || c.made() {
			return true
		}
	}
	return false
}

// Converged reports whether every change was done whole, and none is known
// not to be in effect.
func (r *Result) Converged() bool {
	for i := range r.Changes {
		c := &r.Changes[i]
		if !c.Done() || c.Status == NotInEffect || len(c.Rejected) > 0 {
			return false
		}
	}
	return true
}

// The types of an [Event], as in the event stream of the command line.
const (
	EventStart       = "apply_start"
	EventProgress    = "apply_progress"
	EventComplete    = "apply_complete"
	EventErrored     = "apply_errored"
	EventQuarantined = "quarantined"
	EventRetry       = "retry"
)

// Event tells whoever watches an apply what happens. It is sent from one
// goroutine at a time.
type Event struct {
	// Type is one of the Event constants.
	Type string
	// Change is the change that the event is about; nil for EventProgress.
	// It must not be kept or changed.
	Change *planner.Change
	// RemoteID is the id of what the change created or touched, for EventComplete.
	RemoteID string
	// Done counts the changes that came to an end, of Total.
	Done, Total int
	// Elapsed is how long the change took, or for EventProgress the apply.
	Elapsed time.Duration
	// Err is the cause, for EventErrored, EventQuarantined and EventRetry.
	Err error
	// Wait is how long a retry waits.
	Wait time.Duration
	// Rejected are the members that were not added, for EventQuarantined.
	Rejected []planner.RejectedMember
}
