package render

import (
	"fmt"
	"io"
	"strings"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/schema"
)

// DiffMarkdown writes a difference as Markdown for a comment: a table, losses
// first, and the commits folded under it. It fits into a comment, see
// [MarkdownLimit].
func DiffMarkdown(w io.Writer, d Difference) error {
	m := newDiffDocument(&d)
	if rows := m.all(); len(rows) == 0 {
		m.line("No differences.")
	} else {
		m.rows(rows)
	}
	m.stale()
	m.policies()
	m.commitList()
	return m.end(w)
}

// DiffNote is [DiffMarkdown] for a note at GitLab, where a reader sees losses at
// once and unfolds the rest.
func DiffNote(w io.Writer, d Difference) error {
	m := newDiffDocument(&d)
	if len(d.Losses) > 0 {
		m.rows(m.access("➖", "loses ", d.Losses))
	} else {
		m.line("Nobody loses access.")
	}
	for _, part := range []struct {
		title string
		rows  []diffRow
	}{
		{"Gains", m.access("➕", "gains ", d.Gains)},
		{"Attributes", m.attributes()},
		{"Pushed groups", m.pushes()},
		{"Withheld from pushed groups, for want of the app", m.withheld()},
		{"Keeps the app nevertheless", m.kept()},
		{"Waivers", m.waivers()},
	} {
		if len(part.rows) > 0 {
			m.fold(fmt.Sprintf("%s (%d)", part.title, len(part.rows)))
			m.rows(part.rows)
			m.unfold()
		}
	}
	m.stale()
	m.policies()
	m.commitList()
	return m.end(w)
}

// diffDocument is a difference as Markdown.
type diffDocument struct {
	*document
	d *Difference
}

// newDiffDocument starts with who loses and gains, and what was compared.
func newDiffDocument(d *Difference) *diffDocument {
	m := &diffDocument{newDocument(MarkdownLimit, "Without `-format`, all of it is shown."), d}
	if d.Marker != "" {
		m.line(d.Marker)
	}
	m.line("### ", DiffTitle(d))
	m.line()
	m.line("From ", markdownSide(&d.Base), " to ", markdownSide(&d.Head), ".")
	m.line()
	return m
}

func markdownSide(s *Side) string {
	if s.Words != "" {
		return s.Words
	}
	if s.Revision == "" {
		return "the working tree"
	}
	return briefCode(s.Revision) + " (" + briefCode(shortCommit(s.Commit)) + ")"
}

// diffRow is one line of the table; its cells are escaped.
type diffRow struct{ sign, who, what, why string }

func (m *diffDocument) rows(rows []diffRow) {
	m.table("", "who", "what", "why")
	for _, r := range rows {
		m.row(r.sign, r.who, r.what, r.why)
	}
}

// all are the lines of the table, losses first.
func (m *diffDocument) all() []diffRow {
	rows := append(m.access("➖", "loses ", m.d.Losses), m.access("➕", "gains ", m.d.Gains)...)
	rows = append(rows, m.attributes()...)
	rows = append(rows, m.pushes()...)
	rows = append(rows, m.withheld()...)
	return append(append(rows, m.kept()...), m.waivers()...)
}

// access says of a loss how the way went, too: the line that is gone, and who
// removed it, is what a reviewer looks for.
func (m *diffDocument) access(sign, verb string, changes []planner.AccessChange) []diffRow {
	rows := make([]diffRow, 0, len(changes))
	for i := range changes {
		c := &changes[i]
		rows = append(rows, diffRow{sign, briefCell(c.Login), verb + markdownAccess(c.App, c.Group),
			m.reasons(&m.d.Head, c.After) + m.removed(c.Before)})
	}
	return rows
}

func (m *diffDocument) attributes() []diffRow {
	var rows []diffRow
	for i := range m.d.Attributes {
		c := &m.d.Attributes[i]
		rows = append(rows, diffRow{"🔁", briefCell(c.Login), briefCell(c.Path) + " in " + markdownAccess(c.App, "") + ": " +
			briefCell(valueText(c.Before)) + " → " + briefCell(valueText(c.After)), markdownPlace(&m.d.Head, c.Origin)})
	}
	return rows
}

func (m *diffDocument) pushes() []diffRow {
	var rows []diffRow
	for i := range m.d.Pushes {
		c := &m.d.Pushes[i]
		_, text := pushText(c)
		rows = append(rows, diffRow{"👥", markdownAccess(c.App, ""), briefCell(text), markdownPlace(m.d.side(c.After == ""), c.Origin)})
	}
	return rows
}

func (m *diffDocument) withheld() []diffRow {
	var rows []diffRow
	for i := range m.d.Withheld {
		c := &m.d.Withheld[i]
		what := "not withheld any more from "
		if c.Begins {
			what = "withheld from "
		}
		rows = append(rows, diffRow{"⏳", briefCell(c.Login), what + markdownAccess(c.App, c.Group), markdownPlace(m.d.side(!c.Begins), c.Origin)})
	}
	return rows
}

func (m *diffDocument) kept() []diffRow {
	var rows []diffRow
	for i := range m.d.Kept {
		k := &m.d.Kept[i]
		rows = append(rows, diffRow{"🔒", briefCell(k.Login), "keeps " + markdownAccess(k.App, ""),
			m.reasons(&m.d.Head, k.Left) + m.removed(k.Before) + "; but " + m.reasons(&m.d.Head, k.Through)})
	}
	return rows
}

func (m *diffDocument) waivers() []diffRow {
	var rows []diffRow
	for i := range m.d.Waivers {
		c := &m.d.Waivers[i]
		_, text := waiverText(c, briefCell)
		rows = append(rows, diffRow{"🔓", markdownAccess(c.App, ""), text, markdownPlace(m.d.side(c.Ends), c.Origin)})
	}
	return rows
}

// stale names directories that are older than they may be: what is said of their
// people may be, too.
func (m *diffDocument) stale() {
	for i := range m.d.Stale {
		s := &m.d.Stale[i]
		m.line()
		m.line("⏰ ", briefCode(s.Text+m.d.Head.place(s.Origin)))
	}
}

func markdownAccess(app, group string) string {
	if group == "" {
		return briefCell("app." + app)
	}
	return "group " + briefCell(group) + " in " + briefCell("app."+app)
}

func (m *diffDocument) reasons(side *Side, reasons []planner.Reason) string {
	texts := make([]string, len(reasons))
	for i, r := range reasons {
		texts[i] = briefCell(r.Text + side.place(r.Origin))
	}
	return strings.Join(texts, ", ")
}

// removed names the places of reasons whose line was taken away.
func (m *diffDocument) removed(before []planner.Reason) string {
	text := ""
	for i := range before {
		if _, ok := m.d.Base.Taken[lineOf(before[i].Origin)]; ok {
			text += ", before: " + briefCell(before[i].Text+m.d.Base.place(before[i].Origin))
		}
	}
	return text
}

func markdownPlace(side *Side, o schema.Origin) string {
	if !o.Known() {
		return ""
	}
	return briefCell(side.origin(o))
}

// commitList folds the commits that the places name. Their ids are no code, so
// that a forge links them.
func (m *diffDocument) commitList() {
	all, lacking := m.d.commits()
	if len(all) > 0 {
		m.fold("Commits (" + fmt.Sprint(len(all)) + ")")
		for _, c := range all {
			m.line("- ", c.ID, " ", commitDate(c), " ", briefCode(c.Author), ": ", briefCode(c.Subject))
		}
		m.unfold()
	}
	if lacking > 0 {
		m.line()
		m.line(lackingText(lacking))
	}
}
