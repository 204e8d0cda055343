package planner

import (
	"fmt"

	"github.com/rollcall-dev/rollcall/schema"
)

// accountIndex finds accounts at the target by name and by external id. Most
// plans need none of it: everybody is linked by id.
type accountIndex struct {
	byName     map[string]hits
	byExternal map[string]hits
}

// hits are the first account found and how many there are.
type hits struct {
	at uint32
	n  uint32
}

func (h hits) plus(at uint32) hits {
	if h.n == 0 {
		h.at = at
	}
	h.n++
	return h
}

func (c *comparison) accounts() *accountIndex {
	if c.index != nil {
		return c.index
	}
	x := &accountIndex{byName: make(map[string]hits, len(c.remote.Users)), byExternal: make(map[string]hits)}
	for i := range c.remote.Users {
		u := &c.remote.Users[i]
		name := schema.Fold(u.UserName)
		x.byName[name] = x.byName[name].plus(uint32(i))
		if u.ExternalID != "" {
			x.byExternal[u.ExternalID] = x.byExternal[u.ExternalID].plus(uint32(i))
		}
	}
	c.index = x
	return x
}

// match is what was found at the target for a person without a link.
type match struct {
	// at is one more than the account's index; zero where there is none.
	at uint32
	// by is the reason code of the match.
	by string
	// problem holds the person back.
	problem *schema.Diagnostic
}

// match looks for p's account by external id, then by user name (OKTA-79). Two
// hits are an error, never a guess.
func (c *comparison) match(p Person) match {
	u := &c.d.People[p]
	id, name := externalID(u), c.s.userName(c.d, p)
	x := c.accounts()
	byID, byName := c.byExternalID(id), x.byName[schema.Fold(name)]
	switch {
	case byID.n > 1 || byName.n > 1:
		return match{problem: c.ambiguous(u, fmt.Sprintf("%d accounts at the target have the external id %q, %d the user name %q",
			byID.n, id, byName.n, name))}
	case byID.n == 1 && byName.n == 1 && byID.at != byName.at:
		return match{problem: c.ambiguous(u, fmt.Sprintf("the external id %q belongs to %s, the user name %q to %s",
			id, c.remote.Users[byID.at].UserName, name, c.remote.Users[byName.at].ID))}
	case byID.n == 1:
		return c.settle(p, byID.at, "matched-by-external-id")
	case byName.n == 1:
		return c.settle(p, byName.at, "matched-by-user-name")
	}
	return match{}
}

// byExternalID finds accounts by the external id that they have at the target,
// or that we gave them where the target does not return it.
func (c *comparison) byExternalID(id string) hits {
	if h := c.accounts().byExternal[id]; h.n > 0 {
		return h
	}
	if c.givenIDs == nil {
		c.givenIDs = make(map[string]uint32, len(c.state.userOf))
		for at, owner := range c.state.userOf {
			if owner != 0 {
				c.givenIDs[c.state.users[owner-1].ExternalID] = uint32(at)
			}
		}
	}
	if at, ok := c.givenIDs[id]; ok {
		return hits{at: at, n: 1}
	}
	return hits{}
}

// settle decides what a hit means where the account is owned already.
func (c *comparison) settle(p Person, at uint32, by string) match {
	u := &c.d.People[p]
	account := &c.remote.Users[at]
	if app := c.state.others[account.ID]; app != "" {
		return match{problem: c.conflict(u, fmt.Sprintf("The account %q is kept by app.%s at the same target", account.UserName, app))}
	}
	owner := c.state.userOf[at]
	if owner == 0 {
		return match{at: at + 1, by: by}
	}
	e := &c.state.users[owner-1]
	if by == "matched-by-user-name" && c.freed(e, at) {
		return match{}
	}
	if e.holder == 0 && sameUnderAnotherKey(u, e) {
		return match{at: at + 1, by: "declared-anew"}
	}
	return match{problem: c.taken(u, e, account)}
}

// sameUnderAnotherKey reports whether u is whom the entry e was made for, when
// nobody has its key any more. An id of their own says so beyond doubt. A login
// says so only while the account is in use: then the block was renamed without
// a word; later, the login may be a new person's.
func sameUnderAnotherKey(u *schema.User, e *userEntry) bool {
	if u.ID != "" && e.ExternalID != "" {
		return u.ID == e.ExternalID
	}
	return e.Active
}

