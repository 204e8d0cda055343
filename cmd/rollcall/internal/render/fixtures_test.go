package render

import (
	"time"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/schema"
)

var now = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

func at(file string, line uint32) schema.Origin {
	return schema.Origin{File: file, Line: line, Column: 1, EndLine: line, EndColumn: 9}
}

func value(path string, v any) schema.Value { return schema.Value{Path: path, Value: v} }

func member(login string) planner.Member {
	return planner.Member{Name: login, Key: "user." + login, RemoteID: "id-" + login}
}

const longFingerprint = "rc1:9f31c2d0a7e49f31c2d0a7e49f31c2d0a7e49f31c2d0a7e49f31c2d0a7e49f31"

func inputs() planner.Inputs {
	return planner.Inputs{
		Config: planner.ConfigInput{Commit: "4c1f2a9d3b6e5f708192a3b4c5d6e7f801234567"},
		Directories: []planner.DirectoryInput{{
			Address: "directory.file.hr", Users: 412, Groups: 57, ReadAt: now.Add(-3*time.Hour - 12*time.Minute),
		}},
		Targets: []planner.TargetInput{{
			Address: "target.twingate.corp", Dialect: "twingate", Users: 3, Groups: 1, Requests: 4,
		}},
	}
}

// seedPlan is the first troubleshooting story: a group is pushed, but neither
// it nor its members are assigned.
func seedPlan() *planner.Plan {
	return &planner.Plan{
		AsOf: now, Complete: true, Applyable: true, Fingerprint: "rc1:9f31c2d0a7e4", Inputs: inputs(),
		Changes: []planner.Change{{
			ID: "twingate/group/group.engineering/create", App: "twingate", Kind: planner.KindGroup,
			Key: "group.engineering", Name: "Engineering", Action: planner.Create, Wave: 3, Requests: 1,
			After:   []schema.Value{value("displayName", "Engineering")},
			Reasons: []planner.Reason{{Code: "pushed", Text: "pushed by push_group.engineering", Origin: at("access.hcl", 20)}},
		}},
		Withheld: []planner.Withheld{
			{App: "twingate", Group: "Engineering", Login: "alice@acme.com", Missing: "assigned", Origin: at("people.hcl", 9)},
			{App: "twingate", Group: "Engineering", Login: "bob@acme.com", Missing: "assigned", Origin: at("people.hcl", 9)},
		},
		Findings: schema.Diagnostics{{
			Severity: schema.Warning, Code: "push-member-unassigned", App: "twingate", Object: "push_group.engineering",
			Summary: "Members of a pushed group are not assigned",
			Detail: "2 members of group.engineering are not assigned to app.twingate, so they are not pushed: " +
				"a group push carries only people who have the app. Assign the group to the app " +
				"(groups = [group.engineering] in an assignment), or take them out of the group.",
			Origin: at("access.hcl", 20),
		}},
		Guards: []planner.GuardResult{
			{App: "twingate", Code: "max-deactivations", Count: 0, Allowed: 3, Owned: 3},
			{App: "twingate", Code: "max-removals", Count: 0, Allowed: 3, Owned: 4},
		},
		Summary: planner.Summary{
			Groups: map[planner.Action]int{planner.Create: 1}, Add: 1, Requests: 1, Rate: 10,
		},
	}
}

// mixedPlan has every action, drift, a held object and a rename.
func mixedPlan() *planner.Plan {
	p := &planner.Plan{AsOf: now, Complete: true, Applyable: true, Fingerprint: longFingerprint, Inputs: inputs()}
	p.Inputs.Config.Dirty = true
	p.Changes = mixedChanges()
	p.Drift = []planner.Drift{
		{App: "twingate", Kind: planner.KindUser, Key: "user.bob", Name: "bob@acme.com", RemoteID: "u2", What: "changed",
			Before: []schema.Value{value("active", true)}, After: []schema.Value{value("active", false)}},
		{App: "twingate", Kind: planner.KindGroup, Key: "group.data", Name: "Data Team", RemoteID: "g2", What: "member-added",
			Members: planner.MemberChanges{Add: []planner.Member{{Name: "mallory@acme.com", RemoteID: "u66"}}}},
	}
	p.Held = []planner.Held{{App: "twingate", Kind: planner.KindUser, Key: "user.kim", Name: "kim@acme.com", Code: "ambiguous-match"}}
	p.Findings = schema.Diagnostics{
		{Severity: schema.Error, Code: "ambiguous-match", App: "twingate", Object: "user.kim",
			Summary: "Two accounts match one person", Detail: "externalId names one account, userName another.", Origin: at("people.hcl", 40)},
		{Severity: schema.Info, Code: "adopted", App: "twingate", Object: "user.dan",
			Summary: "An existing account is adopted", Detail: "dan@acme.com has an account already; it is ours from now on.", Origin: at("people.hcl", 31)},
	}
	p.Guards = []planner.GuardResult{{App: "twingate", Code: "max-deactivations", Count: 1, Allowed: 3, Owned: 30}}
	p.Summary = planner.Summary{
		Users: map[planner.Action]int{planner.Create: 1, planner.AdoptIt: 1, planner.Update: 1, planner.Reactivate: 1, planner.Deactivate: 1},
		Groups: map[planner.Action]int{
			planner.Update: 2, planner.Empty: 1, planner.Delete: 1, planner.Release: 1},
		Members: planner.MemberCount{Add: 1, Remove: 3}, Add: 2, Change: 5, Destroy: 3, Requests: 190, Rate: 2.5,
	}
	return p
}

