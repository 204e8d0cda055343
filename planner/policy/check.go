package policy

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/schema"
)

// CodeFailed is the code of the findings about policies that do not hold.
const CodeFailed schema.Code = "policy-failed"

// Verdict is what became of the policies of a configuration.
type Verdict struct {
	// Results are in the order of addresses, without the policies of Skipped.
	Results []planner.PolicyResult
	// Findings are about what does not hold: guards where a policy's severity is
	// error, else warnings and infos.
	Findings schema.Diagnostics
	// Skipped are the policies that read a plan where there is none.
	Skipped []schema.Address
	// Broken are errors: assertions that could not be evaluated. Whether they hold
	// is not known, so nothing may be built on the rest of the verdict.
	Broken schema.Diagnostics
}

// Blocks reports whether a policy does not hold whose severity is error.
func (v *Verdict) Blocks() bool {
	return slices.ContainsFunc(v.Results, func(r planner.PolicyResult) bool { return !r.Passed && r.Severity == schema.Error })
}

// Check evaluates the policies of the configuration of d over d and p. Without a
// plan, those that read one are skipped.
func Check(d *planner.Desired, p *planner.Plan) *Verdict {
	v := &Verdict{}
	var facts *schema.Facts
	for i := range d.Config.Policies {
		b := &d.Config.Policies[i]
		if p == nil && b.Assertions.Reads("plan") {
			v.Skipped = append(v.Skipped, b.Address)
			continue
		}
		if facts == nil {
			facts = Facts(d, p)
		}
		failures, broken := b.Assertions.Check(facts)
		v.Broken = append(v.Broken, broken...)
		v.judge(b, failures)
	}
	return v
}

// Judge checks the policies over d and p, and writes down in p what became of
// them: a policy that does not hold and whose severity is error blocks the
// plan. The errors say what could not be evaluated; p is of no use then.
func Judge(d *planner.Desired, p *planner.Plan) schema.Diagnostics {
	v := Check(d, p)
	p.Policies = v.Results
	p.Findings = slices.Concat(p.Findings, v.Findings)
	p.Applyable = p.Applyable && !v.Blocks()
	return v.Broken
}

// shown is how many failures of one policy become findings, and how many of
// their messages are kept: one rule about everybody may fail for everybody.
const shown = 10

// severities are those of the findings, by those of policies.
var severities = map[schema.Severity]schema.Severity{
	schema.Error: schema.Guarded, schema.Warning: schema.Warning, schema.Info: schema.Info,
}

func (v *Verdict) judge(b *schema.Policy, failures []schema.Failure) {
	r := planner.PolicyResult{Address: b.Address, Severity: b.Severity, Passed: len(failures) == 0, Failures: len(failures), Origin: b.Origin}
	for i := range failures {
		f := &failures[i]
		if i == shown {
			v.Findings = append(v.Findings, schema.Diagnostic{
				Severity: severities[b.Severity], Code: CodeFailed, Summary: "Policy does not hold",
				Detail: fmt.Sprintf("%s fails %d more times.", b.Address, len(failures)-shown), Origin: b.Origin, Object: string(b.Address),
			})
			break
		}
		if !slices.Contains(r.Messages, f.Message) {
			r.Messages = append(r.Messages, f.Message)
		}
		v.Findings = append(v.Findings, schema.Diagnostic{
			Severity: severities[b.Severity], Code: CodeFailed, Summary: "Policy does not hold",
			Detail: cmp.Or(f.Message, fmt.Sprintf("An assertion of %s does not hold.", b.Address)), Origin: f.Origin, Object: string(cmp.Or(f.Instance, b.Address)), Values: f.Values,
		})
	}
	v.Results = append(v.Results, r)
}
