package planner

import "github.com/rollcall-dev/rollcall/schema"

// DriftOf lists how the targets differ from what the state says we left there,
// whatever is desired. An app of the state belongs to the remote with its identity.
func DriftOf(s *State, remotes map[schema.Address]*Remote) []Drift { return nil }
