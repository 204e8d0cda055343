package planner

import (
	"cmp"
	"iter"
	"slices"

	"github.com/rollcall-dev/rollcall/schema"
)

// finish orders the plan, counts it and names it.
func finish(p *draft, in Input) {
	p.Changes = sortChanges(p.Changes, p.chained)
	p.Drift = slices.DeleteFunc(DriftOf(in.State, in.Remotes), func(d Drift) bool {
		return in.Only != "" && string(in.Only) != "app."+d.App && string(in.Only) != d.Key
	})
	sortWithheld(p.Withheld)
	slices.SortStableFunc(p.Held, func(a, b Held) int {
		return cmp.Or(cmp.Compare(a.App, b.App), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Key, b.Key), cmp.Compare(a.Code, b.Code))
	})
	sortFindings(p.Findings)
	slices.SortStableFunc(p.Guards, func(a, b GuardResult) int { return cmp.Compare(a.App, b.App) })
	p.Summary = Summarize(pointers(p.Changes))
	p.Summary.Rate = slowestRate(in)
	p.Fingerprint = Fingerprint(p.Changes)
}

// sortWithheld sorts what mostly is in order already, and may be millions.
func sortWithheld(all []Withheld) {
	compare := func(a, b Withheld) int {
		if a.App == b.App && a.Group == b.Group {
			return cmp.Compare(a.Login, b.Login)
		}
		return cmp.Or(cmp.Compare(a.App, b.App), cmp.Compare(a.Group, b.Group))
	}
	if !slices.IsSortedFunc(all, compare) {
		slices.SortStableFunc(all, compare)
	}
}

// slowestRate is the smallest known rate among the targets.
func slowestRate(in Input) float64 {
	rate := 0.0
	for i := range in.Desired.Apps {
		target := in.Desired.Apps[i].App.Target
		r := in.Remotes[target]
		if r == nil {
			continue
		}
		if n := capabilitiesOf(in, target, r).RequestsPerSecond; n > 0 && (rate == 0 || n < rate) {
			rate = n
		}
	}
	return rate
}

// weight ranks what a change counts as: an object counts once, as the gravest.
type weight uint8

const (
	changes weight = iota + 1
	adds
	destroys
)

func weigh(a Action) weight {
	switch a {
	case Create:
		return adds
	case Deactivate, Delete, Empty:
		return destroys
	default:
		return changes
	}
}

// pointers are the addresses of changes, one after the other.
func pointers(changes []Change) iter.Seq[*Change] {
	return func(yield func(*Change) bool) {
		for i := range changes {
			if !yield(&changes[i]) {
				return
			}
		}
	}
}

// Summarize counts changes by action, and objects by what becomes of them. Rate
// is left at zero.
func Summarize(all iter.Seq[*Change]) Summary {
	s := Summary{Users: make(map[Action]int), Groups: make(map[Action]int)}
	type object struct {
		app, key string
		kind     Kind
	}
	several := make(map[object]weight)
	for ch := range all {
		switch ch.Kind {
		case KindUser:
			s.Users[ch.Action]++
		case KindGroup:
			s.Groups[ch.Action]++
		}
		s.Members.Add += len(ch.Members.Add)
		s.Members.Remove += len(ch.Members.Remove)
		s.Requests += ch.Requests
		o := object{ch.App, ch.Key, ch.Kind}
		several[o] = max(several[o], weigh(ch.Action))
	}
	for _, w := range several {
		switch w {
		case adds:
			s.Add++
		case destroys:
			s.Destroy++
		default:
			s.Change++
		}
	}
	return s
}

// carryAppName sees to it that a renamed app gets its new name in the state,
// also where nothing else changes: whichever change comes first carries it.
func (c *comparison) carryAppName() {
	if c.state.fromApp == "" || len(c.changes) > 0 || !c.only.wholeGroups() {
		return
	}
	var ch Change
	switch {
	case len(c.state.users) > 0:
		ch = keepUser(&c.state.users[0])
	case len(c.state.groups) > 0:
		ch = keepGroup(&c.state.groups[0])
	default:
		return
	}
	_, by := c.state.follow("app." + c.state.fromApp)
	ch.Before = []schema.Value{{Path: pathAddress, Value: "app." + c.state.fromApp}}
	ch.After = []schema.Value{{Path: pathAddress, Value: string(c.app.Address)}}
	ch.Reasons = []Reason{movedReason(by)}
	c.add(ch)
}

