package planner

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/rollcall-dev/rollcall/schema"
)

func TestFingerprintHasOneForm(t *testing.T) {
	t.Parallel()
	whole := Fingerprint(nil)
	if !IsFingerprint(whole) {
		t.Errorf("%q is no fingerprint", whole)
	}
	for _, wrong := range []string{
		"", "rc1:", strings.TrimPrefix(whole, "rc1:"), strings.ToUpper(whole), whole[:len(whole)-1], whole + "0",
		"rc2:" + whole[4:], whole[:len(whole)-1] + "g", " " + whole, whole + "\n", "rc1:…",
	} {
		if IsFingerprint(wrong) {
			t.Errorf("%q is taken for a fingerprint", wrong)
		}
	}
}

// Between a review and the apply of what was reviewed, time passes, comments
// are edited, and others make objects that are none of ours.
func TestFingerprintSurvivesPlanningAgain(t *testing.T) {
	check(t, func(t *rapid.T, w world) {
		want := mustCompute(t, w.in)
		cfg := moved(w.cfg, rapid.IntRange(1, 1000).Draw(t, "lines"))
		r := withStrangers(remoteOf(w.in), rapid.IntRange(0, 3).Draw(t, "strangers"))
		r.Requests += rapid.IntRange(0, 50).Draw(t, "requests")
		in := w.input(t, cfg, w.in.State, r)
		in.Desired.AsOf = asOf.Add(time.Duration(rapid.IntRange(1, 1e6).Draw(t, "seconds")) * time.Second)
		in.Inputs = Inputs{Config: ConfigInput{Commit: "c0ffee", Digest: "another"}, Targets: []TargetInput{{Requests: r.Requests}}}
		equal(t, "fingerprint", mustCompute(t, in).Fingerprint, want.Fingerprint)
	})
}

// moved is cfg with every block in another file, further down.
func moved(cfg *schema.Config, lines int) *schema.Config {
	next := *cfg
	move := func(o *schema.Origin) { o.File, o.Line = "moved/"+o.File, o.Line+uint32(lines) }
	next.Apps = slices.Clone(cfg.Apps)
	for i := range next.Apps {
		move(&next.Apps[i].Origin)
	}
	next.Users = slices.Clone(cfg.Users)
	for i := range next.Users {
		move(&next.Users[i].Origin)
	}
	next.Groups = slices.Clone(cfg.Groups)
	for i := range next.Groups {
		g := &next.Groups[i]
		move(&g.Origin)
		g.Members = slices.Clone(g.Members)
		for j := range g.Members {
			move(&g.Members[j].Origin)
		}
	}
	next.Assignments = slices.Clone(cfg.Assignments)
	for i := range next.Assignments {
		move(&next.Assignments[i].Origin)
	}
	next.PushGroups = slices.Clone(cfg.PushGroups)
	for i := range next.PushGroups {
		move(&next.PushGroups[i].Origin)
	}
	return &next
}

// withStrangers is r with n more accounts and groups that nobody declares.
func withStrangers(r *Remote, n int) *Remote {
	next := *r
	next.Users, next.Groups = slices.Clone(r.Users), slices.Clone(r.Groups)
	for i := range n {
		next.Users = append(next.Users, RemoteUser{ID: fmt.Sprintf("~%d", i), UserName: fmt.Sprintf("stranger%d@x.com", i), Active: true})
		next.Groups = append(next.Groups, RemoteGroup{
			ID: fmt.Sprintf("~%d", i), DisplayName: fmt.Sprintf("Strangers %d", i),
			MembersKnown: true, Members: []uint32{uint32(len(next.Users) - 1)},
		})
	}
	return &next
}

