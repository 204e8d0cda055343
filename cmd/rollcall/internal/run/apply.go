package run

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/auditlog"
	"github.com/rollcall-dev/rollcall/providers"
)

// Apply says how a plan is to be carried out.
type Apply struct {
	// Expect is the fingerprint that the plan must have; empty takes any.
	// Source says where it comes from, for the error.
	Expect, Source string
	// MayBeDone also takes a plan that writes nothing: what was expected has
	// been carried out before.
	MayBeDone bool
	// Inputs are what the expected plan was made from, where that is known.
	Inputs *planner.Inputs
	// Undo is the id of the apply that is to be undone, or how it begins, instead
	// of carrying out what the configuration asks for.
	Undo string
	// Approve is shown the plan before anything is written and says whether to
	// go on. Asked tells that it waited for a person, so that what was read is
	// read again. Nil approves.
	Approve func(*planner.Plan) (yes, asked bool, err error)
	// Events is told what happens; it must return quickly.
	Events func(providers.Event)
}

// Applied is what became of an apply.
type Applied struct {
	Plan *planner.Plan
	// ID names the apply in the audit log; empty where nothing was to be sent.
	ID string
	// Undoes is the id of the apply that was undone; empty for an apply.
	Undoes string
	// Result is nil where nothing was to be sent, or was not approved.
	Result   *providers.Result
	Approved bool
	// Unsaved: the state could not be saved at the end, and the journal alone has
	// what was done.
	Unsaved bool
	// Doubted are the directories whose read was not believed and is noted in the
	// state, where the plan was refused.
	Doubted []string
	// Done: the plan is not the expected one, and writes nothing.
	Done bool
}

// Apply plans under the state's lock and carries the plan out. What was
// reached is saved whatever happens; the error says why nothing was sent, or
// that the ledger could not be saved.
func (p *Project) Apply(ctx context.Context, how Apply) (_ *Applied, err error) {
	store, err := p.store()
	if err != nil {
		return nil, err
	}
	session, err := p.lock(ctx, store, how.operation())
	if err != nil {
		return nil, err
	}
	defer func() {
		if failed := session.Unlock(context.WithoutCancel(ctx)); failed != nil {
			err = errors.Join(err, fmt.Errorf("unlock the state: %w", failed))
		}
	}()
	state, err := p.readState(ctx, store)
	if err != nil {
		return nil, err
	}
	if err := p.closeLeft(ctx, session, state); err != nil {
		return nil, err
	}
	connected, err := p.connect(ctx, writing, state)
	if err != nil {
		return nil, err
	}
	defer connected.close()
	return p.apply(ctx, session, state, connected, how)
}

// apply plans, asks, and carries out what was approved.
func (p *Project) apply(ctx context.Context, session providers.Session, state *planner.State, connected connections, how Apply) (*Applied, error) {
	planned, err := p.planFor(ctx, state, connected, &how)
	if err != nil {
		return nil, err
	}
	plan := planned.Plan
	other := how.Expect != "" && how.Expect != plan.Fingerprint
	done := other && how.MayBeDone && !sends(plan)
	if other && !done {
		return nil, &StaleError{
			Expected: how.Expect, Now: plan, Source: how.Source,
			Changed: whatChanged(how.Inputs, &plan.Inputs),
		}
	}
	yes, err := p.approve(ctx, planned, connected, how)
	if err != nil || !yes {
		return &Applied{Plan: plan, Approved: yes}, err
	}
	if !plan.Applyable {
		return p.refuse(ctx, session, state, plan)
	}
	applied := &Applied{Plan: plan, Approved: true, Done: done, Undoes: how.Undo}
	if sends(plan) {
		return applied, p.carryOut(ctx, session, planned, connected, how, applied)
	}
	_, read := planner.NoteReadings(state, plan.Inputs.Directories, true)
	switch {
	case len(state.Intents) > 0:
		return applied, p.saveNoted(ctx, session, state, how.operation(), "nothing to send; what an earlier run left unanswered was looked up")
	case read:
		return applied, p.saveNoted(ctx, session, state, how.operation(), "nothing to send; what the directories hold was noted")
	}
	return applied, nil
}

