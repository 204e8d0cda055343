package run

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/planfile"
	"github.com/rollcall-dev/rollcall/providers"
	"github.com/rollcall-dev/rollcall/schema"
)

// vpn is a configuration with one app at one target.
func vpn() *schema.Config {
	return &schema.Config{
		Targets: []schema.Target{{Address: "target.scim.corp"}},
		Apps:    []schema.App{{Address: "app.vpn", Name: "vpn", Target: "target.scim.corp"}},
	}
}

func TestARunWaitsUntilTheTargetMustShowAnUnansweredCreate(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		app  string
		age  time.Duration
		want time.Duration
	}{
		"young intent":             {"vpn", time.Second, 5 * time.Second}, // which is sent up to a second later
		"old intent":               {"vpn", 6 * time.Second, 0},
		"intent of an unknown app": {"wiki", time.Second, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				notices := 0
				p := &Project{Config: vpn(), options: Options{Now: time.Now, Notice: func(string) { notices++ }}}
				connected := connections{{block: &p.Config.Targets[0], settle: 5 * time.Second}}
				state := &planner.State{Intents: []planner.Intent{{App: tt.app, At: time.Now().Add(-tt.age)}}}
				began := time.Now()
				if err := p.settle(t.Context(), state, connected); err != nil {
					t.Fatal(err)
				}
				if got := time.Since(began); got != tt.want {
					t.Errorf("waited %s, want %s", got, tt.want)
				}
				if told := notices > 0; told != (tt.want > 0) {
					t.Errorf("somebody who waits was told: %t", told)
				}
			})
		})
	}
}

func TestTheWaitForATargetEndsWithTheRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &Project{Config: vpn(), options: Options{Now: time.Now, Notice: func(string) {}}}
		connected := connections{{block: &p.Config.Targets[0], settle: time.Hour}}
		state := &planner.State{Intents: []planner.Intent{{App: "vpn", At: time.Now()}}}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := p.settle(ctx, state, connected); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("settle = %v, want the end of the context", err)
		}
	})
}

