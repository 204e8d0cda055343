package policy

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/schema"
)

// The codes of what runs find, besides those of policies.
const (
	CodeAssertion  schema.Code = "assertion-failed"
	CodeUnexpected schema.Code = "policy-expected-to-fail"
)

// Status is how a run ended.
type Status string

// The statuses, in the words of `terraform test`.
const (
	Pass Status = "pass"
	Fail Status = "fail"
	// Broken: the run could not be carried out, or an assertion not be evaluated.
	Broken Status = "error"
)

// Outcome is what became of one run.
type Outcome struct {
	Status Status
	// Findings say why, where the status is not [Pass]; policies that only warn
	// are among them in any case.
	Findings schema.Diagnostics
	// Plan is what the givens make necessary; nil where there is none.
	Plan *planner.Plan
}

// Baseline is the world that the runs of a configuration start from: targets
// and state exactly as the configuration asks for. It is safe for concurrent use.
type Baseline struct {
	cfg     *schema.Config
	facts   planner.Facts
	state   *planner.State
	remotes map[schema.Address]*planner.Remote
}

// NewBaseline works out what targets and state are once everything that d asks
// for was carried out, at targets that were empty.
func NewBaseline(d *planner.Desired, facts planner.Facts) (*Baseline, error) {
	b := &Baseline{cfg: d.Config, facts: facts, state: &planner.State{}}
	b.facts.Now = time.Time{} // a test is about its moment, whenever it is run
	empty := planner.Recall(b.cfg, b.state, facts.Capabilities)
	for address, r := range empty {
		r.Identity = string(address)
	}
	p, err := planner.Compute(planner.Input{Desired: d, State: b.state, Remotes: empty})
	if err != nil {
		return nil, fmt.Errorf("work out what the configuration leads to: %w", err)
	}
	b.state.RecordAll(settled(p.Changes))
	b.remotes = planner.Recall(b.cfg, b.state, facts.Capabilities)
	for address, r := range b.remotes {
		r.Identity = string(address)
	}
	return b, nil
}

// settled are the changes with the ids that objects get which they create:
// those of the changes themselves, as [planner.Simulate] has it.
func settled(changes []planner.Change) []planner.Settled {
	out := make([]planner.Settled, len(changes))
	for i, c := range changes {
		c.Members.Add = slices.Clone(c.Members.Add)
		for j := range c.Members.Add {
			if m := &c.Members.Add[j]; m.RemoteID == "" {
				m.RemoteID = m.Change
			}
		}
		id := c.RemoteID
		if id == "" {
			id = createdBy(&c)
		}
		out[i] = planner.Settled{Change: c, Outcome: planner.Outcome{RemoteID: id}}
	}
	return out
}

// createdBy is the id of the change that creates the object of c: of a group
// whose members come in a request of their own it is another one.
func createdBy(c *planner.Change) string {
	if c.Action == planner.Create {
		return c.ID
	}
	for _, need := range c.Needs {
		if need == c.App+"/"+string(c.Kind)+"/"+c.Key+"/"+string(planner.Create) {
			return need
		}
	}
	return c.ID
}

// Run carries out one run: it lays the givens over the facts, works out what
// then must be and what has to change for it, and checks the run's assertions
// and all policies.
func (b *Baseline) Run(r *schema.Run) *Outcome {
	o := &Outcome{Status: Pass}
	d, ok := b.resolve(r, o)
	if !ok {
		o.Status = Broken
		return o
	}
	p, err := planner.Compute(planner.Input{Desired: d, State: b.state, Remotes: b.remotes})
	if err != nil {
		o.add(Broken, schema.Diagnostic{Severity: schema.Error, Summary: "Nothing can be planned", Detail: err.Error() + ".", Origin: r.Origin})
		return o
	}
	o.Plan = p
	v := Check(d, p)
	failures, broken := r.Assertions.Check(Facts(d, p))
	for i := range failures {
		f := &failures[i]
		o.add(Fail, schema.Diagnostic{Severity: schema.Error, Code: CodeAssertion, Summary: "Test assertion failed",
			Detail: f.Message, Origin: f.Origin, Object: "run." + r.Name, Values: f.Values})
	}
	o.judge(r, v)
	for _, d := range slices.Concat(broken, v.Broken) {
		o.add(Broken, d)
	}
	return o
}

// add notes a finding that decides how the run ends; an error outweighs a failure.
func (o *Outcome) add(s Status, d schema.Diagnostic) {
	if o.Status != Broken {
		o.Status = s
	}
	o.Findings = append(o.Findings, d)
}