func mixedChanges() []planner.Change {
	user := func(login string, a planner.Action, c planner.Change) planner.Change {
		c.App, c.Kind, c.Key, c.Name, c.Action = "twingate", planner.KindUser, "user."+login, login+"@acme.com", a
		c.ID, c.Requests = "twingate/user/"+c.Key+"/"+string(a), 1
		return c
	}
	group := func(name string, a planner.Action, c planner.Change) planner.Change {
		c.App, c.Kind, c.Key, c.Name, c.Action = "twingate", planner.KindGroup, "group."+name, name, a
		c.ID, c.RemoteID, c.Requests = "twingate/group/"+c.Key+"/"+string(a), "g-"+name, 1
		return c
	}
	state := user("gus", planner.Update, planner.Change{Wave: 2,
		Before:  []schema.Value{value("source", "USER")},
		After:   []schema.Value{value("source", "GROUP")},
		Reasons: []planner.Reason{{Code: "assigned-by-group", Text: "assigned by group.platform", Origin: at("access.hcl", 12)}}})
	state.Requests = 0
	rename := group("Infra", planner.Update, planner.Change{Wave: 3,
		Before:  []schema.Value{value("displayName", "Infra")},
		After:   []schema.Value{value("displayName", "Platform")},
		Reasons: []planner.Reason{{Code: "renamed", Text: "group.platform has a new name", Origin: at("people.hcl", 30)}}})
	members := group("Infra", planner.Update, planner.Change{Wave: 4,
		Members: planner.MemberChanges{Add: []planner.Member{member("bob@acme.com")}, Remove: []planner.Member{member("erin@acme.com")}},
		Link:    planner.Link{KnownMembers: []string{"id-erin@acme.com", "u7", "u8"}},
		Reasons: []planner.Reason{
			{Code: "rule", Text: "bob@acme.com matches a rule of group.platform", Origin: at("people.hcl", 37)},
			{Code: "no-assignment", Text: "erin@acme.com is not assigned any more"}}})
	members.ID += "/members"
	return []planner.Change{
		user("erin", planner.Deactivate, planner.Change{Wave: 1, RemoteID: "u1",
			Before: []schema.Value{value("active", true)}, After: []schema.Value{value("active", false)},
			Reasons: []planner.Reason{{Code: "no-assignment",
				Text: "no assignment leads to erin@acme.com any more: she left group.platform, which was her only way to the app", Origin: at("people.hcl", 32)}}}),
		user("breakglass", planner.Create, planner.Change{Wave: 2,
			After: []schema.Value{value("active", true), value("emails[type eq \"work\"].value", "breakglass@acme.com"),
				value("externalId", "breakglass@acme.com"), value("name.familyName", "Glass"), value("name.givenName", "Break"),
				value(enterprise+"department", "Security"), value("userName", "breakglass@acme.com")},
			Reasons: []planner.Reason{{Code: "assigned-directly", Text: "assigned directly by assignment.breakglass", Origin: at("twingate.hcl", 6)}}}),
		user("dan", planner.AdoptIt, planner.Change{Wave: 2, RemoteID: "u9",
			Before:  []schema.Value{value("active", false), value("externalId", nil)},
			After:   []schema.Value{value("active", true), value("externalId", "dan@acme.com")},
			Reasons: []planner.Reason{{Code: "matched-by-user-name", Text: "the account has the same userName"}}}),
		user("alice", planner.Update, planner.Change{Wave: 2, RemoteID: "u3", Drift: true,
			Before: []schema.Value{value("emails[type eq \"work\"].value", "alice.nguyen@engineering.acme.com"), value("name.familyName", "Nguyen"), value("title", "Lead")},
			After:  []schema.Value{value("emails[type eq \"work\"].value", "alice.ng@engineering.acme.com"), value("name.familyName", "Ng"), value("nickName", "Al")}}),
		user("bob", planner.Reactivate, planner.Change{Wave: 2, RemoteID: "u2",
			Before: []schema.Value{value("active", false)}, After: []schema.Value{value("active", true)},
			Reasons: []planner.Reason{{Code: "assigned-by-group", Text: "assigned by group.platform", Origin: at("access.hcl", 12)}}}),
		state,
		rename, members,
		group("Legacy VPN", planner.Delete, planner.Change{Wave: 5,
			Members: planner.MemberChanges{Remove: []planner.Member{member("erin@acme.com")}},
			Reasons: []planner.Reason{{Code: "unpushed", Text: "its push_group block is gone, on_unpush = \"delete\"", Origin: at("twingate.hcl", 49)}}}),
		group("Old", planner.Empty, planner.Change{Wave: 5,
			Members: planner.MemberChanges{Remove: []planner.Member{member("zoe@acme.com")}},
			Reasons: []planner.Reason{{Code: "unpushed", Text: "its push_group block is gone", Origin: at("twingate.hcl", 55)}}}),
		group("Partners", planner.Release, planner.Change{Wave: 5,
			Reasons: []planner.Reason{{Code: "removed", Text: "removed with on_remove = \"release\"", Origin: at("twingate.hcl", 60)}}}),
	}
}

