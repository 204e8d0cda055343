package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/cmd/rollcall/internal/redact"
	"github.com/rollcall-dev/rollcall/cmd/rollcall/internal/render"
	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/policy"
	"github.com/rollcall-dev/rollcall/providers"
	"github.com/rollcall-dev/rollcall/schema"
)

// envRedactKey is the variable of the key that pseudonyms are made with.
const envRedactKey = "ROLLCALL_REDACT_KEY"

// commentFlags are those of comment.
type commentFlags struct {
	forgeFlags
	plan, diff, root                             string
	issue, dryRun, skipNoChanges, status, redact bool
}

func newComment(a *app) *cobra.Command {
	var f commentFlags
	c := manual{
		about: "Says in one comment on the pull or merge request what a plan does: who loses access,\n" +
			"who gains, and why. The comment is found again and updated in place, one for each root;\n" +
			"comments of others are never touched. Where to comment is read from the CI's environment\n" +
			"unless flags say it. The token is read from GITHUB_TOKEN or GITLAB_TOKEN, or from the\n" +
			"file that the variable with _FILE names, and sent to that forge alone. With -issue the\n" +
			"drift of the plan goes into one issue, which is closed when there is none any more.",
		example: "rollcall plan -out=plan.json && rollcall comment -plan=plan.json\n" +
			"rollcall drift -json-into=plan.json; rollcall comment -issue -plan=plan.json",
		exits: "0 posted, or nothing to post; 130 interrupted.",
	}.describe(&cobra.Command{
		Use: "comment", Short: "Say on the pull request what a plan does", Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := f.check(); err != nil {
				return &usageError{err, c}
			}
			return a.comment(c.Context(), f)
		},
	})
	c.Flags().StringVar(&f.plan, "plan", "", "`FILE` that plan -out or -json-into wrote")
	c.Flags().StringVar(&f.diff, "difference", "", "`FILE` that diff -json printed, instead of a plan")
	c.Flags().StringVar(&f.root, "root", "", "`NAME` of the configuration; its folder in the repository if not given")
	c.Flags().BoolVar(&f.issue, "issue", false, "keep one issue about the drift, instead of a comment")
	c.Flags().BoolVar(&f.dryRun, "dry-run", false, "print the Markdown and send nothing")
	c.Flags().BoolVar(&f.skipNoChanges, "skip-no-changes", false, "make no new comment where nothing changes")
	c.Flags().BoolVar(&f.status, "status", false, "also set a status of the commit: failure where the plan is blocked")
	c.Flags().BoolVar(&f.redact, "redact", false, "replace people by pseudonyms, keyed by "+envRedactKey)
	f.add(c)
	return c
}

// check refuses flags that do not go together.
func (f *commentFlags) check() error {
	switch {
	case f.plan == "" && f.diff == "":
		return errors.New("comment needs -plan=FILE or -difference=FILE")
	case f.plan != "" && f.diff != "":
		return errors.New("comment takes -plan or -difference, not both")
	case f.issue && f.diff != "":
		return errors.New("-issue is about drift, which a difference between revisions does not have: give it -plan")
	case f.issue && f.status:
		return errors.New("-issue is about no commit, so -status has nothing to set")
	}
	return nil
}

// remark is what there is to say.
type remark struct {
	// kind is the first word of the marker.
	kind string
	// title is one line without names; ok is false where the plan is blocked.
	title string
	ok    bool
	// none tells that there is nothing to say.
	none bool
	// commit and fingerprint go into the marker, where they are what they look like.
	commit, fingerprint string
	// write writes the Markdown, beginning with the marker.
	write func(w io.Writer, marker string, link func(schema.Origin) string) error
}

// comment posts what the flags ask for.
func (a *app) comment(ctx context.Context, f commentFlags) error {
	r, err := a.remark(f)
	if err != nil {
		return err
	}
	root, err := rootName(f.root)
	if err != nil {
		return err
	}
	if f.dryRun {
		return r.write(a.stdout, r.marker(root), nil)
	}
	kind, at, err := a.forge(f.forgeFlags)
	if err != nil {
		return err
	}
	forge, err := a.forgeClient(kind, at)
	if err != nil {
		return err
	}
	var body bytes.Buffer
	if err := r.write(&body, r.marker(root), linker(kind, at, root, r.commit)); err != nil {
		return err
	}
	draft := providers.Draft{Title: r.title, Body: body.String()}
	if err := a.post(ctx, forge, f, at, r, root, draft); err != nil {
		return kind.explain(err)
	}
	return nil
}