// judge holds the policies to what the run expects of them.
func (o *Outcome) judge(r *schema.Run, v *Verdict) {
	expected := func(a schema.Address) int {
		return slices.IndexFunc(r.ExpectFailures, func(e schema.PolicyRef) bool { return e.Address == a })
	}
	unexpected := map[schema.Address]bool{}
	for i := range v.Results {
		p := &v.Results[i]
		at := expected(p.Address)
		switch {
		case p.Passed && at >= 0:
			o.add(Fail, schema.Diagnostic{
				Severity: schema.Error, Code: CodeUnexpected, Summary: "Policy holds that was expected to fail",
				Detail: fmt.Sprintf("%s holds for what this run is given. Give what it is there to prevent, or take it out of expect_failures.", p.Address),
				Origin: r.ExpectFailures[at].Origin, Object: "run." + r.Name,
			})
		case !p.Passed && at < 0:
			unexpected[p.Address] = true
			if p.Severity == schema.Error {
				o.Status = Fail
			}
		}
	}
	for _, d := range v.Findings {
		if unexpected[policyOf(d.Object)] {
			o.Findings = append(o.Findings, d)
		}
	}
}

// policyOf is the policy that an address of it or of an instance names.
func policyOf(object string) schema.Address {
	address, _, _ := strings.Cut(object, "[")
	return schema.Address(address)
}

// resolve lays the givens of a run over the facts. It reports false, and has
// said why, if there is nothing to go on from.
func (b *Baseline) resolve(r *schema.Run, o *Outcome) (*planner.Desired, bool) {
	facts := b.facts
	if !r.AsOf.IsZero() {
		facts.AsOf = r.AsOf
	}
	cfg := b.cfg
	for i := range r.Given {
		g := &r.Given[i]
		for _, e := range b.edits(cfg, facts, g) {
			edited, with, err := planner.Edited(cfg, facts, []planner.Edit{e})
			if err != nil {
				o.Findings = append(o.Findings, givenFinding(&e, err))
				return nil, false
			}
			cfg, facts = edited, with
		}
	}
	d, found := planner.Resolve(cfg, facts)
	if found.HasErrors() {
		for _, f := range found {
			if f.Severity == schema.Error {
				f.Related = append(slices.Clone(f.Related), schema.Related{Origin: r.Origin, Message: "It follows from what this run is given."})
				o.Findings = append(o.Findings, f)
			}
		}
		return nil, false
	}
	return d, true
}

// edits are what a given does to the facts, one after the other.
func (b *Baseline) edits(cfg *schema.Config, facts planner.Facts, g *schema.Given) []planner.Edit {
	who, set := string(g.Address), g.Set
	declared := slices.ContainsFunc(cfg.Users, func(u schema.User) bool { return u.Address == g.Address })
	var edits []planner.Edit
	if g.Address.Type() == "user" && !declared && len(set) > 0 && set[0].Name == "login" {
		login, _ := set[0].Value.(string)
		set = set[1:]
		if inDirectory(facts, login) {
			who = login
		} else {
			edits = append(edits, planner.Edit{Op: planner.EditDeclare, Address: who, Origin: g.Origin,
				Value: schema.User{Address: g.Address, Login: login, Origin: g.Origin}})
		}
	}
	if g.Absent {
		return append(edits, planner.Edit{Op: planner.EditRemove, Address: who, Origin: g.Origin})
	}
	for _, a := range set {
		edits = append(edits, planner.Edit{Op: planner.EditSet, Address: who, Argument: a.Name, Value: a.Value, Origin: a.Origin})
	}
	return edits
}

// inDirectory reports whether somebody in a directory has the login.
func inDirectory(facts planner.Facts, login string) bool {
	for _, d := range facts.Directories {
		if slices.ContainsFunc(d.People, func(u schema.User) bool { return schema.Fold(u.Login) == schema.Fold(login) }) {
			return true
		}
	}
	return false
}

// givenFinding says what is wrong with a given.
func givenFinding(e *planner.Edit, err error) schema.Diagnostic {
	d := schema.Diagnostic{
		Severity: schema.Error, Code: "invalid-value", Summary: "What is given cannot be",
		Detail: fmt.Sprintf("%s: %v.", e.Address, errors.Unwrap(err)), Origin: e.Origin, Object: e.Address,
	}
	if unknown := (*planner.UnknownError)(nil); errors.As(err, &unknown) {
		d.Code, d.Suggestion = "unknown-reference", unknown.Suggestion
	}
	return d
}
