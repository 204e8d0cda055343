package planner

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/rollcall-dev/rollcall/schema"
)

const (
	slicePeople = 10
	sliceGroups = 3
)

// sliced is a configuration that is edited and applied step by step within one
// window, with what the steps took away by the target's own account.
type sliced struct {
	assigned  [slicePeople]bool
	declared  [slicePeople]bool
	renamed   [slicePeople]bool
	member    [sliceGroups][slicePeople]bool
	pushed    [sliceGroups]bool
	regrouped [sliceGroups]bool
	app       schema.App
	in        Input
	// owned and memberships are what was owned when the window began.
	owned, memberships int
	// deactivated and removed are what was taken since.
	deactivated, removed int
	now                  time.Time
	// carried counts the applies.
	carried int
}

// config is what the model declares.
func (s *sliced) config() *schema.Config {
	cfg := &schema.Config{Targets: []schema.Target{{Address: targetAddress}}, Apps: []schema.App{s.app}}
	a := schema.Assignment{Address: "assignment.all", App: "app.x", Priority: 1, Origin: origin("a.hcl", 1)}
	user := func(i int) schema.Address {
		if s.renamed[i] {
			return schema.Address(fmt.Sprintf("user.renamed%d", i))
		}
		return schema.Address(fmt.Sprintf("user.u%d", i))
	}
	for i := range slicePeople {
		if !s.declared[i] {
			continue
		}
		cfg.Users = append(cfg.Users, schema.User{Address: user(i), Login: fmt.Sprintf("u%d@x.com", i), Origin: origin("p.hcl", i+1)})
		if s.assigned[i] {
			a.Users = append(a.Users, schema.UserRef{Address: user(i), Origin: origin("a.hcl", i+2)})
		}
	}
	cfg.Assignments = []schema.Assignment{a}
	for g := range sliceGroups {
		b := schema.Group{Address: schema.Address(fmt.Sprintf("group.g%d", g)), Name: fmt.Sprintf("G%d", g), MembersSaid: true, Origin: origin("g.hcl", g+1)}
		if s.regrouped[g] {
			b.Address = schema.Address(fmt.Sprintf("group.again%d", g))
		}
		for i := range slicePeople {
			if s.declared[i] && s.member[g][i] {
				b.Members = append(b.Members, schema.UserRef{Address: user(i), Origin: origin("g.hcl", g+1)})
			}
		}
		cfg.Groups = append(cfg.Groups, b)
		if s.pushed[g] {
			cfg.PushGroups = append(cfg.PushGroups, schema.PushGroup{
				Address: schema.Address(fmt.Sprintf("push_group.g%d", g)), Group: schema.GroupRef{Address: b.Address},
				Push: schema.Push{App: "app.x", AllowEmpty: true, OnUnpush: s.app.OnUnpush, Origin: origin("g.hcl", 50+g)},
			})
		}
	}
	slices.SortFunc(cfg.Users, func(a, b schema.User) int { return cmp.Compare(a.Address, b.Address) })
	return cfg
}

func drawSliced(t *rapid.T) *sliced {
	s := &sliced{now: asOf, app: schema.App{
		Address: "app.x", Name: "x", Target: targetAddress, Guard: drawGuard(t), Provisioning: schema.DefaultProvisioning, Origin: origin("app.hcl", 1),
		OnUnassign: rapid.SampledFrom([]schema.OnUnassign{"", schema.UnassignDelete}).Draw(t, "on_unassign"),
		OnUnpush:   rapid.SampledFrom([]schema.OnUnpush{schema.UnpushEmpty, schema.UnpushDelete}).Draw(t, "on_unpush"),
	}}
	for i := range slicePeople {
		s.assigned[i], s.declared[i] = true, true
		for g := range sliceGroups {
			s.member[g][i] = rapid.IntRange(0, 3).Draw(t, "member") > 0
		}
	}
	for g := range sliceGroups {
		s.pushed[g] = true
	}
	s.in = Input{State: &State{}, Remotes: map[schema.Address]*Remote{targetAddress: {
		Target: targetAddress, Identity: "https://t.example", Complete: true, Capabilities: sliceCaps,
	}}}
	s.now = asOf.Add(-48 * time.Hour) // before any window of the steps
	s.carry(t, s.plan(t, ""), -1, false)
	s.now = asOf
	s.owned, s.memberships = s.there()
	s.deactivated, s.removed = 0, 0
	return s
}

var sliceCaps = Capabilities{Dialect: "test", Members: MembersFull, CreateWithMembers: true}

func drawGuard(t *rapid.T) schema.Guard {
	limit := func(what string) schema.Limit {
		return schema.Limit{Share: rapid.Bool().Draw(t, what+" share"), Value: float64(rapid.IntRange(0, 6).Draw(t, what)) * 10 / 10}
	}
	g := schema.Guard{
		MaxDeactivations: limit("max_deactivations"), MaxRemovals: limit("max_removals"),
		Floor: rapid.IntRange(0, 3).Draw(t, "floor"), Window: 24 * time.Hour,
	}
	for _, l := range []*schema.Limit{&g.MaxDeactivations, &g.MaxRemovals} {
		if l.Share {
			l.Value *= 8 // up to 48 %
		}
	}
	return g
}

