package cli

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/rollcall-dev/rollcall/cmd/rollcall/internal/render"
	"github.com/rollcall-dev/rollcall/cmd/rollcall/internal/run"
	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/policy"
	"github.com/rollcall-dev/rollcall/schema/load"
)

// diffFlags are those of diff.
type diffFlags struct {
	loadFlags
	asOf, format string
	json         bool
	detailed     bool
}

// diffFormats are the values of -format.
var diffFormats = map[string]func(*app, *compared) error{
	"text":          func(a *app, c *compared) error { return render.Diff(a.stdout, c.Difference, a.style(a.stdout)) },
	"json":          func(a *app, c *compared) error { return render.DiffJSON(a.stdout, c.Difference) },
	"markdown":      func(a *app, c *compared) error { return render.DiffMarkdown(a.stdout, c.Difference) },
	"github":        func(a *app, c *compared) error { return a.annotate(render.GitHub, c.annotations()) },
	"gitlab":        func(a *app, c *compared) error { return render.DiffNote(a.stdout, c.Difference) },
	"gitlab-report": func(a *app, c *compared) error { return a.annotate(render.CodeQuality, c.annotations()) },
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
	c, err := a.compare(o, revisions)
	if err != nil {
		return err
	}
	defer c.close()
	if err := diffFormats[f.format](a, c); err != nil {
		return err
	}
	switch {
	case c.Policies.Blocks():
		return status(exitBlocked)
	case f.detailed && !c.Empty():
		return status(exitChanges)
	}
	return nil
}

// compared is a difference with the configurations that it is of.
type compared struct {
	render.Difference
	base, head *run.Project
}

func (c *compared) close() {
	c.base.Close()
	c.head.Close()
}

// annotations are the remarks on the head: on what changes for people, and on
// what its configuration is found to have.
func (c *compared) annotations() []render.Annotation {
	found := slices.Concat(c.head.Findings, c.Policies.Findings)
	return append(render.FindingAnnotations(found), c.Annotations()...)
}

// compare opens both configurations, finds what differs, and from which commits.
func (a *app) compare(o run.Options, revisions []string) (*compared, error) {
	if o.AsOf.IsZero() {
		o.AsOf = a.now().Truncate(time.Second)
	}
	o.Load.NoSecrets = true
	if o.Load.Cache == nil {
		o.Load.Cache = &load.Cache{} // most files are the same in both
	}
	base, head, err := a.openSides(o, revisions[0], strings.Join(revisions[1:], ""))
	if err != nil {
		return nil, err
	}
	c := &compared{base: base, head: head}
	if c.Difference.Difference, err = planner.Diff(base.Desired, head.Desired); err != nil {
		c.close()
		return nil, fmt.Errorf("compare with the revision %q: %w", revisions[0], err)
	}
	c.Policies, c.Sources = policy.Check(head.Desired, nil), head.Sources
	if broken := c.Policies.Broken; len(broken) > 0 {
		c.close()
		return nil, &run.FindingsError{Findings: broken}
	}
	c.Base = render.Side{Revision: revisions[0], Commit: base.Commit()}
	c.Head = render.Side{Revision: strings.Join(revisions[1:], ""), Commit: head.Commit()}
	a.addHistory(&c.Difference, base, head)
	return c, nil
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

// openSides opens both configurations. While the first is worked out, the second
// is loaded.
func (a *app) openSides(o run.Options, ofBase, ofHead string) (base, head *run.Project, err error) {
	o.At, o.MayBeEmpty = ofBase, true
	if base, err = run.Load(o); err != nil {
		return nil, nil, err
	}
	var working errgroup.Group
	working.Go(base.Complete)
	// A configuration may begin or end between two revisions; where there is
	// none at all, this is the wrong folder.
	o.At, o.MayBeEmpty = ofHead, len(base.Config.Files) > 0
	head, failed := run.Open(o)
	if err = working.Wait(); err == nil {
		err = a.usableSide(base, ofBase)
	}
	if err == nil {
		err = failed
	}
	if err == nil {
		err = a.usableSide(head, ofHead)
	}
	if err == nil {
		return base, head, nil
	}
	base.Close()
	if head != nil {
		head.Close()
	}
	return nil, nil, err
}

// usableSide is usable for one of two configurations, and says which one it is
// that has errors.
func (a *app) usableSide(p *run.Project, revision string) error {
	err := a.usable(p)
	if reported := exitStatus(0); errors.As(err, &reported) && revision != "" {
		a.say(fmt.Sprintf("This is about the configuration at the revision %q.", revision))
	}
	return err
}
