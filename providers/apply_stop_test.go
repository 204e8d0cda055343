package providers_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/providers"
)

var (
	errUnreachable = errors.New("connection refused")
	rejected       = &providers.CredentialsError{Err: errors.New("status 401")}
)

// people makes n creates, u0 to u(n-1).
func people(n int) []planner.Change {
	var all []planner.Change
	for i := range n {
		all = append(all, createUser(fmt.Sprint("u", i)))
	}
	return all
}

// one sends one change at a time, so that the order is that of the plan.
func one(t providers.Target) providers.Options {
	o := optionsFor(t)
	o.Parallelism = 1
	return o
}

func TestAFailureAtAnyIndexIsJournalledAndStopsOnlyWhatItMust(t *testing.T) {
	const n = 6
	for i := range n {
		failed := fmt.Sprint("u", i)
		for name, test := range map[string]struct {
			err  error
			last bool // nothing is sent afterwards
			open bool // what happened is unknown: the intent stays open
		}{
			"object":      {err: refused},
			"unreachable": {err: errUnreachable, open: true},
			"credentials": {err: rejected, last: true, open: true},
		} {
			t.Run(fmt.Sprint(name, " at ", i), func(t *testing.T) {
				target := &script{answer: failing(failed, test.err)}
				opts := one(target)
				r := mustApply(t, planOf(people(n)...), opts)
				wantSent := n
				if test.last {
					wantSent = i + 1
				}
				if len(target.ended) != wantSent {
					t.Errorf("sent %v, want %d changes", target.ended, wantSent)
				}
				if got := r.Changes[i]; got.Status != providers.Failed || !errors.Is(got.Err, test.err) {
					t.Errorf("result %+v, want failed with the cause", got)
				}
				if (r.Stopped != nil) != test.last {
					t.Errorf("stopped: got %v, want %v", r.Stopped, test.last)
				}
				entries := opts.Journal.(*journal).entries
				if got := slices.Contains(entries, "fail "+failed); got == test.open {
					t.Errorf("settled as failed: got %v, want %v (%v)", got, !test.open, entries)
				}
			})
		}
	}
}

func TestRejectedCredentialsStopEveryTarget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := &script{answer: func(context.Context, planner.Change) (planner.Outcome, error) {
			time.Sleep(time.Second)
			return planner.Outcome{RemoteID: "x"}, nil
		}}
		strict := &script{answer: func(context.Context, planner.Change) (planner.Outcome, error) {
			time.Sleep(time.Second / 2)
			return planner.Outcome{}, rejected
		}}
		changes := people(20)
		for i := range changes[1:] {
			changes[i+1].App = "slow"
		}
		opts := one(strict)
		opts.Targets["slow"] = slow
		r := mustApply(t, planOf(changes...), opts)
		if len(slow.ended) != 1 || r.Changes[1].Status != providers.Done {
			t.Errorf("the other target got %v, want the one change that was in flight to finish", slow.ended)
		}
		if r.Interrupted || !errors.Is(r.Stopped, rejected) || !errors.Is(r.Changes[5].Err, rejected) {
			t.Errorf("stopped by %v, skipped by %v; want the rejection", r.Stopped, r.Changes[5].Err)
		}
	})
}

func TestWhoLosesTheLockSendsNothingMore(t *testing.T) {
	gone := errors.New("the lock was broken")
	target := &script{}
	opts := one(target)
	opts.Journal = &journal{lost: func() error {
		if len(target.ended) < 2 {
			return nil
		}
		return gone
	}}
	r := mustApply(t, planOf(people(6)...), opts)
	if len(target.ended) != 2 {
		t.Errorf("sent %v, want the two changes before the lock was lost", target.ended)
	}
	if got := r.Changes[2]; got.Status != providers.Skipped || !errors.Is(got.Err, gone) || !errors.Is(r.Stopped, gone) {
		t.Errorf("the third change: %+v, stopped by %v; want it skipped and the run stopped by the lost lock", got, r.Stopped)
	}
}

