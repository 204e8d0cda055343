package planner

import (
	"slices"
	"time"

	"github.com/rollcall-dev/rollcall/schema"
)

// groups draws every group, what it includes and reads, and who is in it.
func (b *grapher) groups() {
	b.at = make([]int, len(b.d.Groups))
	for i := range b.d.Groups {
		g := &b.d.Groups[i]
		b.at[i] = b.node(GraphNode{Kind: NodeGroup, Key: g.Key, Name: g.Name, Count: len(g.Members)})
	}
	for i := range b.d.Groups {
		g := &b.d.Groups[i]
		for _, from := range g.includes {
			if from != noGroup {
				b.edge(GraphEdge{From: b.at[from], To: b.at[i], Kind: EdgeIncluded})
			}
		}
		b.reads(g, b.at[i])
		b.members(g, b.at[i])
	}
}

// reads draws the groups whose membership a rule of g asks for.
func (b *grapher) reads(g *Group, at int) {
	if g.Block == nil {
		return
	}
	for i := range g.Block.Rules {
		rule := &g.Block.Rules[i]
		if rule.Inactive || rule.Condition == nil {
			continue
		}
		for _, ref := range rule.Condition.Groups() {
			if from, ok := b.d.group(ref); ok {
				b.edge(GraphEdge{From: b.at[from], To: at, Kind: EdgeRead})
			}
		}
	}
}

var viaEdge = map[via]EdgeKind{viaMember: EdgeMember, viaRule: EdgeRule, viaDirectory: EdgeDirectory}

// members gathers who is in g of their own, by the way in which they came.
func (b *grapher) members(g *Group, at int) {
	came := map[via][]Person{}
	for i, p := range g.Members {
		kind := g.via[i].kind()
		came[kind] = append(came[kind], p)
	}
	for _, kind := range []via{viaMember, viaRule, viaDirectory} {
		b.gather(gathering{to: at, kind: viaEdge[kind], people: came[kind], directory: g.directory})
	}
}

// assignments draws every assignment, whom it names, and its app.
func (b *grapher) assignments() {
	b.atApp = map[schema.Address]int{}
	for i := range b.d.Apps {
		s := &b.d.Apps[i]
		n := GraphNode{Kind: NodeApp, Key: string(s.App.Address), App: s.App.Address, Target: s.App.Target, Count: s.people(b.d)}
		if s.App.ReportOnly {
			n.Note = "reports only"
		}
		b.atApp[s.App.Address] = b.node(n)
	}
	for i := range b.d.Config.Assignments {
		a := &b.d.Config.Assignments[i]
		off := !inForce(a, b.d.AsOf)
		at := b.node(GraphNode{Kind: NodeAssignment, Key: string(a.Address), Note: termOf(a, b.d.AsOf), Off: off})
		b.edge(GraphEdge{From: at, To: b.atApp[a.App], Kind: EdgeGranted, Off: off})
		for _, ref := range a.Groups {
			if g, ok := b.d.group(ref); ok {
				b.edge(GraphEdge{From: b.at[g], To: at, Kind: EdgeAssigned, Off: off})
			}
		}
		b.gather(gathering{to: at, kind: EdgeAssigned, people: b.direct(a), off: off})
	}
}

// direct lists whom a names, in the order of [Desired.People].
func (b *grapher) direct(a *schema.Assignment) []Person {
	var people []Person
	for _, ref := range a.Users {
		if p, ok := b.d.person(ref); ok {
			people = append(people, p)
		}
	}
	slices.Sort(people)
	return slices.Compact(people)
}

// people counts who has the app.
func (s *Scope) people(d *Desired) int {
	n := 0
	for p := range d.People {
		if s.Has(d, Person(p)) {
			n++
		}
	}
	return n
}

// termOf says where t stands to the time in which a is in force; empty where
// that has neither begin nor end ahead.
func termOf(a *schema.Assignment, t time.Time) string {
	moment := func(t time.Time) string { return t.UTC().Format(time.RFC3339) }
	switch {
	case t.Before(a.Starts):
		return "starts " + moment(a.Starts)
	case !inForce(a, t):
		return "expired " + moment(a.Expires)
	case !a.Expires.IsZero():
		return "until " + moment(a.Expires)
	}
	return ""
}

// apps draws what is pushed to every app, and who of it is withheld.
func (b *grapher) apps() {
	for i := range b.d.Apps {
		s := &b.d.Apps[i]
		b.gather(gathering{to: b.atApp[s.App.Address], kind: EdgeWithheld, people: s.inactive(b.d), group: noNode, missing: missingActive, off: true})
		for j := range s.Pushes {
			b.push(s, &s.Pushes[j])
		}
	}
}

// inactive lists those who are assigned, and whose accounts the app takes away
// for being SUSPENDED.
func (s *Scope) inactive(d *Desired) []Person {
	var people []Person
	for p := range d.People {
		if s.missing(d, Person(p)) == missingActive {
			people = append(people, Person(p))
		}
	}
	return people
}

// push draws one pushed group. Its count is of those who are not withheld.
func (b *grapher) push(s *Scope, p *Push) {
	g := &b.d.Groups[p.Group]
	missing := map[string][]Person{}
	for _, m := range g.Members {
		what := s.missing(b.d, m)
		missing[what] = append(missing[what], m)
	}
	n := GraphNode{Kind: NodePushed, Key: g.Key, Name: p.Name, App: s.App.Address, Target: s.App.Target,
		Count: len(missing[""]), Off: p.Inactive}
	if p.Inactive {
		n.Note = "paused"
	}
	at := b.node(n)
	b.edge(GraphEdge{From: b.at[p.Group], To: at, Kind: EdgePushed, Block: p.Block, Off: p.Inactive})
	for _, what := range []string{missingAssigned, missingActive} {
		b.gather(gathering{to: at, kind: EdgeWithheld, people: missing[what], group: b.at[p.Group], missing: what, off: true})
	}
}
