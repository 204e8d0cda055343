package run

import (
	"context"
	"errors"
	"fmt"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/auditlog"
	"github.com/rollcall-dev/rollcall/schema"
)

// undoOf reads an apply that is to be undone out of the audit log.
func (p *Project) undoOf(ctx context.Context, id string) (*planner.Undo, error) {
	a, err := p.applyOf(ctx, id)
	missing := (*auditlog.NotFoundError)(nil)
	switch {
	case errors.As(err, &missing):
		return nil, fmt.Errorf("undo %s: %w", id, err)
	case err != nil:
		return nil, &LogError{err}
	case a.Ended == nil && len(a.Changes) == 0:
		return nil, fmt.Errorf("undo %s: it changed nothing at a target, or has not ended yet", a.ID)
	}
	u := &planner.Undo{ID: a.ID, At: a.At, Who: "somebody"}
	if a.Run != nil {
		u.Who, u.Commit = a.Run.Who, a.Run.Config.Commit
	}
	for i := range a.Changes {
		if c := &a.Changes[i]; c.Status.Done() || c.Status == auditlog.Failed && c.Outcome.RemoteID != "" && c.Change.Action == planner.Create {
			u.Changes = append(u.Changes, planner.Settled{Change: c.Change, Outcome: c.Outcome})
		}
	}
	return u, nil
}

// computeUndo computes the inverse of an apply.
func (p *Project) computeUndo(state *planner.State, remotes map[schema.Address]*planner.Remote, undo *planner.Undo) (*Planned, error) {
	if p.Desired == nil {
		return nil, errors.New("undo: the configuration has errors")
	}
	plan, err := planner.ComputeUndo(planner.Input{
		Desired: p.Desired, State: state, Remotes: remotes, Inputs: p.inputs(state, remotes),
	}, *undo)
	if err != nil {
		return nil, p.unreadable(err)
	}
	return p.judge(&Planned{Plan: plan, State: state, Remotes: remotes})
}
