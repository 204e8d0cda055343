package planner

import (
	"fmt"

	"github.com/rollcall-dev/rollcall/schema"
)

// adopts are the adopt blocks about this app.
func (c *comparison) adopts() []*schema.Adopt {
	var blocks []*schema.Adopt
	cfg := c.d.Config
	for i := range cfg.Adopts {
		a := &cfg.Adopts[i]
		if a.App == c.app.Address || a.App == "" && len(cfg.Apps) == 1 {
			blocks = append(blocks, a)
		}
	}
	return blocks
}

// adoptDeclaredUsers gives people the accounts that adopt blocks name. People
// who are not assigned, or are SUSPENDED, adopt nothing.
func (c *comparison) adoptDeclaredUsers() {
	for _, a := range c.adopts() {
		p, ok := c.d.personByKey(string(a.To))
		if !ok || !c.s.Assigned(c.d, p) || c.d.People[p].Status == schema.Suspended {
			continue
		}
		u := &c.d.People[p]
		at, found := c.remote.UserAt(a.ID)
		if e := c.entry(p); e != nil {
			if e.RemoteID != a.ID {
				c.holdUser(p, contradicts(a, u.Key(), e.RemoteID))
			}
			continue
		}
		switch {
		case !found:
			c.fate[p] |= heldBack
			d := nothingToAdopt(a)
			c.held[p] = &d
		case c.state.ownsUser(at, a.ID):
			c.fate[p] |= heldBack
			d := adoptedTwice(a)
			c.held[p] = &d
		default:
			account := &c.remote.Users[at]
			c.state.addUser(at, userEntry{key: u.Key(), declared: a, UserLink: &UserLink{
				Key: u.Key(), RemoteID: a.ID, ExternalID: account.ExternalID, UserName: account.UserName, Active: account.Active,
			}})
			c.claim(p, uint32(len(c.state.users)-1))
		}
	}
}

// adoptDeclaredGroups does the same for groups, named by their own block or by
// the block that pushes them.
func (c *comparison) adoptDeclaredGroups() {
	for _, a := range c.adopts() {
		key, ok := c.groupKeyOf(a.To)
		if !ok {
			continue
		}
		at, found := c.remote.GroupAt(a.ID)
		if e, linked := c.state.groupAt[key]; linked {
			if c.state.groups[e].RemoteID != a.ID {
				c.holdAdopt(a, key, contradicts(a, key, c.state.groups[e].RemoteID))
			}
			continue
		}
		switch {
		case !found:
			c.heldGroups[key] = true // a new group is not what was meant
			c.holdAdopt(a, key, nothingToAdopt(a))
		case c.state.ownsGroup(at, a.ID):
			c.heldGroups[key] = true
			c.holdAdopt(a, key, adoptedTwice(a))
		default:
			g := &c.remote.Groups[at]
			c.state.addGroup(at, groupEntry{key: key, declared: a, GroupLink: &GroupLink{
				Key: key, RemoteID: a.ID, ExternalID: g.ExternalID, DisplayName: g.DisplayName,
			}})
		}
	}
}

// groupKeyOf finds the group that an adopt block is about.
func (c *comparison) groupKeyOf(to schema.Address) (string, bool) {
	if _, ok := c.d.groupByKey(string(to)); ok {
		return string(to), true
	}
	for i := range c.s.Pushes {
		if c.s.Pushes[i].Block == to {
			return c.d.Groups[c.s.Pushes[i].Group].Key, true
		}
	}
	return "", false
}

func (c *comparison) holdAdopt(a *schema.Adopt, key string, d schema.Diagnostic) {
	if c.only.wholeGroups() {
		c.hold(KindGroup, key, string(a.To), d)
	}
}

func contradicts(a *schema.Adopt, key, id string) schema.Diagnostic {
	return schema.Diagnostic{
		Code: "ambiguous-match", Summary: "Adopt block contradicts the state",
		Detail: fmt.Sprintf("%s is tied to the id %q already, and this block says %q. Remove the block, or release the old object first.",
			key, id, a.ID),
		Origin: a.Origin,
	}
}

func nothingToAdopt(a *schema.Adopt) schema.Diagnostic {
	return schema.Diagnostic{
		Code: "match-not-found", Summary: "Nothing to adopt",
		Detail: fmt.Sprintf("The target has nothing with the id %q. Correct the id, or remove the block.", a.ID),
		Origin: a.Origin,
	}
}

func adoptedTwice(a *schema.Adopt) schema.Diagnostic {
	return schema.Diagnostic{
		Code: "conflict", Summary: "Object is in use",
		Detail: fmt.Sprintf("What has the id %q belongs to something else of ours already.", a.ID),
		Origin: a.Origin,
	}
}
