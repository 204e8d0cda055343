package render

import (
	"fmt"
	"io"
	"strings"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/schema"
)

// Side is one of the two configurations that are compared.
type Side struct {
	// Revision is as it was given; empty for the folder as it is.
	Revision string
	// Commit is the full id.
	Commit string
	// Words name a side that is no revision and not the folder as it is.
	Words string
}

// text names the side.
func (s Side) text() string {
	if s.Words != "" {
		return s.Words
	}
	if s.Revision == "" {
		return "the working tree"
	}
	id := shortCommit(s.Commit)
	if strings.HasPrefix(s.Commit, s.Revision) {
		return id
	}
	return Terminal(s.Revision) + " (" + id + ")"
}

// Difference is a difference with what was compared.
type Difference struct {
	*planner.Difference
	Base, Head Side
}

// Diff writes first who loses what, then who gains, then what else changes, and
// last who keeps an app although a way to it is gone.
func Diff(w io.Writer, d Difference, s Style) error {
	p := newPage(w, s)
	p.wrapped("", "  ", "Access, from "+d.Base.text()+" to "+d.Head.text()+":")
	p.accessChanges("Loses", markDestroy, d.Losses)
	p.accessChanges("Gains", markAdd, d.Gains)
	p.attributeChanges(d.Attributes)
	p.pushChanges(d.Pushes)
	p.withheldChanges(d.Withheld)
	p.keptAccess(d.Kept)
	p.line()
	p.wrapped("", "  ", diffCounts(d.Difference))
	return p.end()
}

// section begins a part of a difference.
func (p *page) section(title string) {
	p.line()
	p.line(p.style.paint(bold, title+":"))
}

// marked writes one entry behind its mark.
func (p *page) marked(m mark, text string) {
	p.wrapped("  "+p.style.paint(m.colour(), string(m))+" ", "    ", text)
}

// chain writes reasons under a word.
func (p *page) chain(word string, reasons []planner.Reason) {
	for i, r := range reasons {
		if i > 0 {
			word = ""
		}
		p.wrapped("      "+pad(word, 8), strings.Repeat(" ", 14), Prose(r.Text)+place(r.Origin))
	}
}

func (p *page) accessChanges(title string, m mark, changes []planner.AccessChange) {
	if len(changes) == 0 {
		return
	}
	p.section(title)
	for i := range changes {
		c := &changes[i]
		p.marked(m, Terminal(c.Login)+": "+accessText(c.App, c.Group))
		p.chain("before", c.Before)
		p.chain("after", c.After)
	}
}

// accessText names an app, or a group in it.
func accessText(app, group string) string {
	if group == "" {
		return Terminal("app." + app)
	}
	return "group " + quote(group) + " in " + Terminal("app."+app)
}

func (p *page) attributeChanges(changes []planner.AttributeChange) {
	if len(changes) == 0 {
		return
	}
	p.section("Attributes")
	for i := range changes {
		c := &changes[i]
		p.marked(markChange, Terminal(c.Login)+" in "+Terminal("app."+c.App)+": "+pathText(c.Path)+" "+
			valueText(c.Before)+" -> "+valueText(c.After)+place(c.Origin))
	}
}

func (p *page) pushChanges(changes []planner.PushChange) {
	if len(changes) == 0 {
		return
	}
	p.section("Pushed groups")
	for i := range changes {
		c := &changes[i]
		m, text := pushText(c)
		p.marked(m, text+" in "+Terminal("app."+c.App)+place(c.Origin))
	}
}

// pushText says what becomes of a pushed group.
func pushText(c *planner.PushChange) (mark, string) {
	key := " (" + Terminal(c.Key) + ")"
	switch {
	case c.Before == "":
		return markAdd, quote(c.After) + key + " is pushed now"
	case c.After == "":
		return markDestroy, quote(c.Before) + key + " is not pushed any more"
	}
	return markChange, quote(c.Before) + key + " is called " + quote(c.After) + " now"
}

func (p *page) withheldChanges(changes []planner.WithheldChange) {
	if len(changes) == 0 {
		return
	}
	p.section("Withheld from pushed groups, for want of the app")
	for i := range changes {
		c := &changes[i]
		m, text := markAdd, "is not withheld any more"
		if c.Begins {
			m, text = markDestroy, "is withheld now"
		}
		p.marked(m, Terminal(c.Login)+": "+accessText(c.App, c.Group)+", "+text+place(c.Origin))
	}
}

func (p *page) keptAccess(kept []planner.Kept) {
	if len(kept) == 0 {
		return
	}
	p.section("Keeps the app nevertheless")
	for i := range kept {
		k := &kept[i]
		p.marked("=", Terminal(k.Login)+": "+accessText(k.App, ""))
		p.chain("gone", k.Left)
		p.chain("through", k.Through)
	}
}

