package render

import (
	"errors"
	"io"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/providers/scim"
	"github.com/rollcall-dev/rollcall/schema"
)

func TestDriftIsAsInItsGolden(t *testing.T) {
	t.Parallel()
	drifts := append(mixedPlan().Drift,
		planner.Drift{App: "twingate", Kind: planner.KindGroup, Key: "group.old", Name: "Old", What: "deleted"},
		planner.Drift{App: "twingate", Kind: planner.KindGroup, Key: "group.dark", Name: "Dark", What: "unknown"})
	blocked := &planner.Plan{Drift: drifts[:1], Findings: schema.Diagnostics{
		{Severity: schema.Guarded, Code: "policy-failed", Summary: "Policy does not hold", Detail: "Nobody leaves on a Friday.", Origin: at("p.hcl", 3)},
		{Severity: schema.Warning, Code: "policy-failed", Summary: "Policy does not hold", Detail: "This blocks nothing.", Origin: at("p.hcl", 9)},
	}}
	for name, d := range map[string]*planner.Plan{
		"some": {Drift: drifts, Applyable: true}, "none": {}, "hostile": hostilePlan(), "blocked": blocked,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := rendered(t, func(w io.Writer) error { return Drift(w, d, nil, Style{}) })
			golden(t, "drift_"+name+".txt", got)
			wantHarmless(t, got)
		})
	}
}

// explanation is the seed's first story, asked about bob.
func explanation() *planner.Explanation {
	return &planner.Explanation{
		Key: "user.bob", Login: "bob@acme.com", Status: "ACTIVE", Origin: at("people.hcl", 7),
		Answers: []planner.Answer{
			{Address: "app.twingate", App: "twingate",
				Reasons: []planner.Reason{{Code: "no-assignment", Text: "no assignment reaches bob@acme.com", Origin: at("people.hcl", 7)}},
				EditSets: [][]planner.Edit{
					{{Op: "add", Address: "assignment.staff", Argument: "users", Value: schema.UserRef{Address: "user.bob"}, Origin: at("access.hcl", 9)}},
					{{Op: "declare", Address: "assignment", Value: schema.Assignment{
						Address: "assignment.bob", App: "app.twingate", Users: []schema.UserRef{{Address: "user.bob"}},
					}}},
				}},
			{Address: "group.engineering", Name: "Engineering", Holds: true,
				Reasons: []planner.Reason{{Code: "member-of-group", Text: "bob@acme.com is a member of group.engineering", Origin: at("people.hcl", 20)}},
				Search:  planner.SearchMore,
				EditSets: [][]planner.Edit{{
					{Op: "remove", Address: "group.engineering", Argument: "members", Value: schema.UserRef{Address: "user.bob"}, Origin: at("people.hcl", 20)},
					{Op: "remove", Address: `directory.file.hr.groups["Engineering"]`, Argument: "members", Value: schema.UserRef{Login: "bob@acme.com"}, Origin: at("people.csv", 2)},
				}}},
			{Address: "push_group.engineering", App: "twingate", Name: "Engineering",
				Reasons: []planner.Reason{
					{Code: "withheld", Text: "bob@acme.com is in group.engineering, which is pushed, but only people who have the app are pushed with it", Origin: at("access.hcl", 14)},
					{Code: "no-assignment", Text: "no assignment reaches bob@acme.com", Origin: at("people.hcl", 7)}},
				EditSets: [][]planner.Edit{{{Op: "set", Address: "push_group.engineering", Argument: "status", Value: "active", Origin: at("access.hcl", 14)}}}},
		},
	}
}

func TestExplainIsAsInItsGolden(t *testing.T) {
	t.Parallel()
	got := rendered(t, func(w io.Writer) error { return Explain(w, explanation(), Style{}) })
	golden(t, "explain.txt", got)
	wantNarrow(t, got, 80)
	golden(t, "explain.json", rendered(t, func(w io.Writer) error { return ExplainJSON(w, explanation(), nil) }))
}