func TestATargetThatFailsAgainAndAgainIsGivenUpAndOthersGoOn(t *testing.T) {
	down := &script{answer: func(context.Context, planner.Change) (planner.Outcome, error) {
		return planner.Outcome{}, errUnreachable
	}}
	up := &script{}
	changes := people(40)
	for i := range 20 {
		changes[i].App = "down"
	}
	opts := one(up)
	opts.Targets["down"] = down
	opts.GiveUpAfter = 3
	r := mustApply(t, planOf(changes...), opts)
	// When the third failure is counted, four more may be in hand: those that
	// wait for the one slot.
	if n := len(down.ended); n < 3 || n > 3+4 || len(up.ended) != 20 {
		t.Errorf("got %d and %d changes sent, want 3 to 7 and 20", n, len(up.ended))
	}
	if err := r.GaveUp["down"]; !errors.Is(err, errUnreachable) || r.GaveUp["app"] != nil || r.Stopped != nil {
		t.Errorf("gave up %v, stopped %v; want the one target given up", r.GaveUp, r.Stopped)
	}
	if got := r.Changes[19]; got.Status != providers.Skipped || !errors.Is(got.Err, errUnreachable) {
		t.Errorf("last change: got %v %v, want skipped with the cause", got.Status, got.Err)
	}
}

func TestRefusalsOfObjectsAreNoReasonToGiveATargetUp(t *testing.T) {
	answers := 0
	target := &script{answer: func(context.Context, planner.Change) (planner.Outcome, error) {
		answers++
		if answers%3 == 0 {
			return planner.Outcome{}, refused
		}
		return planner.Outcome{}, errUnreachable
	}}
	opts := one(target)
	opts.GiveUpAfter = 3
	if mustApply(t, planOf(people(30)...), opts); len(target.ended) != 30 {
		t.Errorf("sent %d changes, want all 30", len(target.ended))
	}
}

func TestNoIntentNoRequest(t *testing.T) {
	full := errors.New("no space left on device")
	for i := range 6 {
		t.Run(fmt.Sprint("entry ", i), func(t *testing.T) {
			target := &script{}
			opts := one(target)
			j := &journal{}
			j.broken = func(string) error {
				if len(j.entries) >= i {
					return full
				}
				return nil
			}
			opts.Journal = j
			changes := people(3)
			for c := range changes[1:] {
				changes[c+1].Needs = []string{changes[c].ID} // no two at a time
			}
			r := mustApply(t, planOf(changes...), opts)
			intents := 0
			for _, e := range j.entries {
				if strings.HasPrefix(e, "intend") {
					intents++
				}
			}
			if len(target.ended) != intents {
				t.Errorf("sent %v with the journal %v, want one request an intent", target.ended, j.entries)
			}
			if !errors.Is(r.Stopped, full) {
				t.Errorf("stopped by %v, want the journal's error", r.Stopped)
			}
		})
	}
}

func TestOutcomeIsDurableBeforeADependentIsSent(t *testing.T) {
	opts := one(nil)
	j := opts.Journal.(*journal)
	target := &script{}
	target.answer = func(_ context.Context, c planner.Change) (planner.Outcome, error) {
		j.mu.Lock()
		defer j.mu.Unlock()
		for _, need := range c.Needs {
			if !slices.Contains(j.entries, "done "+need) {
				t.Errorf("%s was sent before the outcome of %s was written", c.ID, need)
			}
		}
		if !slices.Contains(j.entries, "intend "+c.ID) {
			t.Errorf("%s was sent before its intent was written", c.ID)
		}
		return planner.Outcome{RemoteID: "x"}, nil
	}
	opts.Targets["app"] = target
	opts.Parallelism = 4
	changes := people(20)
	for i := range changes[10:] {
		changes[i+10].Needs = []string{changes[i].ID}
	}
	mustApply(t, planOf(changes...), opts)
}

func TestInterruptAtAnyIndexFinishesWhatIsInFlightAndSendsNothingNew(t *testing.T) {
	const n, parallel = 12, 3
	for i := range n {
		t.Run(fmt.Sprint("at ", i), func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			target := &script{}
			target.answer = func(ctx context.Context, c planner.Change) (planner.Outcome, error) {
				if c.ID == fmt.Sprint("u", i) {
					cancel()
				}
				return planner.Outcome{RemoteID: "x"}, ctx.Err()
			}
			opts := optionsFor(target)
			opts.Parallelism = parallel
			r, err := providers.Apply(ctx, planOf(people(n)...), opts)
			if err != nil {
				t.Fatal(err)
			}
			if len(target.began) > i+2*parallel || !r.Interrupted || r.Stopped != nil {
				t.Errorf("sent %v, interrupted %v, stopped %v", target.began, r.Interrupted, r.Stopped)
			}
			checkInterrupted(t, r, target, opts.Journal.(*journal))
		})
	}
}

