package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/cmd/rollcall/internal/render"
	"github.com/rollcall-dev/rollcall/cmd/rollcall/internal/run"
	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/planfile"
	"github.com/rollcall-dev/rollcall/planner/sealed"
)

// scopeFlags limit and place a run; plan, apply and drift share them.
type scopeFlags struct {
	loadFlags
	target, asOf string
	parallelism  requests
	lock         bool
	lockTimeout  time.Duration
}

// add gives c the flags.
func (f *scopeFlags) add(c *cobra.Command) {
	f.loadFlags.add(c)
	c.Flags().StringVar(&f.target, "target", "", "limit to the app or person at `ADDRESS`")
	c.Flags().StringVar(&f.asOf, "as-of", "", "plan for `TIME` (RFC 3339) instead of now")
	addParallelism(c, &f.parallelism)
	c.Flags().BoolVar(&f.lock, "lock", true, "do not wait for somebody who holds the state's lock")
	c.Flags().DurationVar(&f.lockTimeout, "lock-timeout", 0, "wait for the state's lock for `DURATION`")
}

// options reads the flags.
func (f *scopeFlags) options(a *app) (run.Options, error) {
	o, err := a.options(f.loadFlags)
	if err != nil {
		return o, err
	}
	if o.AsOf, err = moment(f.asOf); err != nil {
		return o, err
	}
	if o.Only, err = address(f.target); err != nil {
		return o, err
	}
	o.Parallelism, o.NoLock, o.LockWait = int(f.parallelism), !f.lock, f.lockTimeout
	return o, nil
}

// planFlags are those of plan.
type planFlags struct {
	scopeFlags
	out, jsonInto           string
	json, detailed, offline bool
}

func newPlan(a *app) *cobra.Command {
	var f planFlags
	c := manual{
		about: "Reads the configuration, its directories, the state and the targets, and prints what\n" +
			"apply would do and why. Writes nothing but the files that -out and -json-into name:\n" +
			"its connection to the targets refuses every method but GET.",
		example: "rollcall plan -out=plan.json\nrollcall apply plan.json",
		exits: "0 no changes, or changes without -detailed-exitcode; 2 changes, with it;\n" +
			"  3 blocked by a guard, a policy or a protection; 130 interrupted.",
	}.describe(&cobra.Command{
		Use:   "plan",
		Short: "Show what would change, and why",
		Args:  noArguments,
		RunE:  func(c *cobra.Command, _ []string) error { return a.plan(c.Context(), f) },
	})
	f.add(c)
	neverAsks(c)
	c.Flags().StringVar(&f.out, "out", "", "save the plan as `FILE`, for apply")
	c.Flags().StringVar(&f.jsonInto, "json-into", "", "also write the plan's JSON document to `FILE`")
	c.Flags().BoolVar(&f.json, "json", false, "print events, one JSON object a line")
	c.Flags().BoolVar(&f.detailed, "detailed-exitcode", false, "exit 2 if there are changes")
	c.Flags().BoolVar(&f.offline, "offline", false, "open no socket: take the targets to be as we left them")
	return c
}

func (a *app) plan(ctx context.Context, f planFlags) error {
	a.stream(f.json)
	o, err := f.options(a)
	if err != nil {
		return err
	}
	o.Offline = f.offline
	p, err := a.open(o)
	if err != nil {
		return err
	}
	defer p.Close()
	var cipher sealed.Cipher
	if f.out != "" {
		if cipher, err = p.PlanCipher(); err != nil {
			return err
		}
	}
	planned, err := p.Plan(ctx)
	if err != nil {
		return err
	}
	if err := savePlan(f.out, planned.Plan, cipher); err != nil {
		return err
	}
	if err := savePlan(f.jsonInto, planned.Plan, nil); err != nil {
		return err
	}
	if err := a.showPlan(planned.Plan); err != nil {
		return err
	}
	if !f.json && !planned.Plan.Empty() {
		if err := render.PlanNote(a.stdout, f.out, a.style(a.stdout)); err != nil {
			return err
		}
	}
	return status(planCode(planned.Plan, f.detailed))
}

// planCode is the exit code of a plan.
func planCode(p *planner.Plan, detailed bool) int {
	switch {
	case blocked(p):
		return exitBlocked
	case detailed && !p.Empty():
		return exitChanges
	}
	return exitOK
}

// blocked reports whether a guard, policy or protection stops the plan.
func blocked(p *planner.Plan) bool { return !p.Applyable }

// savePlan writes the plan file called name, or nothing without a name, with a
// cipher or, where it is nil, without. The file holds what the organisation looks
// like and is its owner's alone.
func savePlan(name string, p *planner.Plan, c sealed.Cipher) error {
	if name == "" {
		return nil
	}
	return saveFile("the plan", name, func(w io.Writer) error {
		return planfile.Seal(w, p, planfile.Meta{RollcallVersion: buildVersion().Version}, c)
	})
}

// saveFile writes a file that a flag names, whole or not at all; what names it
// in errors.
func saveFile(what, name string, write func(io.Writer) error) error {
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		return fmt.Errorf("save %s: %s is a folder", what, name)
	}
	temp, err := os.CreateTemp(filepath.Dir(name), ".rollcall-new-*")
	if err != nil {
		return fmt.Errorf("save %s: %w", what, err)
	}
	defer os.Remove(temp.Name())
	if err := write(temp); err != nil {
		_ = temp.Close()
		return fmt.Errorf("save %s as %s: %w", what, name, err)
	}
	if err := errors.Join(temp.Sync(), temp.Close()); err != nil {
		return fmt.Errorf("save %s as %s: %w", what, name, err)
	}
	if err := os.Rename(temp.Name(), name); err != nil {
		return fmt.Errorf("save %s: %w", what, err)
	}
	return nil
}
