package planner

import (
	"cmp"
	"slices"

	"github.com/rollcall-dev/rollcall/schema"
)

// Difference is what follows for people where one configuration takes the place
// of another. Every list is sorted by app, then login, then group.
type Difference struct {
	// Losses are accesses that people had and have no more, Gains those that
	// they have now.
	Losses, Gains []AccessChange
	Attributes    []AttributeChange
	// Kept are people who lost a way to an app, and keep the app by another.
	Kept []Kept
	// Withheld are members of pushed groups who were pushed, or not in the
	// group, and are withheld now, or the other way round.
	Withheld []WithheldChange
	Pushes   []PushChange
	Waivers  []WaiverChange
	// Stale are the directories of head that are older than they may be: no
	// difference, but whoever looks should know what they are looking at.
	Stale []Stale
}

// AccessChange is one app, or one pushed group, that a person loses or gains.
type AccessChange struct {
	Key, Login string
	App        string
	// Group is the name at the target; empty where the app itself is meant.
	Group string
	// Before and After say for both configurations why, or why not.
	Before, After []Reason
}

// AttributeChange is one attribute of a person who has the app before and after.
type AttributeChange struct {
	Key, Login, App string
	Path            string
	// Before and After are nil where the attribute is cleared.
	Before, After any
	// Origin is where the person is declared.
	Origin schema.Origin
}

// Kept says that a person keeps an app although a way to it is gone.
type Kept struct {
	Key, Login, App string
	// Before says how the ways went that are gone, Left why they do not reach
	// them any more, and Through what still does.
	Before, Left, Through []Reason
}

// WithheldChange is a member of a pushed group who begins, or ends, to be
// withheld for want of the app.
type WithheldChange struct {
	Key, Login, App, Group string
	Begins                 bool
	// Origin is where the membership is declared.
	Origin schema.Origin
}

// PushChange is a group that begins or ends to be pushed, or is called
// otherwise at the target.
type PushChange struct {
	App string
	// Key is that of the group.
	Key string
	// Before and After are its names at the target; empty where it is not pushed.
	Before, After string
	Origin        schema.Origin
}

// Empty reports whether nothing changes for anybody. Whoever keeps what they
// have is no difference.
func (d *Difference) Empty() bool {
	return len(d.Losses)+len(d.Gains)+len(d.Attributes)+len(d.Withheld)+len(d.Pushes)+len(d.Waivers) == 0
}

// Diff says what follows for people where head takes the place of base. Both
// are resolved for the same moment. A person is known by key, followed through
// head's moved blocks, or else by login; a group and an app by key. It needs
// nothing but the configurations.
func Diff(base, head *Desired) (*Difference, error) {
	f := newDiffer(base, head)
	for i := range base.Apps {
		b := &base.Apps[i]
		if err := f.app(b, scopeAt(head, f.head.known(string(b.App.Address)))); err != nil {
			return nil, err
		}
	}
	for i := range head.Apps {
		h := &head.Apps[i]
		if scopeAt(base, f.base.known(string(h.App.Address))) == nil {
			if err := f.app(nil, h); err != nil {
				return nil, err
			}
		}
	}
	f.waivers()
	f.out.Stale = head.Stale()
	f.sort()
	return &f.out, nil
}

// declares reports whether a person, group, app or assignment has the key.
func (d *Desired) declares(key string) bool {
	_, person := d.personByKey(key)
	_, group := d.groupByKey(key)
	v := view{d: d}
	return person || group || scopeAt(d, key) != nil || v.assignment(key) != nil
}

func scopeAt(d *Desired, address string) *Scope {
	i := slices.IndexFunc(d.Apps, func(s Scope) bool { return string(s.App.Address) == address })
	if i < 0 {
		return nil
	}
	return &d.Apps[i]
}

// view is one of the two configurations, looked at for one app.
type view struct {
	d *Desired
	// s is nil where the app is not declared.
	s *Scope
	// names are the keys of the other configuration that are others here.
	names map[string]string
	// index finds for each person the couple that they are in.
	index []uint32
}

// known translates a key of the other configuration.
func (v *view) known(key string) string {
	if name, ok := v.names[key]; ok {
		return name
	}
	return key
}

// has reports whether a person, counted from one, has the app.
func (v *view) has(p uint32) bool {
	return v.s != nil && p != 0 && v.s.Has(v.d, p-1)
}

// couple is one person in both configurations, counted from one; zero where
// they are not.
type couple struct{ base, head uint32 }

// What holds before, and after.
const (
	before uint8 = 1 << iota
	after
	both = before | after
)

// differ compares app by app.
type differ struct {
	base, head view
	couples    []couple
	// access says who has the app that is compared, in is who is in the group.
	access, in []uint8
	out        Difference
}

func newDiffer(base, head *Desired) *differ {
	f := &differ{base: view{d: base}, head: view{d: head}}
	f.base.names, f.head.names = map[string]string{}, map[string]string{}
	for _, m := range head.Config.Moved {
		// A block stays long after what it moved.
		if !base.declares(string(m.From)) || base.declares(string(m.To)) {
			continue
		}
		f.head.names[string(m.From)], f.base.names[string(m.To)] = string(m.To), string(m.From)
	}
	f.pairPeople()
	f.access, f.in = make([]uint8, len(f.couples)), make([]uint8, len(f.couples))
	return f
}

