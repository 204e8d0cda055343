package providers_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/providers"
)

// answering is a transport without a network.
type answering func(*http.Request) *http.Response

func (a answering) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if res := a(r); res != nil {
		return res, nil
	}
	return nil, io.ErrUnexpectedEOF
}

func reply(status int, header ...string) *http.Response {
	h := http.Header{}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader("{}"))}
}

// timed returns a client on the bubble's clock whose requests are answered by a.
func timed(t *testing.T, a answering, with func(*providers.ClientOptions)) *providers.Client {
	t.Helper()
	opts := providers.ClientOptions{
		BaseURL: "https://scim.example.com/v2", Transport: a,
		Clock: providers.Clock{Jitter: func(d time.Duration) time.Duration { return d }},
	}
	if with != nil {
		with(&opts)
	}
	c, err := providers.NewClient(opts)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// once answers the first request with first and all others with 200, and notes
// when each came.
func once(at *[]time.Duration, first func(now time.Time) *http.Response) answering {
	began := time.Now()
	return func(*http.Request) *http.Response {
		*at = append(*at, time.Since(began))
		if len(*at) == 1 {
			return first(time.Now())
		}
		return reply(200)
	}
}

func TestS82_RetryAfterInSecondsIsWaitedFor(t *testing.T) {
	t.Parallel()
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPatch} {
		synctest.Test(t, func(t *testing.T) {
			var at []time.Duration
			c := timed(t, once(&at, func(time.Time) *http.Response { return reply(429, "Retry-After", "3") }), nil)
			if _, err := c.Do(t.Context(), providers.Request{Method: method, Path: []string{"Users"}}); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(at, []time.Duration{0, 3 * time.Second}); diff != "" {
				t.Errorf("%s: requests at (-got +want):\n%s", method, diff)
			}
		})
	}
}

func TestS83_RetryAfterAsADateIsTakenAgainstTheTargetsClock(t *testing.T) {
	t.Parallel()
	for name, skew := range map[string]time.Duration{"same clock": 0, "target an hour ahead": time.Hour, "target a day behind": -24 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var at []time.Duration
				c := timed(t, once(&at, func(now time.Time) *http.Response {
					theirs := now.Add(skew).UTC()
					return reply(429, "Date", theirs.Format(http.TimeFormat), "Retry-After", theirs.Add(5*time.Second).Format(http.TimeFormat))
				}), nil)
				if _, err := c.Do(t.Context(), get("Users")); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(at, []time.Duration{0, 5 * time.Second}); diff != "" {
					t.Errorf("requests at (-got +want):\n%s", diff)
				}
			})
		})
	}
}

func TestS84_WithoutRetryAfterTheWaitsGrowAndEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var at []time.Duration
		began := time.Now()
		c := timed(t, func(*http.Request) *http.Response {
			at = append(at, time.Since(began))
			return reply(429)
		}, nil)
		_, err := c.Do(t.Context(), providers.Request{Method: http.MethodPatch, Path: []string{"Groups", "1"}})
		var answer *providers.RequestError
		if !errors.As(err, &answer) || answer.Status != 429 {
			t.Errorf("got %v", err)
		}
		if len(at) != 6 {
			t.Fatalf("asked %d times, want 6", len(at))
		}
		for i := 2; i < len(at); i++ {
			if at[i]-at[i-1] < time.Second {
				t.Errorf("request %d came %v after the one before", i, at[i]-at[i-1])
			}
		}
		if at[5] > 2*time.Minute {
			t.Errorf("gave up after %v", at[5])
		}
	})
}

func TestAWaitOfHoursIsAnErrorAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		c := timed(t, func(*http.Request) *http.Response { return reply(429, "Retry-After", "7200") }, nil)
		if _, err := c.Do(t.Context(), get("Users")); err == nil {
			t.Error("no error")
		}
		if time.Since(began) != 0 || c.Requests() != 1 {
			t.Errorf("%d requests in %v", c.Requests(), time.Since(began))
		}
	})
}

