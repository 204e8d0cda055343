package planner

// Simulate returns what r would be after c: the executable meaning of a
// change. r stays as it is. A created object gets c.ID as its id.
func Simulate(r *Remote, c Change) *Remote { return r }
