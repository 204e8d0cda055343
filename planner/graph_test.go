package planner

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// graphLines put a graph into words: an edge a line, and the nodes without one.
func graphLines(g *Graph) []string {
	name := func(i int) string {
		n := &g.Nodes[i]
		text := n.Key
		switch n.Kind {
		case NodePeople:
			text = fmt.Sprintf("%d people", n.Count)
		case NodePushed:
			text = fmt.Sprintf("%s at %s (%d)", n.Name, n.App, n.Count)
		case NodeGroup, NodeApp:
			text = fmt.Sprintf("%s (%d)", n.Key, n.Count)
		}
		if n.Note != "" {
			text += " [" + n.Note + "]"
		}
		return text
	}
	var lines []string
	joined := make([]bool, len(g.Nodes))
	for _, e := range g.Edges {
		joined[e.From], joined[e.To] = true, true
		words := []string{name(e.From), "-" + string(e.Kind) + ">", name(e.To)}
		if e.Block != "" {
			words = append(words, "by", string(e.Block))
		}
		if e.Missing != "" {
			words = append(words, "for", e.Missing)
		}
		if e.Count > 0 {
			words = append(words, fmt.Sprint(e.Count))
		}
		if e.Off {
			words = append(words, "off")
		}
		lines = append(lines, strings.Join(words, " "))
	}
	for i := range g.Nodes {
		if !joined[i] {
			lines = append(lines, name(i))
		}
	}
	return lines
}

func TestGraphShowsWhatLeadsToWhat(t *testing.T) {
	t.Parallel()
	const seed = "app on_suspended=deactivate\nperson a\nperson b department=eng\nperson c SUSPENDED\ngroup G a c\ngroup H include=G rule=department:eng\nassign @H\npush G"
	const two = seed + "\ngroup Z c\npush Z"
	for _, tt := range []struct {
		name, lines string
		filter      GraphFilter
		want        []string
	}{
		{"members, rules, included groups, an assignment and a push", seed, GraphFilter{}, []string{
			"user.a -member> group.G (2)",
			"user.b -rule> group.H (3)",
			"user.c [SUSPENDED] -member> group.G (2)",
			"user.c [SUSPENDED] -withheld> app.x (2) for active off",
			"user.c [SUSPENDED] -withheld> G at app.x (1) for active off",
			"group.G (2) -included> group.H (3)",
			"group.G (2) -pushed> G at app.x (1) by push_group.G",
			"group.H (3) -assigned> assignment.n0",
			"assignment.n0 -granted> app.x (2)",
		}},
		{"people as counts", seed, GraphFilter{People: PeopleCount}, []string{
			"2 people -member> group.G (2)",
			"1 people -rule> group.H (3)",
			"group.G (2) -included> group.H (3)",
			"group.G (2) -pushed> G at app.x (1) by push_group.G",
			"group.G (2) -withheld> G at app.x (1) for active 1 off",
			"group.H (3) -assigned> assignment.n0",
			"assignment.n0 -granted> app.x (2)",
		}},
		{"a directory's people as counts", "row a\nrow b\ndirgroup Staff a b\ndirgroup Ops b\ngroup G from=Staff\ngroup H include=hr:Ops", GraphFilter{People: PeopleCount}, []string{
			`directory.file.hr -directory> directory.file.hr.groups["Ops"] (1) 1`,
			"directory.file.hr -directory> group.G (2) 2",
			`directory.file.hr.groups["Ops"] (1) -included> group.H (1)`,
			"app.x (0)",
		}},
		{"no people", "person a\ngroup G a\nassign a\npush G", GraphFilter{People: PeopleNone}, []string{
			"group.G (1) -pushed> G at app.x (1) by push_group.G",
			"assignment.n0 -granted> app.x (1)",
		}},
		{"one person, who is in one group of two", two, GraphFilter{AccessFilter: AccessFilter{Who: "b@x.com"}}, []string{
			"user.b -rule> group.H (3)",
			"group.H (3) -assigned> assignment.n0",
			"assignment.n0 -granted> app.x (2)",
		}},
		{"one person who is in nothing", seed + "\nperson z", GraphFilter{AccessFilter: AccessFilter{Who: "user.z"}}, []string{
			"user.z",
		}},
		{"a group whose members a rule reads does not lead there for a person",
			"person a\nperson b\ngroup G a\ngroup H reads=G exclude=a\nassign @H", GraphFilter{AccessFilter: AccessFilter{Who: "a@x.com"}}, []string{
				"user.a -member> group.G (1)",
			}},
		{"a group: before it and behind it", two, GraphFilter{AccessFilter: AccessFilter{Group: "H"}}, []string{
			"user.a -member> group.G (2)",
			"user.b -rule> group.H (3)",
			"user.c [SUSPENDED] -member> group.G (2)",
			"user.c [SUSPENDED] -withheld> app.x (2) for active off",
			"group.G (2) -included> group.H (3)",
			"group.H (3) -assigned> assignment.n0",
			"assignment.n0 -granted> app.x (2)",
		}},
		{"a group that is pushed alone keeps the app, and not its other people", "person a\nperson b\ngroup G a\nassign b\npush G",
			GraphFilter{AccessFilter: AccessFilter{Group: "group.G"}}, []string{
				"user.a -member> group.G (1)",
				"user.a -withheld> G at app.x (0) for assigned off",
				"group.G (1) -pushed> G at app.x (0) by push_group.G",
				"app.x (1)",
			}},
		{"a rule that asks about another group", "person a\ngroup G a\ngroup H reads=G", GraphFilter{}, []string{
			"user.a -member> group.G (1)", "user.a -rule> group.H (1)", "group.G (1) -read> group.H (1)", "app.x (0)",
		}},
		{"assignments out of force, and a paused push",
			"person a\ngroup G a\nassign a expires=past\nassign a starts=future\nassign @G\npush G inactive", GraphFilter{}, []string{
				"user.a -member> group.G (1)",
				"user.a -assigned> assignment.n0 [expired 2026-11-23T12:00:00Z] off",
				"user.a -assigned> assignment.n1 [starts 2026-11-23T12:00:01Z] off",
				"group.G (1) -assigned> assignment.n2",
				"group.G (1) -pushed> G at app.x (1) [paused] by push_group.G off",
				"assignment.n0 [expired 2026-11-23T12:00:00Z] -granted> app.x (1) off",
				"assignment.n1 [starts 2026-11-23T12:00:01Z] -granted> app.x (1) off",
				"assignment.n2 -granted> app.x (1)",
			}},
		{"a directory's groups: one taken, one pushed by rule, one unused",
			"row a\ndirgroup Staff a\ndirgroup VPN-x a\ndirgroup Idle a\ngroup G from=Staff\npush-rule r prefix=VPN", GraphFilter{}, []string{
				`directory.file.hr.users["a@x.com"] -directory> directory.file.hr.groups["VPN-x"] (1)`,
				`directory.file.hr.users["a@x.com"] -directory> group.G (1)`,
				`directory.file.hr.users["a@x.com"] -withheld> VPN-x at app.x (0) for assigned off`,
				`directory.file.hr.groups["VPN-x"] (1) -pushed> VPN-x at app.x (0) by push_rule.r`,
				"app.x (0)",
			}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := NewGraph(resolved(t, tt.lines), tt.filter)
			if diff := gocmp.Diff(tt.want, graphLines(g)); diff != "" {
				t.Errorf("want -, got +\n%s", diff)
			}
		})
	}
}

