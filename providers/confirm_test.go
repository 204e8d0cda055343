package providers_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/providers"
	"github.com/rollcall-dev/rollcall/schema"
)

// with returns c with the values that it writes.
func with(c planner.Change, after ...schema.Value) planner.Change {
	c.After = after
	return c
}

// act returns c as another action, on the object that it names.
func act(c planner.Change, a planner.Action) planner.Change {
	c.Action, c.RemoteID = a, "remote-"+c.Key
	return c
}

func TestReadBackTellsDoneFromInEffect(t *testing.T) {
	ann := planner.RemoteUser{
		ID: "remote-ann", UserName: "Ann@X.org", ExternalID: "7", Active: true,
		Attributes: []schema.Value{{Path: "name.givenName", Value: "Ann"}},
	}
	idle := ann
	idle.Active = false
	bob := planner.RemoteUser{ID: "remote-bob", UserName: "bob@x.org", Active: true}
	staff := planner.RemoteGroup{
		ID: "remote-staff", DisplayName: "Staff", Members: []uint32{0}, Foreign: []string{"remote-robot"}, MembersKnown: true,
	}
	hidden := planner.RemoteGroup{ID: "remote-staff", DisplayName: "Staff"}
	group := func(a planner.Action) planner.Change { return act(memberChange("staff", nil, nil), a) }

	for name, test := range map[string]struct {
		change planner.Change
		users  []planner.RemoteUser
		groups []planner.RemoteGroup
		want   providers.Status
		why    string
	}{
		"created": {
			change: with(createUser("ann"), schema.Value{Path: "userName", Value: "ann@x.org"}, schema.Value{Path: "active", Value: true}),
			users:  []planner.RemoteUser{ann}, want: providers.Confirmed,
		},
		"created, and not there": {
			change: createUser("ann"), users: []planner.RemoteUser{bob},
			want: providers.NotInEffect, why: "does not show the account",
		},
		"an attribute that was stored": {
			change: with(createUser("ann"), schema.Value{Path: "name.givenName", Value: "Ann"}),
			users:  []planner.RemoteUser{ann}, want: providers.Confirmed,
		},
		"an attribute that was dropped": {
			change: with(createUser("ann"), schema.Value{Path: "title", Value: "Dr"}),
			users:  []planner.RemoteUser{ann}, want: providers.NotInEffect, why: `title is not set instead of "Dr"`,
		},
		"an attribute that was cleared": {
			change: with(act(createUser("ann"), planner.Update), schema.Value{Path: "title"}),
			users:  []planner.RemoteUser{ann}, want: providers.Confirmed,
		},
		"an attribute that was not cleared": {
			change: with(act(createUser("ann"), planner.Update), schema.Value{Path: "name.givenName"}),
			users:  []planner.RemoteUser{ann}, want: providers.NotInEffect, why: `name.givenName is "Ann" instead of not set`,
		},
		"deactivated":            {change: deactivateUser("ann"), users: []planner.RemoteUser{idle}, want: providers.Confirmed},
		"deactivated, and gone":  {change: deactivateUser("ann"), want: providers.Confirmed},
		"deactivated, in vain":   {change: deactivateUser("ann"), users: []planner.RemoteUser{ann}, want: providers.NotInEffect, why: "still active"},
		"deleted":                {change: act(createUser("ann"), planner.Delete), users: []planner.RemoteUser{bob}, want: providers.Confirmed},
		"deleted, in vain":       {change: act(createUser("ann"), planner.Delete), users: []planner.RemoteUser{ann}, want: providers.NotInEffect, why: "still there"},
		"reactivated, in vain":   {change: with(act(createUser("ann"), planner.Reactivate), schema.Value{Path: "active", Value: true}), users: []planner.RemoteUser{idle}, want: providers.NotInEffect, why: "active is false instead of true"},
		"a member who was added": {change: memberChange("staff", []string{"ann"}, nil), users: []planner.RemoteUser{ann, bob}, groups: []planner.RemoteGroup{staff}, want: providers.Confirmed},
		"a member who is no user we can read": {
			change: memberChange("staff", []string{"robot"}, nil), users: []planner.RemoteUser{ann}, groups: []planner.RemoteGroup{staff}, want: providers.Confirmed,
		},
		"a member who was not added":  {change: memberChange("staff", []string{"bob"}, nil), users: []planner.RemoteUser{ann, bob}, groups: []planner.RemoteGroup{staff}, want: providers.NotInEffect, why: `"bob" is not a member`},
		"a member who was removed":    {change: memberChange("staff", nil, []string{"bob"}), users: []planner.RemoteUser{ann, bob}, groups: []planner.RemoteGroup{staff}, want: providers.Confirmed},
		"a member who stayed":         {change: memberChange("staff", nil, []string{"ann"}), users: []planner.RemoteUser{ann, bob}, groups: []planner.RemoteGroup{staff}, want: providers.NotInEffect, why: `"ann" is still a member`},
		"members that cannot be read": {change: memberChange("staff", []string{"ann"}, nil), users: []planner.RemoteUser{ann}, groups: []planner.RemoteGroup{hidden}, want: providers.Unconfirmed},
		"a new group whose members cannot be read": {
			change: act(memberChange("staff", []string{"ann"}, nil), planner.Create), groups: []planner.RemoteGroup{hidden}, want: providers.Unconfirmed,
		},
		"a group renamed":          {change: with(group(planner.Update), schema.Value{Path: "displayName", Value: "Staff"}), groups: []planner.RemoteGroup{staff}, want: providers.Confirmed},
		"a group renamed, in vain": {change: with(group(planner.Update), schema.Value{Path: "displayName", Value: "Crew"}), groups: []planner.RemoteGroup{staff}, want: providers.NotInEffect, why: `displayName is "Staff" instead of "Crew"`},
		"a group deleted":          {change: group(planner.Delete), want: providers.Confirmed},
		"a group deleted, in vain": {change: group(planner.Delete), groups: []planner.RemoteGroup{staff}, want: providers.NotInEffect, why: "still there"},
		"a group that is gone":     {change: memberChange("staff", []string{"ann"}, nil), users: []planner.RemoteUser{ann}, want: providers.NotInEffect, why: "does not show the group"},
		"a group released":         {change: group(planner.Release), want: providers.Confirmed},
	} {
		t.Run(name, func(t *testing.T) {
			target := &script{read: shows(planner.Remote{Complete: true, Users: test.users, Groups: test.groups})}
			r := mustApply(t, planOf(withoutNeeds(test.change)), optionsFor(target))
			got := r.Changes[0]
			if got.Status != test.want || (test.why == "") != (got.Err == nil) {
				t.Errorf("got %s (%v), want %s", got.Status, got.Err, test.want)
			}
			if test.why != "" && !strings.Contains(got.Err.Error(), test.why) {
				t.Errorf("reason: got %v, want %q in it", got.Err, test.why)
			}
			if target.reads != 1 {
				t.Errorf("read %d times, want once", target.reads)
			}
		})
	}
}

