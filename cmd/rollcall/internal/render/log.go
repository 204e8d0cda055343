package render

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/auditlog"
)

// LogApplies writes applies, two lines each, and below them what was done where
// the changes are asked for.
func LogApplies(w io.Writer, applies []*auditlog.Apply, older int, changes bool, s Style) error {
	p := newPage(w, s)
	for i, a := range applies {
		if i > 0 {
			p.line()
		}
		p.logHead(a)
		if changes {
			for j := range a.Changes {
				p.logChange(&a.Changes[j])
			}
		}
	}
	switch {
	case len(applies) == 0:
		p.line("The audit log has nothing of that.")
	case older > 0:
		p.line()
		p.line(fmt.Sprintf("%d older; -n=0 shows all, -apply=ID one of them whole.", older))
	}
	return p.end()
}

// logHead writes who did what when, and what came of it.
func (p *page) logHead(a *auditlog.Apply) {
	operation, who := "apply", ""
	if a.Run != nil {
		operation, who = Terminal(a.Run.Operation), "  "+Terminal(a.Run.Who)
		if commit := a.Run.Config.Commit; commit != "" {
			who += "  commit " + Terminal(commit[:min(12, len(commit))])
		}
	}
	p.line(p.style.paint(bold, operation+" "+Terminal(a.ID)), "  ", timeText(a.At), who)
	p.wrapped("    ", "    ", logResult(a))
}

