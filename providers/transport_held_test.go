package providers_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/providers"
)

func TestARepetitionIsNotSentOnceTheLockIsLost(t *testing.T) {
	gone := errors.New("the lock was broken")
	var sent, lost atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		sent.Add(1)
		lost.Store(1) // while the target says that it is busy
		w.WriteHeader(http.StatusTooManyRequests)
	}))
	t.Cleanup(server.Close)
	client, err := providers.NewClient(providers.ClientOptions{
		BaseURL: server.URL,
		Clock:   providers.Clock{Sleep: func(context.Context, time.Duration) error { return nil }},
	})
	if err != nil {
		t.Fatal(err)
	}
	target := &script{answer: func(ctx context.Context, _ planner.Change) (planner.Outcome, error) {
		_, err := client.Do(ctx, providers.Request{Method: http.MethodPatch, Path: []string{"Users", "1"}})
		return planner.Outcome{}, err
	}}
	opts := one(target)
	opts.Journal = &journal{lost: func() error {
		if lost.Load() == 0 {
			return nil
		}
		return gone
	}}
	r := mustApply(t, planOf(people(3)...), opts)
	if sent.Load() != 1 {
		t.Errorf("%d requests were sent, want the one before the lock was lost", sent.Load())
	}
	if !errors.Is(r.Stopped, gone) || !errors.Is(r.Changes[0].Err, gone) {
		t.Errorf("stopped by %v, the change failed by %v; want the lost lock", r.Stopped, r.Changes[0].Err)
	}
}

// clockOf is a clock at which nobody waits: who sleeps moves it on.
func clockOf(now *time.Time) providers.Clock {
	return providers.Clock{
		Now: func() time.Time { return *now },
		Sleep: func(_ context.Context, d time.Duration) error {
			*now = now.Add(d)
			return nil
		},
	}
}

func TestACreateThatWaitedIsIntendedAnewBeforeItIsSent(t *testing.T) {
	for name, test := range map[string]struct {
		method string
		change planner.Change
		after  string
		want   []string
	}{
		"asked to come back": {http.MethodPost, createUser("ann"), "2", []string{"intend ann", "sent", "intend ann", "sent", "done ann"}},
		"and soon":           {http.MethodPost, createUser("ann"), "0", []string{"intend ann", "sent", "sent", "done ann"}},
		"not a create":       {http.MethodPatch, deactivateUser("ann"), "2", []string{"intend ann", "sent", "sent", "done ann"}},
	} {
		t.Run(name, func(t *testing.T) {
			j, now := &journal{}, time.Now()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				_ = j.write("sent")
				if len(j.entries) < 3 {
					w.Header().Set("Retry-After", test.after)
					w.WriteHeader(http.StatusTooManyRequests)
				}
			}))
			t.Cleanup(server.Close)
			client, err := providers.NewClient(providers.ClientOptions{
				BaseURL: server.URL,
				Clock:   clockOf(&now),
			})
			if err != nil {
				t.Fatal(err)
			}
			opts := one(&script{answer: func(ctx context.Context, _ planner.Change) (planner.Outcome, error) {
				_, err := client.Do(ctx, providers.Request{Method: test.method, Path: []string{"Users"}})
				return planner.Outcome{RemoteID: "1"}, err
			}})
			opts.Journal, opts.Settle, opts.Now = j, 5*time.Second, func() time.Time { return now }
			mustApply(t, planOf(test.change), opts)
			if diff := gocmp.Diff(test.want, j.entries); diff != "" {
				t.Errorf("what happened (-want +got):\n%s", diff)
			}
		})
	}
}

func TestACreateWhoseIntentCannotBeWrittenAnewIsNotSentAgain(t *testing.T) {
	full := errors.New("the disk is full")
	j, now := &journal{}, time.Now()
	j.broken = func(entry string) error {
		if len(j.entries) > 0 && entry == j.entries[0] {
			return full
		}
		return nil
	}
	sent := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		sent++
		w.Header().Set("Retry-After", "2")
		w.WriteHeader(http.StatusTooManyRequests)
	}))
	t.Cleanup(server.Close)
	client, err := providers.NewClient(providers.ClientOptions{
		BaseURL: server.URL,
		Clock:   clockOf(&now),
	})
	if err != nil {
		t.Fatal(err)
	}
	opts := one(&script{answer: func(ctx context.Context, _ planner.Change) (planner.Outcome, error) {
		_, err := client.Do(ctx, providers.Request{Method: http.MethodPost, Path: []string{"Users"}})
		return planner.Outcome{}, err
	}})
	opts.Journal, opts.Settle, opts.Now = j, 5*time.Second, func() time.Time { return now }
	if r := mustApply(t, planOf(createUser("ann")), opts); sent != 1 || !errors.Is(r.Stopped, full) {
		t.Errorf("sent %d times, stopped by %v; want once, and the full disk", sent, r.Stopped)
	}
}
