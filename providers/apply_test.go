package providers_test

import (
	"context"
	"errors"
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
	refused := &providers.ObjectError{Code: "conflict", Err: errors.New("taken")}
	target := &script{}
	target.answer = func(_ context.Context, c planner.Change) (planner.Outcome, error) {
		if c.ID == "ann" {
			return planner.Outcome{}, refused
		}
		return planner.Outcome{RemoteID: "remote-" + c.Key}, nil
	}
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
