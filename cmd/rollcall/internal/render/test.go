package render

import (
	"fmt"
	"io"
	"strings"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/policy"
	"github.com/rollcall-dev/rollcall/schema"
)

// TestCount counts runs.
type TestCount struct{ Passed, Failed, Errored int }

// Add counts the runs of one file. A file with errors counts as one error.
func (n *TestCount) Add(outcomes []*policy.Outcome, found schema.Diagnostics) {
	if found.HasErrors() {
		n.Errored++
	}
	for _, o := range outcomes {
		switch o.Status {
		case policy.Pass:
			n.Passed++
		case policy.Fail:
			n.Failed++
		default:
			n.Errored++
		}
	}
}

// OK reports whether everything passed.
func (n TestCount) OK() bool { return n.Failed+n.Errored == 0 }

// TestFile writes what became of the runs of one file, each with why it did not
// pass, and with verbose the changes that each run's givens make necessary. src
// is as for [Diagnostics].
func TestFile(w io.Writer, f *schema.TestFile, outcomes []*policy.Outcome, verbose bool, src map[string][]byte, s Style) error {
	p := newPage(w, s)
	p.line(Terminal(f.Name), "... in progress")
	for i := range f.Findings {
		p.diagnostic(&f.Findings[i], src)
	}
	status := policy.Pass
	if f.Findings.HasErrors() {
		status = policy.Fail
	}
	for i, o := range outcomes {
		p.line(`  run "`, Terminal(f.Runs[i].Name), `"... `, p.status(o.Status))
		if verbose && o.Plan != nil {
			p.changesOf(o.Plan)
		}
		for j := range o.Findings {
			p.diagnostic(&o.Findings[j], src)
		}
		if len(o.Findings) > 0 {
			p.line()
		}
		if o.Status != policy.Pass {
			status = policy.Fail
		}
	}
	p.line(Terminal(f.Name), "... ", p.status(status))
	return p.end()
}

func (p *page) status(s policy.Status) string {
	if s == policy.Pass {
		return p.style.paint(green, string(s))
	}
	return p.style.paint(red, string(s))
}

// changesOf writes a line for each change.
func (p *page) changesOf(plan *planner.Plan) {
	if len(plan.Changes) == 0 {
		p.line("    no changes")
	}
	for i := range plan.Changes {
		c := &plan.Changes[i]
		text := string(c.Action) + " " + objectName(c) + " in " + Terminal("app."+c.App)
		for j := range c.Members.Add {
			text += " +" + Terminal(c.Members.Add[j].Name)
		}
		for j := range c.Members.Remove {
			text += " -" + Terminal(c.Members.Remove[j].Name)
		}
		p.wrapped("    ", "      ", text)
	}
}

// TestSummary writes the last line of a test.
func TestSummary(w io.Writer, n TestCount, s Style) error {
	p := newPage(w, s)
	word, c := "Success!", green
	if !n.OK() {
		word, c = "Failure!", red
	}
	text := fmt.Sprintf(" %d passed, %d failed", n.Passed, n.Failed)
	if n.Errored > 0 {
		text += fmt.Sprintf(", %d errored", n.Errored)
	}
	p.line()
	p.line(p.style.paint(c, word), text, ".")
	return p.end()
}

// testJSON is what an event of a test is about.
type testJSON struct {
	Path   string `json:"path"`
	Run    string `json:"run,omitempty"`
	Status string `json:"status"`
}

// testSummaryJSON counts runs, as Terraform's does.
type testSummaryJSON struct {
	Status  string `json:"status"`
	Passed  int    `json:"passed"`
	Failed  int    `json:"failed"`
	Errored int    `json:"errored"`
	Skipped int    `json:"skipped"`
}

// TestFile writes the events of one file: one for each run, the findings behind
// it, and one for the file.
func (s *Events) TestFile(f *schema.TestFile, outcomes []*policy.Outcome, src map[string][]byte) {
	var n TestCount
	n.Add(outcomes, f.Findings)
	s.Diagnostics(f.Findings, src)
	for i, o := range outcomes {
		s.write(event{Level: statusLevel(o.Status), Type: "test_run", Message: `run "` + Terminal(f.Runs[i].Name) + `"... ` + string(o.Status),
			Run: &testJSON{Path: f.Name, Run: f.Runs[i].Name, Status: string(o.Status)}})
		s.Diagnostics(o.Findings, src)
	}
	status := policy.Pass
	if !n.OK() {
		status = policy.Fail
	}
	s.write(event{Level: statusLevel(status), Type: "test_file", Message: Terminal(f.Name) + "... " + string(status),
		File: &testJSON{Path: f.Name, Status: string(status)}})
}

// TestSummary ends the stream of a test.
func (s *Events) TestSummary(n TestCount) {
	status := policy.Pass
	if !n.OK() {
		status = policy.Fail
	}
	s.write(event{Level: statusLevel(status), Type: "test_summary", Message: strings.TrimSpace(fmt.Sprintf("%d passed, %d failed, %d errored", n.Passed, n.Failed, n.Errored)),
		Tests: &testSummaryJSON{Status: string(status), Passed: n.Passed, Failed: n.Failed, Errored: n.Errored}})
}

func statusLevel(s policy.Status) string {
	if s == policy.Pass {
		return "info"
	}
	return "error"
}
