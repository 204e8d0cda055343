package cli

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/cmd/rollcall/internal/render"
	"github.com/rollcall-dev/rollcall/planner"
)

// graphFormats are the values of -format.
var graphFormats = map[string]func(io.Writer, *planner.Graph) error{
	"dot": render.GraphDOT, "mermaid": render.GraphMermaid, "json": render.GraphJSON,
}

// graphPeople are the values of -people.
var graphPeople = map[string]planner.PeopleDetail{
	"auto": planner.PeopleAuto, "each": planner.PeopleEach, "count": planner.PeopleCount, "none": planner.PeopleNone,
}

// graphFlags are those of graph.
type graphFlags struct {
	loadFlags
	filter                   planner.GraphFilter
	at, asOf, format, people string
	json                     bool
}

func newGraph(a *app) *cobra.Command {
	var f graphFlags
	formats := strings.Join(slices.Sorted(maps.Keys(graphFormats)), ", ")
	c := manual{
		about: "Reads the configuration and its directories, and draws what leads to what: people to\n" +
			"groups, groups to other groups, assignments and pushes, assignments to apps. Dashed is\n" +
			"what has no effect: withheld members, assignments that ended or have not begun, paused\n" +
			"pushes; and groups that a rule asks about. Up to 25 people are drawn each, more are\n" +
			"counted. -who keeps what follows from a person, -app what leads to an app, -group both\n" +
			"sides of a group. Opens no socket, needs no credential and no sensitive variable, writes\n" +
			"nothing.",
		example: "rollcall graph | dot -Tsvg > access.svg\nrollcall graph -format=mermaid -who=dana@agency.example",
	}.describe(&cobra.Command{
		Use: "graph", Short: "Draw what leads to what, as DOT or Mermaid", Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			if f.json {
				f.format = "json"
			}
			write, known := graphFormats[f.format]
			if !known {
				return &usageError{fmt.Errorf("the format is one of %s, not %q", formats, f.format), c}
			}
			if f.filter.People, known = graphPeople[f.people]; !known {
				return &usageError{fmt.Errorf("the flag -people takes each, count, none or auto, not %q", f.people), c}
			}
			return a.graph(f, write)
		},
	})
	f.add(c)
	c.Flags().StringVar(&f.filter.Who, "who", "", "what follows from `PERSON`: a login or an address")
	c.Flags().StringVar(&f.filter.App, "app", "", "what leads to `APP`: its name or address")
	c.Flags().StringVar(&f.filter.Group, "group", "", "what leads to `GROUP` and what follows: its name or address")
	c.Flags().StringVar(&f.people, "people", "auto", "people as `HOW`: each, count or none; auto counts more than 25")
	addAt(c, &f.at)
	c.Flags().StringVar(&f.asOf, "as-of", "", "at `TIME` (RFC 3339) instead of now")
	c.Flags().StringVar(&f.format, "format", "dot", "`FORMAT`: "+formats)
	c.Flags().BoolVar(&f.json, "json", false, "print JSON, as -format=json does")
	_ = c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(slices.Sorted(maps.Keys(graphFormats)), cobra.ShellCompDirectiveNoFileComp))
	_ = c.RegisterFlagCompletionFunc("people", cobra.FixedCompletions(slices.Sorted(maps.Keys(graphPeople)), cobra.ShellCompDirectiveNoFileComp))
	return c
}

func (a *app) graph(f graphFlags, write func(io.Writer, *planner.Graph) error) error {
	o, err := a.optionsAt(f.loadFlags, f.at)
	if err != nil {
		return err
	}
	if o.AsOf, err = moment(f.asOf); err != nil {
		return err
	}
	p, err := a.open(o)
	if err != nil {
		return err
	}
	defer p.Close()
	if err := f.filter.Check(p.Desired); err != nil {
		return err
	}
	g := planner.NewGraph(p.Desired, f.filter)
	if len(g.Edges) > mermaidEdges && f.format == "mermaid" {
		a.say(fmt.Sprintf("Note: the graph has %d edges, and Mermaid draws no more than %d unless told to. "+
			"Limit it with -app, -group, -who or -people=none, or draw it with -format=dot.", len(g.Edges), mermaidEdges))
	}
	return write(a.stdout, g)
}

// mermaidEdges is Mermaid's maxEdges where it is not configured, as on GitHub.
const mermaidEdges = 500
