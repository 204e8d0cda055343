package planfile

import (
	"encoding/json"
	"fmt"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/internal/wire"
	"github.com/rollcall-dev/rollcall/schema"
)

// each maps items through f. The result is never nil, so that it is [] in JSON.
func each[T, F any](items []T, f func(T) F) []F {
	out := make([]F, len(items))
	for i := range items {
		out[i] = f(items[i])
	}
	return out
}

// some is each, but nothing stays nil.
func some[T, F any](items []T, f func(T) F) []F {
	if len(items) == 0 {
		return nil
	}
	return each(items, f)
}

func toInputs(in planner.Inputs) inputs {
	return inputs{
		Config:      configInput(in.Config),
		Directories: each(in.Directories, toDirectory),
		State:       stateInput(in.State),
		Targets:     each(in.Targets, func(t planner.TargetInput) targetInput { return targetInput(t) }),
		Only:        in.Only,
		Variables:   some(in.Given, toVariable),
	}
}

func toVariable(v schema.GivenValue) variable {
	if v.Sensitive {
		return variable{Name: v.Name, Sensitive: true}
	}
	return variable{Name: v.Name, Value: json.RawMessage(v.Value)}
}

func fromVariable(v variable) schema.GivenValue {
	return schema.GivenValue{Name: v.Name, Value: string(v.Value), Sensitive: v.Sensitive}
}

func toDirectory(d planner.DirectoryInput) directoryInput {
	d.ReadAt, d.DatedAt = d.ReadAt.UTC(), d.DatedAt.UTC()
	return directoryInput(d)
}

func fromInputs(in inputs) planner.Inputs {
	return planner.Inputs{
		Config:      planner.ConfigInput(in.Config),
		Directories: some(in.Directories, fromDirectory),
		State:       planner.StateInput(in.State),
		Targets:     some(in.Targets, func(t targetInput) planner.TargetInput { return planner.TargetInput(t) }),
		Only:        in.Only,
		Given:       some(in.Variables, fromVariable),
	}
}

func fromDirectory(d directoryInput) planner.DirectoryInput {
	d.ReadAt, d.DatedAt = d.ReadAt.UTC(), d.DatedAt.UTC()
	return planner.DirectoryInput(d)
}

func toChange(c *planner.Change) change {
	return change{
		ID: c.ID, App: c.App, Kind: c.Kind, Key: c.Key, Name: c.Name, RemoteID: c.RemoteID,
		Action: c.Action, Wave: c.Wave, Needs: each(c.Needs, same[string]), Requests: c.Requests,
		Before: wire.Values(c.Before), After: wire.Values(c.After),
		Members: toNames(c.Members), MemberRefs: toRefs(c.Members),
		Reasons: each(c.Reasons, toReason),
		Base:    c.Base, Drift: c.Drift, ReportOnly: c.ReportOnly, Link: toLink(c.Link),
	}
}

func same[T any](v T) T { return v }

func fromChange(c *change) (planner.Change, error) {
	members, err := fromMembers(c.Members, c.MemberRefs)
	if err != nil {
		return planner.Change{}, fmt.Errorf("change %q: %w", c.ID, err)
	}
	return planner.Change{
		ID: c.ID, App: c.App, Kind: c.Kind, Key: c.Key, Name: c.Name, RemoteID: c.RemoteID,
		Action: c.Action, Wave: c.Wave, Needs: some(c.Needs, same[string]), Requests: c.Requests,
		Before: c.Before, After: c.After, Members: members,
		Reasons: some(c.Reasons, fromReason),
		Base:    c.Base, Drift: c.Drift, ReportOnly: c.ReportOnly, Link: fromLink(c.Link),
	}, nil
}

func toReason(r planner.Reason) reason {
	return reason{Code: r.Code, Text: r.Text, Origin: wire.Origin(r.Origin)}
}

func fromReason(r reason) planner.Reason {
	return planner.Reason{Code: r.Code, Text: r.Text, Origin: schema.Origin(r.Origin)}
}

