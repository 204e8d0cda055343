package render

import (
	"io"
	"strconv"

	"github.com/rollcall-dev/rollcall/planner"
)

// State writes what rollcall owns, app by app: a line for each account and
// group, with its name at the target and its id there.
func State(w io.Writer, st *planner.State, s Style) error {
	p := newPage(w, s)
	if st.Lineage == "" {
		p.line("The state is empty: nothing was applied yet.")
		return p.end()
	}
	p.line("State ", Terminal(st.Lineage), ", serial ", strconv.FormatUint(st.Serial, 10))
	for i := range st.Apps {
		p.ledger(&st.Apps[i])
	}
	if n := len(st.Intents); n > 0 {
		p.line()
		p.wrapped("", "", count(n, "request")+" of an earlier run ended without an answer. The next plan looks up what became of them.")
	}
	return p.end()
}

// ledger writes what is owned of one app.
func (p *page) ledger(a *planner.AppState) {
	p.line()
	p.line(p.style.paint(bold, "app."+Terminal(a.App)), " at ", Terminal(a.Identity))
	for i := range a.Users {
		u := &a.Users[i]
		text := Terminal(u.Key) + ": " + quote(u.UserName) + ", id " + Terminal(u.RemoteID)
		if !u.Active {
			text += ", not active"
		}
		p.wrapped("  ", "      ", text)
	}
	for i := range a.Groups {
		g := &a.Groups[i]
		text := Terminal(g.Key) + ": " + quote(g.DisplayName) + ", id " + Terminal(g.RemoteID) + ", " + count(len(g.Members), "member")
		if !g.Pushed {
			text += ", not pushed"
		}
		p.wrapped("  ", "      ", text)
	}
}