// checkInterrupted expects that what was sent is done and journalled, and that
// what was not is skipped, with its intent withdrawn.
func checkInterrupted(t *testing.T, r *providers.Result, target *script, j *journal) {
	t.Helper()
	for _, c := range r.Changes {
		id, want := c.Change.ID, providers.Skipped
		if slices.Contains(target.began, id) {
			want = providers.Done
		}
		if c.Status != want {
			t.Errorf("%s is %s, want %s", id, c.Status, want)
		}
		if want == providers.Skipped && !errors.Is(c.Err, context.Canceled) {
			t.Errorf("%s was skipped because of %v, want the interrupt", id, c.Err)
		}
		end := map[providers.Status]string{providers.Done: "done ", providers.Skipped: "fail "}[want] + id
		if slices.Contains(j.entries, "intend "+id) != slices.Contains(j.entries, end) {
			t.Errorf("%s: the journal has no end for its intent: %v", id, j.entries)
		}
	}
}

func TestRequestsInFlightAreCutAfterTheTimeOfGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		target := &script{answer: func(ctx context.Context, c planner.Change) (planner.Outcome, error) {
			if c.ID == "u0" {
				time.AfterFunc(time.Second, cancel)
				<-ctx.Done() // a target that never answers
				return planner.Outcome{}, context.Cause(ctx)
			}
			time.Sleep(5 * time.Second)
			return planner.Outcome{RemoteID: "x"}, nil
		}}
		opts := optionsFor(target)
		opts.Parallelism, opts.Grace = 2, 10*time.Second
		began := time.Now()
		r, err := providers.Apply(ctx, planOf(people(4)...), opts)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := time.Since(began), 11*time.Second; got != want {
			t.Errorf("the run took %v, want %v", got, want)
		}
		if diff := cmp.Diff([]string{"u0 failed", "u1 done", "u2 skipped", "u3 skipped"}, statuses(r)); diff != "" {
			t.Errorf("statuses (-want +got):\n%s", diff)
		}
		if slices.Contains(opts.Journal.(*journal).entries, "fail u0") {
			t.Error("u0 was settled as failed, though nobody knows what became of it")
		}
	})
}

func TestEventsComeOneAtATimeAndTellWhatHappens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target := &script{answer: func(ctx context.Context, c planner.Change) (planner.Outcome, error) {
			switch c.ID {
			case "u0":
				providers.ReportRetry(ctx, errUnreachable, 2*time.Second)
				time.Sleep(12 * time.Second)
			case "u1":
				return planner.Outcome{}, refused
			case "u2":
				return planner.Outcome{}, errUnreachable
			case "staff":
				return planner.Outcome{Rejected: []planner.RejectedMember{{Detail: "no"}}}, nil
			}
			return planner.Outcome{RemoteID: "x"}, nil
		}}
		opts := one(target)
		var got []string
		opts.Events = func(e providers.Event) {
			id := ""
			if e.Change != nil {
				id = e.Change.ID
			}
			got = append(got, fmt.Sprintf("%s %s %d/%d %v %v", e.Type, id, e.Done, e.Total, e.Elapsed, e.Wait))
		}
		changes := append(people(3), memberChange("staff", []string{"a", "b"}, nil))
		for i := range changes {
			changes[i].Wave = i + 1 // one after the other
		}
		mustApply(t, planOf(changes...), opts)
		want := []string{
			"apply_start u0 0/4 0s 0s",
			"retry u0 0/4 0s 2s",
			"apply_progress  0/4 10s 0s",
			"apply_complete u0 1/4 12s 0s",
			"apply_start u1 0/4 0s 0s",
			"quarantined u1 2/4 0s 0s",
			"apply_start u2 0/4 0s 0s",
			"apply_errored u2 3/4 0s 0s",
			"apply_start staff 0/4 0s 0s",
			"quarantined staff 4/4 0s 0s",
			"apply_complete staff 4/4 0s 0s",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	})
}