func TestWhatMayBeSentAgainFollowsFromTheMethod(t *testing.T) {
	t.Parallel()
	const broken = 0 // the connection breaks off
	repeated := map[string][]int{
		http.MethodGet:    {429, 502, 503, 504, broken},
		http.MethodPatch:  {429, 502, 503, 504, broken},
		http.MethodPut:    {429, 502, 503, 504, broken},
		http.MethodDelete: {429, 502, 503, 504, broken},
		http.MethodPost:   {429},
	}
	for method, again := range repeated {
		for _, status := range []int{broken, 400, 404, 409, 412, 413, 422, 429, 500, 501, 502, 503, 504} {
			synctest.Test(t, func(t *testing.T) {
				asked := 0
				c := timed(t, func(r *http.Request) *http.Response {
					connect(r)
					if asked++; asked > 1 {
						return reply(200)
					}
					if status == broken {
						return nil
					}
					return reply(status)
				}, nil)
				_, err := c.Do(t.Context(), providers.Request{Method: method, Path: []string{"Users"}})
				if repeat := slices.Contains(again, status); repeat != (asked == 2) || repeat != (err == nil) {
					t.Errorf("%s after %d: asked %d times, %v", method, status, asked, err)
				}
			})
		}
	}
}

func TestCreateIsSentAgainWhereNoConnectionWasMade(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		c := timed(t, func(*http.Request) *http.Response {
			if asked++; asked < 3 {
				return nil // before a connection was had
			}
			return reply(201)
		}, nil)
		if _, err := c.Do(t.Context(), providers.Request{Method: http.MethodPost, Path: []string{"Users"}}); err != nil || asked != 3 {
			t.Errorf("asked %d times: %v", asked, err)
		}
	})
}

func TestA429HoldsEverybodyBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var early []time.Duration
		began, asked := time.Now(), 0
		c := timed(t, func(*http.Request) *http.Response {
			mu.Lock()
			defer mu.Unlock()
			if asked++; asked == 1 {
				return reply(429, "Retry-After", "10")
			}
			if d := time.Since(began); d < 10*time.Second {
				early = append(early, d)
			}
			return reply(200)
		}, nil)
		var all sync.WaitGroup
		for i := range 20 {
			all.Go(func() {
				time.Sleep(time.Duration(i) * 100 * time.Millisecond)
				_, _ = c.Do(t.Context(), get("Users"))
			})
		}
		all.Wait()
		if len(early) > 0 {
			t.Errorf("requests were sent at %v, before the target's pause was over", early)
		}
	})
}

func TestConfiguredRateIsNeverExceeded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		c := timed(t, func(*http.Request) *http.Response { return reply(200) },
			func(o *providers.ClientOptions) { o.RequestsPerSecond = 25 })
		flood(t, c, 250)
		if got := time.Since(began); got < 9900*time.Millisecond-200*time.Millisecond || got > 10100*time.Millisecond {
			t.Errorf("250 requests at 25 a second took %v", got)
		}
	})
}

// limited is a target that takes perSecond requests, as a bucket that holds burst.
func limited(perSecond, burst float64) answering {
	var mu sync.Mutex
	tokens, last := burst, time.Now()
	return func(*http.Request) *http.Response {
		mu.Lock()
		defer mu.Unlock()
		now := time.Now()
		tokens = min(burst, tokens+now.Sub(last).Seconds()*perSecond)
		last = now
		if tokens < 1 {
			return reply(429, "Retry-After", "1")
		}
		tokens--
		return reply(200)
	}
}

func TestUnknownRateIsLearned(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		perSecond, burst float64
		n                int
	}{
		"25 a second, a second's burst":     {25, 25, 2000},
		"3 a second, a second's burst":      {3, 3, 600},
		"25 a second, a burst of ten":       {25, 10, 2000},
		"100 a second, two seconds' burst":  {100, 200, 5000},
		"10 a second, hardly any burst":     {10, 2, 1500},
		"half a request a second, no burst": {0.5, 1, 300},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				var mu sync.Mutex
				throttled, sent := 0, 0
				c := timed(t, limited(test.perSecond, test.burst), func(o *providers.ClientOptions) {
					o.MaxAttempts = 20
					o.Observe = func(e providers.Exchange) {
						mu.Lock()
						defer mu.Unlock()
						if sent++; e.Status == 429 {
							throttled++
						}
					}
				})
				flood(t, c, test.n)
				ideal := float64(test.n) / test.perSecond
				took := time.Since(began).Seconds()
				t.Logf("%.3f of the ideal time, %d of %d refused", took/ideal, throttled, sent)
				if took > 1.1*ideal {
					t.Errorf("took %.1f s, ideal are %.1f s", took, ideal)
				}
				// The eight that are sent before anything is known cannot be helped.
				if most := 8 + test.n*3/100; throttled > most {
					t.Errorf("%d requests were refused, want at most %d", throttled, most)
				}
			})
		})
	}
}