// diffCounts says in a line how much changes.
func diffCounts(d *planner.Difference) string {
	text := fmt.Sprintf("Difference: %s, %s", loseText(d), gainText(d))
	if d.Empty() {
		text = "No differences"
	}
	for _, n := range []struct {
		n    int
		noun string
	}{{len(d.Attributes), "attribute"}, {len(d.Pushes), "pushed group"}} {
		if n.n > 0 {
			text += ", " + count(n.n, n.noun) + " changed"
		}
	}
	if n := len(d.Kept); n > 0 {
		text += fmt.Sprintf(", %s in spite of what is gone", peopleText(n, "keeps access", "keep access"))
	}
	return text + "."
}

func loseText(d *planner.Difference) string {
	return peopleText(peopleOf(d.Losses), "loses access", "lose access")
}

func gainText(d *planner.Difference) string {
	return peopleText(peopleOf(d.Gains), "gains access", "gain access")
}

// peopleText is "1 person loses access", "2 people lose access".
func peopleText(n int, one, many string) string {
	if n == 1 {
		return "1 person " + one
	}
	return fmt.Sprintf("%d people %s", n, many)
}

// peopleOf counts the people whom changes are about.
func peopleOf(changes []planner.AccessChange) int {
	seen := make(map[string]bool)
	for i := range changes {
		seen[changes[i].Key] = true
	}
	return len(seen)
}

// DiffMarkdown writes a difference as tables of GitHub's Markdown, in the order
// of Diff.
func DiffMarkdown(w io.Writer, d Difference) error {
	p := newPage(w, Style{})
	p.line("### rollcall: ", loseText(d.Difference), ", ", gainText(d.Difference))
	p.line()
	p.line("From ", markdownSide(d.Base), " to ", markdownSide(d.Head), ".")
	rows := diffRows(d.Difference)
	if len(rows) == 0 {
		p.line()
		p.line("No differences.")
		return p.end()
	}
	p.line()
	p.line("| | who | what | why |")
	p.line("|---|---|---|---|")
	for _, r := range rows {
		p.line("| ", r.sign, " | ", r.who, " | ", r.what, " | ", r.why, " |")
	}
	return p.end()
}

func markdownSide(s Side) string {
	if s.Words != "" {
		return s.Words
	}
	if s.Revision == "" {
		return "the working tree"
	}
	return markdownCell(s.Revision) + " (" + markdownCell(shortCommit(s.Commit)) + ")"
}

// diffRow is one line of the table; its cells are escaped.
type diffRow struct{ sign, who, what, why string }

// diffRows are the lines of the table, losses first.
func diffRows(d *planner.Difference) []diffRow {
	var rows []diffRow
	for _, c := range d.Losses {
		rows = append(rows, diffRow{"➖", markdownCell(c.Login), "loses " + markdownAccess(c.App, c.Group), markdownReasons(c.After)})
	}
	for _, c := range d.Gains {
		rows = append(rows, diffRow{"➕", markdownCell(c.Login), "gains " + markdownAccess(c.App, c.Group), markdownReasons(c.After)})
	}
	for _, c := range d.Attributes {
		rows = append(rows, diffRow{"🔁", markdownCell(c.Login), markdownCell(c.Path) + " in " + markdownAccess(c.App, "") + ": " +
			markdownCell(valueText(c.Before)) + " → " + markdownCell(valueText(c.After)), markdownPlace(c.Origin)})
	}
	for i := range d.Pushes {
		c := &d.Pushes[i]
		_, text := pushText(c)
		rows = append(rows, diffRow{"👥", markdownAccess(c.App, ""), markdownCell(text), markdownPlace(c.Origin)})
	}
	for _, c := range d.Withheld {
		what := "not withheld any more from "
		if c.Begins {
			what = "withheld from "
		}
		rows = append(rows, diffRow{"⏳", markdownCell(c.Login), what + markdownAccess(c.App, c.Group), markdownPlace(c.Origin)})
	}
	for _, k := range d.Kept {
		rows = append(rows, diffRow{"🔒", markdownCell(k.Login), "keeps " + markdownAccess(k.App, ""),
			markdownReasons(k.Left) + "; but " + markdownReasons(k.Through)})
	}
	return rows
}

func markdownAccess(app, group string) string {
	if group == "" {
		return markdownCell("app." + app)
	}
	return "group " + markdownCell(group) + " in " + markdownCell("app."+app)
}

func markdownReasons(reasons []planner.Reason) string {
	texts := make([]string, len(reasons))
	for i, r := range reasons {
		texts[i] = markdownCell(r.Text + place(r.Origin))
	}
	return strings.Join(texts, ", ")
}

func markdownPlace(o schema.Origin) string {
	if !o.Known() {
		return ""
	}
	return markdownCell(spot(o))
}
