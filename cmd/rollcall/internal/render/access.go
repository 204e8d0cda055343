package render

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/rollcall-dev/rollcall/planner"
)

// accessColumns are the columns of every form of access.
var accessColumns = [...]string{"app", "login", "group", "source", "missing", "file", "line", "key", "suspended"}

// accessFields returns the fields of one entry, in the order of accessColumns.
func accessFields(e *planner.AccessEntry) []string {
	line := ""
	if e.Origin.Line > 0 {
		line = strconv.FormatUint(uint64(e.Origin.Line), 10)
	}
	return []string{e.App, e.Login, e.Group, string(e.Source), e.Missing, e.Origin.File, line, e.Key, strconv.FormatBool(e.Suspended)}
}

// Access writes who has what as a table for each app: a line for each person,
// and one for each of their pushed groups.
func Access(w io.Writer, entries []planner.AccessEntry, s Style) error {
	p := newPage(w, s)
	if len(entries) == 0 {
		p.line("Nobody has access.")
		return p.end()
	}
	logins, groups := accessWidths(entries)
	app := ""
	for i := range entries {
		e := &entries[i]
		if i == 0 || e.App != app {
			if i > 0 {
				p.line()
			}
			app = e.App
			p.line(p.style.paint(bold, Terminal("app."+app)))
		}
		p.line("  ", pad(Terminal(e.Login), logins), "  ", pad(Terminal(e.Group), groups), "  ", p.accessState(e), place(e.Origin))
	}
	p.line()
	p.line(accessCounts(entries))
	return p.end()
}

// accessWidths returns the widths of the columns of names, within reason.
func accessWidths(entries []planner.AccessEntry) (logins, groups int) {
	for i := range entries {
		logins = max(logins, cells(Terminal(entries[i].Login)))
		groups = max(groups, cells(Terminal(entries[i].Group)))
	}
	return min(logins, 30), min(groups, 24)
}

// accessState says how the access comes and what suspends it, or which condition is missing.
func (p *page) accessState(e *planner.AccessEntry) string {
	switch {
	case e.Missing != "":
		return p.style.paint(yellow, "withheld: "+missingText(e.Missing))
	case e.Suspended:
		return accessWay(e) + ", suspended: stays as it is"
	}
	return accessWay(e)
}

// accessWay says how the access comes.
func accessWay(e *planner.AccessEntry) string {
	switch {
	case e.Group != "":
		return "member"
	case e.Source == planner.SourceUser:
		return "direct"
	case e.Source == planner.SourceGroup:
		return "by group"
	}
	return "-"
}

// accessCounts writes "3 people in 1 app, 1 withheld".
func accessCounts(entries []planner.AccessEntry) string {
	people, apps, withheld := map[string]bool{}, map[string]bool{}, 0
	for i := range entries {
		e := &entries[i]
		if e.Missing != "" {
			withheld++
			continue
		}
		people[e.Key], apps[e.App] = true, true
	}
	noun := "people"
	if len(people) == 1 {
		noun = "person"
	}
	text := fmt.Sprintf("%d %s in %s", len(people), noun, count(len(apps), "app"))
	if withheld > 0 {
		text += fmt.Sprintf(", %d withheld", withheld)
	}
	return text + "."
}

// accessJSON is one entry of `access -format=json`.
type accessJSON struct {
	App       string `json:"app"`
	Login     string `json:"login"`
	Group     string `json:"group"`
	Source    string `json:"source"`
	Missing   string `json:"missing"`
	File      string `json:"file,omitempty"`
	Line      uint32 `json:"line,omitempty"`
	Key       string `json:"key"`
	Suspended bool   `json:"suspended"`
}

// AccessJSON writes the entries as one array.
func AccessJSON(w io.Writer, entries []planner.AccessEntry) error {
	list := make([]accessJSON, 0, len(entries))
	for i := range entries {
		e := &entries[i]
		list = append(list, accessJSON{e.App, e.Login, e.Group, string(e.Source), e.Missing, e.Origin.File, e.Origin.Line, e.Key, e.Suspended})
	}
	return writeJSON(w, list)
}

// AccessCSV writes the entries as CSV with a header. No cell is a formula.
func AccessCSV(w io.Writer, entries []planner.AccessEntry) error {
	out := csv.NewWriter(w)
	if err := out.Write(accessColumns[:]); err != nil {
		return err
	}
	for i := range entries {
		fields := accessFields(&entries[i])
		for j := range fields {
			fields[j] = csvCell(fields[j])
		}
		if err := out.Write(fields); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// AccessMarkdown writes the entries as a table of GitHub's Markdown.
func AccessMarkdown(w io.Writer, entries []planner.AccessEntry) error {
	p := newPage(w, Style{})
	shown := accessColumns[:5]
	p.line("| ", strings.Join(shown, " | "), " | where |")
	p.line(strings.Repeat("|---", len(shown)+1), "|")
	for i := range entries {
		e := &entries[i]
		fields := append(accessFields(e)[:len(shown)], whereText(e))
		if e.Suspended {
			fields[3] += ", suspended"
		}
		for _, f := range fields {
			_, _ = p.w.WriteString("| " + markdownCellOrNothing(f) + " ")
		}
		p.line("|")
	}
	return p.end()
}

// markdownCellOrNothing keeps an empty cell empty.
func markdownCellOrNothing(text string) string {
	if text == "" {
		return ""
	}
	return markdownCell(text)
}

// whereText returns FILE:LINE of an entry, or nothing.
func whereText(e *planner.AccessEntry) string {
	if !e.Origin.Known() {
		return ""
	}
	return e.Origin.File + ":" + strconv.FormatUint(uint64(e.Origin.Line), 10)
}