func (s *sliced) plan(t *rapid.T, only schema.Address) *Plan {
	t.Helper()
	d, found := Resolve(s.config(), Facts{AsOf: s.now, Capabilities: map[schema.Address]Capabilities{targetAddress: sliceCaps}})
	if found.HasErrors() {
		t.Fatalf("resolve: %v", found)
	}
	s.in.Desired, s.in.Only = d, only
	return mustCompute(t, s.in)
}

// carry carries the first n changes of p out, all of them for a negative n. With
// lost, the next one is carried out too, and nobody gets to know.
func (s *sliced) carry(t *rapid.T, p *Plan, n int, lost bool) {
	t.Helper()
	remote, state := s.in.Remotes[targetAddress], cloneState(s.in.State)
	for i := range p.Changes {
		c := p.Changes[i]
		if c.ReportOnly || n >= 0 && i > n || n >= 0 && i == n && !lost {
			continue
		}
		before := remote
		remote = Simulate(remote, c)
		s.take(before, remote)
		if i == n {
			if c.Action == Create {
				state.Intents = append(state.Intents, Intent{App: c.App, Kind: string(c.Kind), Key: c.Key, Name: c.Name, ExternalID: c.Link.ExternalID})
			}
			break
		}
		c = settle(c)
		state.Record(c, Outcome{RemoteID: cmp.Or(c.RemoteID, c.ID), At: s.now})
	}
	s.in.State, s.in.Remotes = state, map[schema.Address]*Remote{targetAddress: remote}
	s.in = relabelled(s.in, fmt.Sprintf("s%02d-", s.carried))
	s.carried++
	if n < 0 {
		s.in.State.Intents = nil
	}
}

// take counts what one change took away at the target.
func (s *sliced) take(before, after *Remote) {
	was, is := pictureOf(before), pictureOf(after)
	for id, u := range was.Users {
		if u.Active && !is.Users[id].Active {
			s.deactivated++
		}
	}
	for id, g := range was.Groups {
		for m := range g.Members {
			if !is.Groups[id].Members[m] {
				s.removed++
			}
		}
	}
}

// there counts what is at the target: everything is ours.
func (s *sliced) there() (active, memberships int) {
	r := s.in.Remotes[targetAddress]
	for i := range r.Users {
		if r.Users[i].Active {
			active++
		}
	}
	for i := range r.Groups {
		memberships += len(r.Groups[i].Members)
	}
	return active, memberships
}

// edit changes the configuration somewhere.
func (s *sliced) edit(t *rapid.T) {
	i, g := rapid.IntRange(0, slicePeople-1).Draw(t, "who"), rapid.IntRange(0, sliceGroups-1).Draw(t, "where")
	switch rapid.IntRange(0, 8).Draw(t, "edit") {
	case 0, 1:
		s.assigned[i] = !s.assigned[i]
	case 2, 3:
		s.member[g][i] = !s.member[g][i]
	case 4:
		s.declared[i] = !s.declared[i]
	case 5:
		s.pushed[g] = !s.pushed[g]
	case 6:
		s.renamed[i] = !s.renamed[i]
	case 7:
		s.regrouped[g] = !s.regrouped[g]
	case 8:
		s.app.Guard = drawGuard(t)
	}
}

// TestSlicesOfAChangePassNoLimitThatTheWholeWouldNot edits and applies step by
// step: whatever the steps are, however they end and whatever the clock says, no
// step may take away what brings the sum above the limits of the step before.
func TestSlicesOfAChangePassNoLimitThatTheWholeWouldNot(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawSliced(t)
		for range rapid.IntRange(1, 8).Draw(t, "steps") {
			for range rapid.IntRange(1, 5).Draw(t, "edits") {
				s.edit(t)
			}
			s.app.ReportOnly = rapid.IntRange(0, 9).Draw(t, "report") == 0
			s.now = s.now.Add(time.Duration(rapid.IntRange(-90, 120).Draw(t, "minutes")) * time.Minute)
			s.step(t)
		}
	})
}

// step plans, applies what passes, and holds the sums against the limits.
func (s *sliced) step(t *rapid.T) {
	var only schema.Address
	if rapid.IntRange(0, 9).Draw(t, "only") == 0 && s.declared[0] && !s.renamed[0] {
		only = "user.u0"
	}
	plan := s.plan(t, only)
	if !plan.Applyable {
		return
	}
	last := s.in.State.Apps[0].Terms.orDefault()
	deactivated, removed := s.deactivated, s.removed
	n := -1
	if rapid.IntRange(0, 3).Draw(t, "cut short") == 0 {
		n = rapid.IntRange(0, len(plan.Changes)).Draw(t, "done")
	}
	s.carry(t, plan, n, rapid.Bool().Draw(t, "lost"))
	for _, terms := range []Terms{last, termsOf(&s.app.Guard)} {
		if most := naiveLimit(terms.MaxDeactivations, terms.Floor, s.owned); s.deactivated > max(most, deactivated) {
			t.Fatalf("%d accounts were deactivated in one window, of %d; %d may be", s.deactivated, s.owned, most)
		}
		if most := naiveLimit(terms.MaxRemovals, terms.Floor, s.memberships); s.removed > max(most, removed) {
			t.Fatalf("%d memberships were removed in one window, of %d; %d may be", s.removed, s.memberships, most)
		}
	}
}

// naiveLimit is how much passes.
func naiveLimit(l schema.Limit, floor, owned int) int {
	if !l.Share {
		return int(l.Value)
	}
	return max(floor, owned*int(l.Value)/100)
}