func withoutNeeds(c planner.Change) planner.Change {
	c.Needs = nil
	return c
}

func TestReadBackLooksAtTheLastOfSeveralChangesOfAnObject(t *testing.T) {
	rename := func(id, name string) planner.Change {
		c := with(memberChange("staff", nil, nil), schema.Value{Path: "displayName", Value: name})
		c.ID, c.Wave = id, 3
		return c
	}
	second := rename("second", "Crew")
	second.Needs = []string{"first"}
	deleted := act(memberChange("gone", nil, nil), planner.Delete)
	deleted.ID, deleted.Wave = "gone/delete", 5
	target := &script{read: shows(planner.Remote{
		Complete: true,
		Groups:   []planner.RemoteGroup{{ID: "remote-staff", DisplayName: "Crew", MembersKnown: true}},
	})}
	r := mustApply(t, planOf(rename("first", "~staff"), second, memberChange("gone", nil, []string{"ann"}), deleted), optionsFor(target))
	want := []string{"first confirmed", "second confirmed", "gone confirmed", "gone/delete confirmed"}
	if diff := cmp.Diff(want, statuses(r)); diff != "" {
		t.Errorf("statuses (-want +got):\n%s", diff)
	}
}

func TestRejectedMembersAreNotLookedFor(t *testing.T) {
	ann := planner.Member{Name: "ann", RemoteID: "remote-ann"}
	target := &script{
		answer: func(context.Context, planner.Change) (planner.Outcome, error) {
			return planner.Outcome{Rejected: []planner.RejectedMember{{Member: ann, Detail: "no such user"}}}, nil
		},
		read: shows(planner.Remote{Complete: true, Groups: []planner.RemoteGroup{{ID: "remote-staff", MembersKnown: true}}}),
	}
	r := mustApply(t, planOf(memberChange("staff", []string{"ann"}, nil)), optionsFor(target))
	if got := r.Changes[0]; got.Status != providers.Confirmed || len(got.Rejected) != 1 || r.Converged() {
		t.Errorf("got %+v, want confirmed with one member rejected, and not converged", got)
	}
}