func TestAnOfflineRunTakesTargetsToBeAsWeLeftThem(t *testing.T) {
	t.Parallel()
	p := &Project{Config: vpn()}
	p.Config.Apps = append(p.Config.Apps, schema.App{Address: "app.wiki", Name: "wiki", Target: "target.scim.corp"})
	users := []planner.UserLink{{Key: "user.b", RemoteID: "2", UserName: "b", Active: true}, {Key: "user.a", RemoteID: "1", UserName: "a"}}
	state := &planner.State{Apps: []planner.AppState{
		{App: "gone", Identity: "elsewhere", Users: []planner.UserLink{{RemoteID: "9"}}},
		{App: "vpn", Identity: "corp", Users: users, Groups: []planner.GroupLink{
			{RemoteID: "g", DisplayName: "G", Members: []string{"2", "1", "7"}},
		}},
		{App: "wiki", Identity: "corp", Users: users[:1]},
	}}
	got := planner.Recall(p.Config, state, map[schema.Address]planner.Capabilities{"target.scim.corp": {Dialect: "scim"}})
	want := map[schema.Address]*planner.Remote{"target.scim.corp": {
		Target: "target.scim.corp", Identity: "corp", Complete: true,
		Capabilities: planner.Capabilities{Dialect: "scim"},
		Users:        []planner.RemoteUser{{ID: "1", UserName: "a"}, {ID: "2", UserName: "b", Active: true}},
		Groups: []planner.RemoteGroup{
			{ID: "g", DisplayName: "G", Members: []uint32{0, 1}, Foreign: []string{"7"}, MembersKnown: true},
		},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("recall (-want +got):\n%s", diff)
	}
}

func TestFilesOfOursFollowTheDataFolder(t *testing.T) {
	t.Parallel()
	tests := []struct{ dir, path, want string }{
		{"", "", ".rollcall/state.json"},
		{"", "ledger/state.json", "ledger/state.json"},
		{"data", "", "data/state.json"},
		{"data", ".rollcall/sandbox.json", "data/sandbox.json"},
		{"data", "ledger/state.json", "ledger/state.json"},
	}
	for _, tt := range tests {
		p := &Project{options: Options{Root: t.TempDir()}}
		p.options.DataDir = tt.dir
		got, err := p.dataFile(tt.path, "state.json")
		if want := filepath.Join(p.options.Root, filepath.FromSlash(tt.want)); got != want || err != nil {
			t.Errorf("data folder %q, path %q: %s, %v, want %s", tt.dir, tt.path, got, err, want)
		}
	}
	away := filepath.Join(t.TempDir(), "data")
	p := &Project{options: Options{Root: t.TempDir()}}
	p.options.DataDir = away
	if got, err := p.dataFile("", "state.json"); got != filepath.Join(away, "state.json") || err != nil {
		t.Errorf("an absolute data folder %s: %s, %v", away, got, err)
	}
}

// TestNoLinkLeadsFilesOfOursAway: who writes the configuration may write links, too.
func TestNoLinkLeadsFilesOfOursAway(t *testing.T) {
	t.Parallel()
	away := t.TempDir()
	for _, link := range []string{
		".rollcall", "ledger", ".rollcall/state.json", ".rollcall/state.json.lock", ".rollcall/state.json.journal",
		".rollcall/state.json.tmp", ".rollcall/.state.json.new",
	} {
		root := t.TempDir()
		if err := os.MkdirAll(filepath.Join(root, filepath.Dir(link)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(filepath.Join(away, "x"), filepath.Join(root, link)); err != nil {
			t.Fatal(err)
		}
		file := ""
		if link == "ledger" {
			file = "ledger/deep/state.json"
		}
		p := &Project{options: Options{Root: root}}
		if got, err := p.dataFile(file, "state.json"); err == nil || !strings.Contains(err.Error(), "ROLLCALL_DATA_DIR") {
			t.Errorf("with a link %s: %q, %v, want an error that names a way out", link, got, err)
		}
		p.options.DataDir = away
		if _, err := p.dataFile("", "state.json"); err != nil {
			t.Errorf("with a link %s and a data folder: %v", link, err)
		}
	}
}

func TestErrorsOfARunHaveTheirCodeAndPlace(t *testing.T) {
	t.Parallel()
	at := schema.Origin{File: "main.hcl", Line: 3}
	tests := map[schema.Code]error{
		"credentials-rejected": &providers.CredentialsError{Err: errors.New("401")},
		"incomplete-read":      &providers.IncompleteReadError{What: "page 2"},
		"stale-plan":           &StaleError{Expected: "rc1:1", Now: &planner.Plan{Fingerprint: "rc1:2"}, Source: "the plan"},
		"state-locked":         &providers.LockedError{},
		"conflict":             &providers.ObjectError{Code: "conflict", Err: errors.New("409")},
		"missing-token":        &TokenError{errors.New("no token")},
		"target-unavailable":   errors.New("connection refused"),
	}
	for code, err := range tests {
		got := Diagnose(fmt.Errorf("read: %w", &PlaceError{What: "target.scim.corp", Origin: at, Err: err}))
		if got.Code != code || got.Origin != at || got.Object != "target.scim.corp" {
			t.Errorf("%v: code %q, place %v, object %q", err, got.Code, got.Origin, got.Object)
		}
	}
	if got := Diagnose(&PlaceError{What: "state", Err: errors.New("the disk is full")}); got.Code != "state-unavailable" {
		t.Errorf("a state that cannot be read has the code %q", got.Code)
	}
	if got := Diagnose(errors.New("the disk is full")); got.Code != "" {
		t.Errorf("an error of nothing in the configuration has the code %q", got.Code)
	}
	if got := Diagnose(fmt.Errorf("read: %w", planfile.ErrAltered)); got.Code != "stale-plan" {
		t.Errorf("an altered plan has the code %q", got.Code)
	}
}

func TestAPlanThatIsOnlyReportedSendsNothing(t *testing.T) {
	t.Parallel()
	reported := planner.Change{ID: "1", ReportOnly: true}
	if sends(&planner.Plan{Changes: []planner.Change{reported}}) {
		t.Error("a plan of reported changes alone sends something")
	}
	if !sends(&planner.Plan{Changes: []planner.Change{reported, {ID: "2"}}}) {
		t.Error("a plan with a change that is not only reported sends nothing")
	}
}
