package planner

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rollcall-dev/rollcall/schema"
)

// check runs a property over random worlds.
func check(t *testing.T, property func(*rapid.T, world)) {
	t.Helper()
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) { property(rt, drawWorld(rt)) })
}

func equal(t *rapid.T, what string, got, want any) {
	t.Helper()
	if diff := gocmp.Diff(got, want); diff != "" {
		t.Fatalf("%s: got -, want +\n%s", what, diff)
	}
}

func remoteOf(in Input) *Remote { return in.Remotes[targetAddress] }

func TestApplyEndsWhereTheContractSays(t *testing.T) {
	check(t, func(t *rapid.T, w world) {
		want := newNaive(w.cfg, w.in).expected()
		equal(t, "end state", pictureOf(remoteOf(applied(w.in, mustCompute(t, w.in)))), want)
	})
}

func TestPlanAfterApplyIsEmpty(t *testing.T) {
	check(t, func(t *rapid.T, w world) {
		again := mustCompute(t, applied(w.in, mustCompute(t, w.in)))
		equal(t, "second plan", changeLines(&Plan{Changes: again.Changes}), []string(nil))
	})
}

// A crash, a cancel or a refusal may end an apply anywhere; answers may be lost.
func TestAnyPrefixOfAnApplyCanBeResumed(t *testing.T) {
	check(t, func(t *rapid.T, w world) {
		plan := mustCompute(t, w.in)
		want := pictureOf(remoteOf(applied(w.in, plan)))
		part := *plan
		part.Changes = plan.Changes[:rapid.IntRange(0, len(plan.Changes)).Draw(t, "done")]
		in := applied(w.in, &part)
		if len(part.Changes) < len(plan.Changes) && rapid.Bool().Draw(t, "answer lost") {
			in = unanswered(in, plan.Changes[len(part.Changes)])
		}
		rest := mustCompute(t, in)
		equal(t, "end state", pictureOf(remoteOf(applied(in, rest))), want)
	})
}

// unanswered carries c out at the target and records nothing but the intent.
func unanswered(in Input, c Change) Input {
	if c.Action == Create {
		in.State = cloneState(in.State)
		in.State.Intents = []Intent{{App: c.App, Kind: string(c.Kind), Key: c.Key, Name: c.Name, ExternalID: c.Link.ExternalID}}
	}
	in.Remotes = map[schema.Address]*Remote{targetAddress: Simulate(remoteOf(in), settle(c))}
	return in
}

func TestNoPrefixGivesWhatNeitherBeginningNorEndHas(t *testing.T) {
	check(t, func(t *rapid.T, w world) {
		plan := mustCompute(t, w.in)
		before, after := pictureOf(remoteOf(w.in)), pictureOf(remoteOf(applied(w.in, plan)))
		r := remoteOf(w.in)
		for _, c := range plan.Changes {
			r = Simulate(r, settle(c))
			now := pictureOf(r)
			for id, g := range now.Groups {
				for m := range g.Members {
					if !before.Groups[id].Members[m] && !after.Groups[id].Members[m] {
						t.Fatalf("after %s, %s is in %s", c.ID, m, id)
					}
				}
			}
			for id, u := range now.Users {
				if u.Active && !before.Users[id].Active && !after.Users[id].Active {
					t.Fatalf("after %s, %s is active", c.ID, id)
				}
			}
		}
	})
}

func TestNothingUnownedIsTouched(t *testing.T) {
	check(t, func(t *rapid.T, w world) {
		plan := mustCompute(t, w.in)
		owned := make(map[string]bool)
		for _, a := range w.in.State.Apps {
			for i := range a.Users {
				owned[a.Users[i].RemoteID] = true
			}
			for i := range a.Groups {
				owned[a.Groups[i].RemoteID] = true
			}
		}
		for i := range plan.Changes {
			c := &plan.Changes[i]
			if c.Action == AdoptIt || c.RemoteID == "" {
				owned[c.RemoteID] = true
				continue
			}
			if !owned[c.RemoteID] {
				t.Fatalf("%s touches %s, which is not ours", c.ID, c.RemoteID)
			}
		}
	})
}

