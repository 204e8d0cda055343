package render

import (
	"io"

	"github.com/rollcall-dev/rollcall/planner"
)

// Account is what one target has of a person at this moment.
type Account struct {
	App string
	// RemoteID is empty where there is no account.
	RemoteID, UserName string
	Active             bool
	// Groups are the names of the groups there that the account is in.
	Groups []string
	// Pending are the changes of the next apply that are about the person.
	Pending []planner.Change
}

// Live writes what the targets have of a person now, and what is pending.
func Live(w io.Writer, accounts []Account, s Style) error {
	p := newPage(w, s)
	p.line()
	p.line(s.paint(bold, "At the targets now:"))
	for i := range accounts {
		a := &accounts[i]
		p.wrapped("  ", "      ", "app."+Terminal(a.App)+": "+accountText(a))
		for j := range a.Pending {
			c := &a.Pending[j]
			p.wrapped("    ", "      ", "pending: "+string(c.Action)+" "+string(c.Kind)+" "+quote(c.Name))
		}
	}
	return p.end()
}

func accountText(a *Account) string {
	if a.RemoteID == "" {
		return "no account"
	}
	text := "account " + quote(a.UserName) + ", id " + Terminal(a.RemoteID)
	if a.Active {
		text += ", active"
	} else {
		text += ", not active"
	}
	for i, g := range a.Groups {
		if i == 0 {
			text += ", in "
		} else {
			text += ", "
		}
		text += quote(g)
	}
	return text
}

// accountJSON is an account in the document of `explain -live -json`.
type accountJSON struct {
	App      string        `json:"app"`
	RemoteID string        `json:"remote_id,omitempty"`
	UserName string        `json:"user_name,omitempty"`
	Active   bool          `json:"active"`
	Groups   []string      `json:"groups"`
	Pending  []pendingJSON `json:"pending"`
}

type pendingJSON struct {
	ID     string `json:"id"`
	Kind   string `json:"kind"`
	Action string `json:"action"`
	Name   string `json:"name"`
}

func accountsJSON(accounts []Account) []accountJSON {
	list := make([]accountJSON, len(accounts))
	for i := range accounts {
		a := &accounts[i]
		list[i] = accountJSON{
			App: a.App, RemoteID: a.RemoteID, UserName: a.UserName, Active: a.Active,
			Groups: append([]string{}, a.Groups...), Pending: []pendingJSON{},
		}
		for j := range a.Pending {
			c := &a.Pending[j]
			list[i].Pending = append(list[i].Pending, pendingJSON{c.ID, string(c.Kind), string(c.Action), c.Name})
		}
	}
	return list
}
