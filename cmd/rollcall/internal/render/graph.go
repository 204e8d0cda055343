package render

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rollcall-dev/rollcall/planner"
)

// drawing is a language that graphs are written in. Names go through text, in
// which nothing can end the label that it stands in.
type drawing struct {
	head, comment, end string
	// node is given the number of the node, its text and its kind.
	node func(n int, text string, node *planner.GraphNode) string
	edge func(from, to int, text string, dashed bool) string
	// cluster begins the box of one app, clusterEnd ends it.
	cluster    func(n int, text string) string
	clusterEnd string
	text       func(string) string
	lineBreak  string
}

// GraphDOT writes a graph in the DOT language of Graphviz.
func GraphDOT(w io.Writer, g *planner.Graph) error { return dot.draw(w, g) }

// GraphMermaid writes a graph as a flowchart of Mermaid, which GitHub and
// GitLab draw wherever Markdown stands.
func GraphMermaid(w io.Writer, g *planner.Graph) error { return mermaid.draw(w, g) }

// draw writes people and groups first, then a box for each app.
func (d *drawing) draw(w io.Writer, g *planner.Graph) error {
	p := newPage(w, Style{})
	p.line(d.head)
	if g.Unused > 0 {
		p.line("  ", d.comment, "left out: ", count(g.Unused, "group"), " of directories that nothing uses")
	}
	for i := range g.Nodes {
		if g.Nodes[i].App == "" {
			p.line("  ", d.nodeLine(i, &g.Nodes[i]))
		}
	}
	for i := range g.Nodes {
		if g.Nodes[i].Kind == planner.NodeApp {
			d.drawApp(p, g, i)
		}
	}
	for i := range g.Edges {
		e := &g.Edges[i]
		dashed := e.Off || e.Kind == planner.EdgeRead
		p.line("  ", d.edge(e.From, e.To, d.text(edgeText(e, &g.Nodes[e.From])), dashed))
	}
	if d.end != "" {
		p.line(d.end)
	}
	return p.end()
}

// drawApp writes the box of the app at node i, with what is pushed there.
func (d *drawing) drawApp(p *page, g *planner.Graph, i int) {
	app := &g.Nodes[i]
	p.line("  ", d.cluster(i, d.text("at "+Terminal(string(app.Target)))))
	for j := range g.Nodes {
		if g.Nodes[j].App == app.App {
			p.line("    ", d.nodeLine(j, &g.Nodes[j]))
		}
	}
	p.line("  ", d.clusterEnd)
}

func (d *drawing) nodeLine(i int, n *planner.GraphNode) string {
	lines := nodeText(n)
	for i := range lines {
		lines[i] = d.text(lines[i])
	}
	return d.node(i, strings.Join(lines, d.lineBreak), n)
}

// longName is how many columns of a name a graph shows.
const longName = 60

func shortened(name string) string {
	name = Terminal(name)
	if cells(name) <= longName {
		return name
	}
	return cut(name, longName-1) + "…"
}

// nodeText is what stands in a node, line by line.
func nodeText(n *planner.GraphNode) []string {
	var lines []string
	add := func(text string) {
		if text != "" {
			lines = append(lines, text)
		}
	}
	add(shortened(n.Name))
	if n.Kind == planner.NodeGroup || n.Name == "" {
		add(shortened(n.Key))
	}
	if holdsPeople(n) {
		add(people(n.Count))
	}
	add(n.Note)
	if lines == nil {
		add(quote(n.Name))
	}
	return lines
}

// holdsPeople reports whether the count of a node says something.
func holdsPeople(n *planner.GraphNode) bool {
	return n.Kind != planner.NodePerson && n.Kind != planner.NodeDirectory && n.Kind != planner.NodeAssignment
}

// people counts people.
func people(n int) string {
	if n == 1 {
		return "1 person"
	}
	return fmt.Sprintf("%d people", n)
}

// edgeText is what stands at an edge; empty where its ends say it all.
func edgeText(e *planner.GraphEdge, from *planner.GraphNode) string {
	switch e.Kind {
	case planner.EdgeGranted:
		return ""
	case planner.EdgeAssigned:
		if from.Kind == planner.NodeGroup {
			return ""
		}
		return "direct"
	case planner.EdgeRead:
		return "read by a rule"
	case planner.EdgePushed:
		return shortened(string(e.Block))
	case planner.EdgeWithheld:
		return withheldText(e)
	case planner.EdgeDirectory:
		if e.Count > 0 {
			return people(e.Count)
		}
	}
	return string(e.Kind)
}