// accountDrifts are ways in which an account may be changed outside.
var accountDrifts = map[string]Change{
	"attribute": {Action: Update, After: []schema.Value{{Path: "nickName", Value: "x"}}},
	"renamed":   {Action: Update, After: []schema.Value{{Path: pathUserName, Value: "outside@x.com"}}},
	"linked":    {Action: Update, After: []schema.Value{{Path: pathExternalID, Value: "outside"}}},
	"deleted":   {Action: Delete},
}

func TestFingerprintChangesWithEveryDriftOfAnAccountThatIsTouched(t *testing.T) {
	check(t, func(t *rapid.T, w world) {
		drift := accountDrifts[rapid.SampledFrom(sortedKeys(accountDrifts)).Draw(t, "drift")]
		drift.Kind = KindUser
		expectDrift(t, w, drift)
	})
}

func TestFingerprintChangesWhenAnAccountThatIsTouchedIsSwitchedOnOrOff(t *testing.T) {
	check(t, func(t *rapid.T, w world) {
		id, ok := touched(t, w, KindUser)
		if !ok {
			return
		}
		at, _ := remoteOf(w.in).UserAt(id)
		other := !remoteOf(w.in).Users[at].Active
		expectDriftOf(t, w, id, Change{Kind: KindUser, Action: Update, After: []schema.Value{{Path: pathActive, Value: other}}})
	})
}

// groupDrifts are ways in which a group may be changed outside.
var groupDrifts = map[string]Change{
	"renamed": {Action: Update, After: []schema.Value{{Path: pathDisplayName, Value: "Outside"}}},
	"deleted": {Action: Delete},
}

func TestFingerprintChangesWithEveryDriftOfAGroupThatIsTouched(t *testing.T) {
	check(t, func(t *rapid.T, w world) {
		drift := groupDrifts[rapid.SampledFrom(sortedKeys(groupDrifts)).Draw(t, "drift")]
		drift.Kind = KindGroup
		expectDrift(t, w, drift)
	})
}

func TestFingerprintChangesWithEveryMemberOfAGroupThatIsTouched(t *testing.T) {
	check(t, func(t *rapid.T, w world) {
		id, ok := touched(t, w, KindGroup)
		if !ok {
			return
		}
		r := remoteOf(w.in)
		at, _ := r.GroupAt(id)
		m := rapid.IntRange(0, len(r.Users)-1).Draw(t, "member")
		member := []Member{{RemoteID: r.Users[m].ID}}
		drift := Change{Kind: KindGroup, Action: Update, Members: MemberChanges{Add: member}}
		if slices.Contains(r.Groups[at].Members, uint32(m)) {
			drift.Members = MemberChanges{Remove: member}
		}
		expectDriftOf(t, w, id, drift)
	})
}

// touched draws an object that exists and that the plan of w changes.
func touched(t *rapid.T, w world, kind Kind) (id string, ok bool) {
	there := remoteOf(w.in).UserAt
	if kind == KindGroup {
		there = remoteOf(w.in).GroupAt
	}
	var ids []string
	for _, c := range mustCompute(t, w.in).Changes {
		if _, ok := there(c.RemoteID); ok && c.Kind == kind {
			ids = append(ids, c.RemoteID)
		}
	}
	if len(ids) == 0 {
		return "", false
	}
	return rapid.SampledFrom(ids).Draw(t, "touched"), true
}

func expectDrift(t *rapid.T, w world, drift Change) {
	t.Helper()
	if id, ok := touched(t, w, drift.Kind); ok {
		expectDriftOf(t, w, id, drift)
	}
}

// expectDriftOf fails unless drift of the object gives the plan another
// fingerprint.
func expectDriftOf(t *rapid.T, w world, id string, drift Change) {
	t.Helper()
	drift.RemoteID, drift.Requests = id, 1
	was := mustCompute(t, w.in).Fingerprint
	again := mustCompute(t, w.input(t, w.cfg, w.in.State, Simulate(remoteOf(w.in), drift)))
	if again.Fingerprint == was {
		t.Fatalf("the same fingerprint after %+v", drift)
	}
}