func TestEveryChangeHasAReasonWithAPlace(t *testing.T) {
	check(t, func(t *rapid.T, w world) {
		for _, c := range mustCompute(t, w.in).Changes {
			if len(c.Reasons) == 0 {
				t.Fatalf("%s has no reason", c.ID)
			}
			for _, r := range c.Reasons {
				if r.Code == "" || r.Text == "" || !r.Origin.Known() {
					t.Fatalf("%s has the reason %+v", c.ID, r)
				}
			}
		}
	})
}

func TestOrderOfDeclarationsDoesNotMatter(t *testing.T) {
	check(t, func(t *rapid.T, w world) {
		want := mustCompute(t, w.in)
		other := *w.cfg
		other.Groups = slices.Clone(w.cfg.Groups)
		for i := range other.Groups {
			other.Groups[i].Members = slices.Clone(other.Groups[i].Members)
			slices.Reverse(other.Groups[i].Members)
			other.Groups[i].IncludeGroups = slices.Clone(other.Groups[i].IncludeGroups)
			slices.Reverse(other.Groups[i].IncludeGroups)
		}
		slices.Reverse(other.Groups)
		other.Users = slices.Clone(w.cfg.Users)
		slices.Reverse(other.Users)
		other.PushGroups = slices.Clone(w.cfg.PushGroups)
		slices.Reverse(other.PushGroups)
		got := mustCompute(t, w.input(t, &other, w.in.State, remoteOf(w.in)))
		equal(t, "fingerprint", got.Fingerprint, want.Fingerprint)
		equal(t, "plan computed twice", mustCompute(t, w.in), want)
	})
}

// withDirect is the configuration with one more direct assignment.
func withDirect(cfg *schema.Config, u schema.Address) *schema.Config {
	more := *cfg
	more.Assignments = append(slices.Clone(cfg.Assignments), schema.Assignment{
		Address: "assignment.more", App: "app.x", Priority: 1, Origin: origin("more.hcl", 1),
		Users: []schema.UserRef{{Address: u, Origin: origin("more.hcl", 1)}},
	})
	return &more
}

func TestMoreAssignmentNeverTakesAway(t *testing.T) {
	check(t, func(t *rapid.T, w world) {
		if len(w.cfg.Users) == 0 {
			return
		}
		u := rapid.SampledFrom(w.cfg.Users).Draw(t, "who")
		less := pictureOf(remoteOf(applied(w.in, mustCompute(t, w.in))))
		in := w.input(t, withDirect(w.cfg, u.Address), w.in.State, remoteOf(w.in))
		more := pictureOf(remoteOf(applied(in, mustCompute(t, in))))
		for id, account := range less.Users {
			if account.Active && !more.Users[id].Active {
				t.Fatalf("%s loses its activity", id)
			}
		}
		for id, g := range less.Groups {
			for m := range g.Members {
				if !more.Groups[id].Members[m] {
					t.Fatalf("%s leaves %s", m, id)
				}
			}
		}
	})
}

func TestDirectAssignmentOutlivesEveryGroup(t *testing.T) {
	check(t, func(t *rapid.T, w world) {
		if len(w.cfg.Users) == 0 {
			return
		}
		u := rapid.SampledFrom(w.cfg.Users).Draw(t, "who")
		cfg := withDirect(w.cfg, u.Address)
		for i := range cfg.Groups {
			cfg.Groups = slices.Clone(cfg.Groups)
			cfg.Groups[i].Members, cfg.Groups[i].Rules = nil, nil
		}
		for _, c := range mustCompute(t, w.input(t, cfg, w.in.State, remoteOf(w.in))).Changes {
			gone := c.Action == Deactivate || c.Action == Delete
			if c.Key == string(u.Address) && gone && u.Status != schema.Deprovisioned && u.Status != schema.Suspended {
				t.Fatalf("%s, although assigned directly", c.ID)
			}
		}
	})
}

