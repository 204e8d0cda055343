package providers_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/providers"
	"github.com/rollcall-dev/rollcall/schema"
)

// drawWorld draws who is declared, under which of a few names, in which groups,
// and what is pushed. Names never meet: two people never want one.
func drawWorld(t *rapid.T) world {
	w := world{people: map[string][2]string{}, groups: map[string][2]string{}, assigned: []string{"all"}, pushed: map[string]schema.OnUnpush{}}
	variant := rapid.IntRange(0, 2)
	var everybody []string
	for _, key := range []string{"ann", "bob", "cyd", "dan", "eve", "fay"} {
		if rapid.IntRange(0, 4).Draw(t, key) > 0 {
			w.people[key] = [2]string{fmt.Sprintf("%s%d@x.org", key, variant.Draw(t, "login")), fmt.Sprint("First", variant.Draw(t, "first"))}
			everybody = append(everybody, key)
		}
	}
	some := func(label string) string {
		return strings.Join(slices.DeleteFunc(slices.Clone(everybody), func(string) bool {
			return rapid.Bool().Draw(t, label)
		}), " ")
	}
	w.groups["all"] = [2]string{"all", some("assigned")}
	for _, key := range []string{"eng", "ops", "lab"} {
		w.groups[key] = [2]string{fmt.Sprint(key, variant.Draw(t, "name")), some(key)}
		if rapid.IntRange(0, 3).Draw(t, "pushed") > 0 {
			w.pushed[key] = rapid.SampledFrom([]schema.OnUnpush{schema.UnpushEmpty, schema.UnpushDelete}).Draw(t, "verb")
		}
	}
	return w
}

// simulated is a target that does what planner.Simulate says a change means.
type simulated struct {
	mu     sync.Mutex
	remote *planner.Remote
	// writeOnly shows no members to whoever reads.
	writeOnly bool
	// troubles befall the next changes, one each; those after them go well.
	troubles []trouble
	// done counts how often each change was carried out.
	done map[string]int
	ids  int
}

// trouble is how a change ends at a simulated target.
type trouble int

const (
	fine      trouble = iota
	refusal           // the object is refused
	broken            // no answer, and nothing was done
	lost              // no answer, and all was done
	rejection         // members are refused
	halfway           // a new object is made, and what should follow is refused
)

// kinds are the troubles to draw from, of which most are none.
var kinds = []trouble{fine, fine, fine, refusal, broken, lost, rejection, halfway}

func (s *simulated) Read(context.Context) (*planner.Remote, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.writeOnly {
		return s.remote, nil
	}
	shown := *s.remote
	shown.Capabilities.Members = planner.MembersWriteOnly
	shown.Groups = slices.Clone(shown.Groups)
	for i := range shown.Groups {
		shown.Groups[i].Members, shown.Groups[i].MembersKnown = nil, false
	}
	return &shown, nil
}

func (s *simulated) Do(_ context.Context, c planner.Change) (planner.Outcome, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	how := fine
	if len(s.troubles) > 0 {
		how, s.troubles = s.troubles[0], s.troubles[1:]
	}
	var o planner.Outcome
	if how == halfway && c.Action != planner.Create {
		how = refusal
	}
	switch how {
	case halfway:
		c.Members.Add = nil
	case refusal:
		return o, refused
	case broken:
		return o, errUnreachable
	case rejection:
		for _, m := range c.Members.Add {
			o.Rejected = append(o.Rejected, planner.RejectedMember{Member: m, Detail: "no"})
		}
		c.Members.Add = nil
	}
	s.done[c.ID]++
	o.RemoteID = c.RemoteID
	if c.Action == planner.Create {
		s.ids++
		c.ID = fmt.Sprintf("id-%04d", s.ids) // Simulate takes it for the new object's id
		o.RemoteID = c.ID
	}
	s.remote = planner.Simulate(s.remote, c)
	switch how {
	case lost:
		return planner.Outcome{}, errUnreachable
	case halfway:
		return o, refused
	}
	return o, nil
}

// picture is what the target holds.
func (s *simulated) picture() picture {
	p := picture{Accounts: map[string]bool{}, Groups: map[string][]string{}}
	for _, u := range s.remote.Users {
		if _, twice := p.Accounts[u.UserName]; twice {
			p.Twice = append(p.Twice, u.UserName)
		}
		p.Accounts[u.UserName] = u.Active
	}
	for _, g := range s.remote.Groups {
		members := []string{}
		for _, m := range g.Members {
			members = append(members, s.remote.Users[m].UserName)
		}
		slices.Sort(members)
		if _, twice := p.Groups[g.DisplayName]; twice {
			p.Twice = append(p.Twice, g.DisplayName)
		}
		p.Groups[g.DisplayName] = members
	}
	return p
}

