package planner

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/rollcall-dev/rollcall/schema"
)

// crowd is a company of n people from a directory: eight groups each out of
// n/100, every second group assigned, all pushed by one rule.
func crowd(n int) (*schema.Config, Facts) {
	const each = 8
	groups := max(n/100, each+1)
	dir := &schema.Directory{Address: "directory.file.hr", People: make([]schema.User, n), Groups: make([]schema.DirectoryGroup, groups)}
	for g := range dir.Groups {
		dir.Groups[g].Name = fmt.Sprintf("group-%05d", g)
	}
	for i := range dir.People {
		dir.People[i] = schema.User{
			Directory: dir.Address, Login: fmt.Sprintf("person%07d@example.com", i),
			Profile: []schema.Attribute{{Name: "first_name", Value: "First"}, {Name: "last_name", Value: fmt.Sprintf("Last%07d", i)}},
		}
		for k := range each {
			g := &dir.Groups[(i*7+k*(groups/each+1))%groups]
			g.Members = append(g.Members, uint32(i))
		}
	}
	cfg := &schema.Config{
		Directories: []schema.DirectoryBlock{{Address: dir.Address, Kind: "file"}},
		Targets:     []schema.Target{{Address: targetAddress}},
		Apps:        []schema.App{{Address: "app.x", Name: "x", Target: targetAddress, Provisioning: schema.DefaultProvisioning, Guard: schema.DefaultGuard()}},
		PushRules:   []schema.PushRule{{Address: "push_rule.all", Push: schema.Push{App: "app.x"}, Match: []schema.Match{{NamePrefix: "group-"}}}},
	}
	all := schema.Assignment{Address: "assignment.all", App: "app.x", Priority: schema.DefaultPriority}
	for g := 0; g < groups; g += 2 {
		all.Groups = append(all.Groups, schema.GroupRef{Directory: dir.Address, Name: dir.Groups[g].Name})
	}
	cfg.Assignments = []schema.Assignment{all}
	return cfg, Facts{
		AsOf: asOf, Directories: map[schema.Address]*schema.Directory{dir.Address: dir},
		Capabilities: map[schema.Address]Capabilities{targetAddress: {Dialect: "test", Members: MembersFull, CreateWithMembers: true}},
	}
}

// converged is the input of a plan with nothing to do: the target and the state
// as an apply would have left them.
func converged(b *testing.B, cfg *schema.Config, facts Facts) Input {
	b.Helper()
	d, found := Resolve(cfg, facts)
	if found.HasErrors() {
		b.Fatal(found)
	}
	remote := &Remote{Target: targetAddress, Identity: "https://t.example", Complete: true, Capabilities: facts.Capabilities[targetAddress]}
	in := Input{Desired: d, State: &State{}, Remotes: map[schema.Address]*Remote{targetAddress: remote}}
	plan, err := Compute(in)
	if err != nil {
		b.Fatal(err)
	}
	// Simulate copies the whole target for each change; here the changes are
	// creates alone, in an order in which each is the last.
	index := make(map[string]uint32)
	var settled []Settled
	for _, c := range plan.Changes {
		c = settle(c)
		settled = append(settled, Settled{c, Outcome{RemoteID: c.ID}})
		if c.Kind == KindUser {
			index[c.ID] = uint32(len(remote.Users))
			u := RemoteUser{ID: c.ID}
			u.assign(c.After)
			remote.Users = append(remote.Users, u)
			continue
		}
		g := RemoteGroup{ID: c.ID, DisplayName: c.Name, MembersKnown: true}
		for _, m := range c.Members.Add {
			g.Members = append(g.Members, index[m.RemoteID])
		}
		remote.Groups = append(remote.Groups, g)
	}
	in.State.RecordAll(settled)
	return in
}

func BenchmarkPlan(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 100_000} {
		b.Run(fmt.Sprintf("people=%d", n), func(b *testing.B) {
			cfg, facts := crowd(n)
			in := converged(b, cfg, facts)
			b.Run("resolve", func(b *testing.B) {
				measure(b, n, func() { Resolve(cfg, facts) })
			})
			b.Run("nothing-to-do", func(b *testing.B) {
				measure(b, n, func() {
					if p, err := Compute(in); err != nil || len(p.Changes) > 0 {
						b.Fatal(err, len(p.Changes))
					}
				})
			})
			b.Run("onboarding", func(b *testing.B) {
				first := in
				first.State = &State{}
				first.Remotes = map[schema.Address]*Remote{targetAddress: {Target: targetAddress, Complete: true, Capabilities: facts.Capabilities[targetAddress]}}
				measure(b, n, func() {
					if _, err := Compute(first); err != nil {
						b.Fatal(err)
					}
				})
			})
		})
	}
}

// measure reports what one run allocates for each person.
func measure(b *testing.B, people int, run func()) {
	b.Helper()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	b.ResetTimer()
	for range b.N {
		run()
	}
	b.StopTimer()
	runtime.ReadMemStats(&after)
	per := float64(b.N * people)
	b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/per, "B/person")
	b.ReportMetric(float64(after.Mallocs-before.Mallocs)/per, "allocs/person")
}
