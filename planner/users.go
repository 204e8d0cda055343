package planner

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/rollcall-dev/rollcall/schema"
)

// compareUsers decides for every person, and for everyone whose account we
// have and who is gone.
func (c *comparison) compareUsers() {
	c.claimLinks()
	c.adoptDeclaredUsers()
	for p := range c.d.People {
		c.locate(Person(p))
	}
	for p := range c.d.People {
		c.compareUser(Person(p))
	}
	for i := range c.state.users {
		if e := &c.state.users[i]; e.holder == 0 {
			c.compareGone(e)
		}
	}
	c.orderUserNames()
	c.reportUsers()
}

// claimLinks ties people to their links by key.
func (c *comparison) claimLinks() {
	var key []byte
	for p := range c.d.People {
		key = c.d.People[p].AppendKey(key[:0])
		if at, ok := c.state.userAt[string(key)]; ok {
			c.claim(Person(p), at)
		}
	}
}

func (c *comparison) claim(p Person, entry uint32) {
	c.link[p] = entry + 1
	c.state.users[entry].holder = p + 1
}

// entry returns p's link, or nil.
func (c *comparison) entry(p Person) *userEntry {
	if c.link[p] == 0 {
		return nil
	}
	return &c.state.users[c.link[p]-1]
}

// inherit gives p, who gets no account, the link that they had under another
// key: they are not gone, though nobody has that key any more.
func (c *comparison) inherit(p Person) {
	at, ok := c.orphanOf(p)
	if c.link[p] != 0 || !ok {
		return
	}
	c.claim(p, at)
	e := &c.state.users[at]
	e.key = c.d.People[p].Key()
	if account, ok := c.remote.UserAt(e.RemoteID); ok {
		c.at[p] = account + 1
	}
}

// locate finds p's account: that of the link, else whichever fits. Who has no
// link and may not be adopted is not looked for.
func (c *comparison) locate(p Person) {
	u := &c.d.People[p]
	if e := c.entry(p); e != nil {
		if at, ok := c.remote.UserAt(e.RemoteID); ok {
			c.at[p] = at + 1
			return
		}
	}
	if !c.s.Assigned(c.d, p) || u.Status == schema.Suspended {
		c.inherit(p)
		return
	}
	m := c.match(p)
	switch {
	case m.problem != nil:
		c.fate[p] |= heldBack
		c.held[p] = m.problem
	case m.at != 0 && !c.promise(p, c.remote.Users[m.at-1].UserName):
	case m.at != 0 && c.wins(p, m):
		c.at[p] = m.at
		c.matched[p] = m.by
		if owner := c.state.userOf[m.at-1]; owner != 0 {
			c.claim(p, owner-1)
			c.state.users[owner-1].key = u.Key()
		}
	}
}

// compareUser decides what becomes of p's account.
func (c *comparison) compareUser(p Person) {
	u := &c.d.People[p]
	switch {
	case c.fate[p]&heldBack != 0:
		c.fate[p] |= absent
		c.holdUser(p, *c.held[p])
	case !c.s.Assigned(c.d, p):
		c.compareUnassigned(p)
	case u.Status == schema.Suspended:
		c.compareSuspended(p)
	case c.at[p] == 0:
		c.compareMissing(p)
	default:
		c.comparePresent(p)
	}
}

func (c *comparison) holdUser(p Person, d schema.Diagnostic) {
	if c.only.person(p) {
		u := &c.d.People[p]
		c.hold(KindUser, u.Key(), c.s.userName(c.d, p), d)
	}
}

// wins reports whether p gets the account that was matched. Where one account
// has the external id of one person and the user name of another, the id
// decides. The other gets an account of their own where the name becomes free,
// and is held back otherwise.
func (c *comparison) wins(p Person, m match) bool {
	if c.winners == nil {
		c.winners = make(map[uint32]Person)
	}
	winner, loser := p, p
	if other, rival := c.winners[m.at]; rival {
		if loser = other; m.by == "matched-by-user-name" {
			winner, loser = other, p
		}
		c.at[loser] = 0
		delete(c.matched, loser)
		if account := &c.remote.Users[m.at-1]; !c.renames(winner, account) {
			c.fate[loser] |= heldBack
			c.held[loser] = c.outranked(loser, winner, account)
		}
	}
	c.winners[m.at] = winner
	return winner == p
}

