package render

import (
	"io"
	"strconv"
	"time"

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
	p.readings(st.Directories)
	if n := len(st.Intents); n > 0 {
		p.line()
		p.wrapped("", "", count(n, "request")+" of an earlier run ended without an answer. The next plan looks up what became of them.")
	}
	return p.end()
}

// readings writes what was read of each directory when it was last believed.
func (p *page) readings(all []planner.DirectoryState) {
	for i := range all {
		d := &all[i]
		p.line()
		p.line(p.style.paint(bold, Terminal(d.Address)))
		p.wrapped("  ", "      ", "read on "+reading(&d.Good))
		if d.Doubted.Digest != "" {
			p.wrapped("  ", "      ", "not believed yet: on "+reading(&d.Doubted))
		}
	}
}

func reading(r *planner.Reading) string {
	return r.At.UTC().Format(time.RFC3339) + ": " + strconv.Itoa(r.Users) + " people, " + count(r.Groups, "group") + ", " + count(r.Members, "membership")
}

// limits writes what the last apply limited an app by, unless that are the defaults.
func (p *page) limits(a *planner.AppState) {
	if t := &a.Terms; *t != (planner.Terms{}) {
		p.wrapped("  ", "      ", "limits: max_deactivations "+t.MaxDeactivations.String()+", max_removals "+t.MaxRemovals.String()+
			", floor "+strconv.Itoa(t.Floor)+", window "+t.Window.String())
	}
	if !a.Rebuilt.IsZero() {
		p.wrapped("  ", "      ", "rebuilt on "+a.Rebuilt.UTC().Format(time.RFC3339))
	}
}

// ledger writes what is owned of one app.
func (p *page) ledger(a *planner.AppState) {
	p.line()
	p.line(p.style.paint(bold, "app."+Terminal(a.App)), " at ", Terminal(a.Identity))
	p.limits(a)
	for i := range a.Users {
		u := &a.Users[i]
		text := Terminal(u.Key) + ": " + quote(u.UserName) + ", id " + Terminal(u.RemoteID)
		if !u.Active {
			text += ", not active"
		}
		if u.Protected {
			text += ", protected"
		}
		p.wrapped("  ", "      ", text)
	}
	for i := range a.Groups {
		g := &a.Groups[i]
		text := Terminal(g.Key) + ": " + quote(g.DisplayName) + ", id " + Terminal(g.RemoteID) + ", " + count(len(g.Members), "member")
		if !g.Pushed {
			text += ", not pushed"
		}
		if g.Protected {
			text += ", protected"
		}
		p.wrapped("  ", "      ", text)
	}
}
