package planner

import "github.com/rollcall-dev/rollcall/schema"

// AccessFilter limits what [Access] answers. Empty fields limit nothing.
type AccessFilter struct {
	// Who is a login, an address or a key.
	Who string
	// App is an app's address or name.
	App string
	// Group is a group's address, its name, or its name at the target.
	Group string
}

// AccessEntry says that a person has an app, or is in one of its pushed groups.
type AccessEntry struct {
	Login, Key string
	App        string
	// Group is the name at the target; empty for the entry about the app itself.
	Group string
	// Source is how the app reaches the person.
	Source Source
	// Missing is empty where the access is in effect, else the condition that
	// does not hold: assigned, active, present.
	Missing string
	Origin  schema.Origin
}

// Access lists effective access by app, then login, then group.
func Access(d *Desired, f AccessFilter) []AccessEntry { return nil }
