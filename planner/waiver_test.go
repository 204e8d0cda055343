package planner

import (
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/schema"
)

func TestAPlanNamesTheWaiverThatLetsItPass(t *testing.T) {
	t.Parallel()
	cfg, facts := declared(t, "person a\nguard max_deactivations=0\nwaiver guard=max-deactivations limit=5")
	cfg.Waivers[0].Address, cfg.Waivers[0].Reason = "waiver.audit", "the yearly review"
	d, _ := Resolve(cfg, facts)
	p, err := Compute(Input{Desired: d, Remotes: map[schema.Address]*Remote{targetAddress: {Complete: true}}})
	if err != nil {
		t.Fatal(err)
	}
	want := GuardResult{App: "x", Code: "max-deactivations", Allowed: 5, Waiver: "waiver.audit", Reason: "the yearly review", Expires: asOf.Add(time.Hour)}
	if diff := gocmp.Diff(p.Guards[0], want); diff != "" {
		t.Errorf("guard (-got +want):\n%s", diff)
	}
	if p.Guards[1].Waiver != "" {
		t.Errorf("the waiver of one guard lets %s pass", p.Guards[1].Code)
	}
}

func TestAnAssignmentIsGivenWithItsReason(t *testing.T) {
	t.Parallel()
	cfg, facts := declared(t, "person a\ngroup G a\nassign a\nassign @G")
	cfg.Assignments[0].Reason = "on call."
	d, _ := Resolve(cfg, facts)
	x, err := Explain(d, "user.a", "app.x")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := x.Answers[0].Reasons[0].Text, "assigned by assignment.n0: on call"; got != want {
		t.Errorf("reason %q, want %q", got, want)
	}
}
