package planner

import (
	"strconv"

	"github.com/rollcall-dev/rollcall/schema"
)

// Explanation says of one person what they have, what not, and why.
type Explanation struct {
	// Key and Login name the person; Origin is where they are declared.
	Key, Login, Status string
	Origin             schema.Origin
	Answers            []Answer
}

// Answer is about one app, group or push.
type Answer struct {
	// Address is that of the app, group, or push block; App is the app's name
	// where the answer is about an app or a push to it.
	Address string
	App     string
	// Name is the group's name, at the target for a push.
	Name string
	// Holds: the person has the app, is in the group, is pushed with it.
	Holds bool
	// Reasons are the chain, from the outermost to the root cause.
	Reasons []Reason
	// Edits are the smallest single edits that would change the answer.
	Edits []Edit
}

// Edit is one change of the configuration that would change an answer.
type Edit struct {
	// Op is add, remove, set or declare.
	Op string
	// Address and Argument say where: the argument `users` of `assignment.x`.
	// For declare, Address is the type of the block that is missing.
	Address, Argument string
	// Value is what is added, removed or set, as it stands in HCL.
	Value  string
	Origin schema.Origin
}

// UnknownError says that a name asked for leads nowhere.
type UnknownError struct {
	// What is person, or app or group.
	What, Name string
	// Suggestion is a name that is close, or empty.
	Suggestion string
}

// Error names what was asked for, and a close name where there is one.
func (e *UnknownError) Error() string {
	text := "no " + e.What + " is called " + strconv.Quote(e.Name)
	if e.Suggestion != "" {
		text += "; did you mean " + strconv.Quote(e.Suggestion) + "?"
	}
	return text
}

// Explain says why, and why not, for one person: who is a login, an address, a
// key or a display name; in is the address of an app, group or push, or a
// group's name, and empty for everything. It needs nothing but the
// configuration. The error is an [*UnknownError], also where a display name
// fits several people.
func Explain(d *Desired, who, in string) (*Explanation, error) {
	return nil, &UnknownError{What: "person", Name: who}
}
