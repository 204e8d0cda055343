package render

import (
	"fmt"
	"io"

	"github.com/rollcall-dev/rollcall/planner"
)

// graphJSON is the document of `graph -format=json`.
type graphJSON struct {
	FormatVersion string          `json:"format_version"`
	Nodes         []graphNodeJSON `json:"nodes"`
	Edges         []graphEdgeJSON `json:"edges"`
	UnusedGroups  int             `json:"unused_groups"`
}

type graphNodeJSON struct {
	ID       string `json:"id"`
	Kind     string `json:"kind"`
	Key      string `json:"key,omitempty"`
	Name     string `json:"name,omitempty"`
	App      string `json:"app,omitempty"`
	Target   string `json:"target,omitempty"`
	People   *int   `json:"people,omitempty"`
	Note     string `json:"note,omitempty"`
	InEffect bool   `json:"in_effect"`
}

type graphEdgeJSON struct {
	From     string `json:"from"`
	To       string `json:"to"`
	Kind     string `json:"kind"`
	Block    string `json:"block,omitempty"`
	Missing  string `json:"missing,omitempty"`
	People   int    `json:"people,omitempty"`
	InEffect bool   `json:"in_effect"`
}

// GraphJSON writes a graph as one document, with the ids that the other forms use.
func GraphJSON(w io.Writer, g *planner.Graph) error {
	doc := graphJSON{FormatVersion: "1.0", Nodes: []graphNodeJSON{}, Edges: []graphEdgeJSON{}, UnusedGroups: g.Unused}
	id := func(n int) string { return fmt.Sprintf("n%d", n) }
	for i := range g.Nodes {
		n := &g.Nodes[i]
		j := graphNodeJSON{ID: id(i), Kind: string(n.Kind), Key: n.Key, Name: n.Name, App: string(n.App),
			Target: string(n.Target), Note: n.Note, InEffect: !n.Off}
		if holdsPeople(n) {
			j.People = &n.Count
		}
		doc.Nodes = append(doc.Nodes, j)
	}
	for i := range g.Edges {
		e := &g.Edges[i]
		doc.Edges = append(doc.Edges, graphEdgeJSON{From: id(e.From), To: id(e.To), Kind: string(e.Kind),
			Block: string(e.Block), Missing: e.Missing, People: e.Count, InEffect: !e.Off})
	}
	return writeJSON(w, doc)
}
