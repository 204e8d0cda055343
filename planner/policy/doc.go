// Package policy says whether what a configuration asserts holds: it lays what
// follows from the configuration, and a plan, before the compiled policies, and
// turns what they find into findings. It is pure, as all of the planner is; it
// does not decide what a failure stops, beyond that a plan with a failed error
// policy is not applyable.
//
// Start at Check, and at Facts for what `effective` and `plan` hold.
package policy
