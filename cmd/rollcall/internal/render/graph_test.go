package render

import (
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rollcall-dev/rollcall/planner"
)

// namedGraph has every kind of node and edge, with name wherever one can stand.
func namedGraph(name string) *planner.Graph {
	return &planner.Graph{
		Nodes: []planner.GraphNode{
			{Kind: planner.NodePerson, Key: "user." + name, Name: name},
			{Kind: planner.NodePerson, Key: "user." + name, Name: name, Note: "SUSPENDED", Off: true},
			{Kind: planner.NodePeople, Count: 1200},
			{Kind: planner.NodeGroup, Key: "group." + name, Name: name, Count: 1},
			{Kind: planner.NodeAssignment, Key: "assignment." + name, Note: "expired 2026-03-01T00:00:00Z", Off: true},
			{Kind: planner.NodeApp, Key: "app." + name, App: "app.one", Target: "target.sandbox.x", Count: 3},
			{Kind: planner.NodeApp, Key: "app.two", App: "app.two", Target: "target.sandbox.x", Note: "reports only"},
			{Kind: planner.NodePushed, Key: "group." + name, Name: name, App: "app.one"},
			{Kind: planner.NodePushed, Key: "group." + name, Name: name, App: "app.two", Note: "paused", Off: true},
			{Kind: planner.NodeDirectory, Key: "directory." + name},
		},
		Edges: []planner.GraphEdge{
			{From: 0, To: 3, Kind: planner.EdgeMember},
			{From: 1, To: 7, Kind: planner.EdgeWithheld, Missing: "active", Off: true},
			{From: 2, To: 3, Kind: planner.EdgeRule},
			{From: 2, To: 4, Kind: planner.EdgeAssigned, Off: true},
			{From: 3, To: 3, Kind: planner.EdgeRead},
			{From: 3, To: 4, Kind: planner.EdgeAssigned, Off: true},
			{From: 3, To: 7, Kind: planner.EdgePushed, Block: "push_group.x"},
			{From: 3, To: 7, Kind: planner.EdgeWithheld, Missing: "assigned", Count: 12, Off: true},
			{From: 4, To: 5, Kind: planner.EdgeGranted, Off: true},
			{From: 9, To: 3, Kind: planner.EdgeDirectory, Count: 1},
		},
		Unused: 7,
	}
}

func TestGraphIsAsInItsGoldens(t *testing.T) {
	t.Parallel()
	for file, write := range map[string]func(io.Writer, *planner.Graph) error{
		"graph.dot": GraphDOT, "graph.mmd": GraphMermaid, "graph.json": GraphJSON,
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			golden(t, file, rendered(t, func(w io.Writer) error { return write(w, namedGraph("alice@acme.com")) }))
		})
	}
}

// shape is what a reader of DOT or Mermaid takes out of it.
type shape struct {
	boxes int
	// labels are those of the nodes in the order of their numbers, unescaped.
	labels []string
	edges  []string
}

// want is the shape that g must have.
func shapeOf(g *planner.Graph) shape {
	s := shape{boxes: 2}
	for i := range g.Nodes {
		s.labels = append(s.labels, strings.Join(nodeText(&g.Nodes[i]), "\n"))
	}
	for i := range g.Edges {
		e := &g.Edges[i]
		s.edges = append(s.edges, fmt.Sprintf("%d>%d %s", e.From, e.To, edgeText(e, &g.Nodes[e.From])))
	}
	return s
}

const mermaidLabel = `"((?:[\p{L}\p{M}\p{Nd} ,….\-_]|#\d+;|<br/>)*)"`

var (
	mermaidNode = regexp.MustCompile(`^ +n(\d+)(?:\(\[|\{\{|\[\[|\[/|\[\(|\[)` + mermaidLabel + `(?:\]\)|\}\}|\]\]|/\]|\)\]|\])(?::::off)?$`)
	mermaidEdge = regexp.MustCompile(`^  n(\d+) (?:-->|-\.->)(?:\|` + mermaidLabel + `\|)? n(\d+)$`)
	mermaidBox  = regexp.MustCompile(`^  subgraph a\d+\[` + mermaidLabel + `\]$`)
	mermaidRest = regexp.MustCompile(`^(?:flowchart LR|  %% left out: \d+ groups? of directories that nothing uses|  end|  classDef off stroke-dasharray:4|)$`)
	entity      = regexp.MustCompile(`#(\d+);`)
)