// operation is what the lock and the audit log call it.
func (a *Apply) operation() string {
	if a.Undo != "" {
		return "undo"
	}
	return "apply"
}

// refuse ends the apply of a plan that is blocked. No target is written to; a
// directory that was read with much less in it is noted in the state, so that a
// second read may agree.
func (p *Project) refuse(ctx context.Context, session providers.Session, state *planner.State, plan *planner.Plan) (*Applied, error) {
	doubted, changed := planner.NoteReadings(state, plan.Inputs.Directories, false)
	applied := &Applied{Plan: plan, Approved: true, Doubted: doubted}
	if !changed {
		return applied, nil
	}
	return applied, p.saveNoted(ctx, session, state, "apply", "refused, because the plan is blocked; what the directories hold was noted")
}

// approve asks. Where a person took their time, it reads again: they must get
// what they saw.
func (p *Project) approve(ctx context.Context, planned *Planned, connected connections, how Apply) (bool, error) {
	if how.Approve == nil {
		return true, nil
	}
	yes, asked, err := how.Approve(planned.Plan)
	if err != nil || !yes || !asked {
		return yes, err
	}
	again, err := p.planFor(ctx, planned.State, connected, &how)
	if err != nil {
		return false, err
	}
	if again.Plan.Fingerprint != planned.Plan.Fingerprint {
		return false, &StaleError{Expected: planned.Plan.Fingerprint, Now: again.Plan, Source: "the plan that was approved", Changed: "something at a target"}
	}
	return true, nil
}

// carryOut sends the changes of a plan. They are announced in the audit log
// before the first, and what became of them is recorded before the state is
// saved: until then the journal has it.
func (p *Project) carryOut(ctx context.Context, session providers.Session, planned *Planned, connected connections, how Apply, applied *Applied) error {
	announced, err := p.announce(ctx, session, planned, how)
	if err != nil {
		return err
	}
	applied.ID = announced.id
	if p.Config.Settings.State.Kind == "http" {
		p.options.Notice("The store of this state has no place for an audit log: it is in " + p.httpLog() + " on this machine. Keep that file.")
	}
	targets, settle := p.targets(planned, connected)
	applied.Result, err = providers.Apply(ctx, planned.Plan, providers.Options{
		Targets: targets, Journal: session, State: planned.State,
		Parallelism: p.options.Parallelism, Settle: settle, Now: p.options.Now, Events: how.Events,
	})
	if err != nil {
		return errors.Join(err, announced.end(ctx, nil, auditlog.Ended{Result: auditlog.Stopped, Error: err.Error()}))
	}
	applied.Unsaved = true
	if err := announced.finish(ctx, applied.Result); err != nil {
		return &LogError{fmt.Errorf("%w (what was done is in the state's journal, and the next run records it)", err)}
	}
	planner.NoteReadings(applied.Result.State, planned.Plan.Inputs.Directories, true)
	err = save(ctx, session, applied.Result.State)
	applied.Unsaved = err != nil
	return err
}

// targets finds where each app of a plan is kept, and how long the slowest of
// them takes to show what was written.
func (p *Project) targets(planned *Planned, connected connections) (map[string]providers.Target, time.Duration) {
	targets := map[string]providers.Target{}
	var settle time.Duration
	add := func(app string, c *connection) {
		if c != nil {
			targets[app] = c.target
			settle = max(settle, c.settle)
		}
	}
	for address, remote := range planned.Remotes {
		for i := range planned.State.Apps {
			if a := &planned.State.Apps[i]; a.Identity == remote.Identity {
				add(a.App, connected.of(address))
			}
		}
	}
	for i := range p.Config.Apps {
		add(p.Config.Apps[i].Name, connected.of(p.Config.Apps[i].Target))
	}
	return targets, settle
}

// sends reports whether anything of plan is more than reported.
func sends(plan *planner.Plan) bool {
	return slices.ContainsFunc(plan.Changes, func(c planner.Change) bool { return !c.ReportOnly })
}