// intents is a journal that remembers the creates that have not ended.
type intents struct {
	mu   sync.Mutex
	open map[string]planner.Intent
}

func (j *intents) Intend(c planner.Change) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if c.Action == planner.Create {
		j.open[c.ID] = planner.Intent{App: c.App, Kind: string(c.Kind), Key: c.Key, Name: c.Name, ExternalID: c.Link.ExternalID}
	}
	return nil
}

func (j *intents) Held() error { return nil }

func (j *intents) Settle(c planner.Change, _ planner.Outcome, _ error) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	delete(j.open, c.ID)
	return nil
}

// TestAnyWorldComesAboutWhateverFails lets one world after the other come about
// while changes fail in every way there is. Once nothing fails any more, one
// apply does the rest, does nothing twice, and the next plan is empty.
func TestAnyWorldComesAboutWhateverFails(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		target := &simulated{remote: &planner.Remote{Target: theTarget, Identity: "simulated", Complete: true, Capabilities: planner.Capabilities{
			Dialect: "scim", Members: planner.MembersFull, GroupExternalID: true,
			CreateWithMembers: rapid.Bool().Draw(t, "create with members"),
		}}, writeOnly: rapid.Bool().Draw(t, "write only")}
		c := &course{target: target, state: &planner.State{}, journal: &intents{open: map[string]planner.Intent{}}}
		var before []world
		for range rapid.IntRange(1, 3).Draw(t, "worlds") {
			w := drawWorld(t)
			for range rapid.IntRange(0, 2).Draw(t, "bad runs") {
				target.troubles = rapid.SliceOfN(rapid.SampledFrom(kinds), 1, 20).Draw(t, "troubles")
				c.apply(t, w)
			}
			target.troubles = nil
			c.apply(t, w)
			if diff := gocmp.Diff(w.end(before), target.picture()); diff != "" {
				t.Fatalf("the target after all (-want +got):\n%s", diff)
			}
			if plan := c.plan(t, w); !plan.Empty() {
				t.Fatalf("the next plan is not empty: %+v, held %+v", plan.Changes, plan.Held)
			}
			before = append(before, w)
		}
	})
}

// course is one run after the other.
type course struct {
	target  *simulated
	state   *planner.State
	journal *intents
}

func (c *course) plan(t *rapid.T, w world) *planner.Plan {
	remote, _ := c.target.Read(context.Background()) // it never fails
	desired, findings := planner.Resolve(w.config(), planner.Facts{
		Capabilities: map[schema.Address]planner.Capabilities{theTarget: remote.Capabilities}, AsOf: chaosNow,
	})
	if findings.HasErrors() {
		t.Fatalf("resolve: %+v", findings)
	}
	plan, err := planner.Compute(planner.Input{
		Desired: desired, State: c.state, Remotes: map[schema.Address]*planner.Remote{theTarget: remote},
	})
	if err != nil {
		t.Fatalf("compute: %v", err)
	}
	return plan
}

func (c *course) apply(t *rapid.T, w world) {
	plan, calm := c.plan(t, w), c.target.troubles == nil
	c.target.done = map[string]int{}
	r, err := providers.Apply(context.Background(), plan, providers.Options{
		Targets: map[string]providers.Target{theApp: c.target}, Journal: c.journal, State: c.state,
		Parallelism: 1, GiveUpAfter: len(plan.Changes) + 1, Now: func() time.Time { return chaosNow },
	})
	if err != nil {
		t.Fatalf("apply: %v (%+v)", err, plan.Guards)
	}
	for id, n := range c.target.done {
		if n > 1 {
			t.Fatalf("%s was carried out %d times", id, n)
		}
	}
	if calm && !r.Converged() {
		t.Fatalf("not converged: %v", statuses(r))
	}
	c.state.Intents = nil
	for _, i := range c.journal.open {
		c.state.Intents = append(c.state.Intents, i)
	}
	c.journal.open = map[string]planner.Intent{}
	for _, i := range c.state.Intents {
		c.journal.open[i.Key] = i
	}
}