// pairPeople finds everyone of base in head: by key first, since a login may
// pass from one person to another.
func (f *differ) pairPeople() {
	b, h := f.base.d, f.head.d
	f.base.index, f.head.index = make([]uint32, len(b.People)), make([]uint32, len(h.People))
	f.couples = make([]couple, len(b.People))
	taken := make([]bool, len(h.People))
	pair := func(p int, q Person) {
		f.couples[p].head, f.head.index[q], taken[q] = q+1, uint32(p), true
	}
	for p := range b.People {
		f.couples[p].base, f.base.index[p] = uint32(p)+1, uint32(p)
		if q, ok := h.personByKey(f.head.known(b.People[p].Key())); ok && !taken[q] {
			pair(p, q)
		}
	}
	for p := range b.People {
		if f.couples[p].head != 0 {
			continue
		}
		if q, ok := h.personByLogin(b.People[p].Login); ok && !taken[q] {
			pair(p, q)
		}
	}
	for q := range h.People {
		if !taken[q] {
			f.head.index[q] = uint32(len(f.couples))
			f.couples = append(f.couples, couple{head: uint32(q) + 1})
		}
	}
}

// person returns who a couple is, as head has them if it does.
func (f *differ) person(c couple) *schema.User {
	if c.head != 0 {
		return &f.head.d.People[c.head-1]
	}
	return &f.base.d.People[c.base-1]
}

// app compares one app, which is nil where it is not declared.
func (f *differ) app(b, h *Scope) error {
	f.base.s, f.head.s = b, h
	for i, c := range f.couples {
		f.access[i] = 0
		if f.base.has(c.base) {
			f.access[i] |= before
		}
		if f.head.has(c.head) {
			f.access[i] |= after
		}
		switch f.access[i] {
		case before:
			f.out.Losses = append(f.out.Losses, f.change(c, "", f.base.d.allGrants(b, c.base-1), f.base.absences(&f.head, c.base, c.head)))
		case after:
			f.out.Gains = append(f.out.Gains, f.change(c, "", f.head.absences(&f.base, c.head, c.base), f.head.d.allGrants(h, c.head-1)))
		}
	}
	f.pushes()
	if b == nil || h == nil {
		return nil
	}
	f.kept()
	return f.attributes()
}

func (f *differ) change(c couple, group string, was, is []Reason) AccessChange {
	u := f.person(c)
	return AccessChange{Key: u.Key(), Login: u.Login, App: f.appName(), Group: group, Before: was, After: is}
}

func (f *differ) appName() string {
	if f.head.s != nil {
		return f.head.s.App.Name
	}
	return f.base.s.App.Name
}

// attributes compares the values of everyone who has the app before and after,
// unless the app does not send them.
func (f *differ) attributes() error {
	if !f.head.s.App.Provisioning.UpdateUserAttributes {
		return nil
	}
	b := newMapping(f.base.d, f.base.s, f.base.d.capabilities[f.base.s.App.Target])
	h := newMapping(f.head.d, f.head.s, f.head.d.capabilities[f.head.s.App.Target])
	for i, c := range f.couples {
		if f.access[i] != both {
			continue
		}
		was, err := b.of(c.base - 1)
		if err != nil {
			return err
		}
		is, err := h.of(c.head - 1)
		if err != nil {
			return err
		}
		f.attribute(c, pathUserName, f.base.s.userName(f.base.d, c.base-1), f.head.s.userName(f.head.d, c.head-1))
		for _, a := range is {
			at, _ := slices.BinarySearchFunc(was, a.path, func(w attribute, path string) int { return cmp.Compare(w.path, path) })
			switch managed := at < len(was) && was[at].path == a.path; {
			case a.createOnly:
			case managed:
				f.attribute(c, a.path, was[at].value, a.value)
			default:
				f.attribute(c, a.path, nil, a.value)
			}
		}
	}
	return nil
}

// attribute notes a value that differs. One that is not managed any more stays
// as it is at the target, and is no difference.
func (f *differ) attribute(c couple, path string, was, is any) {
	if same(was, is) {
		return
	}
	u := f.person(c)
	f.out.Attributes = append(f.out.Attributes, AttributeChange{
		Key: u.Key(), Login: u.Login, App: f.appName(), Path: path, Before: was, After: is, Origin: u.Origin,
	})
}

func (f *differ) sort() {
	access := func(a, b AccessChange) int {
		return cmp.Or(cmp.Compare(a.App, b.App), cmp.Compare(a.Login, b.Login), cmp.Compare(a.Group, b.Group))
	}
	slices.SortStableFunc(f.out.Losses, access)
	slices.SortStableFunc(f.out.Gains, access)
	slices.SortStableFunc(f.out.Attributes, func(a, b AttributeChange) int {
		return cmp.Or(cmp.Compare(a.App, b.App), cmp.Compare(a.Login, b.Login), cmp.Compare(a.Path, b.Path))
	})
	slices.SortStableFunc(f.out.Kept, func(a, b Kept) int {
		return cmp.Or(cmp.Compare(a.App, b.App), cmp.Compare(a.Login, b.Login))
	})
	slices.SortStableFunc(f.out.Withheld, func(a, b WithheldChange) int {
		return cmp.Or(cmp.Compare(a.App, b.App), cmp.Compare(a.Login, b.Login), cmp.Compare(a.Group, b.Group))
	})
	slices.SortStableFunc(f.out.Pushes, func(a, b PushChange) int {
		return cmp.Or(cmp.Compare(a.App, b.App), cmp.Compare(a.Key, b.Key))
	})
}
