package run

import (
	"context"
	"errors"
	"slices"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/policy"
	"github.com/rollcall-dev/rollcall/schema"
)

// Planned is a plan with what it was made from.
type Planned struct {
	Plan    *planner.Plan
	State   *planner.State
	Remotes map[schema.Address]*planner.Remote
}

// Plan reads state and targets and computes what must change. It writes
// nothing: the targets are given to it without a way to.
func (p *Project) Plan(ctx context.Context) (*Planned, error) {
	store, err := p.store()
	if err != nil {
		return nil, err
	}
	if err := p.awaitWriter(ctx, store); err != nil {
		return nil, err
	}
	state, err := p.readState(ctx, store)
	if err != nil {
		return nil, err
	}
	if p.options.Offline {
		return p.planOffline(state)
	}
	connected, err := p.connect(ctx, reading, state)
	if err != nil {
		return nil, err
	}
	defer connected.close()
	return p.plan(ctx, state, connected)
}

// plan computes what must change at the connected targets.
func (p *Project) plan(ctx context.Context, state *planner.State, connected connections) (*Planned, error) {
	if err := p.settle(ctx, state, connected); err != nil {
		return nil, err
	}
	remotes, err := p.read(ctx, connected)
	if err != nil {
		return nil, err
	}
	return p.compute(state, remotes)
}

// planFor computes what an apply is to do: what the configuration asks for, or
// the inverse of an earlier apply.
func (p *Project) planFor(ctx context.Context, state *planner.State, connected connections, how *Apply) (*Planned, error) {
	if how.Undo == "" {
		return p.plan(ctx, state, connected)
	}
	undo, err := p.undoOf(ctx, how.Undo)
	if err != nil {
		return nil, err
	}
	how.Undo = undo.ID
	if err := p.settle(ctx, state, connected); err != nil {
		return nil, err
	}
	remotes, err := p.read(ctx, connected)
	if err != nil {
		return nil, err
	}
	return p.computeUndo(state, remotes, undo)
}

// planOffline computes what must change where the targets are as we left them.
// Such a plan is never complete, and cannot be applied.
func (p *Project) planOffline(state *planner.State) (*Planned, error) {
	capabilities, err := p.capabilities()
	if err != nil {
		return nil, err
	}
	planned, err := p.compute(state, planner.Recall(p.Config, state, capabilities))
	if err != nil {
		return nil, err
	}
	planned.Plan.Complete = false
	return planned, nil
}

func (p *Project) compute(state *planner.State, remotes map[schema.Address]*planner.Remote) (*Planned, error) {
	if p.Desired == nil {
		return nil, errors.New("plan: the configuration has errors")
	}
	plan, err := planner.Compute(planner.Input{
		Desired: p.Desired, State: state, Remotes: remotes,
		Inputs: p.inputs(state, remotes), Only: p.options.Only,
	})
	if err != nil {
		return nil, p.unreadable(err)
	}
	plan.Findings = slices.Concat(p.written, plan.Findings)
	return p.judge(&Planned{Plan: plan, State: state, Remotes: remotes})
}

// judge checks the policies over a plan, whatever it was made for.
func (p *Project) judge(planned *Planned) (*Planned, error) {
	if broken := policy.Judge(p.Desired, planned.Plan); len(broken) > 0 {
		return nil, &FindingsError{broken}
	}
	return planned, nil
}

// unreadable gives an error about a target its place in the configuration.
func (p *Project) unreadable(err error) error {
	read := (*planner.ReadError)(nil)
	if !errors.As(err, &read) {
		return err
	}
	for i := range p.Config.Targets {
		if t := &p.Config.Targets[i]; t.Address == read.Target {
			return &PlaceError{What: t.Address, Origin: t.Origin, Err: err}
		}
	}
	return err
}
