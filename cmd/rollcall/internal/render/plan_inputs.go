package render

import (
	"fmt"
	"time"

	"github.com/rollcall-dev/rollcall/planner"
)

// row is one line of the table of inputs.
type row struct{ kind, name, about string }

// inputs writes what was compared: the configuration, directories with their
// age, targets with what their read cost.
func (p *page) inputs(plan *planner.Plan) {
	in := &plan.Inputs
	rows := []row{configRow(&in.Config)}
	for i := range in.Directories {
		rows = append(rows, p.style.directoryRow(&in.Directories[i]))
	}
	for i := range in.Targets {
		rows = append(rows, targetRow(&in.Targets[i], plan.Complete))
	}
	p.line("Rollcall compared ", count(len(rows), "input"), ":")
	p.table(rows)
}

// table aligns rows; what does not fit beside its name goes below it.
func (p *page) table(rows []row) {
	kinds, names := 0, 0
	for _, r := range rows {
		kinds, names = max(kinds, cells(r.kind)), max(names, min(cells(r.name), 32))
	}
	for _, r := range rows {
		head := "  " + pad(r.kind, kinds) + "  " + pad(r.name, names)
		if cells(head)+2+cells(r.about) <= p.style.columns() {
			p.line(head, "  ", r.about)
			continue
		}
		p.line("  ", pad(r.kind, kinds), "  ", r.name)
		indent := pad("", kinds+6)
		p.wrapped(indent, indent, r.about)
	}
}

// configRow says which revision was read.
func configRow(c *planner.ConfigInput) row {
	switch {
	case c.Commit == "":
		return row{"config", "working folder", "not in git"}
	case c.Dirty:
		return row{"config", Terminal(shortCommit(c.Commit)), "with changes that are not committed"}
	}
	return row{"config", Terminal(shortCommit(c.Commit)), "clean"}
}

// shortCommit cuts a commit id to the length that people compare.
func shortCommit(id string) string { return id[:min(len(id), 10)] }

// directoryRow says what a directory held and how old that is.
func (s Style) directoryRow(d *planner.DirectoryInput) row {
	about := count(d.Users, "user") + ", " + count(d.Groups, "group")
	switch {
	case !d.DatedAt.IsZero():
		about = "from " + d.DatedAt.UTC().Format(time.RFC3339) + " by " + Terminal(d.DatedBy) + ", " + about
	case d.DatedBy != "":
		about = "age not known, " + about
	case !d.ReadAt.IsZero():
		about = s.age(d.ReadAt) + ", " + about
	}
	return row{"directory", Terminal(d.Address), about}
}

// age says how long ago t was, or when.
func (s Style) age(t time.Time) string {
	if s.Now.IsZero() {
		return "read " + t.UTC().Format(time.RFC3339)
	}
	old := s.Now.Sub(t)
	if old < time.Minute {
		return "read just now"
	}
	return "read " + durationText(old) + " ago"
}

// targetRow says what a target held and what reading it cost. The targets of an
// incomplete plan were not read; what the state says of them stands in.
func targetRow(t *planner.TargetInput, complete bool) row {
	how := "read with " + count(t.Requests, "request")
	if !complete {
		how = "as the state has it, not read"
	}
	return row{"target", Terminal(t.Address), count(t.Users, "user") + ", " + count(t.Groups, "group") + ", " + how}
}

// durationText writes d as people say it, with two units at most: 350ms, 4s,
// 3m10s, 2h5m, 3d4h.
func durationText(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d < 0:
		return "0s"
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < time.Hour:
		return d.Round(time.Second).String()
	case d < day:
		d = d.Round(time.Minute)
		return fmt.Sprintf("%dh%dm", d/time.Hour, d%time.Hour/time.Minute)
	}
	d = d.Round(time.Hour)
	return fmt.Sprintf("%dd%dh", d/day, d%day/time.Hour)
}
