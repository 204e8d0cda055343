package planner

import (
	"slices"

	"github.com/rollcall-dev/rollcall/schema"
)

// prune decides what is shown.
func (b *grapher) prune() {
	b.keep = make([]bool, len(b.nodes))
	for i := range b.keep {
		b.keep[i] = true
	}
	b.dropUnused()
	b.leads = slices.Clone(b.keep)
	if b.f.App != "" {
		restrict(b.keep, b.reached(b.ofApp(), true))
	}
	if b.f.Group != "" {
		seeds := b.ofGroup()
		before := b.reached(seeds, true)
		restrict(b.leads, before)
		restrict(b.keep, union(before, b.reached(seeds, false)))
	}
	if b.f.Who != "" {
		restrict(b.keep, b.reached(b.ofPeople(), false))
	}
	b.keepApps()
}

// keepApps shows the app of every pushed group that is shown: it says where.
func (b *grapher) keepApps() {
	for i := range b.nodes {
		if n := &b.nodes[i]; n.Kind == NodePushed && b.keep[i] {
			b.keep[b.atApp[n.App]] = true
		}
	}
}

// dropUnused leaves out the groups that a directory has and nothing here uses.
func (b *grapher) dropUnused() {
	used := make([]bool, len(b.nodes))
	for _, e := range b.edges {
		used[e.From] = true
	}
	for i := range b.d.Groups {
		g := &b.d.Groups[i]
		if g.Block != nil || used[b.at[i]] {
			continue
		}
		b.keep[b.at[i]] = false
		if !g.taken {
			b.unused++
		}
	}
}

// reached finds the nodes that lead to one of the seeds, or that follow from
// one. Who is read by a rule does not follow into its group.
func (b *grapher) reached(seeds []int, backwards bool) []bool {
	next := make([][]int, len(b.nodes))
	for _, e := range b.edges {
		switch {
		case backwards:
			next[e.To] = append(next[e.To], e.From)
		case e.Kind != EdgeRead || b.f.Who == "":
			next[e.From] = append(next[e.From], e.To)
		}
	}
	found := make([]bool, len(b.nodes))
	for seeds = slices.Clone(seeds); len(seeds) > 0; {
		n := seeds[len(seeds)-1]
		seeds = seeds[:len(seeds)-1]
		if !found[n] {
			found[n] = true
			seeds = append(seeds, next[n]...)
		}
	}
	return found
}

func restrict(keep, to []bool) {
	for i := range keep {
		keep[i] = keep[i] && to[i]
	}
}

func union(a, b []bool) []bool {
	out := slices.Clone(a)
	for i := range out {
		out[i] = out[i] || b[i]
	}
	return out
}

// ofApp are the nodes of the app of the filter.
func (b *grapher) ofApp() []int {
	wanted := map[schema.Address]bool{}
	for i := range b.d.Apps {
		wanted[b.d.Apps[i].App.Address] = b.f.wants(b.d.Apps[i].App)
	}
	return b.where(func(n *GraphNode) bool { return wanted[n.App] })
}

// ofGroup are the groups that the filter names, or that are pushed as it names.
func (b *grapher) ofGroup() []int {
	wanted := map[string]bool{}
	for i := range b.d.Groups {
		g := &b.d.Groups[i]
		wanted[g.Key] = g.called(b.f.Group)
	}
	for i := range b.d.Apps {
		for j := range b.d.Apps[i].Pushes {
			if p := &b.d.Apps[i].Pushes[j]; names(b.d, p, b.f.Group) {
				wanted[b.d.Groups[p.Group].Key] = true
			}
		}
	}
	return b.where(func(n *GraphNode) bool { return n.Kind == NodeGroup && wanted[n.Key] })
}

// ofPeople are the nodes that the people of the filter come to.
func (b *grapher) ofPeople() []int {
	var seeds []int
	for i := range b.gatherings {
		seeds = append(seeds, b.gatherings[i].to)
	}
	return seeds
}

func (b *grapher) where(holds func(*GraphNode) bool) []int {
	var found []int
	for i := range b.nodes {
		if holds(&b.nodes[i]) {
			found = append(found, i)
		}
	}
	return found
}

// people draws the gatherings: person by person where there are few of them or
// somebody asked for it, else as counts.
func (b *grapher) people() {
	b.gatherings = slices.DeleteFunc(b.gatherings, func(c gathering) bool {
		return !b.keep[c.to] || c.kind != EdgeWithheld && !b.leads[c.to]
	})
	each := b.everyone()
	detail := b.f.People
	if detail == PeopleAuto {
		detail = PeopleCount
		if b.f.Who != "" || len(each) <= fewPeople {
			detail = PeopleEach
		}
	}
	if detail == PeopleEach {
		b.drawEach(each)
		return
	}
	b.directories = map[schema.Address]int{}
	for i := range b.gatherings {
		b.drawCount(&b.gatherings[i], detail)
	}
}

// everyone lists the people of the gatherings, less those who are only withheld.
func (b *grapher) everyone() []Person {
	everyone := slices.Clone(b.who)
	for i := range b.gatherings {
		if b.gatherings[i].kind != EdgeWithheld {
			everyone = append(everyone, b.gatherings[i].people...)
		}
	}
	slices.Sort(everyone)
	return slices.Compact(everyone)
}

func (b *grapher) drawEach(everyone []Person) {
	at := make(map[Person]int, len(everyone))
	for _, p := range everyone {
		u := &b.d.People[p]
		n := GraphNode{Kind: NodePerson, Key: u.Key(), Name: u.Login}
		if u.Status != schema.Active {
			n.Note = u.Status.String()
			n.Off = u.Status == schema.Deprovisioned
		}
		at[p] = b.node(n)
	}
	for i := range b.gatherings {
		c := &b.gatherings[i]
		for _, p := range c.people {
			if from, shown := at[p]; shown {
				b.edge(GraphEdge{From: from, To: c.to, Kind: c.kind, Missing: c.missing, Off: c.off})
			}
		}
	}
}

func (b *grapher) drawCount(c *gathering, detail PeopleDetail) {
	e := GraphEdge{To: c.to, Kind: c.kind, Off: c.off}
	switch {
	case c.kind == EdgeWithheld && c.group == noNode:
		return
	case c.kind == EdgeWithheld:
		e.From, e.Missing, e.Count = c.group, c.missing, len(c.people)
	case detail == PeopleNone:
		return
	case c.kind == EdgeDirectory:
		e.From, e.Count = b.directory(c.directory), len(c.people)
	default:
		e.From = b.node(GraphNode{Kind: NodePeople, Count: len(c.people), Off: c.off})
	}
	b.edge(e)
}

// directory finds or draws the node of a directory.
func (b *grapher) directory(address schema.Address) int {
	at, drawn := b.directories[address]
	if !drawn {
		at = b.node(GraphNode{Kind: NodeDirectory, Key: string(address)})
		b.directories[address] = at
	}
	return at
}
