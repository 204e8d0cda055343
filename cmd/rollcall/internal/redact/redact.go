// Package redact replaces the people in plans and differences by pseudonyms, so
// that these can be shown where not everybody may know who works here. Names of
// groups, apps and targets stay. It works on the data, before anything is
// rendered: every name of a person that the data knows is looked for in every
// text, and what other people wrote, such as the reason of a waiver, is left
// out, because nobody can know whom it names. It refuses to guess: a text that
// still holds a name afterwards is left out too. Start at New.
package redact

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/schema"
)

// KeyLength is how many bytes a key has at least. Logins are easy to list, so
// that with a key that can be guessed each pseudonym can be undone.
const KeyLength = 16

// Redactor gives people pseudonyms: the same one to the same login wherever the
// key is the same.
type Redactor struct{ key []byte }

// New returns a redactor for the key. Without one it takes a random key, and
// its pseudonyms are those of no other run.
func New(key []byte) *Redactor {
	if len(key) == 0 {
		key = []byte(rand.Text())
	}
	return &Redactor{key}
}

// pseudonymBytes is how much of the digest is shown: among 100,000 people two
// share a pseudonym in one case of two hundred.
const pseudonymBytes = 5

// Pseudonym is who login stands for, such as "person-7f3a9c04be". Upper and
// lower case are the same, as they are to Okta.
func (r *Redactor) Pseudonym(login string) string {
	mac := hmac.New(sha256.New, r.key)
	mac.Write([]byte(schema.Fold(login)))
	return "person-" + hex.EncodeToString(mac.Sum(nil)[:pseudonymBytes])
}

// What stands in place of texts.
const (
	leftOut = "(left out)"
	// valueBefore and valueAfter differ, so that a change stays one.
	valueBefore = "(redacted)"
	valueAfter  = "(redacted, another)"
)

// Plan returns p with pseudonyms. It cannot be applied any more; p stays as it is.
func (r *Redactor) Plan(p *planner.Plan) *planner.Plan {
	n := newNames(r)
	n.addPlan(p)
	n.finish()
	// Field by field: what a plan has besides is left out until somebody has
	// thought about it here.
	out := planner.Plan{
		AsOf: p.AsOf, Complete: p.Complete, Applyable: p.Applyable, Fingerprint: p.Fingerprint, Summary: p.Summary,
		Inputs: planner.Inputs{
			Config: p.Inputs.Config, Directories: p.Inputs.Directories, State: p.Inputs.State, Targets: p.Inputs.Targets,
			Only: schema.Address(n.text(string(p.Inputs.Only))),
		},
	}
	out.Changes = mapped(p.Changes, n.change)
	out.Drift = mapped(p.Drift, n.drift)
	out.Withheld = mapped(p.Withheld, func(w planner.Withheld) planner.Withheld {
		return planner.Withheld{App: w.App, Group: w.Group, Login: n.person(w.Login), Missing: w.Missing, Origin: n.origin(w.Origin)}
	})
	out.Held = mapped(p.Held, func(h planner.Held) planner.Held {
		return planner.Held{App: h.App, Kind: h.Kind, Key: n.text(h.Key), Name: n.object(h.Kind, h.Name), Code: h.Code}
	})
	out.Findings = mapped(p.Findings, n.finding)
	out.Policies = mapped(p.Policies, n.policy)
	out.Guards = mapped(p.Guards, func(g planner.GuardResult) planner.GuardResult {
		out := planner.GuardResult{
			App: g.App, Code: g.Code, Count: g.Count, Allowed: g.Allowed, Owned: g.Owned, Blocked: g.Blocked, Expires: g.Expires,
			Waiver: schema.Address(n.text(string(g.Waiver))), Origin: n.origin(g.Origin),
		}
		if g.Reason != "" {
			out.Reason = leftOut
		}
		return out
	})
	return &out
}

// mapped maps a list through f; nothing stays nothing.
func mapped[T any](list []T, f func(T) T) []T {
	if list == nil {
		return nil
	}
	out := make([]T, len(list))
	for i := range list {
		out[i] = f(list[i])
	}
	return out
}

// object is the name of a person, or of a group as it is.
func (n *names) object(kind planner.Kind, name string) string {
	if kind == planner.KindGroup {
		return name
	}
	return n.person(name)
}

func (n *names) change(c planner.Change) planner.Change {
	out := planner.Change{
		ID: n.text(c.ID), App: c.App, Kind: c.Kind, Key: n.text(c.Key), Name: n.object(c.Kind, c.Name),
		Action: c.Action, Wave: c.Wave, Needs: mapped(c.Needs, n.text), Requests: c.Requests, Before: c.Before, After: c.After,
		Members: n.members(c.Members), Drift: c.Drift, Reasons: n.reasons(c.Reasons), ReportOnly: c.ReportOnly,
	}
	if c.Kind != planner.KindGroup {
		out.Before, out.After = n.valuesOf(c.Before, valueBefore), n.valuesOf(c.After, valueAfter)
	}
	return out
}

