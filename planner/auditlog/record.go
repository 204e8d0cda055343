package auditlog

import (
	"time"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/schema"
)

// Kind says what a record is.
type Kind string

// The kinds of records.
const (
	// Begin announces an apply before its first request.
	Begin Kind = "begin"
	// ChangeEnded is what became of one change of an apply.
	ChangeEnded Kind = "change"
	// End closes an apply. Without one, the run was killed.
	End Kind = "end"
	// Note is an operation on the state alone.
	Note Kind = "note"
)

// Record is one entry of the log.
type Record struct {
	// Seq counts records from one, and Prev is the hash of the record before;
	// empty for the first. Both are set by [Head.Append].
	Seq  uint64
	Prev string
	Kind Kind
	// Apply is the id that all records of one apply share; a note has its own.
	Apply string
	At    time.Time
	// Run is set in a begin and a note.
	Run *Run
	// Change is set in a record of a change.
	Change *Change
	// Ended is set in an end.
	Ended *Ended
}

// Run says what was started, by whom, and from what.
type Run struct {
	// Operation is apply, undo, "state mv", force-unlock, and so on; Detail what
	// a note did, in words.
	Operation, Detail string
	// Who is user@host, CI the address of the CI run, if any.
	Who, CI string
	// Version is rollcall's own.
	Version     string
	Config      planner.ConfigInput
	Fingerprint string
	// State is the state that it started from.
	State planner.StateInput
	// Continues, in the first record of a log alone, says that it goes on from one
	// that is elsewhere: Seq and Prev of the record are those after its end.
	Continues bool
	// Only is the app or person that it was limited to.
	Only schema.Address
	// Undoes is the id of the apply that it undoes.
	Undoes string
	// Plan counts what was planned.
	Plan Counts
	// Guards are what the guards counted, with the waivers that let it pass.
	Guards []planner.GuardResult
}

// Counts counts objects, and the requests that were planned for them.
type Counts struct{ Added, Changed, Destroyed, Requests int }

// Status says how a change ended.
type Status string

// The statuses of a change in the log: those of an apply, and [Unknown].
const (
	Confirmed   Status = "confirmed"
	Unconfirmed Status = "unconfirmed"
	Done        Status = "done"
	NotInEffect Status = "not-in-effect"
	Failed      Status = "failed"
	Skipped     Status = "skipped"
	// Unknown: it may have been sent, and no answer was recorded.
	Unknown Status = "unknown"
)

// Done reports whether the target carried the change out.
func (s Status) Done() bool {
	switch s {
	case Confirmed, Unconfirmed, Done, NotInEffect:
		return true
	}
	return false
}

// Change is one change as it was sent, and what became of it. Its Link holds
// only what tells how the state came by it; of a change whose answer was lost
// all that is known is what it was about.
type Change struct {
	Change  planner.Change
	Status  Status
	Outcome planner.Outcome
	// Error is the target's refusal or what else went wrong.
	Error string
	// Took is how long the target took; zero if unknown.
	Took time.Duration
}

// Result says how an apply ended.
type Result string

// The results.
const (
	Complete    Result = "complete"
	Partly      Result = "partly"
	Stopped     Result = "failed"
	Interrupted Result = "interrupted"
	// Killed: the run ended without a word, and a later one closed its records
	// with what the journal knew.
	Killed Result = "killed"
)

// Ended says how an apply ended, and what it came to.
type Ended struct {
	Result Result
	Counts Counts
	// Error is what stopped the run.
	Error string
	Took  time.Duration
}
