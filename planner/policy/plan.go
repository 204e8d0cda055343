package policy

import (
	"time"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/schema"
)

// planRecord returns the value `plan`: the plan's JSON document without what
// only an apply needs. Every key is always there: what the document leaves out
// is empty, false or zero.
func planRecord(p *planner.Plan) *schema.Record {
	return &schema.Record{Names: schema.PlanNames(), Get: func(name string) any {
		switch name {
		case "as_of":
			return p.AsOf.UTC().Format(time.RFC3339)
		case "complete":
			return p.Complete
		case "changes":
			return list(len(p.Changes), changeNames, func(i int, name string) any { return changeField(&p.Changes[i], name) })
		case "drift":
			return list(len(p.Drift), driftNames, func(i int, name string) any { return driftField(&p.Drift[i], name) })
		case "withheld":
			return list(len(p.Withheld), withheldNames, func(i int, name string) any { return withheldField(&p.Withheld[i], name) })
		case "held":
			return list(len(p.Held), heldNames, func(i int, name string) any { return heldField(&p.Held[i], name) })
		case "findings":
			return list(len(p.Findings), findingNames, func(i int, name string) any { return findingField(&p.Findings[i], name) })
		case "guards":
			return list(len(p.Guards), guardNames, func(i int, name string) any { return guardField(&p.Guards[i], name) })
		case "summary":
			return summary(&p.Summary)
		}
		return nil
	}}
}

var changeNames = []string{
	"id", "app", "kind", "key", "name", "remote_id", "action", "wave", "needs", "requests",
	"before", "after", "members", "reasons", "drift", "report_only",
}

func changeField(c *planner.Change, name string) any {
	switch name {
	case "id":
		return c.ID
	case "app":
		return c.App
	case "kind":
		return string(c.Kind)
	case "key":
		return c.Key
	case "name":
		return c.Name
	case "remote_id":
		return c.RemoteID
	case "action":
		return string(c.Action)
	case "wave":
		return float64(c.Wave)
	case "needs":
		return c.Needs
	case "requests":
		return float64(c.Requests)
	case "before":
		return byPath(c.Before)
	case "after":
		return byPath(c.After)
	case "members":
		return members(c.Members)
	case "reasons":
		return reasons(c.Reasons)
	case "drift":
		return c.Drift
	}
	return c.ReportOnly
}

// byPath is an object of attributes.
func byPath(values []schema.Value) map[string]any {
	out := make(map[string]any, len(values))
	for _, v := range values {
		out[v.Path] = v.Value
	}
	return out
}

func members(m planner.MemberChanges) map[string]any {
	return map[string]any{"add": memberNames(m.Add), "remove": memberNames(m.Remove)}
}

func memberNames(members []planner.Member) []string {
	out := make([]string, len(members))
	for i := range members {
		out[i] = members[i].Name
	}
	return out
}

func reasons(all []planner.Reason) []any {
	out := make([]any, len(all))
	for i, r := range all {
		out[i] = map[string]any{"code": r.Code, "text": r.Text, "file": r.Origin.File, "line": float64(r.Origin.Line)}
	}
	return out
}

var driftNames = []string{"app", "kind", "key", "name", "remote_id", "what", "before", "after", "members"}

func driftField(d *planner.Drift, name string) any {
	switch name {
	case "app":
		return d.App
	case "kind":
		return string(d.Kind)
	case "key":
		return d.Key
	case "name":
		return d.Name
	case "remote_id":
		return d.RemoteID
	case "what":
		return d.What
	case "before":
		return byPath(d.Before)
	case "after":
		return byPath(d.After)
	}
	return members(d.Members)
}

var withheldNames = []string{"app", "group", "login", "missing", "file", "line"}

func withheldField(w *planner.Withheld, name string) any {
	switch name {
	case "app":
		return w.App
	case "group":
		return w.Group
	case "login":
		return w.Login
	case "missing":
		return w.Missing
	}
	return place(w.Origin, name)
}

var heldNames = []string{"app", "kind", "key", "name", "code"}

func heldField(h *planner.Held, name string) any {
	switch name {
	case "app":
		return h.App
	case "kind":
		return string(h.Kind)
	case "key":
		return h.Key
	case "name":
		return h.Name
	}
	return string(h.Code)
}

var findingNames = []string{"code", "severity", "summary", "detail", "app", "object", "file", "line"}

func findingField(d *schema.Diagnostic, name string) any {
	switch name {
	case "code":
		return string(d.Code)
	case "severity":
		return string(d.Severity)
	case "summary":
		return d.Summary
	case "detail":
		return d.Detail
	case "app":
		return d.App
	case "object":
		return d.Object
	}
	return place(d.Origin, name)
}

var guardNames = []string{"app", "code", "count", "allowed", "owned", "blocked", "waiver", "reason", "file", "line"}

func guardField(g *planner.GuardResult, name string) any {
	switch name {
	case "app":
		return g.App
	case "code":
		return string(g.Code)
	case "count":
		return float64(g.Count)
	case "allowed":
		return float64(g.Allowed)
	case "owned":
		return float64(g.Owned)
	case "blocked":
		return g.Blocked
	case "waiver":
		return string(g.Waiver)
	case "reason":
		return g.Reason
	}
	return place(g.Origin, name)
}

// The actions that a summary counts, also where there are none.
var (
	userActions  = []planner.Action{planner.Create, planner.AdoptIt, planner.Update, planner.Reactivate, planner.Deactivate, planner.Delete, planner.Release}
	groupActions = []planner.Action{planner.Create, planner.AdoptIt, planner.Update, planner.Empty, planner.Delete, planner.Release}
)

func summary(s *planner.Summary) map[string]any {
	return map[string]any{
		"users": counts(s.Users, userActions), "groups": counts(s.Groups, groupActions),
		"members": map[string]any{"add": float64(s.Members.Add), "remove": float64(s.Members.Remove)},
		"add":     float64(s.Add), "change": float64(s.Change), "destroy": float64(s.Destroy),
		"requests": float64(s.Requests), "rate": s.Rate,
	}
}

func counts(n map[planner.Action]int, actions []planner.Action) map[string]any {
	out := make(map[string]any, len(actions))
	for _, a := range actions {
		out[string(a)] = float64(n[a])
	}
	return out
}
