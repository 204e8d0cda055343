package render

import (
	"io"
	"time"

	"github.com/rollcall-dev/rollcall/planner"
)

// Rebuilt writes what a state that is made anew would hold, what is declared and
// was not found, and what is lost with the old one.
func Rebuilt(w io.Writer, r *planner.Rebuilt, s Style) error {
	p := newPage(w, s)
	p.line("The rebuilt state:")
	users, groups := 0, 0
	var at time.Time
	for i := range r.State.Apps {
		a := &r.State.Apps[i]
		p.ledger(a)
		users, groups, at = users+len(a.Users), groups+len(a.Groups), a.Rebuilt
	}
	p.missing(r.Missing)
	for i := range r.Unclaimed {
		u := &r.Unclaimed[i]
		p.line()
		p.wrapped("", "", count(u.Accounts, "account")+" at "+Terminal(u.Identity)+" ("+count(u.Active, "active one")+
			") fit nobody who has access, and are not owned. Were some of them rollcall's, of people who are gone, then look after them at the target.")
	}
	p.line()
	p.lead(bold, "Rebuilt:", count(users, "account")+" and "+count(groups, "group")+" found, "+
		count(len(r.Missing), "object")+" not found, "+count(len(r.Findings), "warning")+".")
	p.line()
	p.wrapped("", "", "What was taken away before is not known. For as long as the window of its guard, counted from "+
		at.UTC().Format(time.RFC3339)+", an app takes nothing away without a waiver.")
	return p.end()
}

// missing lists what is declared and was not found.
func (p *page) missing(all []planner.Missing) {
	if len(all) == 0 {
		return
	}
	p.line()
	p.line("Not at the target; the next plan makes them, or says why not:")
	for i := range all {
		m := &all[i]
		p.wrapped("  ", "      ", "app."+Terminal(m.App)+" "+Terminal(m.Key)+": "+quote(m.Name))
	}
}