func toLink(l planner.Link) link {
	return link{
		Identity: l.Identity, Name: l.Name, Active: l.Active, Additive: l.Additive, FromApp: l.FromApp,
		ExternalID: l.ExternalID, Source: l.Source, Push: l.Push, OnUnpush: l.OnUnpush,
		OnUnassign: l.OnUnassign, Pushed: l.Pushed, From: l.From, Origin: wire.Origin(l.Origin),
		Known: wire.Values(l.Known), KnownMembers: l.KnownMembers,
		Protected: l.Protected, Lost: l.Lost, Gone: l.Gone, Taken: l.Taken, Terms: wire.Terms(l.Terms),
	}
}

func fromLink(l link) planner.Link {
	return planner.Link{
		Identity: l.Identity, Name: l.Name, Active: l.Active, Additive: l.Additive, FromApp: l.FromApp,
		ExternalID: l.ExternalID, Source: l.Source, Push: l.Push, OnUnpush: l.OnUnpush,
		OnUnassign: l.OnUnassign, Pushed: l.Pushed, From: l.From, Origin: schema.Origin(l.Origin),
		Known: l.Known, KnownMembers: l.KnownMembers,
		Protected: l.Protected, Lost: l.Lost, Gone: l.Gone, Taken: l.Taken, Terms: planner.Terms(l.Terms),
	}
}

func toNames(m planner.MemberChanges) names {
	name := func(m planner.Member) string { return m.Name }
	return names{Add: each(m.Add, name), Remove: each(m.Remove, name)}
}

func toRefs(m planner.MemberChanges) refs {
	return refs{Add: some(m.Add, toRef), Remove: some(m.Remove, toRef)}
}

func toRef(m planner.Member) ref { return ref{Key: m.Key, RemoteID: m.RemoteID, Change: m.Change} }

// fromMembers joins the names with what apply needs of each.
func fromMembers(n names, r refs) (planner.MemberChanges, error) {
	if len(n.Add) != len(r.Add) || len(n.Remove) != len(r.Remove) {
		return planner.MemberChanges{}, fmt.Errorf("members and member_refs have different lengths")
	}
	return planner.MemberChanges{Add: joinMembers(n.Add, r.Add), Remove: joinMembers(n.Remove, r.Remove)}, nil
}

func joinMembers(names []string, refs []ref) []planner.Member {
	var out []planner.Member
	for i, r := range refs {
		out = append(out, planner.Member{Name: names[i], Key: r.Key, RemoteID: r.RemoteID, Change: r.Change})
	}
	return out
}

func toDrift(d *planner.Drift) drift {
	return drift{
		App: d.App, Kind: d.Kind, Key: d.Key, Name: d.Name, RemoteID: d.RemoteID, What: d.What,
		Before: wire.Values(d.Before), After: wire.Values(d.After),
		Members: toNames(d.Members), MemberRefs: toRefs(d.Members),
	}
}

func fromDrift(d *drift) (planner.Drift, error) {
	members, err := fromMembers(d.Members, d.MemberRefs)
	if err != nil {
		return planner.Drift{}, fmt.Errorf("drift of %q: %w", d.Name, err)
	}
	return planner.Drift{
		App: d.App, Kind: d.Kind, Key: d.Key, Name: d.Name, RemoteID: d.RemoteID, What: d.What,
		Before: d.Before, After: d.After, Members: members,
	}, nil
}

// appendWithheld adds w in the form of withheld. There may be millions of them,
// and by reflection each would take five times as long.
func appendWithheld(b []byte, w *planner.Withheld) ([]byte, error) {
	b = wire.AppendString(append(b, `{"app":`...), w.App)
	b = wire.AppendString(append(b, `,"group":`...), w.Group)
	b = wire.AppendString(append(b, `,"login":`...), w.Login)
	b = wire.AppendString(append(b, `,"missing":`...), w.Missing)
	return append(wire.Origin(w.Origin).AppendMembers(b), '}'), nil
}

