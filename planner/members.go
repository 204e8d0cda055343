package planner

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/rollcall-dev/rollcall/schema"
)

// wantedMembers are who must be in a group: accounts that are there, ascending,
// and people whom this plan creates.
type wantedMembers struct {
	accounts []uint32
	created  []Person
}

// wanted computes who of the group's people are pushed: those who are assigned,
// present and not inactive. People whose access is frozen stay where they are.
// The result is good until the next call.
func (c *comparison) wanted(w *pushed) wantedMembers {
	m := wantedMembers{accounts: c.scratch[:0]}
	for _, p := range w.group.Members {
		switch f := c.fate[p]; {
		case f&created != 0:
			m.created = append(m.created, p)
		case f&eligible != 0, f&frozen != 0 && c.isMember(w, c.at[p]-1):
			m.accounts = append(m.accounts, c.at[p]-1)
		}
	}
	slices.Sort(m.accounts)
	c.scratch = m.accounts
	return m
}

// isMember reports whether an account is in the group as far as we know.
func (c *comparison) isMember(w *pushed, at uint32) bool {
	switch {
	case w.at == nil:
		return false
	case w.at.MembersKnown:
		_, in := slices.BinarySearch(w.at.Members, at)
		return in
	case w.e == nil:
		return false
	}
	_, in := slices.BinarySearch(w.e.Members, c.remote.Users[at].ID)
	return in
}

// memberDiff is what must change in a group's membership.
type memberDiff struct {
	add, remove []Member
	// before are the remote ids of the members that were ours, kept those that
	// stay so; sorted.
	before, kept []string
	// had is how many members the group had, has how many it will have.
	had, has int
	// leaving members go with their accounts.
	leaving int
	drift   bool
}

// lost counts members that were ours and are gone without our doing, or by a
// request of ours that was never answered.
func (d *memberDiff) lost() int {
	if len(d.before) == len(d.kept) && slices.Equal(d.before, d.kept) {
		return 0
	}
	n := len(d.before)
	still := func(id string) {
		if _, ours := slices.BinarySearch(d.before, id); ours {
			n--
		}
	}
	for _, id := range d.kept {
		still(id)
	}
	for i := range d.remove {
		still(d.remove[i].RemoteID)
	}
	return n
}

// diffMembers compares by merging two ascending lists.
func (c *comparison) diffMembers(w *pushed) memberDiff {
	m := c.wanted(w)
	current, foreign := c.current(w)
	d := memberDiff{had: len(current) + len(foreign)}
	if w.e != nil {
		d.before = w.e.Members
	}
	if len(m.created)+len(foreign) == 0 && slices.Equal(current, m.accounts) && c.recorded(w, current) {
		d.kept, d.has = d.before, d.had
		return d
	}
	ours := c.ours(w)
	i, j := 0, 0
	for i < len(current) || j < len(m.accounts) {
		switch {
		case j == len(m.accounts) || i < len(current) && current[i] < m.accounts[j]:
			c.drop(w, &d, c.accountMember(current[i]), ours)
			i++
		case i == len(current) || m.accounts[j] < current[i]:
			member := c.accountMember(m.accounts[j])
			if c.only.key(member.Key) {
				d.add = append(d.add, member)
				d.drift = d.drift || ours(member.RemoteID)
			}
			j++
		default:
			id := c.remote.Users[current[i]].ID
			if !w.Additive || ours(id) {
				d.kept = append(d.kept, id)
			}
			i, j = i+1, j+1
		}
	}
	for _, id := range foreign {
		c.drop(w, &d, Member{Name: id, RemoteID: id}, ours)
	}
	for _, p := range m.created {
		if member := c.createdMember(p); c.only.key(member.Key) {
			d.add = append(d.add, member)
		}
	}
	d.has = d.had + len(d.add) - len(d.remove) - d.leaving
	slices.Sort(d.kept)
	sortMembers(d.add)
	sortMembers(d.remove)
	return d
}

// recorded reports whether the state has exactly these accounts as ours.
func (c *comparison) recorded(w *pushed, accounts []uint32) bool {
	return w.e != nil && slices.EqualFunc(accounts, w.e.Members, func(at uint32, id string) bool { return c.remote.Users[at].ID == id })
}

// drop takes a member out who is not wanted, unless that is not ours to do.
func (c *comparison) drop(w *pushed, d *memberDiff, m Member, ours func(string) bool) {
	mine := ours(m.RemoteID)
	switch {
	case w.Additive && !mine:
	case c.goesWithAccount(m):
		// The account is deleted later in this plan and takes its memberships
		// along: no request of their own. Until then they stay in the state.
		d.leaving++
		if mine {
			d.kept = append(d.kept, m.RemoteID)
		}
	case !c.only.key(m.Key):
		if mine {
			d.kept = append(d.kept, m.RemoteID)
		}
	default:
		d.remove = append(d.remove, m)
		d.drift = d.drift || w.e != nil && w.action == Update && !mine && w.at.MembersKnown
	}
}

func (c *comparison) goesWithAccount(m Member) bool {
	if c.destroyed[m.RemoteID] {
		return true
	}
	at, ok := c.remote.UserAt(m.RemoteID)
	if !ok || c.state.userOf[at] == 0 {
		return false
	}
	holder := c.state.users[c.state.userOf[at]-1].holder
	return holder != 0 && c.fate[holder-1]&destroyed != 0
}

