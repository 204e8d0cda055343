package planner

import (
	"cmp"
	"maps"
	"slices"
	"sort"
	"time"

	"github.com/rollcall-dev/rollcall/schema"
)

// Settled is a change that was carried out, with its outcome.
type Settled struct {
	Change  Change
	Outcome Outcome
}

// Record writes down that c ended with o: links are made, updated, or
// forgotten, and what was taken away is counted. It keeps the state's order.
// Members of c that were created by the same plan must have their RemoteID.
// Recording a change twice is as good as once, but for the count.
func (s *State) Record(c Change, o Outcome) { s.RecordAll([]Settled{{c, o}}) }

// RecordAll records many changes, in their order, and sorts only once.
func (s *State) RecordAll(all []Settled) {
	writers := make(map[string]*writer)
	for i := range all {
		c, o := &all[i].Change, &all[i].Outcome
		w := writers[c.App]
		if w == nil {
			w = newWriter(s, c)
			writers[c.App] = w
		}
		w.count(c, o)
		switch c.Kind {
		case KindApp:
			w.app.Terms = c.Link.Terms
		case KindUser:
			w.recordUser(c, o)
		default:
			w.recordGroup(c, o)
		}
	}
	for _, w := range writers {
		w.flush(s)
	}
}

// writer changes the ledger of one app. Links up to a known length are sorted;
// new ones are behind them until flush.
type writer struct {
	app    AppState
	users  sorted[UserLink]
	groups sorted[GroupLink]
	// minutes is how many were added to the end of the history.
	minutes int
}

// newWriter takes the app's ledger out of the state, under whatever name the
// state has it.
func newWriter(s *State, c *Change) *writer {
	w := &writer{app: AppState{App: c.App}}
	a := s.app(c.App)
	if a == nil && c.Link.FromApp != "" {
		a = s.app(c.Link.FromApp)
	}
	if a != nil {
		w.app = *a
		name := a.App
		s.Apps = slices.DeleteFunc(s.Apps, func(a AppState) bool { return a.App == name })
	}
	w.app.App = c.App
	w.app.Identity = cmp.Or(c.Link.Identity, w.app.Identity)
	w.users = newSorted(w.app.Users, func(l *UserLink) string { return l.Key })
	w.groups = newSorted(w.app.Groups, func(l *GroupLink) string { return l.Key })
	return w
}

func (w *writer) flush(s *State) {
	w.app.Users, w.app.Groups = w.users.all(), w.groups.all()
	w.ownFirst()
	i, _ := slices.BinarySearchFunc(s.Apps, w.app.App, func(a AppState, name string) int { return cmp.Compare(a.App, name) })
	s.Apps = slices.Insert(s.Apps, i, w.app)
}

func (w *writer) recordUser(c *Change, o *Outcome) {
	if c.Action == Delete || c.Action == Release {
		w.users.remove(cmp.Or(c.Link.From, c.Key))
		if c.Action == Delete {
			w.forgetMember(c.RemoteID, o.At)
		}
		return
	}
	l := w.users.at(c.Key, c.Link.From)
	l.Key = c.Key
	l.RemoteID = cmp.Or(o.RemoteID, c.RemoteID, l.RemoteID)
	l.ExternalID, l.Source, l.OnUnassign, l.Origin = c.Link.ExternalID, c.Link.Source, c.Link.OnUnassign, c.Link.Origin
	l.UserName, l.Active, l.Attributes = c.Link.Name, c.Link.Active, c.Link.Known
	l.Protected = c.Link.Protected
}

// forgetMember takes an account that is no more out of every group.
func (w *writer) forgetMember(id string, at time.Time) {
	for i := range w.groups.items {
		g := &w.groups.items[i]
		if i, in := slices.BinarySearch(g.Members, id); in {
			w.noteFull(g, len(g.Members), at)
			g.Members = slices.Delete(slices.Clone(g.Members), i, i+1)
		}
	}
}