func TestPushAloneGivesNobodyAnAccount(t *testing.T) {
	check(t, func(t *rapid.T, w world) {
		cfg := *w.cfg
		cfg.Assignments = nil
		in := w.input(t, &cfg, w.in.State, remoteOf(w.in))
		plan := mustCompute(t, in)
		withheld := 0
		for i := range in.Desired.Apps[0].Pushes {
			withheld += len(in.Desired.Groups[in.Desired.Apps[0].Pushes[i].Group].Members)
		}
		equal(t, "withheld", len(plan.Withheld), withheld)
		for _, c := range plan.Changes {
			if c.Kind == KindUser && (c.Action == Create || c.Action == AdoptIt || c.Action == Reactivate) || len(c.Members.Add) > 0 {
				t.Fatalf("%s without any assignment", c.ID)
			}
		}
	})
}

func TestAccountsAreDeletedOnlyWhereTheAppSaysSo(t *testing.T) {
	check(t, func(t *rapid.T, w world) {
		deletes := mustCompute(t, w.in).Summary.Users[Delete]
		if w.cfg.Apps[0].OnUnassign != schema.UnassignDelete && deletes > 0 {
			t.Fatalf("%d accounts deleted", deletes)
		}
	})
}

func TestChangesComeAfterWhatTheyNeed(t *testing.T) {
	check(t, func(t *rapid.T, w world) {
		plan := mustCompute(t, w.in)
		done := make(map[string]bool)
		for i := range plan.Changes {
			c := &plan.Changes[i]
			needs := slices.Clone(c.Needs)
			for _, m := range c.Members.Add {
				if m.RemoteID == "" {
					needs = append(needs, m.Change)
				}
			}
			for _, id := range needs {
				if !done[id] {
					t.Fatalf("%s comes before %s", c.ID, id)
				}
			}
			if i > 0 && plan.Changes[i-1].Wave > c.Wave {
				t.Fatalf("%s comes late", c.ID)
			}
			done[c.ID] = true
		}
	})
}

func TestNothingIsWrittenThatIsThereAlready(t *testing.T) {
	check(t, func(t *rapid.T, w world) {
		plan := mustCompute(t, w.in)
		seen := make(map[string]bool)
		for _, c := range plan.Changes {
			for i := range c.After {
				path := c.ID + c.After[i].Path
				if len(c.Before) > i && c.Before[i].Path == c.After[i].Path && same(c.Before[i].Value, c.After[i].Value) || seen[path] {
					t.Fatalf("%s writes %s for nothing", c.ID, c.After[i].Path)
				}
				seen[path] = true
			}
			for _, m := range slices.Concat(c.Members.Add, c.Members.Remove) {
				member := string(c.Kind) + c.Key + "/" + cmp.Or(m.RemoteID, m.Change)
				if seen[member] {
					t.Fatalf("%s moves %s twice", c.ID, m.Name)
				}
				seen[member] = true
			}
		}
	})
}

func TestEditOfOnePersonChangesOnlyEntriesAboutThem(t *testing.T) {
	check(t, func(t *rapid.T, w world) {
		if len(w.cfg.Users) == 0 {
			return
		}
		i := rapid.IntRange(0, len(w.cfg.Users)-1).Draw(t, "who")
		cfg := *w.cfg
		cfg.Users = slices.Clone(w.cfg.Users)
		u := &cfg.Users[i]
		u.Profile = append([]schema.Attribute{{Name: "first_name", Value: "Edited"}}, u.Profile...)
		before := byID(mustCompute(t, w.in))
		after := byID(mustCompute(t, w.input(t, &cfg, w.in.State, remoteOf(w.in))))
		for _, id := range slices.Concat(sortedKeys(before), sortedKeys(after)) {
			if !strings.Contains(id, string(u.Address)+"/") {
				equal(t, id, after[id], before[id])
			}
		}
	})
}

