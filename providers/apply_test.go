package providers_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/providers"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func mustApply(t *testing.T, plan *planner.Plan, opts providers.Options) *providers.Result {
	t.Helper()
	r, err := providers.Apply(t.Context(), plan, opts)
	if err != nil {
		t.Fatalf("Apply: %v", err)
	}
	return r
}

func TestMembersGetTheIDsThatTheirCreatesBrought(t *testing.T) {
	target := &script{}
	r := mustApply(t, planOf(createUser("ann"), memberChange("staff", []string{"+ann", "bob"}, nil)), optionsFor(target))
	want := []planner.Member{{Name: "ann", Change: "ann", RemoteID: "remote-ann"}, {Name: "bob", RemoteID: "remote-bob"}}
	if diff := cmp.Diff(want, target.sent["staff"].Members.Add); diff != "" {
		t.Errorf("members sent (-want +got):\n%s", diff)
	}
	if !r.Converged() {
		t.Errorf("not converged: %v", statuses(r))
	}
}

func TestFailedCreateHoldsBackThatMemberAlone(t *testing.T) {
	target := &script{answer: failing("ann", refused)}
	r := mustApply(t, planOf(
		createUser("ann"), createUser("bob"),
		memberChange("both", []string{"+ann", "+bob"}, nil),
		memberChange("only", []string{"+ann"}, nil),
	), optionsFor(target))

	want := []string{"ann failed", "bob done", "both done", "only skipped"}
	if diff := cmp.Diff(want, statuses(r)); diff != "" {
		t.Errorf("statuses (-want +got):\n%s", diff)
	}
	if got := target.sent["both"].Members.Add; len(got) != 1 || got[0].Name != "bob" {
		t.Errorf("members sent: got %v, want bob alone", got)
	}
	if got := r.Changes[2].Rejected; len(got) != 1 || got[0].Detail != "held back: taken" {
		t.Errorf("rejected members: got %v, want ann, held back", got)
	}
}

func TestNewGroupGoesOnWithoutTheMemberThatFailed(t *testing.T) {
	target := &script{answer: failing("ann", refused)}
	group := memberChange("staff", []string{"+ann"}, nil)
	group.Action, group.Wave, group.RemoteID = planner.Create, 3, ""
	r := mustApply(t, planOf(createUser("ann"), group), optionsFor(target))
	if diff := cmp.Diff([]string{"ann failed", "staff done"}, statuses(r)); diff != "" {
		t.Errorf("statuses (-want +got):\n%s", diff)
	}
	if got := target.sent["staff"].Members.Add; len(got) != 0 {
		t.Errorf("members sent: got %v, want none", got)
	}
}

func TestChangeOfANewGroupGetsTheGroupsID(t *testing.T) {
	target := &script{}
	made := memberChange("staff", nil, nil)
	made.Action, made.Wave, made.RemoteID = planner.Create, 3, ""
	filled := memberChange("staff", []string{"bob"}, nil)
	filled.ID, filled.RemoteID, filled.Needs = "staff/members", "", []string{"staff"}
	mustApply(t, planOf(made, filled), optionsFor(target))
	if got := target.sent["staff/members"].RemoteID; got != "remote-staff" {
		t.Errorf("remote id: got %q, want that of the group just made", got)
	}
}

func TestFailedChangeHoldsBackWhatNeedsIt(t *testing.T) {
	first, second, third, other := createUser("a"), createUser("b"), createUser("c"), createUser("d")
	second.Needs, third.Needs = []string{"a"}, []string{"b"}
	target := &script{answer: failing("a", refused)}
	r := mustApply(t, planOf(first, second, third, other), optionsFor(target))
	if diff := cmp.Diff([]string{"a failed", "b skipped", "c skipped", "d done"}, statuses(r)); diff != "" {
		t.Errorf("statuses (-want +got):\n%s", diff)
	}
	if err := r.Changes[2].Err; !errors.Is(err, refused) {
		t.Errorf("the cause of c: got %v, want the failure of a in its chain", err)
	}
	if !r.Written() || r.Converged() {
		t.Errorf("written %v, converged %v; want written and not converged", r.Written(), r.Converged())
	}
}

