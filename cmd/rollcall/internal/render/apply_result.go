package render

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/providers"
	"github.com/rollcall-dev/rollcall/schema"
)

// ApplyResult writes what became of plan: what failed and why, what was not
// sent, what the target accepted without doing it, what cannot be confirmed,
// the count, and what to run next. r is nil where there was nothing to send; undoes
// is the id of the apply that was undone, or empty.
func ApplyResult(w io.Writer, plan *planner.Plan, r *providers.Result, undoes string, s Style) error {
	if r == nil {
		r = &providers.Result{}
	}
	p := newPage(w, s)
	p.result(r)
	p.outcome(plan, r, undoes)
	return p.end()
}

// ApplyUnsaved writes the same of an apply whose state could not be saved at the
// end, in which the journal alone has what was done.
func ApplyUnsaved(w io.Writer, plan *planner.Plan, r *providers.Result, s Style) error {
	p := newPage(w, s)
	p.result(r)
	p.confirmed(r)
	p.lead(red, unsavedWords, counts(r)+rest(plan, countStatuses(r)))
	p.next("What was done is in the journal of the state alone: do not delete it. " +
		"Mend the cause and run the same command again: it reads the journal, and does what is left.")
	return p.end()
}

// unsavedWords say how an apply ended whose state could not be saved.
const unsavedWords = "Apply not complete: the state was not saved."

// result writes what became of each change that is not as it should be.
func (p *page) result(r *providers.Result) {
	p.failures(r)
	p.rejections(r)
	p.changeList("Not sent", r, providers.Skipped)
	p.changeList("Accepted by the target, but not in effect", r, providers.NotInEffect)
	p.changeList("Done, but the target does not let us confirm it", r, providers.Unconfirmed)
	p.unread(r)
}

// failures writes a box for each change that failed, and for what stopped the run.
func (p *page) failures(r *providers.Result) {
	for i := range r.Changes {
		if c := &r.Changes[i]; c.Status == providers.Failed {
			d := failure(c)
			p.diagnostic(&d, nil)
		}
	}
	for _, app := range slices.Sorted(maps.Keys(r.GaveUp)) {
		p.diagnostic(&schema.Diagnostic{Severity: schema.Error, App: app, Object: "app." + app,
			Summary: "The target was given up",
			Detail:  "Too many changes in a row failed, so nothing more was sent there. The last cause: " + r.GaveUp[app].Error()}, nil)
	}
	if r.Stopped != nil {
		d := stopped(r.Stopped)
		p.diagnostic(&d, nil)
	}
}

// failure makes a finding of a change that failed.
func failure(c *providers.ChangeResult) schema.Diagnostic {
	d := schema.Diagnostic{
		Severity: schema.Error,
		Summary:  strings.ToUpper(string(c.Change.Kind[:1])) + string(c.Change.Kind[1:]) + " not " + applyVerbOf(c.Change.Action).undone,
		Detail:   objectName(c.Change) + ": " + c.Err.Error(),
		App:      c.Change.App, Object: c.Change.Key, Origin: originOf(c.Change),
	}
	var object *providers.ObjectError
	if errors.As(c.Err, &object) {
		d.Code = object.Code
	}
	return d
}

// stopped makes a finding of what stopped the whole run.
func stopped(err error) schema.Diagnostic {
	d := schema.Diagnostic{Severity: schema.Error, Summary: "The apply was stopped", Detail: err.Error()}
	var credentials *providers.CredentialsError
	if errors.As(err, &credentials) {
		d.Code = "credentials-rejected"
		d.Detail += "\n\nNothing more was sent. Check the token with: rollcall target check"
	}
	if providers.NoRoom(err) {
		d.Code = "disk-full"
		d.Detail += "\n\nNothing is sent that cannot be written down first. Make room, and run the apply again."
	}
	return d
}

// rejections writes the members that targets refused.
func (p *page) rejections(r *providers.Result) {
	first := true
	for i := range r.Changes {
		c := &r.Changes[i]
		if len(c.Rejected) == 0 {
			continue
		}
		if first {
			p.line()
			p.line(p.style.paint(bold, "Members held back"), ": the rest of their groups went through")
			first = false
		}
		p.line()
		p.line("  ", objectName(c.Change), place(originOf(c.Change)))
		for _, m := range c.Rejected {
			p.wrapped("    ", "      ", Terminal(m.Member.Name)+": "+Prose(m.Detail))
		}
	}
}

