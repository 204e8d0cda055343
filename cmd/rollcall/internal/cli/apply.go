package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/cmd/rollcall/internal/render"
	"github.com/rollcall-dev/rollcall/cmd/rollcall/internal/run"
	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/planfile"
	"github.com/rollcall-dev/rollcall/planner/sealed"
)

// applyFlags are those of apply.
type applyFlags struct {
	scopeFlags
	expect                   string
	autoApprove, input, json bool
}

func newApply(a *app) *cobra.Command {
	var f applyFlags
	c := manual{
		about: "Reads what plan reads, under the state's lock, and carries the plan out: it writes to\n" +
			"the targets and to the state. It asks before, unless -auto-approve is given, or a plan\n" +
			"that was reviewed: as PLANFILE, or by its fingerprint, which the plan's last lines and\n" +
			"its comment show. Such a plan is carried out exactly, or, if what it was made from has\n" +
			"changed since, not at all. A PLANFILE brings the -target and the variables that plan was\n" +
			"given, but for sensitive ones: those have to be given again. With -expect a plan that\n" +
			"writes nothing passes too, so that a job may be run again after it has succeeded.",
		example: "rollcall plan -out=plan.json\nrollcall apply plan.json\n\n" +
			"rollcall apply -expect=\"$(rollcall show -format=fingerprint plan.json)\"",
		exits: "0 done; 1 error, nothing written; 3 blocked by a guard, a policy or a protection,\n" +
			"  nothing written; 4 partly done, state saved, run again; 130 interrupted, state saved.",
	}.describe(&cobra.Command{
		Use:   "apply [PLANFILE]",
		Short: "Carry a plan out",
		Args:  atMostOne("PLANFILE"),
		RunE: func(c *cobra.Command, args []string) error {
			if c.Flags().Changed("expect") && !planner.IsFingerprint(f.expect) {
				return &usageError{notAFingerprint(f.expect), c}
			}
			return a.apply(c.Context(), f, first(args))
		},
	})
	f.add(c)
	c.Flags().Lookup("lock").Usage = "refused: an apply always takes the state's lock"
	c.Flags().StringVar(&f.expect, "expect", "", "do not ask, and apply only the plan that has this `FINGERPRINT`")
	c.Flags().BoolVar(&f.autoApprove, "auto-approve", false, "do not ask")
	c.Flags().BoolVar(&f.input, "input", true, "never ask: fail where an answer would be needed")
	c.Flags().BoolVar(&f.json, "json", false, "print events, one JSON object a line; asks nobody")
	return c
}

// atMostOne refuses a second positional argument.
func atMostOne(what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) > 1 {
			return &usageError{fmt.Errorf("unexpected argument %q: one %s at most", args[1], what), c}
		}
		return nil
	}
}

// first returns the first of args, or nothing.
func first(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}

// notAFingerprint says what -expect takes. A variable that is empty in a script
// must never mean that any plan will do.
func notAFingerprint(s string) error {
	const form = "a fingerprint is \"rc1:\" and 64 digits of 0-9 and a-f, as a plan shows it at its end"
	if s == "" {
		return errors.New("the flag -expect is empty; " + form)
	}
	return fmt.Errorf("the flag -expect takes a whole fingerprint, not %q; %s", s, form)
}

func (a *app) apply(ctx context.Context, f applyFlags, file string) error {
	a.stream(f.json)
	o, err := f.options(a)
	if err != nil {
		return err
	}
	if o.NoLock {
		return errors.New("apply with -lock=false: an apply always takes the state's lock, because two at once lose what the other wrote; " +
			"a lock whose holder is gone is broken by force-unlock")
	}
	if o.AsOf.After(a.now()) {
		return fmt.Errorf("apply with -as-of=%s: that is in the future; plan takes it, apply does not", f.asOf)
	}
	var saved *planner.Plan
	if file != "" {
		if saved, err = a.savedPlan(file, f, &o); err != nil {
			return err
		}
	}
	how, err := a.applyHow(ctx, f, file, saved)
	if err != nil {
		return err
	}
	return a.perform(ctx, o, how)
}

// perform carries a plan out as how says, and shows what became of it.
func (a *app) perform(ctx context.Context, o run.Options, how run.Apply) error {
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

// broken ends an apply that failed. Where something was written before, the
// failure is of the ledger: what was done is said, and that it is not all.
// Where the plan is not the one that was approved, it is shown, to be compared.
func (a *app) broken(got *run.Applied, err error) error {
	if stale := (*run.StaleError)(nil); errors.As(err, &stale) {
		return errors.Join(a.showPlan(stale.Now), err)
	}
	if got == nil || got.Result == nil || !got.Result.Written() {
		return err
	}
	a.report(err)
	if err := a.showResult(got); err != nil {
		return err
	}
	return status(exitPartial)
}

// applyHow turns flags and the plan file into what the run must hold to.
func (a *app) applyHow(ctx context.Context, f applyFlags, file string, saved *planner.Plan) (run.Apply, error) {
	how := run.Apply{Expect: f.expect, Source: "the plan that -expect names", MayBeDone: true}
	switch {
	case saved != nil:
		how = run.Apply{Expect: saved.Fingerprint, Source: "the plan file " + render.Terminal(file), Inputs: &saved.Inputs}
	case f.autoApprove, f.expect != "":
	case f.json:
		return how, errors.New("apply with -json: nobody can be asked; add -auto-approve or -expect, or name a saved plan")
	case !f.input:
		return how, errors.New("apply with -input=false: nobody can be asked; add -auto-approve or -expect, or name a saved plan")
	default:
		how.Approve = func(p *planner.Plan) (bool, bool, error) { return a.confirm(ctx, p) }
		return how, nil
	}
	how.Approve = func(p *planner.Plan) (bool, bool, error) {
		if saved != nil && p.Applyable && !f.json {
			// Whoever saved the plan has seen it.
			return true, false, nil
		}
		return true, false, a.showPlan(p)
	}
	return how, nil
}

// savedPlan reads a plan that is to be carried out and gives the run its scope.
func (a *app) savedPlan(file string, f applyFlags, o *run.Options) (*planner.Plan, error) {
	saved, err := a.readPlan(file)
	if err != nil {
		return nil, err
	}
	switch {
	case !saved.Complete:
		return nil, fmt.Errorf("apply %s: it was made offline, without reading the targets; make a plan with them", file)
	case saved.AsOf.After(a.now()):
		return nil, fmt.Errorf("apply %s: it was planned for a moment in the future, %s", file, saved.AsOf.Format(time.RFC3339))
	case f.expect != "" && f.expect != saved.Fingerprint:
		return nil, fmt.Errorf("apply %s: the plan has the fingerprint %s, and -expect asks for %s; name the plan that was approved, or leave one of the two out",
			file, saved.Fingerprint, f.expect)
	case o.Only != "" && o.Only != saved.Inputs.Only:
		return nil, fmt.Errorf("apply %s with -target=%s: the plan is not limited to that", file, o.Only)
	}
	o.Only, o.Load.Saved = saved.Inputs.Only, saved.Inputs.Given
	return saved, nil
}

// readPlan reads a saved plan, which may be encrypted.
func (a *app) readPlan(name string) (*planner.Plan, error) {
	f, err := openFile(name)
	if err != nil {
		return nil, fmt.Errorf("read the plan: %w", err)
	}
	defer f.Close()
	p, err := a.planIn(bufio.NewReader(f))
	if err != nil {
		return nil, fmt.Errorf("read the plan %s: %w", name, err)
	}
	return p, nil
}

// planIn reads a plan; the configuration is only looked at for how it is encrypted.
func (a *app) planIn(in *bufio.Reader) (*planner.Plan, error) {
	if !sealed.Is(in) {
		p, _, err := planfile.Decode(in)
		return p, err
	}
	p, err := a.project()
	if err != nil {
		return nil, err
	}
	defer p.Close()
	return p.ReadPlan(in)
}

// confirm prints the plan and asks for a yes. It does not ask about a plan
// that is empty or blocked.
func (a *app) confirm(ctx context.Context, p *planner.Plan) (yes, asked bool, err error) {
	if err := a.showPlan(p); err != nil || len(p.Changes) == 0 || !p.Applyable {
		return true, false, err
	}
	yes, err = a.ask(ctx, "\nDo you want to perform these actions?\n  rollcall will carry out the actions described above.\n")
	return yes, true, err
}

// ask asks a question that only a yes answers.
func (a *app) ask(ctx context.Context, question string) (yes bool, err error) {
	fmt.Fprint(a.stdout, question+"  Only 'yes' will be accepted to approve.\n\n  Enter a value: ")
	answer, err := a.line(ctx)
	fmt.Fprintln(a.stdout)
	if err != nil {
		return false, fmt.Errorf("ask for approval: %w", err)
	}
	return answer == "yes", nil
}

// line reads one line of standard input, or the end of it, unless ctx ends before.
func (a *app) line(ctx context.Context) (string, error) {
	return wait(ctx, func() (string, error) {
		text, err := bufio.NewReader(a.stdin).ReadString('\n')
		if errors.Is(err, io.EOF) {
			err = nil
		}
		return strings.TrimSpace(text), err
	})
}

// wait returns what read returns, unless ctx ends before.
func wait(ctx context.Context, read func() (string, error)) (string, error) {
	type answer struct {
		text string
		err  error
	}
	got := make(chan answer, 1)
	go func() {
		text, err := read()
		got <- answer{text, err}
	}()
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case answer := <-got:
		return answer.text, answer.err
	}
}

// applied says how the apply ended.
func (a *app) applied(got *run.Applied) error {
	switch {
	case !got.Approved:
		a.say("Apply cancelled: nothing was written.")
		return status(exitError)
	case !got.Plan.Applyable:
		a.say("Apply refused: the plan is blocked, and nothing was written.")
		for _, directory := range got.Doubted {
			a.say("The state notes what was read of " + render.Terminal(directory) + ". No target was written to.")
		}
		return status(exitBlocked)
	case got.Done:
		a.say("Nothing is left to apply: the plan that was expected has been carried out before, or is not needed any more.")
	}
	if err := a.showResult(got); err != nil {
		return err
	}
	return status(applyCode(got))
}

// applyCode is the exit code of an apply that was approved.
func applyCode(got *run.Applied) int {
	switch r := got.Result; {
	case r == nil && len(got.Plan.Held) == 0:
		return exitOK
	case r == nil:
		return exitPartial
	case r.Interrupted:
		return exitInterrupted
	case !r.Written() && (r.Stopped != nil || len(r.GaveUp) > 0):
		return exitError
	case !r.Converged() || len(got.Plan.Held) > 0:
		return exitPartial
	}
	return exitOK
}
