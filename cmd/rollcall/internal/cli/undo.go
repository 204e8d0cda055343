package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

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
	c.Flags().BoolVar(&f.input, "input", true, "never ask: fail where an answer would be needed")
	c.Flags().BoolVar(&f.json, "json", false, "print events, one JSON object a line; asks nobody")
	addParallelism(c, &f.parallelism)
	c.Flags().DurationVar(&f.lockTimeout, "lock-timeout", 0, "wait for the state's lock for `DURATION`")
	return c
}

// undo takes back what the apply called id did.
func (a *app) undo(ctx context.Context, f applyFlags, id string) error {
	a.stream(f.json)
	f.lock = true
	o, err := f.options(a)
	if err != nil {
		return err
	}
	how, err := a.applyHow(ctx, f, "", nil)
	if err != nil {
		return err
	}
	how.Undo, how.MayBeDone = id, false
	p, err := a.open(o)
	if err != nil {
		return err
	}
	defer p.Close()
	var end func() error
	how.Events, end = a.progress()
	applied, err := p.Apply(ctx, how)
	if err = errors.Join(err, end()); err != nil {
		return a.broken(applied, err)
	}
	return a.applied(applied)
}