// promise takes down that p gets the account called name, unless an app before
// this one gets it: then p is held back.
func (c *comparison) promise(p Person, name string) bool {
	key := account{c.remote.Identity, schema.Fold(name)}
	if c.promisedElsewhere(name) {
		c.fate[p] |= heldBack
		c.held[p] = c.conflict(&c.d.People[p], fmt.Sprintf("The account %q becomes that of app.%s at the same target", name, c.plan.promised[key]))
		return false
	}
	if c.plan.promised == nil {
		c.plan.promised = make(map[account]string)
	}
	c.plan.promised[key] = c.app.Name
	return true
}

// promisedElsewhere reports whether another app gets the account called name.
func (c *comparison) promisedElsewhere(name string) bool {
	by := c.plan.promised[account{c.remote.Identity, schema.Fold(name)}]
	return by != "" && by != c.app.Name
}

// compareMissing creates the account of an assigned person.
func (c *comparison) compareMissing(p Person) {
	u := &c.d.People[p]
	e := c.entry(p)
	if e != nil {
		c.reports.gone.user(u, u.Origin)
	}
	if !c.app.Provisioning.CreateUsers {
		c.fate[p] |= absent
		c.reports.notFound.user(u, u.Origin)
		if e != nil {
			c.releaseGone(e, u.Login)
		}
		return
	}
	attributes, err := c.mapping.of(p)
	if err != nil {
		c.fate[p] |= absent
		c.holdUser(p, mappingFailed(u, err))
		return
	}
	if lacking := c.lacking(attributes); len(lacking) > 0 {
		c.fate[p] |= absent
		c.holdUser(p, attributesMissing(u, c.caps.Dialect, lacking))
		return
	}
	if !c.promise(p, c.s.userName(c.d, p)) {
		c.fate[p] |= absent
		c.holdUser(p, *c.held[p])
		return
	}
	c.fate[p] |= eligible | created
	if c.only.person(p) {
		c.createUser(p, e, attributes)
	}
}

// createUser makes an account for p, with the external id that a lost one had.
func (c *comparison) createUser(p Person, e *userEntry, attributes []attribute) {
	id := externalID(&c.d.People[p])
	if e != nil {
		id = cmp.Or(e.ExternalID, id)
	}
	name := c.s.userName(c.d, p)
	ch := c.userChange(p, Create, WaveUsers)
	ch.RemoteID, ch.Base = "", digestAbsent
	ch.Link.ExternalID, ch.Link.Name, ch.Link.Active = id, name, true
	values := []schema.Value{{Path: pathActive, Value: true}, {Path: pathExternalID, Value: id}, {Path: pathUserName, Value: name}}
	for _, a := range attributes {
		if a.value != nil {
			values = append(values, schema.Value{Path: a.path, Value: a.value})
			if !a.createOnly {
				ch.Link.Known = append(ch.Link.Known, schema.Value{Path: a.path, Value: a.value})
			}
		}
	}
	slices.SortFunc(values, comparePaths)
	ch.After, ch.Requests = values, 1
	if e != nil {
		ch.Link.Gone = e.Active
		ch.Reasons = append([]Reason{{Code: "target-gone", Text: "the account that we had is gone from the target", Origin: e.Origin}}, ch.Reasons...)
	}
	c.add(ch)
}

func comparePaths(a, b schema.Value) int { return cmp.Compare(a.Path, b.Path) }

// lacking are the attributes that the target requires and a person has not.
func (c *comparison) lacking(attributes []attribute) []string {
	var paths []string
	for _, path := range c.caps.Required {
		if !slices.ContainsFunc(attributes, func(a attribute) bool { return a.path == path && a.value != nil }) {
			paths = append(paths, path)
		}
	}
	return paths
}

func attributesMissing(u *schema.User, dialect string, paths []string) schema.Diagnostic {
	return schema.Diagnostic{
		Code: "attribute-required", Summary: "Attribute missing that the target requires",
		Detail: phrase("{} lacks {}, without which the dialect {} makes no account. Only this person is held back: give them a value, or map one with attributes on the app.",
			1, u.Login, listing(paths, len(paths)), dialect),
		Origin: u.Origin,
	}
}

