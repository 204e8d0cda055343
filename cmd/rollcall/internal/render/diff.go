package render

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/policy"
)

// Side is one of the two configurations that are compared.
type Side struct {
	// Revision is as it was given; empty for the folder as it is.
	Revision string
	// Commit is the full id.
	Commit string
	// Words name a side that is no revision and not the folder as it is.
	Words string
	History
}

// text names the side.
func (s *Side) text() string {
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
	// Policies is the verdict on those of Head; nil where they were not checked.
	Policies *policy.Verdict
	// Sources are the files of Head, to show lines of.
	Sources map[string][]byte
	// Marker is a line of ours that Markdown begins with, if any.
	Marker string
}

// Diff writes first who loses what, then who gains, then what else changes, and
// last who keeps an app although a way to it is gone.
func Diff(w io.Writer, d Difference, s Style) error {
	p := newPage(w, s)
	p.wrapped("", "  ", "Access, from "+d.Base.text()+" to "+d.Head.text()+":")
	p.accessChanges(&d, "Loses", markDestroy, d.Losses)
	p.accessChanges(&d, "Gains", markAdd, d.Gains)
	p.attributeChanges(&d)
	p.pushChanges(&d)
	p.withheldChanges(&d)
	p.keptAccess(&d)
	p.waiverChanges(&d)
	p.staleDirectories(&d)
	p.commitList(&d)
	p.line()
	p.wrapped("", "  ", diffCounts(d.Difference))
	p.verdictOf(d.Policies, d.Sources)
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

// chain writes reasons of one side under a word.
func (p *page) chain(word string, side *Side, reasons []planner.Reason) {
	for i, r := range reasons {
		if i > 0 {
			word = ""
		}
		p.wrapped("      "+pad(word, 8), strings.Repeat(" ", 14), Prose(r.Text)+side.place(r.Origin))
	}
}

func (p *page) accessChanges(d *Difference, title string, m mark, changes []planner.AccessChange) {
	if len(changes) == 0 {
		return
	}
	p.section(title)
	for i := range changes {
		c := &changes[i]
		p.marked(m, Terminal(c.Login)+": "+accessText(c.App, c.Group))
		p.chain("before", &d.Base, c.Before)
		p.chain("after", &d.Head, c.After)
	}
}

// accessText names an app, or a group in it.
func accessText(app, group string) string {
	if group == "" {
		return Terminal("app." + app)
	}
	return "group " + quote(group) + " in " + Terminal("app."+app)
}

func (p *page) attributeChanges(d *Difference) {
	if len(d.Attributes) == 0 {
		return
	}
	p.section("Attributes")
	for i := range d.Attributes {
		c := &d.Attributes[i]
		p.marked(markChange, Terminal(c.Login)+" in "+Terminal("app."+c.App)+": "+pathText(c.Path)+" "+
			valueText(c.Before)+" -> "+valueText(c.After)+d.Head.place(c.Origin))
	}
}

func (p *page) pushChanges(d *Difference) {
	if len(d.Pushes) == 0 {
		return
	}
	p.section("Pushed groups")
	for i := range d.Pushes {
		c := &d.Pushes[i]
		m, text := pushText(c)
		p.marked(m, text+" in "+Terminal("app."+c.App)+d.side(c.After == "").place(c.Origin))
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

func (p *page) withheldChanges(d *Difference) {
	if len(d.Withheld) == 0 {
		return
	}
	p.section("Withheld from pushed groups, for want of the app")
	for i := range d.Withheld {
		c := &d.Withheld[i]
		m, text := markAdd, "is not withheld any more"
		if c.Begins {
			m, text = markDestroy, "is withheld now"
		}
		p.marked(m, Terminal(c.Login)+": "+accessText(c.App, c.Group)+", "+text+d.side(!c.Begins).place(c.Origin))
	}
}

func (p *page) keptAccess(d *Difference) {
	if len(d.Kept) == 0 {
		return
	}
	p.section("Keeps the app nevertheless")
	for i := range d.Kept {
		k := &d.Kept[i]
		p.marked("=", Terminal(k.Login)+": "+accessText(k.App, ""))
		p.chain("before", &d.Base, k.Before)
		p.chain("gone", &d.Head, k.Left)
		p.chain("through", &d.Head, k.Through)
	}
}

func (p *page) waiverChanges(d *Difference) {
	if len(d.Waivers) == 0 {
		return
	}
	p.section("Waivers")
	for i := range d.Waivers {
		c := &d.Waivers[i]
		m, text := waiverText(c, Terminal)
		p.marked(m, text+d.side(c.Ends).place(c.Origin))
	}
}

func (p *page) staleDirectories(d *Difference) {
	if len(d.Stale) == 0 {
		return
	}
	p.section("Directories that are older than they may be")
	for i := range d.Stale {
		s := &d.Stale[i]
		p.marked("!", Prose(s.Text)+d.Head.place(s.Origin))
	}
}

// waiverText says what a waiver lets pass, and what becomes of it. Names are in
// the form that escape gives them.
func waiverText(c *planner.WaiverChange, escape func(string) string) (mark, string) {
	m, verb := markChange, "lets"
	switch {
	case c.Begins:
		m = markAdd
	case c.Ends:
		m, verb = markDestroy, "is gone; it let"
	}
	what := escape(c.Guard) + " go to " + escape(c.Limit)
	if c.Protects != "" {
		what = "the protection of " + escape(string(c.Protects)) + " be lifted"
	}
	end := " until "
	if c.Expired {
		end = ", which expired at "
	}
	return m, escape(string(c.Address)) + " " + verb + " " + what + " in " + escape("app."+c.App) +
		end + c.Expires.UTC().Format(time.RFC3339) + ": " + escape(c.Reason)
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
	}{{len(d.Attributes), "attribute"}, {len(d.Pushes), "pushed group"}, {len(d.Waivers), "waiver"}} {
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

// DiffTitle says in one line what a difference comes to. It holds no names.
func DiffTitle(d *Difference) string {
	return "rollcall: " + loseText(d.Difference) + ", " + gainText(d.Difference)
}
