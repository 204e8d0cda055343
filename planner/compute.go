package planner

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/rollcall-dev/rollcall/schema"
)

// Compute compares what must be with what is and what we own. Its error says
// that nothing can be planned: a read that is missing or incomplete, one that
// was unstable where the plan would take something away (see [ReadError]), or a
// state that contradicts itself or belongs to another service. Everything else
// that is wrong is in the plan. The plan's findings begin with those of Resolve.
func Compute(in Input) (*Plan, error) {
	if in.State == nil {
		in.State = &State{}
	}
	p := &draft{Plan: Plan{AsOf: in.Desired.AsOf, Complete: true, Applyable: true, Inputs: in.Inputs}}
	p.Findings = slices.Clone(in.Desired.Findings)
	only, err := newScopeFilter(in)
	if err != nil {
		return nil, err
	}
	for i := range in.Desired.Apps {
		s := &in.Desired.Apps[i]
		if !only.app(s.App.Address) {
			continue
		}
		if err := compareApp(in, p, s, only); err != nil {
			return nil, err
		}
	}
	if err := compareGoneApps(in, p, only); err != nil {
		return nil, err
	}
	guardDirectories(p, in)
	guardStale(p, in)
	if only.all() {
		p.noteUnused(in)
	}
	finish(p, in)
	return &p.Plan, nil
}

// draft is a plan while it is made.
type draft struct {
	Plan
	// chained: changes of one wave wait for each other.
	chained bool
	// promised are the accounts that apps get by this plan, by service and user
	// name: no two apps may have one account.
	promised map[account]string
	// linked are the groups that nobody had and this plan links to.
	linked map[linkedGroup]bool
	// needed are the waivers that the plan would not pass without.
	needed map[schema.Address]bool
}

// linkedGroup is a group at a service.
type linkedGroup struct{ identity, id string }

// account names an account at a service, there or to be made.
type account struct{ identity, name string }

// compareApp adds to p what one app needs.
func compareApp(in Input, p *draft, s *Scope, only scopeFilter) error {
	c, err := newComparison(in, p, s, only)
	if err != nil {
		return err
	}
	c.compareUsers()
	c.compareGroups()
	c.orderGroupNames()
	c.reportUnmanaged()
	return c.conclude()
}

// conclude hands the app's changes over to the plan.
func (c *comparison) conclude() error {
	if err := c.refuseUnstable(); err != nil {
		return err
	}
	c.carryAppName()
	c.followProtections()
	c.guard()
	c.followTerms()
	if len(c.plan.Changes) == 0 {
		c.plan.Changes = c.changes // a million of them are not copied
		return nil
	}
	c.plan.Changes = append(c.plan.Changes, c.changes...)
	return nil
}

// comparison compares one app with its target.
type comparison struct {
	d      *Desired
	s      *Scope
	app    *schema.App
	plan   *draft
	only   scopeFilter
	caps   Capabilities
	remote *Remote
	// state is a working copy of the app's ledger: moved keys renamed, and what
	// an unanswered create of ours left at the target added.
	state   *ledger
	mapping *mapping
	changes []Change

	// at holds for each person one more than the index of their remote account.
	at []uint32
	// fate holds for each person what becomes of them, as bits of fates.
	fate []fates
	// link holds for each person one more than the index of their link.
	link []uint32
	// index finds accounts at the target, givenIDs those of ours by the external
	// id that we gave them; both are built when first needed.
	index    *accountIndex
	givenIDs map[string]uint32
	// winners are the people to whom accounts that nobody had fall.
	winners map[uint32]Person
	// orphans are found when first needed.
	orphans *orphans
	// held says why somebody is held back, matched how an account was found.
	held    map[Person]*schema.Diagnostic
	matched map[Person]string
	// heldGroups are the keys of groups that an adopt block holds back.
	heldGroups map[string]bool
	// destroyed are the accounts of people who are gone that the plan deletes.
	destroyed map[string]bool
	reports   reports
	// appGone: the app is not declared any more; each link's own verb holds.
	appGone bool
	// groupNames finds groups by folded name, adopters people by account.
	groupNames map[string][]uint32
	adopters   map[uint32]Person
	// emptied are groups that would lose everybody and more than the floor,
	// emptying all that would lose their last member.
	emptied, emptying []emptied
	// protection and memberships are found when first needed.
	protection  *protection
	memberships map[string]int
	// scratch is used again for every group.
	scratch []uint32
}

// fates of a person in one plan, as bits.
type fates uint8

