package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/cmd/rollcall/internal/render"
	"github.com/rollcall-dev/rollcall/cmd/rollcall/internal/run"
	"github.com/rollcall-dev/rollcall/planner"
)

// rebuildFlags are those of state rebuild.
type rebuildFlags struct {
	loadFlags
	replace, autoApprove, input bool
	lockTimeout                 time.Duration
}

func newStateRebuild(a *app) *cobra.Command {
	var f rebuildFlags
	c := manual{
		about: "Makes a lost state anew. Reads the configuration, its directories and the targets, to\n" +
			"which it sends nothing but GET, and finds for each declared person the one account and\n" +
			"for each pushed group the one group that fits. What fits twice, or may be somebody\n" +
			"else's, is listed and left out. It shows what it found and asks before it saves. With\n" +
			"-replace it takes the place of a damaged state too, which is kept under another name.\n" +
			"What was taken away before is not to be found: for the time of the window, guards let\n" +
			"nothing be taken away without a waiver.",
		example: "rollcall state rebuild\nrollcall plan",
		exits:   "0 saved; 1 error or not approved, nothing written; 130 interrupted.",
	}.describe(&cobra.Command{
		Use: "rebuild", Short: "Make a lost state anew from configuration and targets", Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return a.rebuildState(c.Context(), f) },
	})
	f.add(c)
	c.Flags().BoolVar(&f.replace, "replace", false, "also take the place of a state that holds something, or is damaged")
	c.Flags().BoolVar(&f.autoApprove, "auto-approve", false, "do not ask")
	c.Flags().BoolVar(&f.input, "input", true, "never ask: fail where an answer would be needed")
	c.Flags().DurationVar(&f.lockTimeout, "lock-timeout", 0, "wait for the state's lock for `DURATION`")
	return c
}

func (a *app) rebuildState(ctx context.Context, f rebuildFlags) error {
	if !f.autoApprove && !f.input {
		return errors.New("state rebuild with -input=false: nobody can be asked; add -auto-approve")
	}
	o, err := a.options(f.loadFlags)
	if err != nil {
		return err
	}
	o.LockWait = f.lockTimeout
	p, err := a.open(o)
	if err != nil {
		return err
	}
	defer p.Close()
	saved, err := p.Rebuild(ctx, run.Rebuild{
		Replace: f.replace,
		Approve: func(r *planner.Rebuilt) (bool, error) { return a.approveRebuilt(ctx, r, f.autoApprove) },
	})
	if err != nil {
		return err
	}
	if !saved {
		a.say("Not rebuilt: nothing was written.")
		return status(exitError)
	}
	fmt.Fprintln(a.stdout, "The state was saved. Run \"rollcall plan\" before anything else.")
	return nil
}

// approveRebuilt shows what would be saved, and asks.
func (a *app) approveRebuilt(ctx context.Context, r *planner.Rebuilt, auto bool) (bool, error) {
	if err := a.diagnostics(r.Findings); err != nil {
		return false, err
	}
	if err := render.Rebuilt(a.stdout, r, a.style(a.stdout)); err != nil || auto {
		return true, err
	}
	return a.ask(ctx, "\nDo you want to save this as the state?\n  No target is written to.\n")
}