// emptyPlan has nothing to do.
func emptyPlan() *planner.Plan {
	return &planner.Plan{AsOf: now, Complete: true, Applyable: true, Fingerprint: "rc1:00", Inputs: inputs()}
}

// offlinePlan was made without reading a target.
func offlinePlan() *planner.Plan {
	p := seedPlan()
	p.Complete, p.Applyable = false, false
	p.Inputs.Targets[0].Requests = 0
	return p
}

// blockedPlan takes away more than a guard allows.
func blockedPlan() *planner.Plan {
	p := emptyPlan()
	p.Applyable = false
	for _, login := range []string{"ann@acme.com", "ben@acme.com"} {
		p.Changes = append(p.Changes, planner.Change{
			ID: login, App: "twingate", Kind: planner.KindUser, Key: "user." + login, Name: login, RemoteID: "u-" + login,
			Action: planner.Deactivate, Wave: 1, Requests: 1,
			Before:  []schema.Value{value("active", true)},
			After:   []schema.Value{value("active", false)},
			Reasons: []planner.Reason{{Code: "gone", Text: "the person is not declared any more, last in", Origin: at("people.hcl", 3)}},
		})
	}
	p.Findings = schema.Diagnostics{{
		Severity: schema.Guarded, Code: "max-deactivations", App: "twingate", Object: "app.twingate",
		Summary: "The plan deactivates more accounts than the guard allows",
		Detail:  "2 of 10 accounts would be deactivated and 1 may be. If this is meant, add a waiver for it, or raise max_deactivations.",
		Origin:  at("access.hcl", 3),
	}}
	p.Guards = []planner.GuardResult{
		{App: "twingate", Code: "max-deactivations", Count: 2, Allowed: 1, Owned: 10, Blocked: true, Origin: at("access.hcl", 3)},
		{App: "twingate", Code: "max-removals", Allowed: 3, Owned: 20, Waiver: "waiver.audit", Reason: "the yearly review takes many out",
			Expires: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)},
	}
	p.Summary = planner.Summary{Users: map[planner.Action]int{planner.Deactivate: 2}, Destroy: 2, Requests: 2}
	return p
}

// hostile is a name with everything that must not reach a terminal as it is.
const hostile = "eve\x1b[2J\r\n\u202egpj.\u200b\u00a0\"|`@all<b>\xff\U000e0041\\"

// hostilePlan has a hostile name wherever a name can stand.
func hostilePlan() *planner.Plan {
	p := mixedPlan()
	for i := range p.Changes {
		c := &p.Changes[i]
		c.App, c.Name, c.Key, c.RemoteID = hostile, hostile, c.Key+hostile, hostile
		c.Before = append(c.Before, value("zz"+hostile, hostile))
		c.After = append(c.After, value("zz"+hostile, map[string]any{hostile: hostile}))
		c.Members.Add = append(c.Members.Add, member(hostile))
		c.Reasons = append(c.Reasons, planner.Reason{Code: "x", Text: hostile, Origin: at(hostile, 1)})
	}
	for i := range p.Drift {
		p.Drift[i].App, p.Drift[i].Name, p.Drift[i].Key = hostile, hostile, hostile
	}
	p.Withheld = []planner.Withheld{{App: hostile, Group: hostile, Login: hostile, Missing: hostile, Origin: at(hostile, 2)}}
	p.Held = []planner.Held{{App: hostile, Name: hostile, Code: "conflict"}}
	p.Findings = append(p.Findings, schema.Diagnostic{
		Severity: schema.Warning, Code: "x", Summary: hostile, Detail: hostile, App: hostile, Object: hostile,
		Suggestion: hostile, Related: []schema.Related{{Origin: at(hostile, 3), Message: hostile}},
	})
	p.Guards = append(p.Guards, planner.GuardResult{App: hostile, Code: "protected", Blocked: true, Object: hostile, Waiver: hostile, Reason: hostile, Origin: at(hostile, 4)})
	p.Fingerprint, p.Inputs.Config.Commit = hostile, hostile
	p.Inputs.Directories[0].Address, p.Inputs.Targets[0].Address = hostile, hostile
	return p
}