func mappingFailed(u *schema.User, err error) schema.Diagnostic {
	return schema.Diagnostic{
		Code: "invalid-value", Summary: "Attribute cannot be computed",
		Detail: fmt.Sprintf("The %v. Only this person is held back. Test for null first where an attribute may be missing.", err),
		Origin: u.Origin,
	}
}

// userChange starts a change about p with all that does not depend on the action.
func (c *comparison) userChange(p Person, a Action, wave int) Change {
	u := &c.d.People[p]
	ch := Change{
		Kind: KindUser, Key: u.Key(), Name: c.s.userName(c.d, p), Action: a, Wave: wave,
		Link: Link{Source: c.s.Source(p), OnUnassign: c.app.OnUnassign, Origin: u.Origin},
	}
	if at := c.at[p]; at != 0 {
		account := &c.remote.Users[at-1]
		ch.RemoteID, ch.Base = account.ID, digestUser(account)
		ch.Link.ExternalID = account.ExternalID
		ch.Link.Name, ch.Link.Active = account.UserName, account.Active
	}
	if e := c.entry(p); e != nil {
		ch.Link.ExternalID = cmp.Or(e.ExternalID, ch.Link.ExternalID)
		if e.UserLink.Key != ch.Key {
			ch.Link.From = e.UserLink.Key
		}
	}
	ch.Reasons = c.d.assignmentReasons(c.s, p)
	return ch
}

// comparePresent decides about an assigned person whose account is there:
// adopted, brought back, brought up to date, or nothing.
func (c *comparison) comparePresent(p Person) {
	u := &c.d.People[p]
	c.fate[p] |= eligible
	attributes, err := c.mapping.of(p)
	if err != nil {
		c.holdUser(p, mappingFailed(u, err))
		return
	}
	if !c.only.person(p) {
		return
	}
	account, e := &c.remote.Users[c.at[p]-1], c.entry(p)
	diff := c.diffUser(p, account, e, attributes)
	action := Update
	switch {
	case e == nil || e.recovered || e.declared != nil || e.RemoteID != account.ID:
		action = AdoptIt
	case !account.Active:
		action = Reactivate
	}
	if !account.Active {
		diff.set(pathActive, false, true)
		diff.drift = diff.drift || e != nil && e.Active
	}
	slices.SortFunc(diff.before, comparePaths)
	slices.SortFunc(diff.after, comparePaths)
	if len(diff.after) == 0 && action == Update && c.asRecorded(p, account, e, &diff, attributes) {
		return
	}
	ch := c.userChange(p, action, WaveUsers)
	ch.Before, ch.After, ch.Drift = diff.before, diff.after, diff.drift
	ch.Link.Known, ch.Link.Active = c.known(account, e, attributes), true
	if diff.renamed {
		ch.Link.Name = ch.Name
	}
	if len(diff.after) > 0 {
		ch.Requests = 1
	} else {
		c.stateOnly(&ch, account, e, &diff)
	}
	ch.Link.Gone = action == Reactivate && e.Active
	ch.Reasons = append(c.presentReasons(p, action, account, e, &diff), ch.Reasons...)
	if action == AdoptIt {
		c.reportAdoption(p, account, ch.Link.ExternalID)
	}
	c.add(ch)
}

// asRecorded reports whether the state says of p's account what is so: then
// there is nothing to do, not even there.
func (c *comparison) asRecorded(p Person, account *RemoteUser, e *userEntry, d *userDiff, attributes []attribute) bool {
	if e.from() != "" || e.Source != c.s.Source(p) || !e.Active || len(d.stale) > 0 || c.milder(e) ||
		schema.Fold(e.UserName) != schema.Fold(account.UserName) {
		return false
	}
	for i := range attributes {
		a := &attributes[i]
		if !a.createOnly && a.value != nil && same(lookup(account.Attributes, a.path), a.value) && !same(lookup(e.Attributes, a.path), a.value) {
			return false
		}
	}
	return true
}

