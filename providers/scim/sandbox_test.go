package scim_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/providers"
	"github.com/rollcall-dev/rollcall/providers/providertest"
	"github.com/rollcall-dev/rollcall/providers/sandbox"
	"github.com/rollcall-dev/rollcall/providers/scim"
	"github.com/rollcall-dev/rollcall/schema"
)

// faults are the suite's faults in the sandbox's words.
var faults = map[providertest.Fault]string{
	providertest.LostAnswer:       "POST commit-then-drop once",
	providertest.LostRequest:      "POST drop once",
	providertest.ErrorAfterCreate: "POST commit-then=500 once",
	providertest.Busy:             "503 times=2",
	providertest.Throttled:        "429 retry-after=1 once",
	providertest.TokenRejected:    "401",
	providertest.NoAnswerOfUse:    "GET html",
	providertest.CutAnswer:        "GET truncate",
}

// virtual is a clock on which every wait is over at once.
type virtual struct {
	mu  sync.Mutex
	now time.Time
}

func (v *virtual) Sleep(ctx context.Context, d time.Duration) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.now = v.now.Add(d)
	return ctx.Err()
}

func (v *virtual) Now() time.Time {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.now
}

func quick() providers.Clock {
	v := &virtual{now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
	return providers.Clock{Now: v.Now, Sleep: v.Sleep, Jitter: func(time.Duration) time.Duration { return 0 }}
}

// sandboxed returns a client of a new sandbox that speaks dialect.
func sandboxed(t testing.TB, dialect string, settings ...schema.Setting) (*scim.Target, *sandbox.Service) {
	t.Helper()
	service, err := sandbox.Open(sandbox.Options{Dialect: dialect, Token: canary})
	if err != nil {
		t.Fatal(err)
	}
	x, err := scim.New(scim.Config{
		Target: schema.Target{Address: "target.sandbox.x", Dialect: "sandbox", SandboxDialect: dialect, BaseURL: "http://127.0.0.1" + sandbox.BasePath,
			Settings: settings},
		Token: schema.NewSecret(func() (string, error) { return canary, nil }),
		HTTP:  providers.ClientOptions{Transport: handlerTransport{service}, Clock: quick()},
	})
	if err != nil {
		t.Fatal(err)
	}
	return x, service
}

// TestSandboxIsWhatTheChangesMean runs the suite for each dialect of the
// sandbox, and for each quirk that the client must live with unaided.
func TestSandboxIsWhatTheChangesMean(t *testing.T) {
	t.Parallel()
	small := []schema.Setting{{Block: "limits", Name: "members_per_request", Value: 3.0}}
	for dialect, settings := range map[string][]schema.Setting{
		"scim":       small,
		"twingate":   small,
		"aws":        nil,
		"put-only":   nil,
		"capped":     {{Block: "members", Name: "cap", Value: 100.0}},
		"patch-204":  small,
		"base64-ids": small,
		"no-patch":   nil,
		"scim,page-cap=2,lying-total,wrap-around": small,
		"scim,page-cap=2,short-pages":             small,
		"scim,empty-filter-404,no-discovery":      small,
		"scim,ignore-filter,page-cap=3":           small,
		"scim,case-exact-filter,no-etag":          small,
		"scim,ignore-post-members":                {small[0], {Block: "write", Name: "create_with_members", Value: false}},
		"scim,max-members=3":                      nil,
		"scim,max-operations=2":                   {{Block: "limits", Name: "operations_per_request", Value: 2.0}},
		"scim,missing-member=404,require-names":   small,
		"scim,hide-members":                       {small[0], {Block: "members", Name: "read", Value: "write_only"}},
		"scim,one-attribute-patch,equal-only":     small,
		"scim,no-replace-members,no-group-put":    small,
		"scim,duplicate-members":                  small,
	} {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			providertest.Run(t, func(t testing.TB) providertest.Service {
				x, service := sandboxed(t, dialect, settings...)
				return providertest.Service{
					Target: x,
					Inject: func(f providertest.Fault) { inject(t, service, faults[f]) },
				}
			})
		})
	}
}

func inject(t testing.TB, s *sandbox.Service, text string) {
	t.Helper()
	f, err := sandbox.ParseFault(text)
	if err != nil {
		t.Fatal(err)
	}
	s.Inject(f)
}

