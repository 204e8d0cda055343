package providers_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/providers"
	"github.com/rollcall-dev/rollcall/providers/scim"
	"github.com/rollcall-dev/rollcall/providers/statestore"
	"github.com/rollcall-dev/rollcall/schema"
)

// answerTime is how long a request takes in the benchmarks.
const answerTime = 10 * time.Millisecond

// rounds are run for each figure, of which the median is reported.
const rounds = 5

func median(all []float64) float64 {
	slices.Sort(all)
	return all[len(all)/2]
}

// BenchmarkApply compares an apply, with its journal on disk, to a closed loop
// that does nothing but send as many requests at the same concurrency.
// "x-generator" is the one's time over the other's, "%-journal" the part of
// the apply's time that is gone when nothing is written to disk: medians of
// rounds in which all are run in turn.
func BenchmarkApply(b *testing.B) {
	for _, parallel := range []int{8, 32} {
		b.Run(fmt.Sprint("c=", parallel), func(b *testing.B) {
			n := 100 * parallel
			var ratio, journal []float64
			for range rounds * b.N {
				floor := generate(n, parallel, func() { time.Sleep(answerTime) })
				bare := timeApply(b, n, parallel, &slow{takes: answerTime}, silent{})
				whole := timeApply(b, n, parallel, &slow{takes: answerTime}, openJournal(b))
				ratio = append(ratio, whole.Seconds()/floor.Seconds())
				journal = append(journal, 100*(whole-bare).Seconds()/whole.Seconds())
			}
			b.ReportMetric(median(ratio), "x-generator")
			b.ReportMetric(median(journal), "%-journal")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkApplyOverHTTP is the whole way: SCIM requests over loopback, to a
// service that takes the same time for each, against a loop that posts as often.
func BenchmarkApplyOverHTTP(b *testing.B) {
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(answerTime)
		w.Header().Set("Content-Type", "application/scim+json")
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, `{"id":"1"}`)
	}))
	defer service.Close()
	for _, parallel := range []int{8, 32} {
		b.Run(fmt.Sprint("c=", parallel), func(b *testing.B) {
			n := 100 * parallel
			client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: parallel}}
			defer client.CloseIdleConnections()
			var ratio []float64
			for range rounds * b.N {
				floor := generate(n, parallel, func() { post(b, client, service.URL+"/Users") })
				whole := timeApply(b, n, parallel, scimTarget(b, service.URL, parallel), openJournal(b))
				ratio = append(ratio, whole.Seconds()/floor.Seconds())
			}
			b.ReportMetric(median(ratio), "x-generator")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func post(b *testing.B, client *http.Client, address string) {
	res, err := client.Post(address, "application/scim+json", strings.NewReader(`{"userName":"ann@x.org"}`))
	if err != nil {
		b.Error(err)
		return
	}
	_, _ = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close()
}

// scimTarget can create and nothing else: what it is asked for when it is read
// back is no list.
func scimTarget(b *testing.B, address string, parallel int) providers.Target {
	b.Helper()
	t, err := scim.New(scim.Config{
		Target: schema.Target{Address: theTarget, Dialect: "scim", BaseURL: address, Limits: schema.Limits{Parallelism: parallel}},
		Token:  schema.NewSecret(func() (string, error) { return "token", nil }),
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(t.Close)
	return writeOnly{t}
}

type writeOnly struct{ providers.Target }

func (writeOnly) Read(context.Context) (*planner.Remote, error) { return nil, errNoRead }

// BenchmarkApplyOverhead is an apply at a target that answers at once and a
// journal that is not kept: the executor alone.
func BenchmarkApplyOverhead(b *testing.B) {
	plan := planOf(people(10_000)...)
	b.ReportAllocs()
	for b.Loop() {
		opts := optionsFor(&slow{})
		opts.Journal = silent{}
		if _, err := providers.Apply(b.Context(), plan, opts); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(plan.Changes)), "ns/change")
}

// generate sends n requests from as many loops as may be under way.
func generate(n, parallel int, send func()) time.Duration {
	began := time.Now()
	var left atomic.Int64
	left.Store(int64(n))
	var all sync.WaitGroup
	for range parallel {
		all.Go(func() {
			for left.Add(-1) >= 0 {
				send()
			}
		})
	}
	all.Wait()
	return time.Since(began)
}

func timeApply(b *testing.B, n, parallel int, target providers.Target, j providers.Journal) time.Duration {
	b.Helper()
	opts := optionsFor(target)
	opts.Journal, opts.Parallelism = j, parallel
	plan := planOf(people(n)...)
	began := time.Now()
	r, err := providers.Apply(b.Context(), plan, opts)
	if err != nil || !r.Converged() {
		b.Fatalf("apply: %v, %v", err, r)
	}
	return time.Since(began)
}

func openJournal(b *testing.B) providers.Journal {
	b.Helper()
	store := statestore.NewFile(filepath.Join(b.TempDir(), "state.json"), func() string { return "bench" }, time.Now)
	s, err := store.Lock(b.Context(), providers.LockInfo{ID: "bench"}, 0)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Unlock(context.Background()) })
	return s
}

// slow is a target that does nothing, slowly.
type slow struct{ takes time.Duration }

func (s *slow) Do(_ context.Context, c planner.Change) (planner.Outcome, error) {
	if s.takes > 0 {
		time.Sleep(s.takes)
	}
	return planner.Outcome{RemoteID: c.Key}, nil
}

func (s *slow) Read(context.Context) (*planner.Remote, error) { return nil, errNoRead }

// silent is a journal that keeps nothing.
type silent struct{}

func (silent) Intend(planner.Change) error                         { return nil }
func (silent) Held() error                                         { return nil }
func (silent) Settle(planner.Change, planner.Outcome, error) error { return nil }
