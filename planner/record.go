package planner

import (
	"cmp"
	"maps"
	"slices"
	"sort"
	"time"
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
		if c.Kind == KindUser {
			w.recordUser(c, o)
		} else {
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
	i, _ := slices.BinarySearchFunc(s.Apps, w.app.App, func(a AppState, name string) int { return cmp.Compare(a.App, name) })
	s.Apps = slices.Insert(s.Apps, i, w.app)
}

func (w *writer) recordUser(c *Change, o *Outcome) {
	if c.Action == Delete || c.Action == Release {
		w.users.remove(cmp.Or(c.Link.From, c.Key))
		if c.Action == Delete {
			w.forgetMember(c.RemoteID)
		}
		return
	}
	l := w.users.at(c.Key, c.Link.From)
	l.Key = c.Key
	l.RemoteID = cmp.Or(o.RemoteID, c.RemoteID, l.RemoteID)
	l.ExternalID, l.Source, l.OnUnassign, l.Origin = c.Link.ExternalID, c.Link.Source, c.Link.OnUnassign, c.Link.Origin
	l.UserName, l.Active, l.Attributes = c.Link.Name, c.Link.Active, c.Link.Known
}

// forgetMember takes an account that is no more out of every group.
func (w *writer) forgetMember(id string) {
	for i := range w.groups.items {
		g := &w.groups.items[i]
		if at, in := slices.BinarySearch(g.Members, id); in {
			g.Members = slices.Delete(slices.Clone(g.Members), at, at+1)
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
const history = 31 * 24 * time.Hour

// count keeps for each minute what was taken away, with what was owned when
// the minute began, for guards over a window.
func (w *writer) count(c *Change, o *Outcome) {
	users, members := 0, len(c.Members.Remove)
	switch {
	case c.Kind == KindUser && (c.Action == Deactivate || c.Action == Delete):
		users = 1
	case c.Kind == KindGroup && c.Action == Delete:
		if l := w.groups.find(cmp.Or(c.Link.From, c.Key)); l != nil {
			members += len(l.Members)
		}
	}
	if users+members == 0 || o.At.IsZero() {
		return
	}
	minute := o.At.UTC().Truncate(time.Minute)
	at, ok := slices.BinarySearchFunc(w.app.History, minute, func(r Removal, t time.Time) int { return r.At.Compare(t) })
	if !ok {
		r := Removal{At: minute}
		r.OwnedUsers, r.OwnedMembers = w.owned()
		w.app.History = slices.Insert(slices.Clone(w.app.History), at, r)
	}
	w.app.History[at].Deactivations += users
	w.app.History[at].Members += members
	w.app.History = slices.DeleteFunc(w.app.History, func(r Removal) bool { return r.At.Before(minute.Add(-history)) })
}

func (w *writer) owned() (users, members int) {
	for i := range w.users.items {
		if w.users.items[i].Active {
			users++
		}
	}
	for i := range w.groups.items {
		members += len(w.groups.items[i].Members)
	}
	return users, members
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