// post sends the draft, then the status.
func (a *app) post(ctx context.Context, forge providers.Forge, f commentFlags, at place, r *remark, root string, d providers.Draft) error {
	self, err := f.self(ctx, forge)
	if err != nil {
		return err
	}
	keeper := &providers.Keeper{Self: self, Marker: markerOf(r.kind, root), Clock: providers.Clock{Now: a.now}}
	if f.issue {
		return a.keepIssue(ctx, keeper, forge, r, d)
	}
	number, err := a.number(ctx, forge, f, at)
	if err != nil {
		return err
	}
	newer, err := overtaken(ctx, forge, number, at)
	if err != nil {
		return err
	}
	if newer != "" {
		a.posted("Comment", providers.NotPosted, "")
		a.say(fmt.Sprintf("This is about commit %.10s, and the request is at commit %.10s now: the run of that comments.", at.commit, render.Terminal(newer)))
	} else if err := a.putComment(ctx, keeper, forge.Comments(number), d, f.skipNoChanges && r.none); err != nil {
		return err
	}
	if f.status {
		return setStatus(ctx, forge, at, r, root)
	}
	return nil
}

// putComment makes d the one comment on the board.
func (a *app) putComment(ctx context.Context, k *providers.Keeper, board providers.Board, d providers.Draft, mustExist bool) error {
	k.Board = board
	outcome, address, err := k.Put(ctx, d, mustExist)
	if err != nil {
		return err
	}
	a.posted("Comment", outcome, address)
	return nil
}

// overtaken returns the commit that the request is at now, if that is another
// than the one that this run is about: a run that ends late must not put an old
// plan in the place of a newer one. It is empty where the two are the same, and
// where the CI does not say which commit this is about.
func overtaken(ctx context.Context, forge providers.Forge, number int, at place) (string, error) {
	if !at.reviewed || !render.IsCommit(at.commit) {
		return "", nil
	}
	head, err := forge.HeadOf(ctx, number)
	if err != nil || head == at.commit {
		return "", err
	}
	return head, nil
}

// number is that of the pull request.
func (a *app) number(ctx context.Context, forge providers.Forge, f commentFlags, at place) (int, error) {
	switch {
	case at.number > 0:
		return at.number, nil
	case at.head.Commit != "":
		return forge.Find(ctx, at.head)
	}
	kind, err := a.forgeKind(f.forge)
	if err != nil {
		return 0, err
	}
	return 0, fmt.Errorf("this is no run for a pull or merge request, or it is not known for which: set -number, or %s", kind.vars.number)
}

// keepIssue keeps the one issue open while there is something to say.
func (a *app) keepIssue(ctx context.Context, k *providers.Keeper, forge providers.Forge, r *remark, d providers.Draft) error {
	k.Board = forge.Issues()
	if r.none {
		outcome, err := k.Drop(ctx, d)
		if outcome == providers.Retracted {
			outcome = "closed"
		}
		if err == nil {
			a.posted("Issue", outcome, "")
		}
		return err
	}
	outcome, address, err := k.Put(ctx, d, false)
	if err == nil {
		a.posted("Issue", outcome, address)
	}
	return err
}

// posted says what became of a post.
func (a *app) posted(what string, outcome providers.Posting, address string) {
	if address != "" {
		address = ": " + render.Terminal(address)
	}
	fmt.Fprintf(a.stdout, "%s %s%s\n", what, outcome, address)
}

// remark reads the document that is to be told.
func (a *app) remark(f commentFlags) (*remark, error) {
	redactor, err := a.redactor(f.redact)
	if err != nil {
		return nil, err
	}
	root, err := rootName(f.root)
	if err != nil {
		return nil, err
	}
	if f.diff != "" {
		return diffRemark(f.diff, root, redactor)
	}
	p, err := a.readPlan(f.plan)
	if err != nil {
		return nil, err
	}
	if redactor != nil {
		p = redactor.Plan(p)
	}
	if f.issue {
		return driftRemark(p, root)
	}
	r := &remark{
		kind: "plan", title: render.PlanTitle(p, root), ok: !blocked(p), none: p.Empty() && len(p.Drift) == 0,
		commit: p.Inputs.Config.Commit, fingerprint: p.Fingerprint,
	}
	r.write = func(w io.Writer, marker string, link func(schema.Origin) string) error {
		return render.PlanMarkdown(w, p, render.PlanComment{Root: root, Marker: marker, Link: link})
	}
	return r, nil
}

// driftRemark is about what was changed outside.
func driftRemark(p *planner.Plan, root string) (*remark, error) {
	if !p.Complete {
		return nil, errors.New("the plan was made offline: nothing is known about drift where the targets were not read")
	}
	r := &remark{kind: "drift", none: driftCode(p) == exitOK, title: render.DriftTitle(p.Drift, markerWord(root)), commit: p.Inputs.Config.Commit}
	r.write = func(w io.Writer, marker string, _ func(schema.Origin) string) error {
		return render.DriftMarkdown(w, p, render.PlanComment{Root: root, Marker: marker})
	}
	return r, nil
}

// maxDiff is how large the document of a difference may be: it may come from
// whoever opened the pull request.
const maxDiff = 64 << 20