// flood sends n requests from eight workers.
func flood(t *testing.T, c *providers.Client, n int) {
	t.Helper()
	work := make(chan struct{})
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range work {
				if _, err := c.Do(t.Context(), get("Users")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range n {
		work <- struct{}{}
	}
	close(work)
	all.Wait()
}

func TestAnEmptyRateWindowIsWaitedOut(t *testing.T) {
	t.Parallel()
	for name, header := range map[string]func(now time.Time) []string{
		"IETF draft": func(time.Time) []string { return []string{"RateLimit-Remaining", "0", "RateLimit-Reset", "7"} },
		"Okta, with a clock ahead": func(now time.Time) []string {
			theirs := now.Add(time.Hour)
			return []string{"X-Rate-Limit-Remaining", "0", "X-Rate-Limit-Reset", unix(theirs.Add(7 * time.Second)), "Date", theirs.UTC().Format(http.TimeFormat)}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var at []time.Duration
				c := timed(t, once(&at, func(now time.Time) *http.Response { return reply(200, header(now)...) }), nil)
				for range 2 {
					if _, err := c.Do(t.Context(), get("Users")); err != nil {
						t.Fatal(err)
					}
				}
				if diff := cmp.Diff(at, []time.Duration{0, 7 * time.Second}); diff != "" {
					t.Errorf("requests at (-got +want):\n%s", diff)
				}
			})
		})
	}
}

func TestParallelismIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		now, most := 0, 0
		c := timed(t, func(*http.Request) *http.Response {
			mu.Lock()
			now++
			most = max(most, now)
			mu.Unlock()
			time.Sleep(time.Second)
			mu.Lock()
			now--
			mu.Unlock()
			return reply(200)
		}, func(o *providers.ClientOptions) { o.Parallelism = 3 })
		flood(t, c, 30)
		if most != 3 {
			t.Errorf("%d requests at once, want 3", most)
		}
	})
}

func TestCancelledContextEndsEveryWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := timed(t, func(*http.Request) *http.Response { return reply(429, "Retry-After", "300") }, nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		_, err := c.Do(ctx, get("Users"))
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Second {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
	})
}

func TestObserverSeesEveryExchange(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var seen []providers.Exchange
		var at []time.Duration
		c := timed(t, once(&at, func(time.Time) *http.Response { return reply(503) }), func(o *providers.ClientOptions) {
			o.Observe = func(e providers.Exchange) { e.Err = nil; seen = append(seen, e) }
		})
		if _, err := c.Do(t.Context(), get("Users", "a b")); err != nil {
			t.Fatal(err)
		}
		want := []providers.Exchange{
			{Method: "GET", Path: "/Users/a%20b", Status: 503, Attempt: 1, Retry: true, Wait: 250 * time.Millisecond},
			{Method: "GET", Path: "/Users/a%20b", Status: 200, Attempt: 2},
		}
		if diff := cmp.Diff(seen, want); diff != "" {
			t.Errorf("exchanges (-got +want):\n%s", diff)
		}
	})
}

func TestObserverIsToldTheWaitThatTheTargetAskedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var waits []time.Duration
		var at []time.Duration
		c := timed(t, once(&at, func(time.Time) *http.Response { return reply(429, "Retry-After", "7") }), func(o *providers.ClientOptions) {
			o.Observe = func(e providers.Exchange) { waits = append(waits, e.Wait) }
		})
		if _, err := c.Do(t.Context(), get("Users")); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(waits, []time.Duration{7 * time.Second, 0}); diff != "" {
			t.Errorf("waits (-got +want):\n%s", diff)
		}
	})
}

// connect tells the client that it had a connection, as a real transport does.
func connect(r *http.Request) {
	if trace := httptrace.ContextClientTrace(r.Context()); trace != nil && trace.GotConn != nil {
		trace.GotConn(httptrace.GotConnInfo{})
	}
}

func unix(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }
