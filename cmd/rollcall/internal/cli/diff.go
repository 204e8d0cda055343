package cli

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/cmd/rollcall/internal/render"
	"github.com/rollcall-dev/rollcall/cmd/rollcall/internal/run"
	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/policy"
)

// diffFlags are those of diff.
type diffFlags struct {
	loadFlags
	asOf, format string
	json         bool
	detailed     bool
}

// diffFormats are the values of -format.
var diffFormats = map[string]func(io.Writer, render.Difference, render.Style) error{
	"text":     render.Diff,
	"json":     func(w io.Writer, d render.Difference, _ render.Style) error { return render.DiffJSON(w, d) },
	"markdown": func(w io.Writer, d render.Difference, _ render.Style) error { return render.DiffMarkdown(w, d) },
	"gitlab":   func(w io.Writer, d render.Difference, _ render.Style) error { return render.DiffNote(w, d) },
}

func newDiff(a *app) *cobra.Command {
	var f diffFlags
	formats := strings.Join(slices.Sorted(maps.Keys(diffFormats)), ", ")
	c := manual{
		about: "Reads the configuration and its directories at two revisions of git, and says who loses\n" +
			"and who gains which app and which pushed group, and why, which attributes change, and\n" +
			"who keeps an app although a way to it is gone. HEAD is the folder as it is unless it is\n" +
			"given. Revisions are read from git's objects; nothing is checked out. Opens no socket,\n" +
			"needs no credential and no sensitive variable, writes nothing.",
		example: "rollcall diff main\nrollcall diff origin/main HEAD -format=markdown",
		exits:   "0 compared; 2 there are differences, with -detailed-exitcode;\n  3 a policy of HEAD does not hold.",
	}.describe(&cobra.Command{
		Use: "diff BASE [HEAD]", Short: "Say who gains and who loses what between two revisions",
		RunE: func(c *cobra.Command, args []string) error {
			switch {
			case len(args) == 0 || len(args) > 2 || slices.Contains(args, ""):
				return &usageError{errors.New("diff takes one or two revisions: BASE [HEAD]"), c}
			case f.json:
				f.format = "json"
			case diffFormats[f.format] == nil:
				return &usageError{fmt.Errorf("the format is one of %s, not %q", formats, f.format), c}
			}
			return a.diff(f, args)
		},
	})
	f.add(c)
	c.Flags().StringVar(&f.asOf, "as-of", "", "compare for `TIME` (RFC 3339) instead of now")
	c.Flags().StringVar(&f.format, "format", "text", "`FORMAT`: "+formats)
	c.Flags().BoolVar(&f.json, "json", false, "print one JSON document")
	c.Flags().BoolVar(&f.detailed, "detailed-exitcode", false, "exit 2 where there are differences")
	return c
}

// diff compares the configuration at the first revision with that at the
// second, or in the folder.
func (a *app) diff(f diffFlags, revisions []string) error {
	o, err := a.options(f.loadFlags)
	if err != nil {
		return err
	}
	if o.AsOf, err = moment(f.asOf); err != nil {
		return err
	}
	if o.AsOf.IsZero() {
		o.AsOf = a.now().Truncate(time.Second)
	}
	o.Load.NoSecrets = true
	o.At, o.MayBeEmpty = revisions[0], true
	base, err := a.openSide(o)
	if err != nil {
		return err
	}
	defer base.Close()
	// A configuration may begin or end between two revisions; where there is
	// none at all, this is the wrong folder.
	o.At, o.MayBeEmpty = strings.Join(revisions[1:], ""), len(base.Config.Files) > 0
	head, err := a.openSide(o)
	if err != nil {
		return err
	}
	defer head.Close()
	d, err := planner.Diff(base.Desired, head.Desired)
	if err != nil {
		return fmt.Errorf("compare with the revision %q: %w", revisions[0], err)
	}
	shown := render.Difference{
		Difference: d,
		Base:       render.Side{Revision: revisions[0], Commit: base.Commit()},
		Head:       render.Side{Revision: o.At, Commit: head.Commit()},
		Policies:   policy.Check(head.Desired, nil),
		Sources:    head.Sources,
	}
	if broken := shown.Policies.Broken; len(broken) > 0 {
		return &run.FindingsError{Findings: broken}
	}
	a.addHistory(&shown, base, head)
	if err := diffFormats[f.format](a.stdout, shown, a.style(a.stdout)); err != nil {
		return err
	}
	switch {
	case shown.Policies.Blocks():
		return status(exitBlocked)
	case f.detailed && !d.Empty():
		return status(exitChanges)
	}
	return nil
}

// addHistory finds the commits of the lines that d names. A history that cannot
// be read takes nothing away from what was found out about people: it is said,
// and the lines stay without commits.
func (a *app) addHistory(d *render.Difference, base, head *run.Project) {
	ofBase, ofHead := d.Lines()
	var err error
	if d.Base.Brought, err = base.Brought(ofBase); err == nil {
		d.Head.Brought, err = head.Brought(ofHead)
	}
	if err == nil {
		d.Base.Taken, err = head.TakenSince(base, ofBase)
	}
	if err != nil {
		a.say("Lines are shown without their commits: " + render.Prose(err.Error()) + ".")
	}
}

// openSide opens one of the configurations, and says which one it is that has
// errors.
func (a *app) openSide(o run.Options) (*run.Project, error) {
	p, err := a.open(o)
	if reported := exitStatus(0); errors.As(err, &reported) && o.At != "" {
		a.say(fmt.Sprintf("This is about the configuration at the revision %q.", o.At))
	}
	return p, err
}
