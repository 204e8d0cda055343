package render

import (
	"io"
	"time"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/schema"
)

// Simulation is what would follow from edits, or from the passing of time.
type Simulation struct {
	Difference
	Edits []planner.Edit
	// AsOf is the moment that is simulated; zero where it is now.
	AsOf time.Time
	// Suspended are those who would become SUSPENDED and keep what they have.
	Suspended []planner.Suspension
	// Findings are those that there would be and are not now.
	Findings schema.Diagnostics
	// Sources are the files of the configuration, to show lines of.
	Sources map[string][]byte
}

// assumptions are what is simulated, in words.
func (s *Simulation) assumptions() []string {
	var all []string
	for i := range s.Edits {
		all = append(all, editText(&s.Edits[i]))
	}
	if !s.AsOf.IsZero() {
		all = append(all, "it is "+s.AsOf.UTC().Format(time.RFC3339))
	}
	return all
}

// Simulate writes what is simulated, the difference that it makes, and the
// findings that it brings.
func Simulate(w io.Writer, sim Simulation, s Style) error {
	p := newPage(w, s)
	p.line("If:")
	for _, text := range sim.assumptions() {
		p.wrapped("  * ", "    ", text)
	}
	p.line()
	if err := p.end(); err != nil {
		return err
	}
	if err := Diff(w, sim.Difference, s); err != nil {
		return err
	}
	p = newPage(w, s)
	if len(sim.Suspended) > 0 {
		p.section("Suspended, and keeps the account as it is")
	}
	for i := range sim.Suspended {
		c := &sim.Suspended[i]
		p.marked("=", Terminal(c.Login)+": "+accessText(c.App, "")+"; nothing is changed there until the suspension ends"+place(c.Origin))
	}
	if len(sim.Findings) > 0 {
		p.section("Findings that there would be")
	}
	if err := p.end(); err != nil {
		return err
	}
	return Diagnostics(w, sim.Findings, sim.Sources, s)
}

// SimulateMarkdown writes a simulation as Markdown.
func SimulateMarkdown(w io.Writer, sim Simulation) error {
	p := newPage(w, Style{})
	p.line("If:")
	p.line()
	for _, text := range sim.assumptions() {
		p.line("- ", markdownCell(text))
	}
	p.line()
	if err := p.end(); err != nil {
		return err
	}
	if err := DiffMarkdown(w, sim.Difference); err != nil {
		return err
	}
	p = newPage(w, Style{})
	p.items("Suspended, and keeps the account as it is:", len(sim.Suspended))
	for i := range sim.Suspended {
		p.line("- ", markdownCell(sim.Suspended[i].Login), " in ", markdownAccess(sim.Suspended[i].App, ""))
	}
	p.items("Findings that there would be:", len(sim.Findings))
	for i := range sim.Findings {
		d := &sim.Findings[i]
		name, _ := severityText(d.Severity)
		p.line("- ", name, " ", markdownCell(string(d.Code)), ": ", markdownCell(d.Detail))
	}
	return p.end()
}

// items begins a list of Markdown that has n items, if any.
func (p *page) items(heading string, n int) {
	if n > 0 {
		p.line()
		p.line(heading)
		p.line()
	}
}

// simulationJSON is the document of `simulate -json`: that of `diff -json`, with
// what is simulated and the findings that it brings.
type simulationJSON struct {
	differenceJSON
	Edits     []editJSON       `json:"edits"`
	AsOf      string           `json:"as_of,omitempty"`
	Suspended []suspensionJSON `json:"suspended"`
	Findings  []diagnosticJSON `json:"findings"`
}

type suspensionJSON struct {
	App   string `json:"app"`
	Login string `json:"login"`
	Key   string `json:"key"`
	File  string `json:"file,omitempty"`
	Line  uint32 `json:"line,omitempty"`
}

// SimulateJSON writes a simulation as one document.
func SimulateJSON(w io.Writer, sim Simulation) error {
	doc := simulationJSON{
		differenceJSON: differenceOf(&sim.Difference), Edits: editsJSON(sim.Edits),
		Suspended: []suspensionJSON{}, Findings: []diagnosticJSON{},
	}
	if !sim.AsOf.IsZero() {
		doc.AsOf = sim.AsOf.UTC().Format(time.RFC3339)
	}
	for i := range sim.Findings {
		doc.Findings = append(doc.Findings, diagnosticOf(&sim.Findings[i], sim.Sources))
	}
	for _, c := range sim.Suspended {
		doc.Suspended = append(doc.Suspended, suspensionJSON{c.App, c.Login, c.Key, c.Origin.File, c.Origin.Line})
	}
	return writeJSON(w, doc)
}
