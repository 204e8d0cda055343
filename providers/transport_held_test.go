package providers_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

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
