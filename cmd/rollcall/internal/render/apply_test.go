package render

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/providers"
)

var errConflict = &providers.ObjectError{Code: "conflict", Err: &providers.RequestError{
	Method: "POST", Path: "/Users", Status: 409, SCIMType: "uniqueness", Detail: "userName is taken\x1b[2J"}}

// applyEvents is an apply with one event of every type.
func applyEvents() []providers.Event {
	c := mixedChanges()
	return []providers.Event{
		{Type: providers.EventStart, Change: &c[0], Total: 4},
		{Type: providers.EventStart, Change: &c[1], Total: 4},
		{Type: providers.EventRetry, Change: &c[1], Total: 4, Err: errors.New("status 429"), Wait: 1500 * time.Millisecond},
		{Type: providers.EventRetry, Total: 4, Err: errors.New("status 503"), Wait: time.Second},
		{Type: providers.EventComplete, Change: &c[0], RemoteID: "u1", Done: 1, Total: 4, Elapsed: 300 * time.Millisecond},
		{Type: providers.EventProgress, Done: 1, Total: 4, Elapsed: 10 * time.Second},
		{Type: providers.EventComplete, Change: &c[1], RemoteID: "u77", Done: 2, Total: 4, Elapsed: 11 * time.Second},
		{Type: providers.EventQuarantined, Change: &c[2], Done: 3, Total: 4, Err: errConflict},
		{Type: providers.EventQuarantined, Change: &c[7], Done: 4, Total: 4, Rejected: []planner.RejectedMember{{Member: member("bob@acme.com"), Detail: "no such user"}}},
		{Type: providers.EventErrored, Change: &c[3], Done: 4, Total: 4, Err: errors.New("connection reset")},
	}
}

func TestApplyLinesAreAsInTheirGolden(t *testing.T) {
	t.Parallel()
	got := rendered(t, func(w io.Writer) error {
		watch := ApplyLines(w, Style{})
		for _, e := range applyEvents() {
			watch(e)
		}
		return nil
	})
	golden(t, "apply_lines.txt", got)
	wantHarmless(t, got)
}

func TestBarIsRedrawnAtMostTenTimesASecondAndTakenAway(t *testing.T) {
	t.Parallel()
	clock := now
	var out strings.Builder
	bar := NewBar(&out, Style{}, func() time.Time { return clock })
	c := mixedChanges()[0]
	for i := range 1000 {
		clock = clock.Add(time.Millisecond)
		bar.Event(providers.Event{Type: providers.EventComplete, Change: &c, Done: i + 1, Total: 2000})
	}
	if err := bar.Close(); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), "["+strings.Repeat("=", 1)); n == 0 || n > 10 {
		t.Errorf("the bar was drawn %d times in a second, want 1 to 10", n)
	}
	if !strings.HasSuffix(out.String(), "\r\x1b[K") {
		t.Errorf("the bar's line is not empty at the end: %q", out.String())
	}
	if !strings.Contains(out.String(), "[=============                 ] 901/2000  1000.0/s  1s left") {
		t.Errorf("the bar lacks count, rate or time left: %q", out.String())
	}
	if strings.Contains(out.String(), "complete") {
		t.Error("a large apply has a line for each change")
	}
}

func TestBarTellsProblemsAboveItself(t *testing.T) {
	t.Parallel()
	clock := now
	var out strings.Builder
	bar := NewBar(&out, Style{Columns: 60}, func() time.Time { clock = clock.Add(time.Second); return clock })
	for _, e := range applyEvents() {
		bar.Event(e)
	}
	if err := bar.Close(); err != nil {
		t.Fatal(err)
	}
	golden(t, "apply_bar.txt", strings.NewReplacer("\r", "<CR>", "\x1b[K", "<CLEAR>\n").Replace(out.String()))
}

// applyResult has a change of every status.
func applyResult() *providers.Result {
	c := mixedChanges()
	of := func(i int, s providers.Status, err error) providers.ChangeResult {
		return providers.ChangeResult{Change: &c[i], Status: s, Err: err}
	}
	rejected := of(7, providers.Unconfirmed, nil)
	rejected.Rejected = []planner.RejectedMember{{Member: member("bob@acme.com"), Detail: "PATCH /Groups/g-Infra: status 404"}}
	return &providers.Result{
		Changes: []providers.ChangeResult{
			of(0, providers.Confirmed, nil),
			of(1, providers.Failed, errConflict),
			of(2, providers.Failed, errors.New("connection reset by peer")),
			of(3, providers.NotInEffect, errors.New(`the target shows name.familyName "Nguyen"`)),
			rejected,
			of(8, providers.Skipped, &providers.NeedError{Need: &c[1], Err: errConflict}),
		},
		Changed: 2, Destroyed: 1,
		GaveUp:   map[string]error{"slack": errors.New("dial tcp: no route to host")},
		ReadBack: map[string]error{"github": errors.New("incomplete read: page 3")},
	}
}

func TestApplyResultIsAsInItsGolden(t *testing.T) {
	t.Parallel()
	c := mixedChanges()
	complete := &providers.Result{Changes: []providers.ChangeResult{{Change: &c[0], Status: providers.Confirmed}}, Destroyed: 1}
	stopped := &providers.Result{
		Changes: []providers.ChangeResult{{Change: &c[0], Status: providers.Skipped, Err: errors.New("the run was stopped")}},
		Stopped: &providers.CredentialsError{Err: errors.New("GET /Users: status 401")},
	}
	interrupted := applyResult()
	interrupted.Interrupted, interrupted.GaveUp, interrupted.ReadBack = true, nil, nil
	for name, tc := range map[string]struct {
		plan   *planner.Plan
		result *providers.Result
		undoes string
	}{
		"complete":    {emptyPlan(), complete, ""},
		"nothing":     {emptyPlan(), nil, ""},
		"held":        {mixedPlan(), complete, ""},
		"partly":      {mixedPlan(), applyResult(), ""},
		"partly_undo": {mixedPlan(), applyResult(), "um2fffgy37"},
		"stopped":     {emptyPlan(), stopped, ""},
		"interrupted": {emptyPlan(), interrupted, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := rendered(t, func(w io.Writer) error { return ApplyResult(w, tc.plan, tc.result, tc.undoes, Style{}) })
			golden(t, "result_"+name+".txt", got)
			wantHarmless(t, got)
			wantNarrow(t, got, 80)
		})
	}
	got := rendered(t, func(w io.Writer) error { return ApplyUnsaved(w, emptyPlan(), complete, Style{}) })
	golden(t, "result_unsaved.txt", got)
	wantNarrow(t, got, 80)
}