// diffRemark is about the difference between two revisions.
func diffRemark(name, root string, redactor *redact.Redactor) (*remark, error) {
	f, err := openFile(name)
	if err != nil {
		return nil, fmt.Errorf("read the difference: %w", err)
	}
	defer f.Close()
	d, err := render.ParseDiffJSON(io.LimitReader(f, maxDiff))
	if err != nil {
		return nil, fmt.Errorf("read the difference %s: %w", name, err)
	}
	if redactor != nil {
		var policies []planner.PolicyResult
		if d.Policies != nil {
			policies = d.Policies.Results
		}
		d.Difference, policies = redactor.Difference(d.Difference, policies)
		d.Policies = &policy.Verdict{Results: policies}
		// Branches are called as people like, after people too, and commits have authors.
		d.Base = render.Side{Revision: d.Base.Commit, Commit: d.Base.Commit}
		d.Head = render.Side{Revision: d.Head.Commit, Commit: d.Head.Commit}
	}
	r := &remark{kind: "diff", title: render.DiffTitle(&d), ok: true, none: d.Empty(), commit: d.Head.Commit}
	r.write = func(w io.Writer, marker string, _ func(schema.Origin) string) error {
		d.Marker = marker
		return render.DiffMarkdown(w, d)
	}
	return r, nil
}

// redactor makes pseudonyms, or is nil where none are asked for.
func (a *app) redactor(wanted bool) (*redact.Redactor, error) {
	if !wanted {
		return nil, nil
	}
	secret := a.secret(envRedactKey, "key")
	if secret == nil {
		a.say("Note: " + envRedactKey + " is not set, so the pseudonyms are other ones in every run.")
		return redact.New(nil), nil
	}
	key, err := secret.Reveal()
	if err != nil {
		return nil, err
	}
	if len(key) < redact.KeyLength {
		return nil, fmt.Errorf("%s has %d characters: with fewer than %d, who is meant can be found by trying", envRedactKey, len(key), redact.KeyLength)
	}
	return redact.New([]byte(key)), nil
}

// rootName is the name of the configuration: what was given, or the path of
// the folder in its repository.
func rootName(given string) (string, error) {
	if given != "" {
		return given, nil
	}
	here, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the root: %w", err)
	}
	for top := here; ; top = filepath.Dir(top) {
		if _, err := os.Stat(filepath.Join(top, ".git")); err == nil {
			rel, err := filepath.Rel(top, here)
			return filepath.ToSlash(rel), err
		}
		if top == filepath.Dir(top) {
			return ".", nil
		}
	}
}

// markerOf is the beginning of a marker, up to the root. A root that is the
// beginning of another's name ends with the space.
func markerOf(kind, root string) string {
	return "<!-- rollcall:" + kind + " root=" + markerWord(root) + " "
}

// markerWord writes text so that nothing in it ends a word or an HTML comment.
func markerWord(text string) string {
	var b strings.Builder
	for i := range len(text) {
		switch c := text[i]; {
		case isDigitOrLetter(rune(c)), strings.IndexByte("._/-", c) >= 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// marker is the first line of a post.
func (r *remark) marker(root string) string {
	m := markerOf(r.kind, root)
	if planner.IsFingerprint(r.fingerprint) {
		m += "fingerprint=" + r.fingerprint + " "
	}
	if render.IsCommit(r.commit) {
		m += "head=" + r.commit + " "
	}
	return m + "-->"
}

// linker returns how places in the configuration are linked, or nil where it is
// not known where people read the repository.
func linker(kind *forgeKind, at place, root, commit string) func(schema.Origin) string {
	web, err := url.Parse(at.web)
	if err != nil || web.Scheme != "https" || web.Host == "" || web.RawQuery != "" || web.Fragment != "" || !render.IsCommit(commit) {
		return nil
	}
	base := kind.blob(place{web: web.String()}, commit)
	return func(o schema.Origin) string {
		address := base
		for part := range strings.SplitSeq(root+"/"+o.File, "/") {
			switch part {
			case "", ".":
			case "..":
				return ""
			default:
				address += "/" + url.PathEscape(part)
			}
		}
		if o.Line > 0 {
			address += fmt.Sprintf("#L%d", o.Line)
		}
		return address
	}
}

// setStatus sets the status of the commit under review.
func setStatus(ctx context.Context, forge providers.Forge, at place, r *remark, root string) error {
	if !render.IsCommit(at.commit) {
		return errors.New("the commit under review is not known, so no status was set: set -commit to its full id")
	}
	name := "rollcall/" + r.kind
	if root != "." {
		name += " (" + markerWord(root) + ")"
	}
	description := r.title
	if runes := []rune(description); len(runes) > maxDescription {
		description = string(runes[:maxDescription-1]) + "…"
	}
	return forge.SetStatus(ctx, at.commit, providers.CommitStatus{Name: name, OK: r.ok, Description: description})
}

// maxDescription is how many characters GitHub takes.
const maxDescription = 140