func (w *writer) recordGroup(c *Change, o *Outcome) {
	if c.Action == Delete || c.Action == Release {
		w.groups.remove(cmp.Or(c.Link.From, c.Key))
		return
	}
	l := w.groups.at(c.Key, c.Link.From)
	old := l.Members
	l.Key = c.Key
	l.RemoteID = cmp.Or(o.RemoteID, c.RemoteID, l.RemoteID)
	l.ExternalID = cmp.Or(c.Link.ExternalID, l.ExternalID)
	l.Push, l.OnUnpush, l.Origin = c.Link.Push, c.Link.OnUnpush, c.Link.Origin
	l.Pushed, l.Additive, l.DisplayName = c.Link.Pushed, c.Link.Additive, c.Link.Name
	l.Protected = c.Link.Protected
	if gone := len(c.Members.Remove) + c.Link.Lost; gone > 0 {
		w.noteFull(l, len(c.Link.KnownMembers)+gone, o.At)
	}
	l.Members = membersAfter(c, o, old)
}

// membersAfter are the members of ours after a change: those that stayed, those
// that were added, and those whose removal the target refused.
func membersAfter(c *Change, o *Outcome, old []string) []string {
	refused := make(map[string]bool, len(o.Rejected))
	for i := range o.Rejected {
		refused[o.Rejected[i].Member.RemoteID] = true
	}
	members := slices.Clone(c.Link.KnownMembers)
	for i := range c.Members.Add {
		if id := c.Members.Add[i].RemoteID; id != "" && !refused[id] {
			members = append(members, id)
		}
	}
	for i := range c.Members.Remove {
		id := c.Members.Remove[i].RemoteID
		if _, ours := slices.BinarySearch(old, id); ours && refused[id] {
			members = append(members, id)
		}
	}
	slices.Sort(members)
	return slices.Compact(members)
}

// history is how long what was taken away is remembered.
const history = schema.MaxWindow

// count keeps for each minute what was taken away, with what was owned when
// the minute began, for guards over a window. A change that takes nothing is
// noted too: shares are of what was owned when a window began.
func (w *writer) count(c *Change, o *Outcome) {
	if o.At.IsZero() || c.Kind == KindApp {
		return
	}
	r := w.minute(o.At.UTC().Truncate(time.Minute))
	gone := c.taken()
	r.Deactivations += gone.Deactivations
	r.Members += gone.Members
	r.Taken += gone.Taken
}

// minute is where what happens at that time is counted. Minutes stand in the
// order in which they came, and none lies ahead of one that came later: the
// clock was wrong then.
func (w *writer) minute(at time.Time) *Removal {
	h := w.app.History
	if n := len(h); n > 0 && h[n-1].At.Equal(at) {
		return &h[n-1]
	}
	if n := len(h); n > 0 {
		last := h[n-1].At // what is old is told by a clock that said so twice
		h = slices.DeleteFunc(slices.Clone(h), func(r Removal) bool { return r.At.Before(last.Add(-history)) })
	}
	for i := range h {
		if h[i].At.After(at) {
			h[i].At = at
		}
	}
	r := Removal{At: at}
	r.OwnedUsers, r.OwnedMembers = w.owned()
	w.app.History = append(h, r)
	w.minutes++
	return &w.app.History[len(h)]
}

// ownFirst fills in what shares are of where a minute began with nothing: what
// there is now, at the end of the first apply.
func (w *writer) ownFirst() {
	for i := len(w.app.History) - w.minutes; i < len(w.app.History); i++ {
		r := &w.app.History[i]
		if r.OwnedUsers > 0 && r.OwnedMembers > 0 {
			continue
		}
		users, members := w.app.owned()
		r.OwnedUsers, r.OwnedMembers = cmp.Or(r.OwnedUsers, users), cmp.Or(r.OwnedMembers, members)
	}
}

// taken counts what c takes away, or finds gone that was ours: what somebody
// else took cannot be told from what we took and got no answer about.
func (c *Change) taken() Removal {
	members := len(c.Members.Remove) + c.Link.Lost
	switch {
	case c.Kind == KindUser && c.deactivates():
		return Removal{Deactivations: 1, Members: members}
	case c.Link.Taken:
		return Removal{Members: members, Taken: len(c.Members.Remove)}
	}
	return Removal{Members: members}
}

