package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/cmd/rollcall/internal/run"
	"github.com/rollcall-dev/rollcall/planner"
)

func newUndo(a *app) *cobra.Command {
	var f applyFlags
	c := manual{
		about: "Computes the inverse of one apply, limited to what is still as that apply left it, and\n" +
			"carries it out: it asks before, as apply does, and guards hold as in any plan. ID is\n" +
			"the apply's in the audit log; its first letters will do. What was changed since stays,\n" +
			"and so does what was deleted; the plan says why for each. An undo is for now: the\n" +
			"configuration still asks for what is undone, and the next apply makes it again. For\n" +
			"good, revert the commit. The undo stands in the audit log itself.",
		example: "rollcall log\nrollcall undo 7QK3",
		exits: "0 done; 1 error, nothing written; 3 blocked by a guard, a policy or a protection,\n" +
			"  nothing written; 4 partly done, state saved; 130 interrupted, state saved.",
	}.describe(&cobra.Command{
		Use: "undo ID", Short: "Take back what one apply did", Args: exactly(1, "ID"),
		RunE: func(c *cobra.Command, args []string) error {
			switch {
			case args[0] == "":
				return &usageError{errors.New("the id of an apply is empty; \"rollcall log\" lists them"), c}
			case c.Flags().Changed("expect") && !planner.IsFingerprint(f.expect):
				return &usageError{notAFingerprint(f.expect), c}
			}
			return a.undo(c.Context(), f, args[0])
		},
	})
	f.loadFlags.add(c)
	c.Flags().StringVar(&f.expect, "expect", "", "do not ask, and undo only by the plan that has this `FINGERPRINT`")
	c.Flags().BoolVar(&f.autoApprove, "auto-approve", false, "do not ask")
	c.Flags().BoolVar(&f.input, "input", true, "never ask: show the plan and what approves it, and fail")
	c.Flags().BoolVar(&f.json, "json", false, "print events, one JSON object a line; asks nobody")
	addParallelism(c, &f.parallelism)
	c.Flags().DurationVar(&f.lockTimeout, "lock-timeout", 0, "wait for the state's lock for `DURATION`")
	return c
}

// undoHow turns flags into what the undo must hold to. There is no plan file of an
// undo: where nobody approves it and nobody can be asked, it is shown, with what
// approves it.
func (a *app) undoHow(ctx context.Context, f applyFlags, id string) (run.Apply, error) {
	if f.autoApprove || f.expect != "" || f.input && !f.json {
		how, err := a.applyHow(ctx, f, "", nil)
		how.Undo, how.MayBeDone = id, false
		return how, err
	}
	return run.Apply{Undo: id, Approve: func(p *planner.Plan) (bool, bool, error) {
		if err := a.showPlan(p); err != nil || len(p.Changes) == 0 || !p.Applyable {
			return true, false, err
		}
		return false, false, fmt.Errorf("undo %s: nobody can be asked, and nothing was written; to undo by exactly this plan, run \"rollcall undo -expect=%s %s\"",
			id, p.Fingerprint, id)
	}}, nil
}

// undo takes back what the apply called id did.
func (a *app) undo(ctx context.Context, f applyFlags, id string) error {
	a.stream(f.json)
	f.lock = true
	o, err := f.options(a)
	if err != nil {
		return err
	}
	how, err := a.undoHow(ctx, f, id)
	if err != nil {
		return err
	}
	return a.perform(ctx, o, how)
}
