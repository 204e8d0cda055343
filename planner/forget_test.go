package planner

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestWhatIsForgottenStillCounts(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 2, 9, 30, 0, 0, time.UTC)
	history := []Removal{{At: now.Add(-time.Hour), Deactivations: 3, OwnedUsers: 10}}
	emptying := func(at time.Time) GroupLink { return GroupLink{Key: "group.eng", FullMembers: 9, FullAt: at} }
	for name, tt := range map[string]struct {
		app     AppState
		key     string
		want    AppState
		until   time.Time
		nothing bool
	}{
		"a person": {
			app:  AppState{Users: []UserLink{{Key: "user.ann"}, {Key: "user.bob"}}, History: history},
			key:  "user.ann",
			want: AppState{Users: []UserLink{{Key: "user.bob"}}, History: history}, until: now.Add(23 * time.Hour),
		},
		"a window that is longer than usual": {
			app:  AppState{Users: []UserLink{{Key: "user.ann"}}, History: history, Terms: Terms{Window: 72 * time.Hour}},
			key:  "user.ann",
			want: AppState{Users: nil, History: history, Terms: Terms{Window: 72 * time.Hour}}, until: now.Add(71 * time.Hour),
		},
		"a group of whose emptying nothing is known any more": {
			app:  AppState{Groups: []GroupLink{emptying(now.Add(-23 * time.Hour))}},
			key:  "group.eng",
			want: AppState{Groups: nil, Rebuilt: now}, until: now.Add(24 * time.Hour),
		},
		"a group whose window is over": {
			app: AppState{Groups: []GroupLink{emptying(now.Add(-25 * time.Hour))}},
			key: "group.eng", want: AppState{Groups: nil},
		},
		"everything": {
			app:  AppState{Identity: "vpn", Users: []UserLink{{Key: "user.ann"}}, Groups: []GroupLink{emptying(now)}, History: history},
			want: AppState{Identity: "vpn", History: history, Rebuilt: now}, until: now.Add(24 * time.Hour),
		},
		"nobody": {
			app: AppState{Users: []UserLink{{Key: "user.ann"}}},
			key: "user.eve", want: AppState{Users: []UserLink{{Key: "user.ann"}}}, nothing: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := tt.app
			if tt.key == "" {
				got.ForgetAll(now)
			} else if forgot := got.Forget(tt.key, now); forgot == tt.nothing {
				t.Errorf("forgot: got %t, want %t", forgot, !tt.nothing)
			}
			if d := cmp.Diff(got, tt.want, cmpopts.EquateEmpty()); d != "" {
				t.Errorf("ledger (-got +want):\n%s", d)
			}
			if until := got.Remembers(); !until.Equal(tt.until) {
				t.Errorf("remembers until %s, want %s", until, tt.until)
			}
		})
	}
}