// keepUser is a change of state alone in which everything stays as it is.
func keepUser(e *userEntry) Change {
	return Change{Kind: KindUser, Key: e.key, Name: e.UserName, RemoteID: e.RemoteID, Action: Update, Wave: WaveUsers, Link: Link{
		ExternalID: e.ExternalID, Name: e.UserName, Active: e.Active, Source: e.Source, OnUnassign: e.OnUnassign, Origin: e.Origin, Known: e.Attributes,
	}}
}

// keepGroup is the same for a group.
func keepGroup(e *groupEntry) Change {
	return Change{Kind: KindGroup, Key: e.key, Name: e.DisplayName, RemoteID: e.RemoteID, Action: Update, Wave: WaveGroups, Link: Link{
		ExternalID: e.ExternalID, Name: e.DisplayName, Push: e.Push, OnUnpush: e.OnUnpush, Pushed: e.Pushed, Additive: e.Additive,
		Origin: e.Origin, KnownMembers: e.Members,
	}}
}

// compareGoneApps ends what we own of apps that are not declared any more: as
// the state says, at the target that the ids belong to.
func compareGoneApps(in Input, p *draft, only scopeFilter) error {
	if !only.all() {
		return nil
	}
	moved := ledger{moved: movedKeys(in.Desired.Config.Moved)}
	declared := make(map[string]bool)
	for i := range in.Desired.Apps {
		declared[string(in.Desired.Apps[i].App.Address)] = true
	}
	for i := range in.State.Apps {
		a := &in.State.Apps[i]
		to, _ := moved.follow("app." + a.App)
		if declared["app."+a.App] || declared[to] || len(a.Users)+len(a.Groups) == 0 {
			continue
		}
		if err := compareGoneApp(in, p, a, only); err != nil {
			return err
		}
	}
	return nil
}

func compareGoneApp(in Input, p *draft, a *AppState, only scopeFilter) error {
	removed := removedBlock(in.Desired.Config, "app."+a.App)
	s, remote := goneScope(in, a)
	release := removed != nil && removed.OnRemove == "release"
	if remote == nil && !release {
		p.Findings = append(p.Findings, schema.Diagnostic{
			Severity: schema.Warning, Code: "target-gone", Summary: "App and target are not declared", App: a.App, Object: "app." + a.App,
			Detail: "The state has accounts or groups of an app that is not declared any more, and neither is its target. They stay as they are. " +
				"Declare the target again to end them, or add a removed block with on_remove = \"release\" to forget them.",
		})
		return nil
	}
	if release {
		return releaseApp(in, p, s, a, removed)
	}
	c, err := newComparison(in, p, s, only)
	if err != nil {
		return err
	}
	c.appGone = true
	c.compareUsers()
	c.compareGroups()
	return c.conclude()
}

// goneScope stands for an app that is not declared any more: nobody has it. Its
// target as read is nil where that is not declared either.
func goneScope(in Input, a *AppState) (*Scope, *Remote) {
	target, remote := targetOf(in, a.Identity)
	n := len(in.Desired.People)
	return &Scope{best: make([]uint32, n), byGroup: make([]uint32, n), App: &schema.App{
		Address: schema.Address("app." + a.App), Name: a.App, Target: target, IgnoreUnmanaged: true,
		Provisioning: schema.DefaultProvisioning, Guard: schema.DefaultGuard(),
	}}, remote
}

// targetOf finds the target that ids of the state belong to.
func targetOf(in Input, identity string) (schema.Address, *Remote) {
	for i := range in.Desired.Config.Targets {
		address := in.Desired.Config.Targets[i].Address
		if r := in.Remotes[address]; r != nil && r.Identity == identity && identity != "" {
			return address, r
		}
	}
	return "", nil
}

// releaseApp forgets everything of an app that a removed block lets go.
func releaseApp(in Input, p *draft, s *Scope, a *AppState, removed *schema.Removed) error {
	c := &comparison{d: in.Desired, s: s, app: s.App, plan: p, remote: &Remote{Identity: a.Identity}, state: &ledger{}}
	why := Reason{Code: "removed-declared", Text: "a removed block lets the app go", Origin: removed.Origin}
	for i := range a.Users {
		l := &a.Users[i]
		c.releaseUser(&userEntry{UserLink: l, key: l.Key}, l.UserName, why)
	}
	for i := range a.Groups {
		l := &a.Groups[i]
		c.releaseGroup(&groupEntry{GroupLink: l, key: l.Key}, []Reason{why})
	}
	p.Changes = append(p.Changes, c.changes...)
	return nil
}