func TestWavesAndClassesOfMembershipFollowEachOther(t *testing.T) {
	target := &script{}
	r := mustApply(t, planOf(
		deactivateUser("leaver"), createUser("ann"),
		memberChange("loses", nil, []string{"x"}),
		memberChange("mixed", []string{"y"}, []string{"x"}),
		memberChange("gains", []string{"x"}, nil),
	), optionsFor(target))
	if diff := cmp.Diff([]string{"leaver", "ann", "gains", "mixed", "loses"}, target.ended); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
	if got := r.Changes[2].Change.ID; got != "loses" {
		t.Errorf("third result is of %q, want the order of the plan", got)
	}
}

func TestWhoMovesBetweenMixedGroupsGainsFirst(t *testing.T) {
	released := make(chan struct{})
	target := &script{}
	target.answer = func(_ context.Context, c planner.Change) (planner.Outcome, error) {
		switch c.ID {
		case "new": // the last to answer, if the order did not matter
			<-released
		case "other":
			close(released)
		}
		return planner.Outcome{}, refused
	}
	mustApply(t, planOf(
		memberChange("new", []string{"mover"}, []string{"x"}),
		memberChange("old", []string{"y"}, []string{"mover"}),
		memberChange("other", []string{"z"}, []string{"w"}),
	), optionsFor(target))
	if diff := cmp.Diff([]string{"other", "new", "old"}, target.ended); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

func TestParallelismBoundsWhatIsUnderWayAtATarget(t *testing.T) {
	target := &script{}
	full := make(chan struct{})
	target.answer = func(_ context.Context, c planner.Change) (planner.Outcome, error) {
		target.mu.Lock()
		if target.inFlight == 3 && len(target.began) == 3 {
			close(full)
		}
		target.mu.Unlock()
		<-full // the first three must be under way together
		return planner.Outcome{}, nil
	}
	var changes []planner.Change
	for i := range 40 {
		changes = append(changes, createUser(fmt.Sprint("u", i)))
	}
	opts := optionsFor(target)
	opts.Parallelism = 3
	mustApply(t, planOf(changes...), opts)
	if target.most != 3 {
		t.Errorf("most requests at a time: got %d, want 3", target.most)
	}
}

func TestAppsOfOneTargetShareItsLimit(t *testing.T) {
	shared, other := &script{}, &script{}
	var changes []planner.Change
	for i := range 30 {
		c := createUser(fmt.Sprint("u", i))
		c.App = []string{"one", "two", "three"}[i%3]
		changes = append(changes, c)
	}
	opts := optionsFor(shared)
	opts.Parallelism = 1
	opts.Targets = map[string]providers.Target{"one": shared, "two": shared, "three": other}
	mustApply(t, planOf(changes...), opts)
	if shared.most != 1 || len(shared.ended) != 20 || len(other.ended) != 10 {
		t.Errorf("got %d at a time, %d and %d changes; want 1, 20 and 10", shared.most, len(shared.ended), len(other.ended))
	}
}

func TestChangesOfStateAloneSendNothing(t *testing.T) {
	target := &script{}
	c := createUser("ann")
	c.Action, c.Requests, c.RemoteID = planner.AdoptIt, 0, "7"
	opts := optionsFor(target)
	r := mustApply(t, planOf(c), opts)
	if len(target.began) != 0 || r.Changes[0].Status != providers.Confirmed || r.Changes[0].Outcome.RemoteID != "7" {
		t.Errorf("got %v sent and %+v, want nothing sent, confirmed, the id kept", target.began, r.Changes[0])
	}
	if diff := cmp.Diff([]string{"intend ann", "done ann"}, opts.Journal.(*journal).entries); diff != "" {
		t.Errorf("journal (-want +got):\n%s", diff)
	}
}

func TestWhatIsOnlyReportedIsNeverSent(t *testing.T) {
	target := &script{}
	shown := createUser("ann")
	shown.ReportOnly = true
	elsewhere := shown
	elsewhere.ID, elsewhere.App = "eve", "without-a-target"
	r := mustApply(t, planOf(shown, createUser("bob"), elsewhere), optionsFor(target))
	if diff := cmp.Diff([]string{"bob done"}, statuses(r)); diff != "" || !slices.Equal(target.began, []string{"bob"}) {
		t.Errorf("sent %v, statuses (-want +got):\n%s", target.began, diff)
	}
	if !r.Converged() {
		t.Error("not converged, though everything that may be sent is done")
	}
}

func TestObjectsAreCountedOnce(t *testing.T) {
	rename := memberChange("staff", nil, nil)
	rename.ID, rename.Wave = "staff/rename", 3
	gone := memberChange("gone", nil, []string{"x"})
	deleted := memberChange("gone", nil, nil)
	deleted.ID, deleted.Wave, deleted.Action = "gone/delete", 5, planner.Delete
	r := mustApply(t, planOf(
		deactivateUser("leaver"), createUser("ann"), createUser("bob"), rename,
		memberChange("staff", []string{"x"}, nil), gone, deleted,
	), optionsFor(&script{answer: failing("bob", refused)}))
	got := [3]int{r.Added, r.Changed, r.Destroyed}
	if want := [3]int{1, 1, 2}; got != want {
		t.Errorf("added, changed, destroyed: got %v, want %v", got, want)
	}
}

func TestPlansThatCannotBeCarriedOutAreRefusedBeforeAnythingIsSent(t *testing.T) {
	unordered := createUser("a")
	unordered.Needs = []string{"b"}
	dangling := createUser("a")
	dangling.Needs = []string{"nobody"}
	elsewhere := createUser("a")
	elsewhere.App = "report"
	blocked, incomplete := planOf(createUser("a")), planOf(createUser("a"))
	blocked.Applyable, incomplete.Complete = false, false
	for name, test := range map[string]struct {
		plan *planner.Plan
		want string
	}{
		"a need that comes later":   {planOf(unordered, createUser("b")), `"a" needs "b", which does not come before it`},
		"a need that is not there":  {planOf(dangling), `"a" needs "nobody", which is not in the plan`},
		"an app without a target":   {planOf(createUser("b"), elsewhere), `app "report" has no target that may be written to`},
		"two changes with one id":   {planOf(createUser("a"), createUser("a")), `two changes called "a"`},
		"a guard":                   {blocked, "blocked by a guard"},
		"an incomplete read":        {incomplete, "not everything that it depends on was read"},
		"a create without requests": {planOf(planner.Change{App: "app", Action: planner.Create, Kind: "user"}), "a create takes a request"},
	} {
		t.Run(name, func(t *testing.T) {
			target := &script{}
			r, err := providers.Apply(t.Context(), test.plan, optionsFor(target))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error: got %v, want %q in it", err, test.want)
			}
			if r != nil || len(target.began) > 0 {
				t.Errorf("got result %v and %v sent, want none", r, target.began)
			}
		})
	}
}