// stateOnly says what only the state will record: a new key, another source, or
// what came right at the target without us, which would otherwise be reported
// as drift for ever.
func (c *comparison) stateOnly(ch *Change, account *RemoteUser, e *userEntry, d *userDiff) {
	set := func(path string, before, after any) {
		ch.Before = append(ch.Before, schema.Value{Path: path, Value: before})
		ch.After = append(ch.After, schema.Value{Path: path, Value: after})
	}
	switch {
	case ch.Action == AdoptIt:
		return
	case e.from() != "":
		set(pathAddress, e.from(), ch.Key)
		return
	case e.Source != ch.Link.Source:
		set(pathSource, string(e.Source), string(ch.Link.Source))
		return
	}
	if schema.Fold(e.UserName) != schema.Fold(account.UserName) {
		set(pathUserName, e.UserName, account.UserName)
	}
	if !e.Active {
		set(pathActive, false, true)
	}
	for _, v := range ch.Link.Known {
		if old := lookup(e.Attributes, v.Path); !same(old, v.Value) && same(lookup(account.Attributes, v.Path), v.Value) {
			set(v.Path, old, v.Value)
		}
	}
	for _, v := range d.stale {
		set(v.Path, v.Value, nil)
	}
	if c.milder(e) {
		set(pathOnUnassign, string(e.OnUnassign), verbName(c.app.OnUnassign))
	}
	slices.SortFunc(ch.Before, comparePaths)
	slices.SortFunc(ch.After, comparePaths)
}

// known are the managed attributes as they are once a change is done.
func (c *comparison) known(account *RemoteUser, e *userEntry, attributes []attribute) []schema.Value {
	write := c.app.Provisioning.UpdateUserAttributes
	known := make([]schema.Value, 0, len(attributes))
	for _, a := range attributes {
		was := lookup(account.Attributes, a.path)
		switch {
		case a.createOnly || a.value == nil && was == nil:
		case a.value != nil && (write || same(was, a.value)):
			known = append(known, schema.Value{Path: a.path, Value: a.value})
		case !write && e != nil:
			if ours := lookup(e.Attributes, a.path); ours != nil {
				known = append(known, schema.Value{Path: a.path, Value: ours})
			}
		}
	}
	return known
}

// userDiff is how an account differs from what is declared.
type userDiff struct {
	before, after []schema.Value
	// stale values are in the state alone: cleared here and there.
	stale   []schema.Value
	drift   bool
	renamed bool
}

func (d *userDiff) set(path string, before, after any) {
	d.before = append(d.before, schema.Value{Path: path, Value: before})
	d.after = append(d.after, schema.Value{Path: path, Value: after})
}

// diffUser compares attribute by attribute: only what is declared is compared,
// and a cleared value only where we set one before.
func (c *comparison) diffUser(p Person, account *RemoteUser, e *userEntry, attributes []attribute) userDiff {
	var d userDiff
	var old []schema.Value
	if e != nil {
		old = e.Attributes
	}
	write := c.app.Provisioning.UpdateUserAttributes
	disabled := false
	if name := c.s.userName(c.d, p); schema.Fold(name) != schema.Fold(account.UserName) {
		if write {
			d.set(pathUserName, account.UserName, name)
			d.renamed = true
			d.drift = e != nil && schema.Fold(e.UserName) == schema.Fold(name)
		}
		disabled = !write
	} else if name != account.UserName {
		c.reports.nameCase.user(&c.d.People[p], c.d.People[p].Origin)
	}
	for i := range attributes {
		a := &attributes[i]
		if a.createOnly {
			continue
		}
		was, ours := lookup(account.Attributes, a.path), lookup(old, a.path)
		differs := !same(was, a.value) && (a.value != nil || ours != nil)
		if differs && write {
			d.set(a.path, was, a.value)
			d.drift = d.drift || ours != nil && same(ours, a.value)
		}
		disabled = disabled || differs && !write
		if a.value == nil && was == nil && ours != nil {
			d.stale = append(d.stale, schema.Value{Path: a.path, Value: ours})
		}
	}
	if disabled {
		c.reports.updateDisabled.user(&c.d.People[p], c.d.People[p].Origin)
	}
	return d
}
