package planner

import (
	"time"

	"github.com/rollcall-dev/rollcall/schema"
)

// Facts are what Resolve needs besides the configuration.
type Facts struct {
	// Directories are the declared directories as read, by address.
	Directories map[schema.Address]*schema.Directory
	// Capabilities are those of each declared target, by address.
	Capabilities map[schema.Address]Capabilities
	// AsOf is the moment that starts and expires are compared with.
	AsOf time.Time
	// Now is the run's clock; zero: AsOf. What guards go by is the later of both:
	// whoever looks back does not bring a waiver back.
	Now time.Time
}

// Input is all that Compute looks at.
type Input struct {
	Desired *Desired
	State   *State
	// Remotes are the targets' reads by the target's address.
	Remotes map[schema.Address]*Remote
	// Inputs is copied into the plan.
	Inputs Inputs
	// Only limits the plan to one app or person; empty means everything.
	Only schema.Address
}

// Outcome is what became of one change that was sent.
type Outcome struct {
	// RemoteID is the id of the object that the change created or touched.
	RemoteID string
	// Rejected are the members that the target refused, each with its error's
	// text; the rest of the change was done.
	Rejected []RejectedMember
	// At is when the change was done, by our clock.
	At time.Time
	// Receipts are the target's answers to the requests that wrote, the last of
	// them where there were many. They are for the log alone.
	Receipts []Receipt
}

// Receipt identifies a target's answer to one request.
type Receipt struct {
	// Status is the HTTP status.
	Status int
	// RequestID is the target's own name of the request; empty if it gives none.
	RequestID string
}

// RejectedMember is one member that a target refused.
type RejectedMember struct {
	Member Member
	Detail string
}
