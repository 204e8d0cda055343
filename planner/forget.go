package planner

import (
	"slices"
	"time"
)

// Forget takes the object called key out of the ledger, and reports whether it
// was there. The remote one stays, and is not owned any more. A group that is
// forgotten while the window of its emptying runs leaves that window unknown:
// until it is over, nothing may be taken from the app but what a waiver says.
func (a *AppState) Forget(key string, at time.Time) bool {
	before := len(a.Users) + len(a.Groups)
	a.Users = slices.DeleteFunc(slices.Clone(a.Users), func(u UserLink) bool { return u.Key == key })
	a.Groups = slices.DeleteFunc(slices.Clone(a.Groups), func(g GroupLink) bool {
		if g.Key == key {
			a.forgetEmptying(&g, at)
		}
		return g.Key == key
	})
	return len(a.Users)+len(a.Groups) < before
}

// ForgetAll takes every object out of the ledger. What guards count from stays,
// so that an app which is forgotten and declared again begins no window anew.
func (a *AppState) ForgetAll(at time.Time) {
	for i := range a.Groups {
		a.forgetEmptying(&a.Groups[i], at)
	}
	a.Users, a.Groups = nil, nil
}

// forgetEmptying notes that nobody knows any more how far g was emptied.
func (a *AppState) forgetEmptying(g *GroupLink, at time.Time) {
	if g.FullMembers > 0 && at.Before(g.FullAt.Add(a.window())) {
		a.Rebuilt = at.UTC()
	}
}

// window is how far back a guard of a may look.
func (a *AppState) window() time.Duration {
	return max(a.Terms.orDefault().Window, Terms{}.orDefault().Window)
}

// Remembers is until when guards may count what the ledger remembers; zero where
// it remembers nothing.
func (a *AppState) Remembers() time.Time {
	last := a.Rebuilt
	for _, r := range a.History {
		if r.At.After(last) {
			last = r.At
		}
	}
	if last.IsZero() {
		return last
	}
	return last.Add(a.window())
}

// inherit takes on what guards count from of ledgers at the same service whose
// objects are all forgotten or released, and whose app is not declared any more:
// whoever owns those objects next goes on with their window.
func (l *ledger) inherit(in Input, name string, remote *Remote) {
	for i := range in.State.Apps {
		a := &in.State.Apps[i]
		declared := func(s Scope) bool { return s.App.Name == a.App }
		if len(a.Users)+len(a.Groups) > 0 || a.App == name || a.App == l.fromApp ||
			a.Identity == "" || a.Identity != remote.Identity || slices.ContainsFunc(in.Desired.Apps, declared) {
			continue
		}
		l.history = slices.Concat(a.History, l.history)
		if a.Rebuilt.After(l.rebuilt) {
			l.rebuilt = a.Rebuilt
		}
	}
}