// refused is the target's refusal of one object.
var refused = &providers.ObjectError{Code: "conflict", Err: errors.New("taken")}

// failing answers the changes with the given ids with err, all others well.
func failing(ids string, err error) func(context.Context, planner.Change) (planner.Outcome, error) {
	return func(_ context.Context, c planner.Change) (planner.Outcome, error) {
		if slices.Contains(strings.Fields(ids), c.ID) {
			return planner.Outcome{}, err
		}
		return planner.Outcome{RemoteID: "remote-" + c.Key}, nil
	}
}

func TestAGroupThatWasMadeBeforeItsMembersFailedIsRecordedAsOurs(t *testing.T) {
	for name, cause := range map[string]error{"refused": refused, "unreachable": errUnreachable} {
		t.Run(name, func(t *testing.T) {
			target := &script{answer: func(_ context.Context, c planner.Change) (planner.Outcome, error) {
				return planner.Outcome{RemoteID: "remote-staff"}, cause
			}}
			made := memberChange("staff", []string{"ann"}, nil)
			made.Action, made.Wave, made.RemoteID = planner.Create, 3, ""
			opts := optionsFor(target)
			r := mustApply(t, planOf(made), opts)
			if r.Changes[0].Status != providers.Failed || !r.Written() || r.Added != 1 {
				t.Errorf("got %s, written %v, %d added; want failed, written, 1", r.Changes[0].Status, r.Written(), r.Added)
			}
			j := opts.Journal.(*journal)
			if diff := cmp.Diff([]string{"intend staff", "done staff"}, j.entries); diff != "" {
				t.Errorf("journal (-want +got):\n%s", diff)
			}
			if got := j.done["staff"].Members.Add; len(got) != 0 {
				t.Errorf("members on record: got %v, want none", got)
			}
		})
	}
}