// mermaidShape reads the subset of Mermaid that we write, and nothing else.
func mermaidShape(t *testing.T, text string) shape {
	t.Helper()
	plain := func(label string) string {
		label = strings.ReplaceAll(label, "<br/>", "\n")
		return entity.ReplaceAllStringFunc(label, func(e string) string {
			n, _ := strconv.Atoi(e[1 : len(e)-1])
			return string(rune(n))
		})
	}
	var s shape
	labels := map[string]string{}
	for line := range strings.SplitSeq(text, "\n") {
		if m := mermaidNode.FindStringSubmatch(line); m != nil {
			labels[m[1]] = plain(m[2])
		} else if m := mermaidEdge.FindStringSubmatch(line); m != nil {
			s.edges = append(s.edges, m[1]+">"+m[3]+" "+plain(m[2]))
		} else if mermaidBox.MatchString(line) {
			s.boxes++
		} else if !mermaidRest.MatchString(line) {
			t.Fatalf("Mermaid may read anything into the line %q", line)
		}
	}
	for i := range len(labels) {
		s.labels = append(s.labels, labels[strconv.Itoa(i)])
	}
	return s
}

// dotTokens splits DOT as its grammar says: a backslash protects a quote, and
// another backslash, inside of a quoted string.
func dotTokens(t *testing.T, text string) []string {
	t.Helper()
	token := regexp.MustCompile(`^(?:"(?:[^"\\]|\\.)*"|\w+|->|[{}\[\]=;,]|//[^\n]*|\s+)`)
	var tokens []string
	for text != "" {
		m := token.FindString(text)
		if m == "" {
			t.Fatalf("DOT cannot be read from %q on", text)
		}
		text = text[len(m):]
		if strings.TrimSpace(m) != "" && !strings.HasPrefix(m, "//") {
			tokens = append(tokens, m)
		}
	}
	return tokens
}

// dotShape reads the subset of DOT that we write.
func dotShape(t *testing.T, text string) shape {
	t.Helper()
	var s shape
	labels := map[string]string{}
	var statement []string
	for _, token := range dotTokens(t, text) {
		if token != ";" && token != "{" && token != "}" {
			statement = append(statement, token)
			continue
		}
		switch {
		case len(statement) > 0 && statement[0] == "subgraph":
			s.boxes++
		case len(statement) > 2 && statement[1] == "->":
			s.edges = append(s.edges, statement[0][1:]+">"+statement[2][1:]+" "+dotLabel(statement))
		case len(statement) > 2 && statement[1] == "[" && strings.HasPrefix(statement[0], "n") && statement[0] != "node":
			labels[statement[0][1:]] = dotLabel(statement)
		}
		statement = nil
	}
	for i := range len(labels) {
		s.labels = append(s.labels, labels[strconv.Itoa(i)])
	}
	return s
}

// dotLabel is the label of a statement as Graphviz draws it.
func dotLabel(statement []string) string {
	for i, token := range statement {
		if token == "label" {
			text := statement[i+2]
			return strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\n`, "\n", "&amp;", "&").Replace(text[1 : len(text)-1])
		}
	}
	return ""
}

func FuzzGraphKeepsItsShapeWhateverTheNames(f *testing.F) {
	for _, name := range []string{
		"alice@acme.com", hostile, "", " ", `"];`, `" --> n0`, "%%{init: {}}%%", "click n0 call x()", "<script>alert(1)</script>",
		"`**x**`", "1. list", "- list", "    code", "www.acme.com", "a\nend\n", "#quot;", "ﬂ°°60¶ß", `\`, `\\"`, `\N\G\l`, "&quot;&#34;",
		"|x|", "]]", "style x:#f;", "_a_ __b__", "end", "subgraph", strings.Repeat("long ", 40),
	} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		g := namedGraph(name)
		want := fmt.Sprintf("%+v", shapeOf(g))
		inDOT := rendered(t, func(w io.Writer) error { return GraphDOT(w, g) })
		inMermaid := rendered(t, func(w io.Writer) error { return GraphMermaid(w, g) })
		wantHarmless(t, inDOT)
		wantHarmless(t, inMermaid)
		wantHarmless(t, rendered(t, func(w io.Writer) error { return GraphJSON(w, g) }))
		if got := fmt.Sprintf("%+v", dotShape(t, inDOT)); got != want {
			t.Errorf("DOT reads\n%s\nwant\n%s\nin\n%s", got, want, inDOT)
		}
		if got := fmt.Sprintf("%+v", mermaidShape(t, inMermaid)); got != want {
			t.Errorf("Mermaid reads\n%s\nwant\n%s\nin\n%s", got, want, inMermaid)
		}
	})
}

func TestMermaidLabelsAreNoMarkdown(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"alice@acme.com": "alice#64;acme.com", "push_group.x": "push_group.x", "2026-03-01": "2026#45;03#45;01",
		"1. one": "1#46; one", "- one": "#45; one", "_x_": "#95;x_", "  x": "#32;#32;x", "www.x.com": "www#46;x.com", "a\\": "a#92;",
	} {
		if got := mermaidText(name); got != want {
			t.Errorf("%q is written %s, want %s", name, got, want)
		}
	}
}
