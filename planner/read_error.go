package planner

import "github.com/rollcall-dev/rollcall/schema"

// ReadError says that a target's read does not allow a plan. What is wrong may
// pass: read again.
type ReadError struct {
	Target schema.Address
	What   string
}

// Error names the target and what is wrong with its read.
func (e *ReadError) Error() string { return "plan from " + string(e.Target) + ": " + e.What }
