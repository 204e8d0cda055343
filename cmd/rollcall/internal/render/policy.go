package render

import (
	"fmt"
	"io"
	"strings"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/policy"
	"github.com/rollcall-dev/rollcall/schema"
)

// policies writes what became of each policy. What does not hold, and why, is
// among the findings. Names are padded to width at least, and to what it returns.
func (p *page) policies(all []planner.PolicyResult, width int) int {
	if len(all) == 0 {
		return width
	}
	for i := range all {
		width = max(width, cells(policyName(&all[i])))
	}
	p.line()
	for i := range all {
		r := &all[i]
		p.line("Policy: ", pad(policyName(r), width), "  ", p.style.paint(policyColour(r), policyVerdict(r)))
	}
	return width
}

func policyName(r *planner.PolicyResult) string { return Terminal(r.Address.Name()) }

func policyColour(r *planner.PolicyResult) colour {
	if r.Passed {
		return green
	}
	_, c := severityText(r.Severity)
	return c
}

// policyVerdict says whether a policy holds, and what follows where it does not.
func policyVerdict(r *planner.PolicyResult) string {
	times := ""
	if r.Failures > 1 {
		times = fmt.Sprintf(", %d times", r.Failures)
	}
	switch {
	case r.Passed:
		return "ok"
	case r.Severity == schema.Error:
		return "failed" + times
	}
	return "failed (" + Terminal(string(r.Severity)) + ")" + times
}

// verdictOf writes the verdict on the policies of a configuration where there is
// no plan: what does not hold in boxes, a line for each policy, and those that
// were not checked.
func (p *page) verdictOf(v *policy.Verdict, src map[string][]byte) {
	if v == nil {
		return
	}
	for i := range v.Findings {
		p.diagnostic(&v.Findings[i], src)
	}
	width := 0
	for _, address := range v.Skipped {
		width = max(width, cells(Terminal(address.Name())))
	}
	width = p.policies(v.Results, width)
	p.skipped(v, width)
}

// skipped names the policies that were not checked, padded to width.
func (p *page) skipped(v *policy.Verdict, width int) {
	if len(v.Skipped) > 0 && len(v.Results) == 0 {
		p.line()
	}
	for _, address := range v.Skipped {
		p.line("Policy: ", pad(Terminal(address.Name()), width), "  not checked: it reads the plan, and there is none here")
	}
}

// SkippedPolicies names the policies that were not checked for want of a plan.
func SkippedPolicies(w io.Writer, v *policy.Verdict, s Style) error {
	p := newPage(w, s)
	p.verdictOf(&policy.Verdict{Skipped: v.Skipped}, nil)
	return p.end()
}

// policies writes a table of the policies.
func (m *diffDocument) policies() {
	v := m.d.Policies
	if v == nil || len(v.Results)+len(v.Skipped) == 0 {
		return
	}
	m.line()
	m.table("policy", "verdict", "why")
	for i := range v.Results {
		r := &v.Results[i]
		messages := make([]string, len(r.Messages))
		for j, text := range r.Messages {
			messages[j] = briefCell(text)
		}
		m.row(briefCell(r.Address.Name()), policyVerdict(r), strings.Join(messages, "<br>"))
	}
	for _, address := range v.Skipped {
		m.row(briefCell(address.Name()), "not checked", "it reads the plan")
	}
}

// policyJSON is one result, as the plan's JSON document has it.
type policyJSON struct {
	Address  string   `json:"address"`
	Severity string   `json:"severity"`
	Passed   bool     `json:"passed"`
	Failures int      `json:"failures"`
	Messages []string `json:"messages"`
	File     string   `json:"file,omitempty"`
	Line     uint32   `json:"line,omitempty"`
}

func policyOf(r *planner.PolicyResult) *policyJSON {
	return &policyJSON{
		Address: string(r.Address), Severity: string(r.Severity), Passed: r.Passed, Failures: r.Failures,
		Messages: append([]string{}, r.Messages...), File: r.Origin.File, Line: r.Origin.Line,
	}
}

// policiesOf are all results, never nil.
func policiesOf(v *policy.Verdict) []*policyJSON {
	out := []*policyJSON{}
	if v == nil {
		return out
	}
	for i := range v.Results {
		out = append(out, policyOf(&v.Results[i]))
	}
	return out
}