const (
	// eligible people are put into the pushed groups that hold them.
	eligible fates = 1 << iota
	// frozen people keep the memberships that they have and get no new ones.
	frozen
	// created people get an account by this plan.
	created
	// destroyed people lose their account, and with it every membership.
	destroyed
	// absent people are assigned and have no account, nor will they get one.
	absent
	// heldBack people fit more than one account, or somebody else's.
	heldBack
)

func newComparison(in Input, p *draft, s *Scope, only scopeFilter) (*comparison, error) {
	remote, err := readableRemote(in, s.App)
	if err != nil {
		return nil, err
	}
	c := &comparison{
		d: in.Desired, s: s, app: s.App, plan: p, only: only, remote: remote,
		caps: capabilitiesOf(in, s.App.Target, remote),
	}
	c.held, c.matched, c.heldGroups = make(map[Person]*schema.Diagnostic), make(map[Person]string), make(map[string]bool)
	c.mapping = newMapping(c.d, s, c.caps)
	if c.state, err = openLedger(in, s.App, remote); err != nil {
		return nil, err
	}
	n := len(c.d.People)
	c.at, c.fate, c.link = make([]uint32, n), make([]fates, n), make([]uint32, n)
	return c, nil
}

// readableRemote returns the app's target as read, and refuses a read that
// could not be proven whole: from a part of the truth no plan is made.
func readableRemote(in Input, app *schema.App) (*Remote, error) {
	r := in.Remotes[app.Target]
	if r == nil {
		return nil, &ReadError{Target: app.Target, What: "it was not read"}
	}
	if !r.Complete {
		return nil, &ReadError{Target: app.Target, What: "its read was not proven complete"}
	}
	byID := func(a, b RemoteUser) int { return cmp.Compare(a.ID, b.ID) }
	groupByID := func(a, b RemoteGroup) int { return cmp.Compare(a.ID, b.ID) }
	if !slices.IsSortedFunc(r.Users, byID) || !slices.IsSortedFunc(r.Groups, groupByID) {
		return nil, fmt.Errorf("plan from %s: its read is not sorted by id", app.Target)
	}
	return r, nil
}

// capabilitiesOf prefers what discovery found to what the dialect promises.
func capabilitiesOf(in Input, target schema.Address, r *Remote) Capabilities {
	if r.Capabilities.Dialect != "" || r.Capabilities.Members != "" {
		return r.Capabilities
	}
	return in.Desired.capabilities[target]
}

// refuseUnstable gives up where pages overlapped while they were read and the
// plan would take something away. Nothing is dropped from the plan instead: a
// plan does what it says, whole, and reading again costs little.
func (c *comparison) refuseUnstable() error {
	if !c.remote.Unstable {
		return nil
	}
	for i := range c.changes {
		if takesAway(&c.changes[i]) {
			return &ReadError{Target: c.app.Target, What: fmt.Sprintf(
				"it changed while it was read, and the plan would take something away (%s %s); read again",
				c.changes[i].Action, c.changes[i].Name)}
		}
	}
	return nil
}

// takesAway reports whether ch removes an account's activity, an object, or members.
func takesAway(ch *Change) bool {
	switch ch.Action {
	case Deactivate, Delete, Empty:
		return true
	}
	return len(ch.Members.Remove) > 0
}

// found adds a finding to the plan.
func (c *comparison) found(d schema.Diagnostic) {
	d.App = c.app.Name
	c.plan.Findings = append(c.plan.Findings, d)
}

// hold keeps one object back, with the error that is the cause.
func (c *comparison) hold(kind Kind, key, name string, d schema.Diagnostic) {
	d.Severity, d.Object = schema.Error, key
	c.found(d)
	c.plan.Held = append(c.plan.Held, Held{App: c.app.Name, Kind: kind, Key: key, Name: name, Code: d.Code})
}

// add completes a change with what all changes of the app share.
func (c *comparison) add(ch Change) {
	ch.App, ch.ReportOnly = c.app.Name, c.app.ReportOnly
	ch.Link.Identity, ch.Link.FromApp = c.remote.Identity, c.state.fromApp
	ch.Link.Protected = c.protects(&ch)
	if ch.ID == "" {
		ch.ID = changeID(ch.App, ch.Kind, ch.Key, string(ch.Action))
	}
	c.changes = append(c.changes, ch)
}

// changeID is unique in a plan and the same in every plan of the same change.
func changeID(app string, kind Kind, key, action string) string {
	return app + "/" + string(kind) + "/" + key + "/" + action
}