// TestRequestsAreTheFewest counts at the service: writes as in the formula
// W = users + sum of ceil((adds+removes)/m), reads as ceil(U/p) + ceil(G/p), and
// one more for each group where members are found by filter.
func TestRequestsAreTheFewest(t *testing.T) {
	t.Parallel()
	batches := func(m float64) schema.Setting {
		return schema.Setting{Block: "limits", Name: "members_per_request", Value: m}
	}
	trusted := schema.Setting{Block: "page", Name: "verify_end", Value: false}
	for name, test := range map[string]struct {
		dialect  string
		settings []schema.Setting
		pageSize int
	}{
		"a hundred members a request":        {"scim", nil, 1000},
		"two members a request":              {"scim", []schema.Setting{batches(2)}, 1000},
		"pages of three":                     {"scim", []schema.Setting{batches(4), {Block: "page", Name: "max", Value: 3.0}}, 3},
		"members in a request of their own":  {"scim", []schema.Setting{batches(2), {Block: "write", Name: "create_with_members", Value: false}}, 1000},
		"twingate":                           {"twingate", []schema.Setting{batches(3), trusted}, 100},
		"aws, members by filter and cursors": {"aws", nil, 100},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			providertest.Run(t, func(t testing.TB) providertest.Service {
				x, service := sandboxed(t, test.dialect, test.settings...)
				return providertest.Service{
					Target: x, PageSize: test.pageSize,
					Writes: func() int { return counted(service, false) },
					Reads:  func() int { return counted(service, true) },
				}
			})
		})
	}
}

// counted is how many requests the service had that read, or that wrote.
func counted(s *sandbox.Service, reads bool) (n int) {
	for endpoint, count := range s.Requests() {
		if (endpoint.Method == http.MethodGet) == reads {
			n += count
		}
	}
	return n
}

// TestReadIsWholeOrAnErrorWhateverTheSandboxDoes reads 55 accounts through the
// quirks that make lists hard to read.
func TestReadIsWholeOrAnErrorWhateverTheSandboxDoes(t *testing.T) {
	t.Parallel()
	for dialect, want := range map[string]struct{ fails, unstable bool }{
		"scim,cursor-only,page-cap=10":                              {},
		"scim,cursor-only,lying-total,page-cap=10":                  {},
		"scim,cursor-only,lying-total,page-cap=7":                   {},
		"scim,cursor-only,lying-total,no-discovery,page-cap=50":     {fails: true},
		"scim,overlapping-pages,page-cap=10":                        {unstable: true},
		"scim,overlapping-pages,lying-total,page-cap=10":            {unstable: true},
		"scim,wrap-around,lying-total,page-cap=10":                  {},
		"scim,wrap-around,lying-total,page-cap=55":                  {},
		"scim,wrap-around,lying-total,short-pages,page-cap=9":       {},
		"twingate,page-cap=7,lying-total":                           {},
		"twingate,page-cap=7,lying-total,short-pages,ignore-filter": {},
	} {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			x, _ := sandboxed(t, dialect)
			for i := range 55 {
				name := fmt.Sprintf("u%d@acme.example", i)
				c := planner.Change{ID: name, Kind: planner.KindUser, Action: planner.Create, Name: name, Link: planner.Link{ExternalID: name}}
				if _, err := x.Do(t.Context(), c); err != nil {
					t.Fatal(err)
				}
			}
			got, err := x.Read(t.Context())
			if want.fails {
				var incomplete *providers.IncompleteReadError
				if !errors.As(err, &incomplete) || got != nil {
					t.Errorf("got %v, %v", got, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if len(got.Users) != 55 || got.Unstable != want.unstable || !got.Complete {
				t.Errorf("%d users, unstable %v, complete %v", len(got.Users), got.Unstable, got.Complete)
			}
		})
	}
}

func TestReadsThatLagBehindWritesMakeNoSecondGroup(t *testing.T) {
	t.Parallel()
	service, err := sandbox.Open(sandbox.Options{Token: canary})
	if err != nil {
		t.Fatal(err)
	}
	inject(t, service, "lag=100ms")
	inject(t, service, "POST commit-then-drop every=2")
	x, err := scim.New(scim.Config{
		Target: schema.Target{Dialect: "sandbox", BaseURL: "https://sandbox.example" + sandbox.BasePath},
		Token:  schema.NewSecret(func() (string, error) { return canary, nil }),
		HTTP:   providers.ClientOptions{Transport: handlerTransport{service}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 8 {
		name := fmt.Sprintf("Group %d", i)
		c := planner.Change{ID: name, Kind: planner.KindGroup, Action: planner.Create, Name: name}
		if _, err := x.Do(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	service.ClearFaults()
	got, err := x.Read(t.Context())
	if err != nil || len(got.Groups) != 8 {
		t.Errorf("got %+v, %v; want 8 groups", got, err)
	}
}
