package planner

import (
	"cmp"
	"slices"

	"github.com/rollcall-dev/rollcall/schema"
)

// Graph is what leads to what: people to groups and assignments, groups to
// other groups, assignments and pushes, assignments to apps. It has no cycle.
type Graph struct {
	// Nodes are in the order of [NodeKind], then of their keys; people are in
	// the order of their logins.
	Nodes []GraphNode
	// Edges are sorted by From, To and Kind, each there once.
	Edges []GraphEdge
	// Unused counts the groups of directories that lead nowhere. They are left out.
	Unused int
}

// NodeKind says what a node stands for.
type NodeKind string

// The kinds of nodes, in the order of [Graph.Nodes].
const (
	// NodePerson is one person, NodePeople are [GraphNode.Count] people who all
	// come to one node in one way.
	NodePerson NodeKind = "person"
	NodePeople NodeKind = "people"
	// NodeDirectory stands for the people of a directory where they are counted.
	NodeDirectory  NodeKind = "directory"
	NodeGroup      NodeKind = "group"
	NodeAssignment NodeKind = "assignment"
	NodeApp        NodeKind = "app"
	// NodePushed is a group at an app's target.
	NodePushed NodeKind = "pushed"
)

var nodeRank = map[NodeKind]int{
	NodePerson: 1, NodePeople: 2, NodeDirectory: 3, NodeGroup: 4, NodeAssignment: 5, NodeApp: 6, NodePushed: 7,
}

// GraphNode is one thing of a graph.
type GraphNode struct {
	Kind NodeKind
	// Key is the address or key; for NodePushed that of the group, and empty for
	// NodePeople.
	Key string
	// Name is the login, the name, or the name at the target. It is empty where
	// the key says it all.
	Name string
	// App is the app that a NodeApp or NodePushed belongs to.
	App schema.Address
	// Target is where the app's accounts are kept.
	Target schema.Address
	// Count is how many people are in a group, have an app, or are a NodePeople.
	Count int
	// Note is what is particular about it: a status, an end, a pause.
	Note string
	// Off nodes have no effect at this moment.
	Off bool
}

// EdgeKind says how one node leads to another.
type EdgeKind string

// The kinds of edges.
const (
	EdgeMember    EdgeKind = "member"
	EdgeRule      EdgeKind = "rule"
	EdgeDirectory EdgeKind = "directory"
	EdgeIncluded  EdgeKind = "included"
	// EdgeRead: a rule of the second group asks who is in the first.
	EdgeRead EdgeKind = "read"
	// EdgeAssigned leads from a person or group to an assignment, EdgeGranted
	// from there to the app.
	EdgeAssigned EdgeKind = "assigned"
	EdgeGranted  EdgeKind = "granted"
	EdgePushed   EdgeKind = "pushed"
	// EdgeWithheld leads to a pushed group that would hold the person, were not
	// a condition missing; where people are counted it begins at the group. It
	// leads to an app that deactivates the account of a SUSPENDED person, too.
	EdgeWithheld EdgeKind = "withheld"
)

// GraphEdge leads from one node to another; both are indices into [Graph.Nodes].
type GraphEdge struct {
	From, To int
	Kind     EdgeKind
	// Block is the push_group or push_rule of an EdgePushed.
	Block schema.Address
	// Missing is the condition that an EdgeWithheld lacks.
	Missing string
	// Count is how many people an EdgeWithheld or EdgeDirectory is about, where
	// they are counted.
	Count int
	// Off edges have no effect at this moment.
	Off bool
}

// PeopleDetail says how a graph shows people.
type PeopleDetail string

// The ways to show people. The zero value shows each of a few, and counts many.
const (
	PeopleAuto  PeopleDetail = ""
	PeopleEach  PeopleDetail = "each"
	PeopleCount PeopleDetail = "count"
	PeopleNone  PeopleDetail = "none"
)

// fewPeople is how many people a graph shows each without being asked to.
const fewPeople = 25

// GraphFilter limits what [NewGraph] shows.
type GraphFilter struct {
	// Who, App and Group keep what leads to the app, what leads to the group or
	// follows from it, and what follows from the person, who is then shown.
	AccessFilter
	People PeopleDetail
}

// NewGraph draws d as far as f wants it. It needs nothing but the configuration.
func NewGraph(d *Desired, f GraphFilter) *Graph {
	b := grapher{d: d, f: f, who: d.people(f.Who)}
	b.groups()
	b.assignments()
	b.apps()
	b.prune()
	b.people()
	return b.graph()
}

// grapher draws a graph. Until the end, people stand aside in gatherings: only when
// it is clear what is shown is it clear how many they are.
type grapher struct {
	d          *Desired
	f          GraphFilter
	who        []Person
	nodes      []GraphNode
	edges      []GraphEdge
	gatherings []gathering
	// at finds the nodes of groups, by index into [Desired.Groups], and of apps.
	at    []int
	atApp map[schema.Address]int
	// directories are the nodes of those that are drawn.
	directories map[schema.Address]int
	unused      int
	// keep says which nodes are shown, leads whose people are.
	keep, leads []bool
}

// gathering are people who come to one node in one way.
type gathering struct {
	to     int
	kind   EdgeKind
	people []Person
	off    bool
	// group and missing are those of an EdgeWithheld, whose group is noNode where
	// it is about the app itself; directory is that of an EdgeDirectory.
	group     int
	missing   string
	directory schema.Address
}

// noNode is the index of no node.
const noNode = -1

func (b *grapher) node(n GraphNode) int {
	b.nodes = append(b.nodes, n)
	return len(b.nodes) - 1
}

func (b *grapher) edge(e GraphEdge) { b.edges = append(b.edges, e) }

// gather adds c, less those whom nobody asked for, if anybody is left.
func (b *grapher) gather(c gathering) {
	if b.f.Who != "" {
		c.people = slices.DeleteFunc(c.people, func(p Person) bool { return !slices.Contains(b.who, p) })
	}
	if len(c.people) > 0 {
		b.gatherings = append(b.gatherings, c)
	}
}

// graph puts what is kept into its order.
func (b *grapher) graph() *Graph {
	order := make([]int, 0, len(b.nodes))
	for i := range b.nodes {
		if i >= len(b.keep) || b.keep[i] {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(x, y int) int { return nodeRank[b.nodes[x].Kind] - nodeRank[b.nodes[y].Kind] })
	g := &Graph{Nodes: make([]GraphNode, len(order)), Unused: b.unused}
	place := make(map[int]int, len(order))
	for to, from := range order {
		g.Nodes[to], place[from] = b.nodes[from], to
	}
	for _, e := range b.edges {
		from, shown := place[e.From]
		to, both := place[e.To]
		if shown && both {
			e.From, e.To = from, to
			g.Edges = append(g.Edges, e)
		}
	}
	slices.SortFunc(g.Edges, compareEdges)
	g.Edges = slices.Compact(g.Edges)
	return g
}

func compareEdges(a, b GraphEdge) int {
	return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To), cmp.Compare(a.Kind, b.Kind),
		cmp.Compare(a.Block, b.Block), cmp.Compare(a.Missing, b.Missing))
}
