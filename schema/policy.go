package schema

// Policy is a policy block: what must hold of all that follows from the
// configuration.
type Policy struct {
	Address Address
	// Severity is Error, Warning or Info: what a failure is.
	Severity Severity
	// Assertions are its for_each and its assert blocks.
	Assertions Assertions
	Origin     Origin
}

// Assertions are the compiled assert blocks of a policy or a run. They are a
// pure function of the facts, and safe for concurrent use.
type Assertions interface {
	// Reads reports whether any of them names the value called root: "effective"
	// or "plan".
	Reads(root string) bool
	// Check evaluates them, for every instance where there is a for_each, and
	// returns those that do not hold, in the order of instances and blocks. The
	// findings are errors and say what could not be evaluated: that is never a pass.
	Check(f *Facts) ([]Failure, Diagnostics)
}

// Failure is one assertion that does not hold.
type Failure struct {
	// Instance is the address of the instance of a policy with for_each; empty
	// without one.
	Instance Address
	// Message is the block's error_message.
	Message string
	// Values are those of the named parts of the condition.
	Values []Stated
	// Origin is where the condition stands.
	Origin Origin
}

// Stated says of a part of an expression what its value is, as in
// `each.value.login` `is "alice@acme.com"`. Neither holds a sensitive value.
type Stated struct{ Expression, Statement string }

// Facts are what assertions are evaluated over. They are used by one goroutine
// at a time.
type Facts struct {
	// Effective is the value `effective`, Plan the value `plan`; Plan is nil where
	// there is no plan, and assertions that read it are then not to be checked.
	Effective, Plan *Record
	// Size is how many people, memberships and changes the facts hold together:
	// what an evaluation may cost grows with it.
	Size int
	// Memo belongs to whoever evaluates: what was made of the facts so far, and
	// what that has cost.
	Memo any
}

// The values that facts are made of are those of [Expression], texts as
// []string, and these three, which are made as far as somebody looks into them.
type (
	// Record is an object of fixed names.
	Record struct {
		Names []string
		// Get returns the value of one of Names.
		Get func(name string) any
	}
	// Table is a map whose keys are data and whose rows are alike.
	Table struct {
		// Keys are sorted and without repeats.
		Keys []string
		// Row returns the row of one of Keys.
		Row func(key string) any
	}
	// List is a list whose rows are alike.
	List struct {
		Len int
		Row func(i int) any
	}
)

// EffectiveNames are the names of the value `effective`, in the order of the
// language reference.
func EffectiveNames() []string { return []string{"users", "groups", "apps", "access"} }

// PlanNames are the names of the value `plan`: those of a plan's JSON document,
// less what only an apply needs.
func PlanNames() []string {
	return []string{"as_of", "complete", "changes", "drift", "withheld", "held", "findings", "guards", "summary"}
}
