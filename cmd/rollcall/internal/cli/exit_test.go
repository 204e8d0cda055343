package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/cmd/rollcall/internal/run"
	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/providers"
)

// ended is an apply of changes that came to these statuses.
func ended(statuses ...providers.Status) *providers.Result {
	r := &providers.Result{}
	for _, s := range statuses {
		r.Changes = append(r.Changes, providers.ChangeResult{Change: &planner.Change{}, Status: s})
	}
	return r
}

func TestApplyExitsAsItsContractSays(t *testing.T) {
	t.Parallel()
	held := []planner.Held{{Name: "alice"}}
	stopped := func(r *providers.Result) *providers.Result { r.Stopped = errors.New("401"); return r }
	interrupted := func(r *providers.Result) *providers.Result { r.Interrupted = true; return r }
	tests := map[string]struct {
		held   []planner.Held
		result *providers.Result
		want   int
	}{
		"nothing to do":                        {nil, nil, exitOK},
		"nothing to do, something held back":   {held, nil, exitPartial},
		"all done":                             {nil, ended(providers.Confirmed, providers.Unconfirmed), exitOK},
		"all done, something held back":        {held, ended(providers.Confirmed), exitPartial},
		"one refused":                          {nil, ended(providers.Confirmed, providers.Failed), exitPartial},
		"one accepted and not in effect":       {nil, ended(providers.NotInEffect), exitPartial},
		"stopped before anything":              {nil, stopped(ended(providers.Failed, providers.Skipped)), exitError},
		"stopped after something":              {nil, stopped(ended(providers.Done, providers.Failed)), exitPartial},
		"interrupted":                          {nil, interrupted(ended(providers.Done, providers.Skipped)), exitInterrupted},
		"interrupted before anything was sent": {nil, interrupted(ended(providers.Skipped)), exitInterrupted},
	}
	for name, tt := range tests {
		got := applyCode(&run.Applied{Plan: &planner.Plan{Held: tt.held}, Result: tt.result, Approved: true})
		if got != tt.want {
			t.Errorf("%s: exit code %d, want %d", name, got, tt.want)
		}
	}
}

func TestPlanAndDriftExitAsTheirContractSays(t *testing.T) {
	t.Parallel()
	change := []planner.Change{{ID: "1"}}
	drift := []planner.Drift{{What: "changed"}}
	tests := map[string]struct {
		plan                  planner.Plan
		plain, detailed, seen int
	}{
		"nothing":              {planner.Plan{Applyable: true}, exitOK, exitOK, exitOK},
		"changes":              {planner.Plan{Applyable: true, Changes: change}, exitOK, exitChanges, exitOK},
		"held back":            {planner.Plan{Applyable: true, Held: []planner.Held{{}}}, exitOK, exitChanges, exitOK},
		"blocked":              {planner.Plan{Changes: change}, exitBlocked, exitBlocked, exitOK},
		"drift":                {planner.Plan{Applyable: true, Changes: change, Drift: drift}, exitOK, exitChanges, exitChanges},
		"drift, blocked":       {planner.Plan{Changes: change, Drift: drift}, exitBlocked, exitBlocked, exitBlocked},
		"what cannot be read":  {planner.Plan{Applyable: true, Drift: []planner.Drift{{What: "unknown"}}}, exitOK, exitOK, exitOK},
		"offline, not blocked": {planner.Plan{Applyable: true, Complete: false, Changes: change}, exitOK, exitChanges, exitOK},
	}
	for name, tt := range tests {
		if got := planCode(&tt.plan, false); got != tt.plain {
			t.Errorf("%s: plan exits %d, want %d", name, got, tt.plain)
		}
		if got := planCode(&tt.plan, true); got != tt.detailed {
			t.Errorf("%s: plan -detailed-exitcode exits %d, want %d", name, got, tt.detailed)
		}
		if got := driftCode(&tt.plan); got != tt.seen {
			t.Errorf("%s: drift exits %d, want %d", name, got, tt.seen)
		}
	}
}

// quiet is an app whose standard error is read by the test.
func quiet() (*app, *bytes.Buffer) {
	var stderr bytes.Buffer
	return &app{process: process{stderr: &stderr, stdout: &bytes.Buffer{}, now: time.Now, lookup: lookupIn(nil)}}, &stderr
}

func TestWhatWasWrittenIsSaidWhereTheLedgerCouldNotBeSaved(t *testing.T) {
	t.Parallel()
	a, stderr := quiet()
	full := errors.New("save the state: the disk is full")
	err := a.broken(&run.Applied{Plan: &planner.Plan{}, Result: ended(providers.Done)}, full)
	if code := exitStatus(0); !errors.As(err, &code) || code != exitPartial {
		t.Errorf("error %v, want exit code %d", err, exitPartial)
	}
	if !strings.Contains(stderr.String(), full.Error()) {
		t.Errorf("the reason is not told: %q", stderr.String())
	}
	if err := a.broken(&run.Applied{Plan: &planner.Plan{}, Result: ended(providers.Skipped)}, full); !errors.Is(err, full) {
		t.Errorf("nothing written: %v, want the error itself", err)
	}
	if err := a.broken(nil, full); !errors.Is(err, full) {
		t.Errorf("nothing sent: %v, want the error itself", err)
	}
}

func TestAnInterruptedRunExitsAsInterruptedWhateverItsError(t *testing.T) {
	t.Parallel()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	tests := []struct {
		ctx  context.Context
		err  error
		want int
		says string
	}{
		{t.Context(), nil, exitOK, ""},
		{t.Context(), exitStatus(exitBlocked), exitBlocked, ""},
		{t.Context(), errors.New("no"), exitError, "Error: no"},
		{gone, fmt.Errorf("read: %w", context.Canceled), exitInterrupted, "Interrupted."},
		{gone, errors.New("the disk is full"), exitInterrupted, "the disk is full"},
	}
	for _, tt := range tests {
		a, stderr := quiet()
		if got := a.exitCode(tt.ctx, tt.err); got != tt.want {
			t.Errorf("%v: exit code %d, want %d", tt.err, got, tt.want)
		}
		if !strings.Contains(stderr.String(), tt.says) {
			t.Errorf("%v: says %q, want %q", tt.err, stderr.String(), tt.says)
		}
	}
}