func withheldText(e *planner.GraphEdge) string {
	text := "withheld"
	if e.Count > 0 {
		text = fmt.Sprintf("%d withheld", e.Count)
	}
	return text + ", not " + e.Missing
}

var dot = drawing{
	head: "digraph rollcall {\n  rankdir=LR;\n  node [shape=box, fontname=\"sans-serif\"];\n  edge [fontname=\"sans-serif\", fontsize=10];",
	end:  "}", comment: "// ", lineBreak: `\n`, text: dotText, clusterEnd: "}",
	node: func(n int, text string, node *planner.GraphNode) string {
		style := dotShapes[node.Kind]
		if node.Off {
			style += ", color=gray50, fontcolor=gray40"
		}
		return fmt.Sprintf(`n%d [label="%s"%s];`, n, text, style)
	},
	edge: func(from, to int, text string, dashed bool) string {
		attributes := ""
		if text != "" {
			attributes = fmt.Sprintf(` [label="%s"]`, text)
		}
		if dashed {
			attributes += " [style=dashed]"
		}
		return fmt.Sprintf("n%d -> n%d%s;", from, to, attributes)
	},
	cluster: func(n int, text string) string {
		return fmt.Sprintf("subgraph cluster_%d {\n    label=\"%s\";\n    fontname=\"sans-serif\";", n, text)
	},
}

// dotShapes are the outlines of nodes in DOT; groups are plain boxes.
var dotShapes = map[planner.NodeKind]string{
	planner.NodePerson:     ", shape=ellipse",
	planner.NodePeople:     ", shape=ellipse, peripheries=2",
	planner.NodeDirectory:  ", shape=cylinder",
	planner.NodeAssignment: ", shape=hexagon",
	planner.NodeApp:        ", style=bold",
	planner.NodePushed:     ", shape=component",
}

// dotText escapes text for a quoted string of DOT: backslashes begin escapes
// there, and ampersands entities of HTML.
func dotText(text string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "&", "&amp;").Replace(text)
}

var mermaid = drawing{
	head: "flowchart LR\n  classDef off stroke-dasharray:4", comment: "%% ", lineBreak: "<br/>", text: mermaidText, clusterEnd: "end",
	node: func(n int, text string, node *planner.GraphNode) string {
		shape, ok := mermaidShapes[node.Kind]
		if !ok {
			shape = [2]string{"[", "]"}
		}
		line := fmt.Sprintf(`n%d%s"%s"%s`, n, shape[0], text, shape[1])
		if node.Off {
			return line + ":::off"
		}
		return line
	},
	edge: func(from, to int, text string, dashed bool) string {
		arrow := "-->"
		if dashed {
			arrow = "-.->"
		}
		if text != "" {
			arrow += `|"` + text + `"|`
		}
		return fmt.Sprintf("n%d %s n%d", from, arrow, to)
	},
	cluster: func(n int, text string) string { return fmt.Sprintf(`subgraph a%d["%s"]`, n, text) },
}

// mermaidShapes are the brackets that outline nodes; groups have plain ones.
var mermaidShapes = map[planner.NodeKind][2]string{
	planner.NodePerson:     {"([", "])"},
	planner.NodePeople:     {"([", "])"},
	planner.NodeDirectory:  {"[(", ")]"},
	planner.NodeAssignment: {"{{", "}}"},
	planner.NodeApp:        {"[[", "]]"},
	planner.NodePushed:     {"[/", "/]"},
}

// mermaidText writes text for a quoted label of Mermaid. Everything but letters,
// digits and the harmless few becomes a numbered entity: Mermaid reads Markdown,
// HTML and directives out of labels, and its own placeholders for entities.
func mermaidText(text string) string {
	var b strings.Builder
	for i, r := range text {
		switch {
		case r == 'ﬂ', !unicode.In(r, unicode.L, unicode.Nd, unicode.M) && !mermaidPlain(text[:i], r):
			fmt.Fprintf(&b, "#%d;", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// mermaidPlain reports whether r may follow before as it is. It may not where it
// could begin a list, a link, emphasis or a block of code in Markdown.
func mermaidPlain(before string, r rune) bool {
	last, _ := utf8.DecodeLastRuneInString(before)
	switch r {
	case ',', '…':
		return true
	case ' ':
		return before != "" && last != ' '
	case '.', '-':
		return strings.ContainsFunc(before, unicode.IsLetter) && !strings.HasSuffix(strings.ToLower(before), "www")
	}
	return r == '_' && (unicode.IsLetter(last) || unicode.IsDigit(last))
}
