package planfile_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/planfile"
	"github.com/rollcall-dev/rollcall/schema"
)

// example has one of everything that the format knows.
func example() *planner.Plan {
	p := firstForm()
	p.Inputs.Directories[0].Members = 4
	p.Changes[0].Link.Protected = true
	fill := &p.Changes[1].Link
	fill.Lost, fill.Gone, fill.Taken = 2, true, true
	p.Changes = append(p.Changes, planner.Change{
		ID: "twingate/app/app.twingate/update", App: "twingate", Kind: planner.KindApp, Key: "app.twingate", Name: "twingate",
		Action: planner.Update, Wave: 5,
		Before: []schema.Value{{Path: "guard.max_removals", Value: "25%"}}, After: []schema.Value{{Path: "guard.max_removals", Value: "40"}},
		Link: planner.Link{Terms: planner.Terms{
			MaxDeactivations: schema.Limit{Share: true, Value: 10}, MaxRemovals: schema.Limit{Value: 40}, Floor: 3, Window: 24 * time.Hour,
		}},
	})
	p.Guards = append(p.Guards, planner.GuardResult{
		App: "twingate", Code: "protected", Count: 1, Earlier: 1, Object: "user.alice", Waiver: "waiver.w", Reason: "replaced",
		Expires: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC),
	})
	d := &p.Inputs.Directories[0]
	d.DatedAt, d.DatedBy = time.Date(2026, 11, 1, 23, 0, 0, 0, time.UTC), "exported_at"
	return p
}

// firstForm is what the format could say before anything was added to it.
func firstForm() *planner.Plan {
	return &planner.Plan{
		AsOf: time.Date(2026, 11, 2, 9, 30, 0, 0, time.UTC), Complete: true, Applyable: true,
		Fingerprint: "rc1:00ff",
		Inputs: planner.Inputs{
			Config:  planner.ConfigInput{Commit: "4bd6782", Dirty: true, Digest: "d1"},
			State:   planner.StateInput{Lineage: "lineage-1", Serial: 7},
			Targets: []planner.TargetInput{{Address: "target.twingate.corp", Identity: "https://acme.twingate.com", Dialect: "twingate", Users: 3, Groups: 1, Requests: 2}},
			Directories: []planner.DirectoryInput{{
				Address: "directory.file.hr", Digest: "d2", Users: 2, ReadAt: time.Date(2026, 11, 2, 9, 29, 0, 5, time.UTC),
			}},
		},
		Changes: []planner.Change{createAlice(), fillGroup()},
		Drift: []planner.Drift{{
			App: "twingate", Kind: planner.KindUser, Key: "user.bob", Name: "bob@acme.com", RemoteID: "u2", What: "changed",
			Before:  []schema.Value{{Path: "active", Value: true}},
			After:   []schema.Value{{Path: "active", Value: false}},
			Members: planner.MemberChanges{Add: []planner.Member{{Name: "u9", RemoteID: "u9"}}},
		}},
		Withheld: []planner.Withheld{{App: "twingate", Group: "Engineering", Login: "eve@acme.com", Missing: "assigned", Origin: schema.Origin{File: "a.hcl", Line: 2}}},
		Held:     []planner.Held{{App: "twingate", Kind: planner.KindGroup, Key: "group.x", Name: "X", Code: "name-collision"}},
		Findings: schema.Diagnostics{{
			Severity: schema.Warning, Code: "push-member-unassigned", Summary: "a summary", Detail: "A detail, <b>.",
			Origin: schema.Origin{File: "a.hcl", Line: 2, Column: 3, EndLine: 2, EndColumn: 9}, Suggestion: "s",
			Related: []schema.Related{{Message: "first here", Origin: schema.Origin{File: "b.hcl", Line: 1}}},
			App:     "twingate", Object: "group.engineering",
		}},
		Guards: []planner.GuardResult{{App: "twingate", Code: "max-removals", Count: 1, Allowed: 3, Owned: 9, Blocked: true, Origin: schema.Origin{File: "a.hcl", Line: 9}}},
		Summary: planner.Summary{
			Users: map[planner.Action]int{planner.Create: 1}, Groups: map[planner.Action]int{planner.Update: 1},
			Members: planner.MemberCount{Add: 1, Remove: 1}, Add: 1, Change: 1, Requests: 2, Rate: 2.5,
		},
	}
}

func createAlice() planner.Change {
	return planner.Change{
		ID: "twingate/user/user.alice/create", App: "twingate", Kind: planner.KindUser, Key: "user.alice",
		Name: "alice@acme.com", Action: planner.Create, Wave: 2, Requests: 1,
		After: []schema.Value{
			{Path: "active", Value: true},
			{Path: `emails[type eq "work"].value`, Value: "alice@acme.com"},
			{Path: "name.givenName", Value: "Älice \"A\" \u2028"},
			{Path: "title"},
		},
		Base:    "absent",
		Reasons: []planner.Reason{{Code: "assigned-by-group", Text: "in Engineering", Origin: schema.Origin{File: "access.hcl", Line: 12}}},
		Link: planner.Link{
			ExternalID: "alice@acme.com", Source: planner.SourceGroup, OnUnassign: schema.UnassignKeep, From: "user.al",
			Origin: schema.Origin{File: "people.hcl", Line: 4}, Known: []schema.Value{{Path: "title", Value: nil}},
		},
	}
}

func fillGroup() planner.Change {
	return planner.Change{
		ID: "twingate/group/group.engineering/update", App: "twingate", Kind: planner.KindGroup, Key: "group.engineering",
		Name: "Engineering", RemoteID: "g1", Action: planner.Update, Wave: 4, Requests: 1, Drift: true,
		Needs: []string{"twingate/user/user.alice/create"},
		Members: planner.MemberChanges{
			Add:    []planner.Member{{Name: "alice@acme.com", Key: "user.alice", Change: "twingate/user/user.alice/create"}},
			Remove: []planner.Member{{Name: "u9", RemoteID: "u9"}},
		},
		ReportOnly: true,
		Link:       planner.Link{Identity: "https://acme.twingate.com", Name: "Engineering", Active: true, Additive: true, FromApp: "vpn", Push: "push_group.engineering", OnUnpush: schema.UnpushEmpty, Pushed: true, KnownMembers: []string{"u2"}},
	}
}

func encode(t testing.TB, p *planner.Plan) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := planfile.Encode(&b, p, planfile.Meta{RollcallVersion: "0.1.0"}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestPlanComesBackAsItWas(t *testing.T) {
	t.Parallel()
	got, meta, err := planfile.Decode(bytes.NewReader(encode(t, example())))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(got, example()); d != "" {
		t.Errorf("plan (-got +want):\n%s", d)
	}
	if d := cmp.Diff(meta, planfile.Meta{RollcallVersion: "0.1.0"}); d != "" {
		t.Errorf("meta (-got +want):\n%s", d)
	}
}