func fromWithheld(w *withheld) (planner.Withheld, error) {
	return planner.Withheld{
		App: w.App, Group: w.Group, Login: w.Login, Missing: w.Missing, Origin: schema.Origin(w.Origin),
	}, nil
}

func toFinding(d *schema.Diagnostic) finding {
	return finding{
		Code: d.Code, Severity: d.Severity, Summary: d.Summary, Detail: d.Detail,
		Origin: wire.Origin(d.Origin), Secret: d.Secret, Suggestion: d.Suggestion, App: d.App, Object: d.Object,
		Related: some(d.Related, func(r schema.Related) related {
			return related{Message: r.Message, Origin: wire.Origin(r.Origin)}
		}),
		Values: some(d.Values, func(v schema.Stated) stated { return stated(v) }),
	}
}

func fromFinding(f *finding) (schema.Diagnostic, error) {
	return schema.Diagnostic{
		Code: f.Code, Severity: f.Severity, Summary: f.Summary, Detail: f.Detail,
		Origin: schema.Origin(f.Origin), Secret: f.Secret, Suggestion: f.Suggestion, App: f.App, Object: f.Object,
		Related: some(f.Related, func(r related) schema.Related {
			return schema.Related{Message: r.Message, Origin: schema.Origin(r.Origin)}
		}),
		Values: some(f.Values, func(v stated) schema.Stated { return schema.Stated(v) }),
	}, nil
}

func toHeld(h *planner.Held) held { return held(*h) }

func fromHeld(h *held) (planner.Held, error) { return planner.Held(*h), nil }

func toGuard(g *planner.GuardResult) guard {
	return guard{
		App: g.App, Code: g.Code, Count: g.Count, Earlier: g.Earlier, Allowed: g.Allowed, Owned: g.Owned, Object: g.Object,
		Blocked: g.Blocked, Waiver: string(g.Waiver), Reason: g.Reason, Expires: g.Expires.UTC(), Origin: wire.Origin(g.Origin),
	}
}

func fromGuard(g *guard) (planner.GuardResult, error) {
	return planner.GuardResult{
		App: g.App, Code: g.Code, Count: g.Count, Earlier: g.Earlier, Allowed: g.Allowed, Owned: g.Owned, Object: g.Object,
		Blocked: g.Blocked, Waiver: schema.Address(g.Waiver), Reason: g.Reason, Expires: g.Expires.UTC(), Origin: schema.Origin(g.Origin),
	}, nil
}

func toPolicy(r *planner.PolicyResult) policy {
	return policy{
		Address: r.Address, Severity: r.Severity, Passed: r.Passed, Failures: r.Failures,
		Messages: each(r.Messages, same[string]), Origin: wire.Origin(r.Origin),
	}
}

func fromPolicy(r *policy) (planner.PolicyResult, error) {
	return planner.PolicyResult{
		Address: r.Address, Severity: r.Severity, Passed: r.Passed, Failures: r.Failures,
		Messages: some(r.Messages, same[string]), Origin: schema.Origin(r.Origin),
	}, nil
}

func toSummary(s planner.Summary) summary {
	return summary{
		Users: orEmpty(s.Users), Groups: orEmpty(s.Groups), Members: memberCount(s.Members),
		Add: s.Add, Change: s.Change, Destroy: s.Destroy, Requests: s.Requests, Rate: s.Rate,
	}
}

func orEmpty(m map[planner.Action]int) map[planner.Action]int {
	if m == nil {
		return map[planner.Action]int{}
	}
	return m
}

func fromSummary(s summary) planner.Summary {
	return planner.Summary{
		Users: s.Users, Groups: s.Groups, Members: planner.MemberCount(s.Members),
		Add: s.Add, Change: s.Change, Destroy: s.Destroy, Requests: s.Requests, Rate: s.Rate,
	}
}