// current are the group's members: as read, or where the target does not return
// them, as the state has them.
func (c *comparison) current(w *pushed) (accounts []uint32, foreign []string) {
	if w.at.MembersKnown {
		return w.at.Members, w.at.Foreign
	}
	c.reports.unreadable.add(w.Name, w.group.Key, w.Origin)
	if w.e == nil {
		return nil, nil
	}
	return accountsOf(c.remote, w.e.Members), nil
}

// accountsOf finds the accounts of remote ids, ascending; ids that are gone
// from the target are left out.
func accountsOf(r *Remote, ids []string) []uint32 {
	accounts := make([]uint32, 0, len(ids))
	for _, id := range ids {
		if at, ok := r.UserAt(id); ok {
			accounts = append(accounts, at)
		}
	}
	slices.Sort(accounts)
	return accounts
}

// ours returns whether we put a remote id into the group.
func (c *comparison) ours(w *pushed) func(string) bool {
	return func(id string) bool {
		if w.e == nil {
			return false
		}
		_, ok := slices.BinarySearch(w.e.Members, id)
		return ok
	}
}

func (c *comparison) accountMember(at uint32) Member {
	u := &c.remote.Users[at]
	m := Member{Name: u.UserName, RemoteID: u.ID}
	if owner := c.state.userOf[at]; owner != 0 {
		e := &c.state.users[owner-1]
		m.Key = e.key
		if e.holder != 0 {
			m.Key = c.d.People[e.holder-1].Key()
		}
	} else if p, ok := c.adopter(at); ok {
		m.Key = c.d.People[p].Key()
	}
	return m
}

// adopter is the person whom this plan gives an account that nobody had.
func (c *comparison) adopter(at uint32) (Person, bool) {
	if c.adopters == nil {
		c.adopters = make(map[uint32]Person, len(c.matched))
		for p := range c.matched {
			c.adopters[c.at[p]-1] = p
		}
	}
	p, ok := c.adopters[at]
	return p, ok
}

func (c *comparison) createdMember(p Person) Member {
	key := c.d.People[p].Key()
	return Member{Name: c.s.userName(c.d, p), Key: key, Change: changeID(c.app.Name, KindUser, key, string(Create))}
}

// newMembers are the members of a group that does not exist yet.
func (c *comparison) newMembers(m wantedMembers) []Member {
	members := make([]Member, 0, len(m.accounts)+len(m.created))
	for _, at := range m.accounts {
		members = append(members, c.accountMember(at))
	}
	for _, p := range m.created {
		members = append(members, c.createdMember(p))
	}
	sortMembers(members)
	return members
}

func sortMembers(ms []Member) {
	slices.SortFunc(ms, func(a, b Member) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.RemoteID, b.RemoteID)) })
}

// defaultPerRequest bounds the values of one request unless the dialect says
// otherwise.
const defaultPerRequest = 100

// batches is how many requests n adds and removals take: the fewest possible.
func batches(n int, caps Capabilities) int {
	if n == 0 {
		return 0
	}
	if caps.PutMembers {
		return 1
	}
	per := cmp.Or(caps.MembersPerRequest, defaultPerRequest)
	return (n + per - 1) / per
}

// needCreates lets a change wait for the people whom it adds and the plan creates.
func (c *comparison) needCreates(ch *Change) {
	for i := range ch.Members.Add {
		if id := ch.Members.Add[i].Change; id != "" {
			ch.Needs = append(ch.Needs, id)
		}
	}
}

// reasonedMembers is for how many members a change says why; explain has the rest.
const reasonedMembers = 20

// addMemberReasons says of the first members why they come or go.
func (c *comparison) addMemberReasons(ch *Change, w *pushed) {
	for i := range min(len(ch.Members.Add), reasonedMembers) {
		m := &ch.Members.Add[i]
		if p, ok := c.d.personByKey(m.Key); ok {
			ch.Reasons = append(ch.Reasons, c.d.memberReasons(w.Group, p)...)
		}
	}
	for i := range min(len(ch.Members.Remove), reasonedMembers) {
		ch.Reasons = append(ch.Reasons, c.removalReason(&ch.Members.Remove[i], w))
	}
}

func (c *comparison) removalReason(m *Member, w *pushed) Reason {
	if m.Key == "" {
		return Reason{Code: "not-declared", Text: fmt.Sprintf("%s is nobody of ours, and the push is authoritative", m.Name), Origin: w.Origin}
	}
	p, ok := c.d.personByKey(m.Key)
	switch {
	case !ok:
		e := &c.state.users[c.state.userAt[m.Key]]
		return Reason{Code: "person-gone", Text: fmt.Sprintf("%s is not in the configuration or any directory any more", m.Name), Origin: e.Origin}
	case !w.group.Has(p):
		return Reason{Code: "not-in-group", Text: fmt.Sprintf("%s is not in %s", m.Name, w.group.Key), Origin: w.group.Origin}
	}
	r := Reason{Code: "not-assigned", Text: fmt.Sprintf("%s is in %s and does not have the app", m.Name, w.group.Key), Origin: w.Origin}
	if c.d.People[p].Status == schema.Deprovisioned {
		r = Reason{Code: "deprovisioned", Text: fmt.Sprintf("%s is DEPROVISIONED", m.Name), Origin: c.d.People[p].Origin}
	} else if c.d.People[p].Status == schema.Suspended {
		r = Reason{Code: "suspended", Text: fmt.Sprintf("%s is SUSPENDED", m.Name), Origin: c.d.People[p].Origin}
	}
	return r
}
