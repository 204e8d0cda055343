package schema

import "time"

// TestFile is one file of tests.
type TestFile struct {
	// Name is the file's path under the root.
	Name string
	// Runs are in the order in which they are written.
	Runs []Run
	// Findings are what is wrong with the file. With errors, no run of it can be
	// carried out.
	Findings Diagnostics
}

// Run is one test: facts that it starts from, and what must then hold.
type Run struct {
	Name  string
	Given []Given
	// AsOf is the moment of given "time"; zero without one.
	AsOf       time.Time
	Assertions Assertions
	// ExpectFailures are the policies that must fail in this run.
	ExpectFailures []PolicyRef
	Origin         Origin
}

// PolicyRef names a policy.
type PolicyRef struct {
	Address Address
	Origin  Origin
}

// Given changes the facts of a run: what a person or a group is like.
type Given struct {
	// Address is user.NAME or group.NAME. A user.NAME that is no block stands for
	// the person of a directory whose login Set gives, or else for somebody new.
	Address Address
	// Absent: the person or group is not there at all.
	Absent bool
	Set    []Argument
	Origin Origin
}

// Argument is one argument and its value: a string, a []UserRef, a []GroupRef,
// or, under a name like `custom.NAME`, a value as in [CustomAttribute].
type Argument struct {
	Name   string
	Value  any
	Origin Origin
}