// orphans are the links whose key nobody has any more, by the external id and
// by the user name. What a removed block lets go is none of them.
type orphans struct {
	byID, byName map[string]uint32
}

// orphanOf finds the link that p had under another key.
func (c *comparison) orphanOf(p Person) (uint32, bool) {
	if c.orphans == nil {
		c.orphans = c.findOrphans()
	}
	u := &c.d.People[p]
	at, ok := c.orphans.byID[externalID(u)]
	if !ok {
		at, ok = c.orphans.byName[schema.Fold(c.s.userName(c.d, p))]
	}
	if !ok || c.state.users[at].holder != 0 || !sameUnderAnotherKey(u, &c.state.users[at]) {
		return 0, false
	}
	return at, true
}

func (c *comparison) findOrphans() *orphans {
	o := &orphans{byID: make(map[string]uint32), byName: make(map[string]uint32)}
	for i := range c.state.users {
		e := &c.state.users[i]
		if e.holder != 0 || removedBlock(c.d.Config, e.key) != nil {
			continue
		}
		if e.ExternalID != "" {
			o.byID[e.ExternalID] = uint32(i)
		}
		if e.UserName != "" {
			o.byName[schema.Fold(e.UserName)] = uint32(i)
		}
	}
	return o
}

// freed reports whether the owner of an account gives its user name up in this
// plan, because its person is called something else now.
func (c *comparison) freed(e *userEntry, at uint32) bool {
	if e.holder == 0 {
		return false
	}
	p := e.holder - 1
	return c.s.Assigned(c.d, p) && c.d.People[p].Status != schema.Suspended && c.renames(p, &c.remote.Users[at])
}

// renames reports whether this plan gives an account of p's another name.
func (c *comparison) renames(p Person, account *RemoteUser) bool {
	return c.app.Provisioning.UpdateUserAttributes && schema.Fold(c.s.userName(c.d, p)) != schema.Fold(account.UserName)
}

// externalID is what a person is created with: their id, or the login.
func externalID(u *schema.User) string {
	if u.ID != "" {
		return u.ID
	}
	return u.Login
}

func (c *comparison) ambiguous(u *schema.User, what string) *schema.Diagnostic {
	return &schema.Diagnostic{
		Code: "ambiguous-match", Summary: "More than one account fits",
		Detail: fmt.Sprintf("For %s, %s. Nothing is guessed: say which one is meant with an adopt block and its id.", u.Login, what),
		Origin: u.Origin,
	}
}

func (c *comparison) conflict(u *schema.User, what string) *schema.Diagnostic {
	return &schema.Diagnostic{
		Code: "conflict", Summary: "Account is in use",
		Detail: fmt.Sprintf("%s, so it cannot become that of %s. Keep one app for each account.", what, u.Login),
		Origin: u.Origin,
	}
}

// outranked says that an account with u's user name is by its external id
// somebody else's.
func (c *comparison) outranked(u, winner Person, account *RemoteUser) *schema.Diagnostic {
	who, other := &c.d.People[u], &c.d.People[winner]
	return &schema.Diagnostic{
		Code: "ambiguous-match", Summary: "One account fits two people",
		Detail: fmt.Sprintf("The account %q has the user name of %s and the external id of %s, whose it becomes. "+
			"%s is held back until the name is free.", account.UserName, who.Login, other.Login, who.Login),
		Origin: who.Origin, Related: []schema.Related{{Origin: other.Origin, Message: "whose external id it is"}},
	}
}

// taken says that the account that fits belongs to somebody else of ours: a
// login that is used again by a new person.
func (c *comparison) taken(u *schema.User, e *userEntry, account *RemoteUser) *schema.Diagnostic {
	d := &schema.Diagnostic{
		Code: "duplicate-external-id", Summary: "Login used again",
		Detail: fmt.Sprintf("The account %q belongs to %s, who keeps it. If %s is the same person, say so with a moved block; "+
			"if it is a new one, give them an id of their own and a user name that is free.", account.UserName, e.key, u.Login),
		Origin: u.Origin, Related: []schema.Related{{Origin: e.Origin, Message: "whose account it is"}},
	}
	if u.ID != "" {
		d.Code, d.Summary = "duplicate-user-name", "User name in use"
	}
	return d
}