func TestExplainOfHostileNamesIsHarmless(t *testing.T) {
	t.Parallel()
	e := &planner.Explanation{Key: hostile, Login: hostile, Status: hostile, Origin: at(hostile, 1)}
	for _, address := range []string{"app.", "group.", "push_rule."} {
		e.Answers = append(e.Answers, planner.Answer{Address: address + hostile, App: hostile, Name: hostile,
			Reasons: []planner.Reason{{Text: hostile, Origin: at(hostile, 1)}},
			EditSets: [][]planner.Edit{{
				{Op: "declare", Address: hostile, Value: schema.Assignment{Address: "assignment." + hostile, App: hostile, Users: []schema.UserRef{{Address: hostile}}}},
				{Op: "add", Address: hostile, Argument: hostile, Value: hostile, Origin: at(hostile, 1)},
				{Op: "set", Address: "directory." + hostile, Argument: hostile, Value: schema.UserRef{Login: hostile}, Origin: at(hostile, 1)},
			}}, Search: planner.SearchEnd(hostile)})
	}
	wantHarmless(t, rendered(t, func(w io.Writer) error { return Explain(w, e, Style{}) }))
	wantHarmless(t, rendered(t, func(w io.Writer) error { return ExplainJSON(w, e, nil) }))
}

// accessEntries are people of two apps, one of them with a hostile name.
func accessEntries() []planner.AccessEntry {
	return []planner.AccessEntry{
		{App: "twingate", Login: "alice@acme.com", Key: "user.alice", Source: planner.SourceUser, Origin: at("access.hcl", 3)},
		{App: "twingate", Login: "alice@acme.com", Key: "user.alice", Group: "Engineering", Source: planner.SourceUser, Origin: at("access.hcl", 14)},
		{App: "twingate", Login: "bob@acme.com", Key: "user.bob", Group: "Engineering", Missing: "assigned", Origin: at("access.hcl", 14)},
		{App: "vpn", Login: "=cmd()|" + hostile, Key: "user.eve", Source: planner.SourceGroup, Origin: at("vpn.hcl", 2)},
	}
}

func TestAccessIsAsInItsGoldens(t *testing.T) {
	t.Parallel()
	forms := map[string]func(io.Writer) error{
		"access.txt":      func(w io.Writer) error { return Access(w, accessEntries(), Style{}) },
		"access_none.txt": func(w io.Writer) error { return Access(w, nil, Style{}) },
		"access.json":     func(w io.Writer) error { return AccessJSON(w, accessEntries()) },
		"access.csv":      func(w io.Writer) error { return AccessCSV(w, accessEntries()) },
		"access.md":       func(w io.Writer) error { return AccessMarkdown(w, accessEntries()) },
	}
	for name, form := range forms {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := rendered(t, form)
			golden(t, name, got)
			wantHarmless(t, got)
		})
	}
}

func TestTargetReportIsAsInItsGolden(t *testing.T) {
	t.Parallel()
	good := &scim.Report{
		Identity: "https://acme.twingate.com/api/scim/v2", Dialect: "twingate", SkewKnown: true, Skew: 2 * time.Second,
		Elapsed: 120 * time.Millisecond, Users: scim.ListReport{Total: 412}, Groups: scim.ListReport{Total: -1},
		Filters: []scim.FilterReport{
			{Kind: "Users", Attribute: "userName", Works: true},
			{Kind: "Users", Attribute: "externalId"},
			{Kind: "Groups", Attribute: "displayName", Err: errors.New("GET /Groups: status 400 (invalidFilter)")},
		},
		Discovery:    scim.Discovery{Offered: true, Patch: true, ETag: true, Filter: true, MaxResults: 200, Bulk: true, Cursor: true, Index: true},
		Capabilities: planner.Capabilities{Members: planner.MembersCapped, MemberCap: 100, GroupNamesNotUnique: true}, Requests: 6,
	}
	poor := &scim.Report{Identity: "https://scim.example.com", Dialect: "scim", SkewKnown: true, Skew: -5 * time.Minute,
		Groups: scim.ListReport{Err: errors.New("GET /Groups: status 404")}, Requests: 1}
	for name, report := range map[string]*scim.Report{"good": good, "poor": poor} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := rendered(t, func(w io.Writer) error { return TargetReport(w, "target.scim.corp", report, Style{}) })
			golden(t, "check_"+name+".txt", got)
			wantNarrow(t, got, 80)
		})
	}
}