// changeList writes the changes of one status, each with its cause if it has any.
func (p *page) changeList(heading string, r *providers.Result, status providers.Status) {
	first := true
	for i := range r.Changes {
		c := &r.Changes[i]
		if c.Status != status {
			continue
		}
		if first {
			p.line()
			p.line(p.style.paint(bold, heading), ":")
			first = false
		}
		text := objectName(c.Change) + ", " + string(c.Change.Action)
		if c.Err != nil {
			text += ": " + errorText(c.Err)
		}
		p.wrapped("  * ", "    ", text)
	}
}

// unread says which targets could not be read back.
func (p *page) unread(r *providers.Result) {
	for _, app := range slices.Sorted(maps.Keys(r.ReadBack)) {
		p.diagnostic(&schema.Diagnostic{Severity: schema.Warning, Code: "not-confirmed", App: app, Object: "app." + app,
			Summary: "What was done could not be read back",
			Detail:  r.ReadBack[app].Error() + "\n\nWhat was done stays done; the next plan compares again."}, nil)
	}
}

// confirmed writes how much of what was done was seen at the target.
func (p *page) confirmed(r *providers.Result) {
	n := countStatuses(r)
	p.line()
	if done := len(r.Changes) - n[providers.Failed] - n[providers.Skipped]; done > 0 {
		p.line(fmt.Sprintf("Confirmed by reading back: %d of %s.", n[providers.Confirmed], count(done, "change")))
		p.line()
	}
}

// outcome writes the last lines.
func (p *page) outcome(plan *planner.Plan, r *providers.Result, undoes string) {
	again := "rollcall apply"
	if undoes != "" {
		again = "rollcall undo " + Terminal(undoes)
	}
	p.confirmed(r)
	words, ok := outcomeWords(plan, r)
	text := counts(r) + rest(plan, countStatuses(r))
	switch {
	case ok:
		p.lead(green, words, text)
	case r.Interrupted:
		p.lead(yellow, words, text)
		p.next("What was done is in the state. Run \"" + again + "\" again for the rest.")
	case failedWhole(r):
		p.lead(red, words, text)
		p.next("Nothing was written. Run \"" + again + "\" again once the cause is mended.")
	case undoes != "": // an apply would take back what was undone
		p.lead(yellow, words, text)
		p.next("What was done is in the state. Run \"" + again + "\" again to undo the rest.")
	default:
		p.lead(yellow, words, text)
		p.next("What was done is in the state. Run \"rollcall plan\" to see what is left, " +
			"and \"rollcall apply\" to do it.")
	}
}

// outcomeWords says how an apply ended, and whether it ended well.
func outcomeWords(plan *planner.Plan, r *providers.Result) (words string, ok bool) {
	switch {
	case r.Interrupted:
		return "Apply interrupted!", false
	case failedWhole(r):
		return "Apply failed.", false
	case !r.Converged() || len(plan.Held) > 0:
		return "Apply partly done.", false
	}
	return "Apply complete!", true
}

// failedWhole reports whether an apply that had something to do did nothing.
func failedWhole(r *providers.Result) bool { return len(r.Changes) > 0 && !r.Written() }

// counts counts the objects that were dealt with, in Terraform's words.
func counts(r *providers.Result) string {
	return fmt.Sprintf("%d added, %d changed, %d destroyed.", r.Added, r.Changed, r.Destroyed)
}

// next says what to run now.
func (p *page) next(text string) {
	p.line()
	p.wrapped("", "", text)
}

// countStatuses counts the changes by status.
func countStatuses(r *providers.Result) map[providers.Status]int {
	n := map[providers.Status]int{}
	for i := range r.Changes {
		n[r.Changes[i].Status]++
	}
	return n
}

// rest says how much is left, " 2 failed, 1 not sent."
func rest(plan *planner.Plan, n map[providers.Status]int) string {
	var parts []string
	for _, s := range []struct {
		status providers.Status
		words  string
	}{{providers.Failed, "failed"}, {providers.Skipped, "not sent"}, {providers.NotInEffect, "not in effect"}} {
		if n[s.status] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n[s.status], s.words))
		}
	}
	if len(plan.Held) > 0 {
		parts = append(parts, fmt.Sprintf("%d held back", len(plan.Held)))
	}
	if len(parts) == 0 {
		return ""
	}
	return " " + strings.Join(parts, ", ") + "."
}
