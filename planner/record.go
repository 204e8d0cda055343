package planner

// Record writes down that c ended with o: links are made, updated, or
// forgotten. It keeps the state's order.
func (s *State) Record(c Change, o Outcome) {}
