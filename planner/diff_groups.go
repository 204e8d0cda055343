package planner

import (
	"cmp"
	"fmt"
	"slices"
)

// pushes compares what is pushed to the app, group by group.
func (f *differ) pushes() {
	paired := make(map[*Push]bool)
	if f.base.s != nil {
		for i := range f.base.s.Pushes {
			b := &f.base.s.Pushes[i]
			h := f.head.pushOf(f.head.known(f.base.d.Groups[b.Group].Key))
			paired[h] = true
			f.push(b, h)
		}
	}
	if f.head.s != nil {
		for i := range f.head.s.Pushes {
			if h := &f.head.s.Pushes[i]; !paired[h] {
				f.push(nil, h)
			}
		}
	}
}

// pushOf finds the push of the group with that key.
func (v *view) pushOf(key string) *Push {
	if v.s == nil {
		return nil
	}
	i, ok := slices.BinarySearchFunc(v.s.Pushes, key, func(push Push, key string) int {
		return cmp.Compare(v.d.Groups[push.Group].Key, key)
	})
	if !ok {
		return nil
	}
	return &v.s.Pushes[i]
}

// push compares one pushed group, which is nil where it is not pushed.
func (f *differ) push(b, h *Push) {
	f.pushItself(b, h)
	touched := f.mark(&f.base, b, before, nil)
	touched = f.mark(&f.head, h, after, touched)
	slices.Sort(touched)
	for _, i := range touched {
		in := f.in[i]
		f.in[i] = 0
		f.member(f.couples[i], b, h, in&f.access[i], in&^f.access[i])
	}
}

// mark notes who is in the group of a push, and adds those who were not noted
// yet to touched.
func (f *differ) mark(v *view, push *Push, when uint8, touched []uint32) []uint32 {
	if push == nil {
		return touched
	}
	for _, p := range v.d.Groups[push.Group].Members {
		i := v.index[p]
		if f.in[i] == 0 {
			touched = append(touched, i)
		}
		f.in[i] |= when
	}
	return touched
}

// pushItself notes that a group is pushed, or is no more, or is renamed.
func (f *differ) pushItself(b, h *Push) {
	c := PushChange{App: f.appName()}
	if b != nil {
		c.Key, c.Before, c.Origin = f.base.d.Groups[b.Group].Key, b.Name, b.Origin
	}
	if h != nil {
		c.Key, c.After, c.Origin = f.head.d.Groups[h.Group].Key, h.Name, h.Origin
	}
	if c.Before != c.After {
		f.out.Pushes = append(f.out.Pushes, c)
	}
}

// member notes what changes for one member of a group.
func (f *differ) member(c couple, b, h *Push, pushed, withheld uint8) {
	switch pushed {
	case before:
		f.out.Losses = append(f.out.Losses, f.change(c, b.Name,
			f.base.d.memberReasons(b.Group, c.base-1), f.base.notPushed(&f.head, b, h, c.base, c.head)))
	case after:
		f.out.Gains = append(f.out.Gains, f.change(c, h.Name,
			f.head.notPushed(&f.base, h, b, c.head, c.base), f.head.d.memberReasons(h.Group, c.head-1)))
	}
	u := f.person(c)
	w := WithheldChange{Key: u.Key(), Login: u.Login, App: f.appName(), Begins: withheld == after}
	switch withheld {
	case before:
		w.Group, w.Origin = b.Name, f.base.d.memberOrigin(b.Group, c.base-1)
	case after:
		w.Group, w.Origin = h.Name, f.head.d.memberOrigin(h.Group, c.head-1)
	default:
		return
	}
	f.out.Withheld = append(f.out.Withheld, w)
}

// notPushed says why a person, counted from one, whom push of v has as p, is
// not pushed with that group in other, where they are q.
func (v *view) notPushed(other *view, push, there *Push, p, q uint32) []Reason {
	group, login := &v.d.Groups[push.Group], v.d.People[p-1].Login
	switch {
	case other.s == nil:
		return []Reason{v.noApp()}
	case there == nil:
		return []Reason{{Code: "group-not-pushed", Text: fmt.Sprintf("%s is not pushed to %s", group.Key, v.s.App.Address), Origin: other.s.App.Origin}}
	case q == 0:
		return []Reason{noPerson(login)}
	case !other.d.Groups[there.Group].Has(q - 1):
		g := &other.d.Groups[there.Group]
		return []Reason{{Code: "not-in-group", Text: fmt.Sprintf("%s is not in %s", login, g.Key), Origin: g.Origin}}
	}
	return append([]Reason{{
		Code: "withheld", Text: fmt.Sprintf("%s is in the group, and does not have %s", login, other.s.App.Address),
		Origin: other.d.memberOrigin(there.Group, q-1),
	}}, v.absences(other, p, q)...)
}