func (n *names) drift(d planner.Drift) planner.Drift {
	out := planner.Drift{
		App: d.App, Kind: d.Kind, Key: n.text(d.Key), Name: n.object(d.Kind, d.Name), What: d.What,
		Before: d.Before, After: d.After, Members: n.members(d.Members),
	}
	if d.Kind != planner.KindGroup {
		out.Before, out.After = n.valuesOf(d.Before, valueBefore), n.valuesOf(d.After, valueAfter)
	}
	return out
}

// valuesOf keeps which values there are, and of truth values which.
func (n *names) valuesOf(all []schema.Value, instead string) []schema.Value {
	return mapped(all, func(v schema.Value) schema.Value {
		return schema.Value{Path: n.text(v.Path), Value: valueOf(v.Value, instead)}
	})
}

func valueOf(v any, instead string) any {
	switch v.(type) {
	case nil, bool:
		return v
	}
	return instead
}

func (n *names) members(m planner.MemberChanges) planner.MemberChanges {
	one := func(m planner.Member) planner.Member {
		return planner.Member{Name: n.person(m.Name), Key: n.text(m.Key)}
	}
	return planner.MemberChanges{Add: mapped(m.Add, one), Remove: mapped(m.Remove, one)}
}

func (n *names) reasons(all []planner.Reason) []planner.Reason {
	return mapped(all, func(r planner.Reason) planner.Reason {
		return planner.Reason{Code: r.Code, Text: n.reason(r), Origin: n.origin(r.Origin)}
	})
}

func (n *names) origin(o schema.Origin) schema.Origin {
	o.File = n.text(o.File)
	return o
}

// finding keeps the class of a finding and its place. The rest quotes whatever
// the finding is about.
func (n *names) finding(d schema.Diagnostic) schema.Diagnostic {
	return schema.Diagnostic{
		Severity: d.Severity, Code: d.Code, Summary: n.text(d.Summary), App: d.App,
		Object: n.text(d.Object), Origin: n.origin(d.Origin),
		Detail: "The details are left out; \"rollcall explain-code " + string(d.Code) + "\" says what this means.",
	}
}

// policy leaves out the messages, which are somebody's own words.
func (n *names) policy(r planner.PolicyResult) planner.PolicyResult {
	return planner.PolicyResult{
		Address: schema.Address(n.text(string(r.Address))), Severity: r.Severity, Passed: r.Passed, Failures: r.Failures, Origin: n.origin(r.Origin),
	}
}

// Difference returns d, and what became of the policies, with pseudonyms; both
// stay as they are.
func (r *Redactor) Difference(d *planner.Difference, policies []planner.PolicyResult) (*planner.Difference, []planner.PolicyResult) {
	n := newNames(r)
	n.addDifference(d)
	n.finish()
	return n.difference(d), mapped(policies, n.policy)
}

func (n *names) difference(d *planner.Difference) *planner.Difference {
	access := func(c planner.AccessChange) planner.AccessChange {
		return planner.AccessChange{
			Key: n.text(c.Key), Login: n.person(c.Login), App: c.App, Group: c.Group,
			Before: n.reasons(c.Before), After: n.reasons(c.After),
		}
	}
	return &planner.Difference{
		Losses: mapped(d.Losses, access), Gains: mapped(d.Gains, access),
		Attributes: mapped(d.Attributes, n.attribute),
		Pushes: mapped(d.Pushes, func(p planner.PushChange) planner.PushChange {
			return planner.PushChange{App: p.App, Key: p.Key, Before: p.Before, After: p.After, Origin: n.origin(p.Origin)}
		}),
		Waivers: mapped(d.Waivers, func(w planner.WaiverChange) planner.WaiverChange {
			return planner.WaiverChange{
				Address: schema.Address(n.text(string(w.Address))), App: w.App, Begins: w.Begins, Ends: w.Ends, Guard: w.Guard, Limit: w.Limit,
				Protects: schema.Address(n.text(string(w.Protects))), Expires: w.Expires, Expired: w.Expired, Reason: leftOut, Origin: n.origin(w.Origin),
			}
		}),
		Stale: mapped(d.Stale, func(s planner.Stale) planner.Stale {
			return planner.Stale{Directory: s.Directory, Text: n.text(s.Text), Age: s.Age, MaxAge: s.MaxAge, Origin: n.origin(s.Origin)}
		}),
		Kept: mapped(d.Kept, func(k planner.Kept) planner.Kept {
			return planner.Kept{
				Key: n.text(k.Key), Login: n.person(k.Login), App: k.App,
				Before: n.reasons(k.Before), Left: n.reasons(k.Left), Through: n.reasons(k.Through),
			}
		}),
		Withheld: mapped(d.Withheld, func(w planner.WithheldChange) planner.WithheldChange {
			return planner.WithheldChange{
				Key: n.text(w.Key), Login: n.person(w.Login), App: w.App, Group: w.Group, Begins: w.Begins, Origin: n.origin(w.Origin),
			}
		}),
	}
}

func (n *names) attribute(a planner.AttributeChange) planner.AttributeChange {
	return planner.AttributeChange{
		Key: n.text(a.Key), Login: n.person(a.Login), App: a.App, Path: n.text(a.Path),
		Before: valueOf(a.Before, valueBefore), After: valueOf(a.After, valueAfter), Origin: n.origin(a.Origin),
	}
}