func TestGraphSaysUntilWhenAnAssignmentIsInForce(t *testing.T) {
	t.Parallel()
	cfg, facts := declared(t, "person a\nassign a")
	cfg.Assignments[0].Expires = asOf.Add(time.Hour)
	d, _ := Resolve(cfg, facts)
	want := []string{
		"user.a -assigned> assignment.n0 [until 2026-11-23T13:00:00Z]",
		"assignment.n0 [until 2026-11-23T13:00:00Z] -granted> app.x (1)",
	}
	if diff := gocmp.Diff(want, graphLines(NewGraph(d, GraphFilter{}))); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
}

func TestGraphCountsTheUnusedGroupsOfDirectories(t *testing.T) {
	t.Parallel()
	g := NewGraph(resolved(t, "row a\ndirgroup Staff a\ndirgroup Idle a\ngroup G from=Staff"), GraphFilter{})
	if g.Unused != 1 {
		t.Errorf("got %d unused groups, want 1: the other is a block's", g.Unused)
	}
}

func TestGraphOfManyPeopleCountsThem(t *testing.T) {
	t.Parallel()
	lines, members := "", ""
	for i := range fewPeople + 1 {
		lines += fmt.Sprintf("person p%d\n", i)
		members += fmt.Sprintf(" p%d", i)
	}
	d := resolved(t, lines+"group G"+members+"\nassign @G\npush G")
	kinds := func(f GraphFilter) map[NodeKind]int {
		n := map[NodeKind]int{}
		for _, node := range NewGraph(d, f).Nodes {
			n[node.Kind]++
		}
		return n
	}
	few := map[NodeKind]int{NodePeople: 1, NodeGroup: 1, NodeAssignment: 1, NodeApp: 1, NodePushed: 1}
	if diff := gocmp.Diff(few, kinds(GraphFilter{})); diff != "" {
		t.Errorf("many people: want -, got +\n%s", diff)
	}
	each := map[NodeKind]int{NodePerson: fewPeople + 1, NodeGroup: 1, NodeAssignment: 1, NodeApp: 1, NodePushed: 1}
	if diff := gocmp.Diff(each, kinds(GraphFilter{People: PeopleEach})); diff != "" {
		t.Errorf("each person: want -, got +\n%s", diff)
	}
	one := map[NodeKind]int{NodePerson: 1, NodeGroup: 1, NodeAssignment: 1, NodeApp: 1, NodePushed: 1}
	if diff := gocmp.Diff(one, kinds(GraphFilter{AccessFilter: AccessFilter{Who: "p7@x.com"}})); diff != "" {
		t.Errorf("one person: want -, got +\n%s", diff)
	}
}