// timeText is a moment as the log shows it.
func timeText(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// logResult says what came of an apply or note.
func logResult(a *auditlog.Apply) string {
	switch {
	case a.Ended == nil && a.Run != nil && a.Run.Detail != "":
		return Prose(a.Run.Detail)
	case a.Ended == nil:
		return "has not ended: it is running, or was killed and is closed by the next run"
	}
	c := a.Ended.Counts
	text := fmt.Sprintf("%s: %d added, %d changed, %d destroyed.", a.Ended.Result, c.Added, c.Changed, c.Destroyed)
	failed := 0
	for i := range a.Changes {
		if !a.Changes[i].Status.Done() {
			failed++
		}
	}
	if failed > 0 {
		text += fmt.Sprintf(" %s not done.", count(failed, "change"))
	}
	if a.Run != nil && a.Run.Undoes != "" {
		text += " It undid " + Terminal(a.Run.Undoes) + "."
	}
	return text
}

// logChange writes one change in a line, and what went wrong below it.
func (p *page) logChange(c *auditlog.Change) {
	v := verbOf(c.Change.Action)
	p.line("  ", p.style.paint(v.mark.colour(), string(v.mark)), " app.", Terminal(c.Change.App), " ", objectName(&c.Change),
		" ", string(c.Change.Action), ": ", Terminal(string(c.Status)), requestText(c))
	if c.Error != "" {
		p.wrapped("        ", "        ", Prose(c.Error))
	}
	for _, r := range c.Outcome.Rejected {
		p.wrapped("        ", "        ", "not "+Terminal(r.Member.Name)+": "+Prose(r.Detail))
	}
}

// requestText names the target's last answer, so that it can be asked about it.
func requestText(c *auditlog.Change) string {
	n := len(c.Outcome.Receipts)
	if n == 0 {
		return ""
	}
	last := c.Outcome.Receipts[n-1]
	text := " [status " + strconv.Itoa(last.Status)
	if last.RequestID != "" {
		text += ", request " + Terminal(last.RequestID)
	}
	return text + "]"
}

// LogApply writes one apply whole.
func LogApply(w io.Writer, a *auditlog.Apply, s Style) error {
	p := newPage(w, s)
	p.logHead(a)
	p.line()
	if a.Run != nil {
		p.logRun(a.Run)
	}
	if a.Ended != nil && a.Ended.Error != "" {
		p.wrapped("Stopped:       ", "               ", Prose(a.Ended.Error))
	}
	for i := range a.Changes {
		c := &a.Changes[i]
		p.line()
		p.logChange(c)
		p.reasons([]*planner.Change{&c.Change})
		body := detail{page: p, whole: verbOf(c.Change.Action).mark, attributes: pair(c.Change.Before, c.Change.After), members: c.Change.Members}
		body.write()
	}
	return p.end()
}

// logRun writes what an apply started from.
func (p *page) logRun(r *auditlog.Run) {
	field := func(name, text string) {
		if text != "" {
			p.line(pad(name+":", 15), Terminal(text))
		}
	}
	commit := r.Config.Commit
	if commit != "" && r.Config.Dirty {
		commit += " (files differ from it)"
	}
	field("Commit", commit)
	field("Configuration", r.Config.Digest)
	field("Fingerprint", r.Fingerprint)
	field("State", fmt.Sprintf("%s, serial %d", r.State.Lineage, r.State.Serial))
	field("CI run", r.CI)
	field("Limited to", string(r.Only))
	field("Rollcall", r.Version)
	for _, g := range r.Guards {
		text := fmt.Sprintf("app.%s: %s counted %d, %d pass", g.App, g.Code, g.Count, g.Allowed)
		if g.Code == "directory-stale" {
			text = fmt.Sprintf("app.%s: %s, %s", g.App, g.Code, guardCount(&g, Terminal))
		}
		if g.Waiver != "" {
			text += ", by " + string(g.Waiver) + ": " + g.Reason
		}
		field("Guard", text)
	}
}

// logColumns are the columns of the log as CSV.
var logColumns = [...]string{
	"seq", "record", "apply", "at", "operation", "who", "ci_run", "commit", "detail", "app", "kind", "key", "name", "action", "status",
	"before", "after", "members_added", "members_removed", "remote_id", "http_status", "request_id", "error",
}

// LogCSV writes records as CSV, one row each. No cell is a formula.
type LogCSV struct {
	out *csv.Writer
	// runs is what the records of the apply that is being written belong to.
	id  string
	run *auditlog.Run
}

// NewLogCSV writes the header to w.
func NewLogCSV(w io.Writer) (*LogCSV, error) {
	c := &LogCSV{out: csv.NewWriter(w)}
	return c, c.out.Write(logColumns[:])
}

// Follow takes in who runs an apply, also where its beginning is not written.
func (c *LogCSV) Follow(r *auditlog.Record) {
	if r.Run != nil || r.Apply != c.id {
		c.id, c.run = r.Apply, r.Run
	}
}

// Write writes one record.
func (c *LogCSV) Write(r *auditlog.Record) error {
	run := c.run
	if run == nil {
		run = &auditlog.Run{}
	}
	fields := []string{
		strconv.FormatUint(r.Seq, 10), string(r.Kind), r.Apply, timeText(r.At), run.Operation, run.Who, run.CI, run.Config.Commit, logDetail(r),
	}
	fields = append(fields, changeFields(r.Change)...)
	for i := range fields {
		fields[i] = csvCell(fields[i])
	}
	return c.out.Write(fields)
}

// End writes out what is left.
func (c *LogCSV) End() error {
	c.out.Flush()
	return c.out.Error()
}

// logDetail is what a record says that is no change.
func logDetail(r *auditlog.Record) string {
	switch {
	case r.Run != nil && r.Kind == auditlog.Note:
		return r.Run.Detail
	case r.Run != nil:
		return r.Run.Fingerprint
	case r.Ended != nil:
		return strings.TrimSuffix(string(r.Ended.Result)+": "+r.Ended.Error, ": ")
	}
	return ""
}

// changeFields are the last columns; empty ones where there is no change.
func changeFields(c *auditlog.Change) []string {
	if c == nil {
		return make([]string, 14)
	}
	ch := &c.Change
	status, request := "", ""
	if n := len(c.Outcome.Receipts); n > 0 {
		status, request = strconv.Itoa(c.Outcome.Receipts[n-1].Status), c.Outcome.Receipts[n-1].RequestID
	}
	return []string{
		ch.App, string(ch.Kind), ch.Key, ch.Name, string(ch.Action), string(c.Status),
		valuesText(valueMap(ch.Before)), valuesText(valueMap(ch.After)),
		strings.Join(memberNames(ch.Members.Add), " "), strings.Join(memberNames(ch.Members.Remove), " "),
		c.Outcome.RemoteID, status, request, c.Error,
	}
}

// valuesText is an object as JSON; empty where it has nothing.
func valuesText(m map[string]any) string {
	if len(m) == 0 {
		return ""
	}
	return valueText(m)
}