// deactivates reports whether c ends an account's activity, or finds it ended.
func (c *Change) deactivates() bool {
	if c.Requests > 0 || c.Link.Gone {
		return c.Action == Deactivate || c.Action == Delete || c.Link.Gone
	}
	was, _ := lookup(c.Before, pathActive).(bool)
	is, said := lookup(c.After, pathActive).(bool)
	return was && said && !is
}

// noteFull remembers that l had many members when it lost some.
func (w *writer) noteFull(l *GroupLink, had int, at time.Time) {
	if had > w.app.Terms.orDefault().Floor {
		l.FullMembers, l.FullAt = had, at.UTC()
	}
}

// owned counts what the app owns in the middle of its writing.
func (w *writer) owned() (users, members int) {
	return (&AppState{Users: w.users.kept(), Groups: w.groups.kept()}).owned()
}

// sorted is a sorted list that many changes are made to at once.
type sorted[T any] struct {
	items []T
	key   func(*T) string
	// n items are sorted; fresh finds those behind them.
	n     int
	fresh map[string]int
	// gone are the indexes of items that were removed.
	gone map[int]bool
}

func newSorted[T any](items []T, key func(*T) string) sorted[T] {
	return sorted[T]{items: items, key: key, n: len(items), fresh: make(map[string]int), gone: make(map[int]bool)}
}

func (s *sorted[T]) index(key string) (int, bool) {
	if i, ok := s.fresh[key]; ok {
		return i, !s.gone[i]
	}
	i, ok := s.place(key)
	return i, ok && !s.gone[i]
}

// place is where key stands among the items that are sorted, or would stand.
func (s *sorted[T]) place(key string) (int, bool) {
	return sort.Find(s.n, func(i int) int { return cmp.Compare(key, s.key(&s.items[i])) })
}

func (s *sorted[T]) find(key string) *T {
	if i, ok := s.index(key); ok {
		return &s.items[i]
	}
	return nil
}

// at returns the item of key, made anew where there is none, with the content
// of the item that from names.
func (s *sorted[T]) at(key, from string) *T {
	var item T
	if from != "" && from != key {
		if l := s.find(from); l != nil {
			item = *l
			s.remove(from) // also where key has an item: one object, one owner
		}
	}
	if l := s.find(key); l != nil {
		return l
	}
	s.items = append(s.items, item)
	s.fresh[key] = len(s.items) - 1
	return &s.items[len(s.items)-1]
}

func (s *sorted[T]) remove(key string) {
	if i, ok := s.index(key); ok {
		s.gone[i] = true
	}
}

// all returns the items, sorted again. One that came or went costs no sort.
func (s *sorted[T]) all() []T {
	if len(s.fresh) == 1 && len(s.items) == s.n+1 {
		last := s.items[s.n]
		at, _ := s.place(s.key(&last))
		copy(s.items[at+1:], s.items[at:s.n])
		s.items[at] = last
		moved := make(map[int]bool, len(s.gone))
		for i := range s.gone {
			if i >= at && i < s.n {
				i++
			}
			moved[i] = true
		}
		s.gone = moved
	} else if len(s.fresh) > 0 {
		return s.resorted()
	}
	at := slices.Sorted(maps.Keys(s.gone))
	if len(at) == 1 {
		return slices.Delete(s.items, at[0], at[0]+1)
	}
	return s.kept()
}

// resorted sorts by pointers: items are large.
func (s *sorted[T]) resorted() []T {
	items := s.kept()
	order := make([]*T, len(items))
	for i := range items {
		order[i] = &items[i]
	}
	slices.SortFunc(order, func(a, b *T) int { return cmp.Compare(s.key(a), s.key(b)) })
	out := make([]T, len(items))
	for i, item := range order {
		out[i] = *item
	}
	return out
}

// kept are the items that were not removed.
func (s *sorted[T]) kept() []T {
	if len(s.gone) == 0 {
		return s.items
	}
	out := make([]T, 0, len(s.items)-len(s.gone))
	for i := range s.items {
		if !s.gone[i] {
			out = append(out, s.items[i])
		}
	}
	return out
}