// follow finds what follows from node n of g along edges that have an effect.
func follow(g *Graph, n int, found map[int]bool) {
	if found[n] || g.Nodes[n].Off {
		return
	}
	found[n] = true
	for _, e := range g.Edges {
		if e.From == n && !e.Off && e.Kind != EdgeRead {
			follow(g, e.To, found)
		}
	}
}

func TestGraphLeadsPeopleWhereTheyHaveAccess(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		cfg := drawConfig(t, "now")
		d, found := Resolve(cfg, Facts{AsOf: asOf})
		if found.HasErrors() {
			t.Fatal(found)
		}
		g := NewGraph(d, GraphFilter{People: PeopleEach})
		var led, want []string
		for i := range g.Nodes {
			n := &g.Nodes[i]
			if n.Kind != NodePerson {
				continue
			}
			reached := map[int]bool{}
			follow(g, i, reached)
			for to := range reached {
				led = appendReached(led, g, i, to)
			}
		}
		for _, e := range Access(d, AccessFilter{}) {
			paused := slices.ContainsFunc(d.Apps[0].Pushes, func(p Push) bool { return p.Name == e.Group && p.Inactive })
			if e.Missing == "" && !paused {
				want = append(want, e.Login+" "+e.App+" "+e.Group)
			}
		}
		slices.Sort(led)
		slices.Sort(want)
		if diff := gocmp.Diff(want, led); diff != "" {
			t.Fatalf("access -, paths +\n%s", diff)
		}
	})
}

// appendReached adds that the person at node i comes to the app or pushed group
// at node to, unless they are withheld there.
func appendReached(led []string, g *Graph, i, to int) []string {
	n := &g.Nodes[to]
	withheld := slices.ContainsFunc(g.Edges, func(e GraphEdge) bool { return e.From == i && e.To == to && e.Kind == EdgeWithheld })
	if n.App == "" || withheld {
		return led
	}
	return append(led, g.Nodes[i].Name+" "+n.App.Name()+" "+n.Name)
}

func TestGraphCountsEveryMemberOfAPushedGroupOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		cfg := drawConfig(t, "now")
		d, found := Resolve(cfg, Facts{AsOf: asOf})
		if found.HasErrors() {
			t.Fatal(found)
		}
		g := NewGraph(d, GraphFilter{People: PeopleCount})
		left := map[int]int{}
		for i, n := range g.Nodes {
			left[i] = n.Count
		}
		for _, e := range g.Edges {
			if e.Kind == EdgeWithheld {
				left[e.To] += e.Count
			}
		}
		for _, e := range g.Edges {
			if e.Kind == EdgePushed && left[e.To] != g.Nodes[e.From].Count {
				t.Fatalf("%s has %d members, and %d are pushed or withheld", g.Nodes[e.From].Key, g.Nodes[e.From].Count, left[e.To])
			}
		}
	})
}

func TestGraphIsTheSameWhateverTheOrderOfReferences(t *testing.T) {
	t.Parallel()
	one := resolved(t, "person a\nperson b\ngroup G a b\ngroup H include=G\nassign @G @H a b")
	two := resolved(t, "person b\nperson a\ngroup H include=G\ngroup G b a\nassign b a @H @G @G b")
	if diff := gocmp.Diff(graphLines(NewGraph(one, GraphFilter{})), graphLines(NewGraph(two, GraphFilter{}))); diff != "" {
		t.Errorf("the graph depends on the order:\n%s", diff)
	}
}