func byID(p *Plan) map[string]Change {
	m := make(map[string]Change)
	for _, c := range p.Changes {
		m[c.ID] = c
	}
	return m
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func TestWhoComesBackHasTheSameAccount(t *testing.T) {
	check(t, func(t *rapid.T, w world) {
		cfg := *w.cfg
		cfg.Apps = slices.Clone(cfg.Apps)
		cfg.Apps[0].OnUnassign, cfg.Apps[0].Provisioning = schema.UnassignDeactivate, schema.DefaultProvisioning
		cfg.Users = slices.Clone(cfg.Users)
		for i := range cfg.Users {
			cfg.Users[i].Status = schema.Active // who is SUSPENDED is not brought back
		}
		in := w.input(t, &cfg, w.in.State, remoteOf(w.in))
		plan := mustCompute(t, in)
		if len(plan.Held) > 0 {
			return // what is held back does not come back either
		}
		there := applied(in, plan)
		nobody := cfg
		nobody.Assignments = nil
		in = w.input(t, &nobody, there.State, remoteOf(there))
		away := applied(in, mustCompute(t, in))
		in = w.input(t, &cfg, away.State, remoteOf(away))
		back := mustCompute(t, in)
		equal(t, "creates on return", back.Summary.Users[Create], 0)
		equal(t, "accounts", pictureOf(remoteOf(applied(in, back))).Users, pictureOf(remoteOf(there)).Users)
	})
}

func TestCaseOfALoginDoesNotMatter(t *testing.T) {
	check(t, func(t *rapid.T, w world) {
		there := applied(w.in, mustCompute(t, w.in))
		cfg := *w.cfg
		cfg.Users = slices.Clone(w.cfg.Users)
		for i := range cfg.Users {
			cfg.Users[i].Login = strings.ToUpper(cfg.Users[i].Login)
		}
		for _, c := range mustCompute(t, w.input(t, &cfg, there.State, remoteOf(there))).Changes {
			if c.Kind == KindUser && c.Action != Update {
				t.Fatalf("%s after a change of case", c.ID)
			}
		}
	})
}

func TestDriftDoesNotDependOnWhatIsDesired(t *testing.T) {
	check(t, func(t *rapid.T, w world) {
		nothing := &schema.Config{Targets: w.cfg.Targets, Apps: w.cfg.Apps}
		other := w.input(t, nothing, w.in.State, remoteOf(w.in))
		equal(t, "drift", mustCompute(t, other).Drift, mustCompute(t, w.in).Drift)
	})
}

func TestNoDriftRightAfterAnApply(t *testing.T) {
	check(t, func(t *rapid.T, w world) {
		cfg := *w.cfg
		cfg.Apps = slices.Clone(cfg.Apps)
		cfg.Apps[0].Provisioning = schema.DefaultProvisioning
		cfg.PushGroups = slices.Clone(cfg.PushGroups)
		for i := range cfg.PushGroups {
			cfg.PushGroups[i].Inactive = false
		}
		in := w.input(t, &cfg, w.in.State, remoteOf(w.in))
		plan := mustCompute(t, in)
		if len(plan.Held) > 0 {
			return
		}
		in = applied(in, plan)
		for _, d := range DriftOf(in.State, in.Remotes) {
			suspended := slices.ContainsFunc(cfg.Users, func(u schema.User) bool {
				return string(u.Address) == d.Key && (u.Status == schema.Suspended || cfg.Apps[0].OnUnassign == schema.UnassignKeep)
			})
			if !suspended {
				t.Fatalf("drift: %+v", d)
			}
		}
	})
}

func TestGuardBlocksAtEverySmallerLimitToo(t *testing.T) {
	check(t, func(t *rapid.T, w world) {
		free := mustCompute(t, w.in)
		blocked := false
		for limit := worldPeople + 1; limit >= 0; limit-- {
			cfg := *w.cfg
			cfg.Apps = slices.Clone(cfg.Apps)
			cfg.Apps[0].Guard.MaxDeactivations = schema.Limit{Value: float64(limit)}
			plan := mustCompute(t, w.input(t, &cfg, w.in.State, remoteOf(w.in)))
			equal(t, "changes under a guard", changeLines(withoutTerms(plan)), changeLines(withoutTerms(free)))
			taken := plan.Summary.Users[Deactivate] + plan.Summary.Users[Delete]
			equal(t, "blocked", !plan.Applyable, taken > 0 && taken+foundGone(plan) > limit)
			if blocked && plan.Applyable {
				t.Fatalf("blocked above, and not at %d", limit)
			}
			blocked = !plan.Applyable
		}
	})
}

// foundGone counts accounts of ours that somebody else deactivated or deleted.
func foundGone(p *Plan) int {
	n := 0
	for _, c := range p.Changes {
		if c.Kind == KindUser && (c.Link.Gone || c.Requests == 0 && lookup(c.Before, pathActive) == true && lookup(c.After, pathActive) == false) {
			n++
		}
	}
	return n
}

// withoutTerms leaves out that the state will have other limits.
func withoutTerms(p *Plan) *Plan {
	other := *p
	other.Changes = slices.DeleteFunc(slices.Clone(p.Changes), func(c Change) bool { return c.Kind == KindApp })
	return &other
}

func TestFingerprintFollowsWhatIsTouchedAndNothingElse(t *testing.T) {
	check(t, func(t *rapid.T, w world) {
		plan := mustCompute(t, w.in)
		touched := make(map[string]bool)
		for _, c := range plan.Changes {
			touched[c.RemoteID] = true
		}
		u := rapid.SampledFrom(remoteOf(w.in).Users).Draw(t, "account")
		edited := Simulate(remoteOf(w.in), Change{
			Kind: KindUser, Action: Update, RemoteID: u.ID, Requests: 1, After: []schema.Value{{Path: "nickName", Value: "x"}},
		})
		again := mustCompute(t, w.input(t, w.cfg, w.in.State, edited))
		equal(t, "fingerprint changed", again.Fingerprint != plan.Fingerprint, touched[u.ID])
	})
}

func TestSizeOfRequestsDoesNotChangeTheEnd(t *testing.T) {
	check(t, func(t *rapid.T, w world) {
		want := pictureOf(remoteOf(applied(w.in, mustCompute(t, w.in))))
		for _, caps := range []Capabilities{
			{Dialect: "one", Members: MembersFull, MembersPerRequest: 1},
			{Dialect: "put", Members: MembersFull, PutMembers: true},
			{Dialect: "post", Members: MembersFull, CreateWithMembers: true},
		} {
			other := w
			other.caps = caps
			r := *remoteOf(w.in)
			r.Capabilities = caps
			in := other.input(t, w.cfg, w.in.State, &r)
			equal(t, "end with "+caps.Dialect, pictureOf(remoteOf(applied(in, mustCompute(t, in)))), want)
		}
	})
}

func TestIncompleteReadGivesNoPlan(t *testing.T) {
	check(t, func(t *rapid.T, w world) {
		r := *remoteOf(w.in)
		r.Complete = false
		in := w.in
		in.Remotes = map[schema.Address]*Remote{targetAddress: &r}
		if p, err := Compute(in); err == nil {
			t.Fatalf("a plan with %d changes from an incomplete read", len(p.Changes))
		}
	})
}

func TestReleasedObjectsNeverComeBackByThemselves(t *testing.T) {
	check(t, func(t *rapid.T, w world) {
		cfg := *w.cfg
		gone := schema.Address("user.u0")
		cfg.Users = slices.DeleteFunc(slices.Clone(cfg.Users), func(u schema.User) bool { return u.Address == gone })
		cfg.Groups = slices.Clone(cfg.Groups)
		without := func(refs []schema.UserRef) []schema.UserRef {
			return slices.DeleteFunc(slices.Clone(refs), func(r schema.UserRef) bool { return r.Address == gone })
		}
		for i := range cfg.Groups {
			cfg.Groups[i].Members = without(cfg.Groups[i].Members)
		}
		cfg.Assignments = slices.Clone(cfg.Assignments)
		for i := range cfg.Assignments {
			cfg.Assignments[i].Users = without(cfg.Assignments[i].Users)
		}
		cfg.Removed = []schema.Removed{{From: gone, OnRemove: "release", Origin: origin("removed.hcl", 1)}}
		in := w.input(t, &cfg, w.in.State, remoteOf(w.in))
		plan := mustCompute(t, in)
		for _, c := range plan.Changes {
			if c.Kind == KindUser && c.Key == string(gone) && c.Action != Release {
				t.Fatalf("%s of an account that is let go", c.ID)
			}
		}
		cfg.Removed = nil
		done := applied(in, plan)
		for _, c := range mustCompute(t, w.input(t, &cfg, done.State, remoteOf(done))).Changes {
			if c.Key == string(gone) {
				t.Fatalf("%s after it was let go", c.ID)
			}
		}
	})
}

func TestLeaveAndDeleteDifferOnlyInTheGroupsEnd(t *testing.T) {
	check(t, func(t *rapid.T, w world) {
		verb := func(v schema.OnUnpush) *Plan {
			s := cloneState(w.in.State)
			for i := range s.Apps {
				for j := range s.Apps[i].Groups {
					s.Apps[i].Groups[j].OnUnpush = v
				}
			}
			cfg := *w.cfg
			cfg.PushGroups = nil
			p := mustCompute(t, w.input(t, &cfg, s, remoteOf(w.in)))
			p.Changes = slices.DeleteFunc(p.Changes, func(c Change) bool { return c.Kind == KindGroup && c.Wave == 5 })
			return p
		}
		equal(t, "all but the groups' end", verb(schema.UnpushLeave).Changes, verb(schema.UnpushDelete).Changes)
	})
}

// declares reports whether a block of that address is there.
func declares(cfg *schema.Config, a schema.Address) bool {
	return slices.ContainsFunc(cfg.Users, func(u schema.User) bool { return u.Address == a }) ||
		slices.ContainsFunc(cfg.Groups, func(g schema.Group) bool { return g.Address == a }) ||
		slices.ContainsFunc(cfg.Apps, func(b schema.App) bool { return b.Address == a })
}

// A state, moved, adopt and removed blocks and open intents may say anything;
// the plan that comes of it, if any, still leaves nothing for a second one.
func TestPlanFromAnyPastConvergesOrIsRefused(t *testing.T) {
	check(t, func(t *rapid.T, w world) {
		cfg := *w.cfg
		keys := rapid.SampledFrom([]schema.Address{
			"user.u0", "user.u1", "user.u2", "user.new", "group.g0", "group.g1", "group.new", "push_group.g0", "app.x", "app.gone",
		})
		ids := rapid.SampledFrom([]string{"a0", "a1", "s0", "b0", "z", "nothing", "x-user/user.u0"})
		place := origin("blocks.hcl", 1)
		for range rapid.IntRange(0, 3).Draw(t, "moved") {
			m := schema.Moved{From: keys.Draw(t, "from"), To: keys.Draw(t, "to"), Origin: place}
			if !declares(&cfg, m.From) {
				cfg.Moved = append(cfg.Moved, m)
			}
		}
		for range rapid.IntRange(0, 2).Draw(t, "adopts") {
			cfg.Adopts = append(cfg.Adopts, schema.Adopt{To: keys.Draw(t, "adopter"), ID: ids.Draw(t, "adopted"), Origin: place})
		}
		for range rapid.IntRange(0, 2).Draw(t, "removed") {
			verb := rapid.SampledFrom([]string{"release", "delete", "keep", "leave", "empty", "deactivate"}).Draw(t, "verb")
			cfg.Removed = append(cfg.Removed, schema.Removed{From: keys.Draw(t, "removed key"), OnRemove: verb, Origin: place})
		}
		in := w.input(t, &cfg, cloneState(w.in.State), remoteOf(w.in))
		for range rapid.IntRange(0, 2).Draw(t, "intents") {
			i := Intent{App: "x", Kind: "user", Key: string(keys.Draw(t, "intent")), Name: rapid.SampledFrom([]string{"u0@x.com", "stranger0@x.com"}).Draw(t, "name")}
			if strings.HasPrefix(i.Key, "user.") {
				in.State.Intents = append(in.State.Intents, i)
			}
		}
		for i := range in.State.Apps {
			for j := range in.State.Apps[i].Users {
				if rapid.IntRange(0, 5).Draw(t, "garbled") == 0 {
					in.State.Apps[i].Users[j].RemoteID = ids.Draw(t, "garbled id")
				}
			}
		}
		plan, err := Compute(in)
		if err != nil || len(plan.Held) > 0 {
			return // refused: two entries for one object; or what is held back may go on now
		}
		after := applied(in, plan)
		again := mustCompute(t, after)
		if len(again.Changes) > 0 {
			t.Fatalf("first %q, then %q", changeLines(plan), changeLines(again))
		}
	})
}
