package schema

// UserRef names a person where a list of people is expected: by block
// (Address), by directory and login (Directory, Login), or by login alone.
type UserRef struct {
	Address   Address
	Directory Address
	Login     string
	Origin    Origin
}

// GroupRef names a group: by block (Address), or as a directory has it
// (Directory, Name). Where a list takes names of groups, Name stands alone.
type GroupRef struct {
	Address   Address
	Directory Address
	Name      string
	Origin    Origin
}

// Group is a group block. A group says who is in it by members, included
// groups and rules together, or by From alone.
type Group struct {
	Address     Address
	Name        string
	Description string
	// MembersSaid tells `members = []` (nobody) from no members argument.
	MembersSaid   bool
	Members       []UserRef
	IncludeGroups []GroupRef
	Rules         []Rule
	// From takes the group from a directory. It excludes the other three.
	From   *GroupRef
	Origin Origin
}

// Rule adds everyone for whom Condition holds and who is not excluded. Static
// membership wins over both (OKTA-28).
type Rule struct {
	Condition Condition
	Exclude   []UserRef
	// Inactive rules add nobody.
	Inactive bool
	Origin   Origin
}

// Condition is the compiled condition of a rule. It is a pure function of its
// arguments and safe for concurrent use.
type Condition interface {
	// Holds reports whether the condition is true for u. memberOf answers for
	// the groups that Groups lists, and for no others. An error is about the
	// expression and this person: a null where a string is needed, say.
	Holds(u *User, memberOf func(Address) bool) (bool, error)
	// Groups lists the groups whose membership the condition reads.
	Groups() []GroupRef
}

// Expression is a compiled expression over one person: an app's username, or
// one of its attributes. It is pure and safe for concurrent use. The value is
// nil, string, bool, float64, []any or map[string]any.
type Expression interface {
	Value(u *User) (any, error)
}