func TestALaggingTargetIsReadAgainUntilTheSettleTime(t *testing.T) {
	for name, test := range map[string]struct {
		lag, settle, want time.Duration
		status            providers.Status
	}{
		"in time":  {lag: time.Second, settle: 5 * time.Second, want: 1400 * time.Millisecond, status: providers.Confirmed},
		"too late": {lag: time.Minute, settle: 5 * time.Second, want: 5 * time.Second, status: providers.NotInEffect},
		"no lag":   {settle: 5 * time.Second, status: providers.Confirmed},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				target := &script{read: func(context.Context) (*planner.Remote, error) {
					if time.Since(began) < test.lag {
						return &planner.Remote{Complete: true}, nil
					}
					return &planner.Remote{Complete: true, Users: []planner.RemoteUser{{ID: "remote-ann"}}}, nil
				}}
				opts := optionsFor(target)
				opts.Settle = test.settle
				r := mustApply(t, planOf(createUser("ann")), opts)
				if got := time.Since(began); r.Changes[0].Status != test.status || got != test.want {
					t.Errorf("got %s after %v, want %s after %v", r.Changes[0].Status, got, test.status, test.want)
				}
			})
		})
	}
}

func TestAReadBackThatFailsIsToldAndTakesNothingBack(t *testing.T) {
	broken := errors.New("status 502")
	target := &script{read: func(context.Context) (*planner.Remote, error) { return nil, broken }}
	r := mustApply(t, planOf(createUser("ann")), optionsFor(target))
	if got := r.Changes[0].Status; got != providers.Done || !errors.Is(r.ReadBack["app"], broken) {
		t.Errorf("got %s, %v; want done, and the read's error", got, r.ReadBack)
	}
}

func TestAnInterruptedReadBackIsAnInterruptedRun(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	target := &script{read: func(ctx context.Context) (*planner.Remote, error) {
		cancel()
		return nil, ctx.Err()
	}}
	r, err := providers.Apply(ctx, planOf(createUser("ann")), optionsFor(target))
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Changes[0].Status; got != providers.Done || !r.Interrupted || r.Stopped != nil {
		t.Errorf("got %s, interrupted %v, stopped %v; want done and interrupted", got, r.Interrupted, r.Stopped)
	}
}

func TestOnlyTargetsThatWereWrittenToAreReadBack(t *testing.T) {
	written, failed, untouched := &script{}, &script{answer: failing("bob", refused)}, &script{}
	bob, eve := createUser("bob"), createUser("eve")
	bob.App = "failed"
	eve.App, eve.Action, eve.Requests, eve.RemoteID = "untouched", planner.AdoptIt, 0, "remote-eve"
	opts := optionsFor(written)
	opts.Targets["failed"], opts.Targets["untouched"] = failed, untouched
	mustApply(t, planOf(createUser("ann"), bob, eve), opts)
	if got := [3]int{written.reads, failed.reads, untouched.reads}; got != [3]int{1, 0, 0} {
		t.Errorf("reads: got %v, want only the first target read", got)
	}
}

func TestTheLedgerSaysSinceWhenSomethingIsNotSeenAtTheTarget(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	there := shows(planner.Remote{Complete: true, Users: []planner.RemoteUser{{ID: "remote-ann"}}})
	for name, test := range map[string]struct {
		read func(context.Context) (*planner.Remote, error)
		want time.Time
	}{
		"seen":                                  {read: there},
		"not in effect, however long one waits": {read: shows(planner.Remote{Complete: true})},
		"not readable":                          {want: now},
	} {
		t.Run(name, func(t *testing.T) {
			opts := optionsFor(&script{read: test.read})
			opts.Now = func() time.Time { return now }
			opts.State.Unsettled = now.Add(-time.Hour)
			r := mustApply(t, planOf(createUser("ann")), opts)
			if got := r.State.Unsettled; !got.Equal(test.want) {
				t.Errorf("unsettled since %v, want %v", got, test.want)
			}
		})
	}
}
