package providers

import (
	"fmt"
	"slices"

	"github.com/rollcall-dev/rollcall/planner"
)

// NeedError says that a change was not sent because of another change.
type NeedError struct {
	// Need is the change that was not done, Err why it was not.
	Need *planner.Change
	Err  error
}

// Error names the change that was not done and its cause.
func (e *NeedError) Error() string {
	return fmt.Sprintf("needs %s of %s %q, which was not done: %v", e.Need.Action, e.Need.Kind, e.Need.Name, e.Err)
}

// Unwrap returns the cause.
func (e *NeedError) Unwrap() error { return e.Err }

// resolve returns change i as it can be sent now: with the ids that changes
// before it brought, and without the members whose own change was not done,
// who are returned as held. The error says why it cannot be sent at all.
func (r *run) resolve(i int32) (*planner.Change, []planner.RejectedMember, error) {
	planned := &r.graph.changes[i]
	add, held := r.presentMembers(planned.Members.Add)
	if err := r.needsMet(planned, held); err != nil {
		return planned, nil, err
	}
	c := *planned
	c.Members.Add = add
	if c.RemoteID == "" && c.Action != planner.Create {
		c.RemoteID = r.madeID(planned)
	}
	switch {
	case c.RemoteID == "" && c.Action != planner.Create && c.Requests > 0:
		return planned, nil, fmt.Errorf("%s %s %q: nothing before it made the object", c.Action, c.Kind, c.Name)
	case len(held) > 0 && nothingLeft(&c):
		return planned, held, fmt.Errorf("%s %s %q: every member to add is held back", c.Action, c.Kind, c.Name)
	case c.RemoteID == planned.RemoteID && !anyPending(planned.Members.Add):
		return planned, nil, nil // the copy would live as long as the result
	}
	return &c, held, nil
}

// nothingLeft reports whether a change of members has no member left.
func nothingLeft(c *planner.Change) bool {
	return c.Action == planner.Update && len(c.After) == 0 &&
		len(c.Members.Add) == 0 && len(c.Members.Remove) == 0
}

// needsMet returns a [*NeedError] unless everything that c needs was done. A
// change that only brings one of the members who are held is no reason to hold
// c back.
func (r *run) needsMet(c *planner.Change, held []planner.RejectedMember) error {
	brings := make(map[string]bool, len(held))
	for i := range held {
		brings[held[i].Member.Change] = true
	}
	for _, id := range c.Needs {
		need := &r.result.Changes[r.graph.index[id]]
		if !need.Done() && !brings[id] {
			return &NeedError{Need: need.Change, Err: need.Err}
		}
	}
	return nil
}

// madeID returns the id of c's object where a change that c needs made it.
func (r *run) madeID(c *planner.Change) string {
	for _, id := range c.Needs {
		need := &r.result.Changes[r.graph.index[id]]
		if need.Change.Kind == c.Kind && need.Change.Key == c.Key {
			return need.Outcome.RemoteID
		}
	}
	return ""
}

// presentMembers splits members into those who are at the target and those
// whose own change was not done. It copies only where somebody waits for one.
func (r *run) presentMembers(members []planner.Member) (present []planner.Member, held []planner.RejectedMember) {
	if !anyPending(members) {
		return members, nil
	}
	present = make([]planner.Member, 0, len(members))
	for _, m := range members {
		if m.Change != "" {
			by := &r.result.Changes[r.graph.index[m.Change]]
			if !by.Done() {
				held = append(held, planner.RejectedMember{Member: m, Detail: "held back: " + by.Err.Error()})
				continue
			}
			if m.RemoteID == "" {
				m.RemoteID = by.Outcome.RemoteID
			}
		}
		present = append(present, m)
	}
	return present, held
}

// anyPending reports whether a change of the plan brings one of members.
func anyPending(members []planner.Member) bool {
	return slices.ContainsFunc(members, func(m planner.Member) bool { return m.Change != "" })
}
