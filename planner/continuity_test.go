package planner

import (
	"fmt"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/schema"
)

// readOf is a read of n people some minutes after asOf.
func readOf(digest string, people, minutes int) []DirectoryInput {
	return []DirectoryInput{{Address: "directory.file.hr", Digest: digest, Users: people, ReadAt: asOf.Add(time.Duration(minutes) * time.Minute)}}
}

func TestADirectoryThatShrankIsBelievedOnceASecondReadAgrees(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		reads []DirectoryInput
		want  []bool
	}{
		"the first read":                  {[]DirectoryInput{readOf("a", 5, 0)[0]}, []bool{true}},
		"up to a tenth":                   {[]DirectoryInput{readOf("a", 200, 0)[0], readOf("b", 180, 1)[0]}, []bool{true, true}},
		"more than a tenth":               {[]DirectoryInput{readOf("a", 200, 0)[0], readOf("b", 179, 1)[0]}, []bool{true, false}},
		"ten of few":                      {[]DirectoryInput{readOf("a", 12, 0)[0], readOf("b", 2, 1)[0]}, []bool{true, true}},
		"eleven of few":                   {[]DirectoryInput{readOf("a", 12, 0)[0], readOf("b", 1, 1)[0]}, []bool{true, false}},
		"the same again, too soon":        {[]DirectoryInput{readOf("a", 50, 0)[0], readOf("b", 9, 1)[0], readOf("b", 9, 10)[0]}, []bool{true, false, false}},
		"the same again, later":           {[]DirectoryInput{readOf("a", 50, 0)[0], readOf("b", 9, 1)[0], readOf("b", 9, 11)[0]}, []bool{true, false, true}},
		"much the same, later":            {[]DirectoryInput{readOf("a", 500, 0)[0], readOf("b", 90, 1)[0], readOf("c", 85, 11)[0]}, []bool{true, false, true}},
		"less again, later":               {[]DirectoryInput{readOf("a", 500, 0)[0], readOf("b", 90, 1)[0], readOf("c", 30, 11)[0]}, []bool{true, false, false}},
		"whole again":                     {[]DirectoryInput{readOf("a", 50, 0)[0], readOf("b", 9, 1)[0], readOf("a", 50, 2)[0], readOf("b", 9, 11)[0]}, []bool{true, false, true, false}},
		"a change taken back":             {[]DirectoryInput{readOf("a", 50, 0)[0], readOf("b", 48, 1)[0], readOf("a", 50, 2)[0]}, []bool{true, true, true}},
		"back and forth":                  {[]DirectoryInput{readOf("a", 50, 0)[0], readOf("b", 48, 1)[0], readOf("a", 50, 2)[0], readOf("b", 48, 3)[0]}, []bool{true, true, true, false}},
		"round and round":                 {[]DirectoryInput{readOf("a", 50, 0)[0], readOf("b", 48, 1)[0], readOf("c", 47, 2)[0], readOf("a", 50, 3)[0], readOf("b", 48, 4)[0]}, []bool{true, true, true, true, false}},
		"another after it was taken back": {[]DirectoryInput{readOf("a", 50, 0)[0], readOf("b", 48, 1)[0], readOf("a", 50, 2)[0], readOf("c", 48, 3)[0], readOf("a", 50, 4)[0]}, []bool{true, true, true, true, true}},
		"back and forth, and then agreed": {[]DirectoryInput{readOf("a", 50, 0)[0], readOf("b", 48, 1)[0], readOf("a", 50, 2)[0], readOf("b", 48, 3)[0], readOf("b", 48, 14)[0]}, []bool{true, true, true, false, true}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &State{}
			got := make([]bool, len(tt.reads))
			for i := range tt.reads {
				doubted, _ := NoteReadings(s, tt.reads[i:i+1], true)
				got[i] = len(doubted) == 0
			}
			if diff := gocmp.Diff(got, tt.want); diff != "" {
				t.Errorf("believed (-got +want):\n%s", diff)
			}
		})
	}
}

func TestARefusedApplyNotesADoubtAndNothingElse(t *testing.T) {
	t.Parallel()
	s := &State{}
	if _, changed := NoteReadings(s, readOf("a", 50, 0), false); changed || len(s.Directories) > 0 {
		t.Errorf("a good read was noted: %+v", s.Directories)
	}
	NoteReadings(s, readOf("a", 50, 0), true)
	if _, changed := NoteReadings(s, readOf("a", 50, 5), true); changed {
		t.Error("the same read again makes another state")
	}
	doubted, changed := NoteReadings(s, readOf("b", 3, 6), false)
	if !changed || len(doubted) != 1 || s.Directories[0].Good.Digest != "a" {
		t.Errorf("doubted %v, changed %t, state %+v", doubted, changed, s.Directories)
	}
	if _, changed := NoteReadings(s, readOf("b", 3, 7), false); changed {
		t.Error("the doubt begins anew with each read: no second one could ever agree")
	}
}

// shrunk plans over a directory of 30 people of whom three are left.
func shrunk(t *testing.T, edit func(*schema.Config)) *Plan {
	t.Helper()
	in := leaving(t, Facts{AsOf: asOf}, schema.Dated{}, edit)
	in.State.Directories = []DirectoryState{{Address: "directory.file.hr", Good: Reading{Digest: "a", Users: 30, At: asOf}}}
	return mustCompute(t, in)
}

// leaving is what a plan is made from in which all 30 people lose the app who were
// in a directory, of whom three are left there, under limits that let that pass.
func leaving(t *testing.T, facts Facts, from schema.Dated, edit func(*schema.Config)) Input {
	t.Helper()
	dir := &schema.Directory{Address: "directory.file.hr", Dated: from}
	cfg := &schema.Config{
		Targets: []schema.Target{{Address: targetAddress}}, Directories: []schema.DirectoryBlock{{Address: dir.Address, Kind: "file"}},
		Apps: []schema.App{{Address: "app.x", Name: "x", Target: targetAddress, Guard: schema.Guard{
			MaxDeactivations: schema.Limit{Share: true, Value: 100}, MaxRemovals: schema.Limit{Share: true, Value: 100}, Window: time.Hour,
		}, Provisioning: schema.DefaultProvisioning}},
	}
	edit(cfg)
	a := AppState{App: "x", Identity: "https://t.example", Terms: termsOf(&cfg.Apps[0].Guard)}
	remote := &Remote{Target: targetAddress, Identity: a.Identity, Complete: true, Capabilities: Capabilities{Dialect: "test", Members: MembersFull}}
	for i := range 30 {
		login, id := fmt.Sprintf("p%02d@x.com", i), fmt.Sprintf("u%02d", i)
		remote.Users = append(remote.Users, RemoteUser{ID: id, UserName: login, Active: true})
		a.Users = append(a.Users, UserLink{Key: fmt.Sprintf(`directory.file.hr.users[%q]`, login), RemoteID: id, UserName: login, Active: true})
		if i < 3 {
			dir.People = append(dir.People, schema.User{Login: login})
		}
	}
	facts.Directories = map[schema.Address]*schema.Directory{dir.Address: dir}
	d, found := Resolve(cfg, facts)
	if found.HasErrors() {
		t.Fatal(found)
	}
	return Input{
		Desired: d, State: &State{Apps: []AppState{a}}, Remotes: map[schema.Address]*Remote{targetAddress: remote},
		Inputs: Inputs{Directories: readOf("b", 3, 0)},
	}
}

func TestADirectoryThatShrankTakesNothingAway(t *testing.T) {
	t.Parallel()
	waiver := schema.Waiver{Address: "waiver.w", App: "app.x", Guard: "directory-shrank", Limit: schema.Limit{Share: true, Value: 90}, Expires: asOf.Add(1)}
	tests := map[string]struct {
		edit func(*schema.Config)
		want bool
	}{
		"without a waiver": {func(*schema.Config) {}, false},
		"with a waiver":    {func(c *schema.Config) { c.Waivers = []schema.Waiver{waiver} }, true},
		"with one that ended": {func(c *schema.Config) {
			ended := waiver
			ended.Expires = asOf
			c.Waivers = []schema.Waiver{ended}
		}, false},
		"with one of too little": {func(c *schema.Config) {
			small := waiver
			small.Limit.Value = 80
			c.Waivers = []schema.Waiver{small}
		}, false},
		"in an app that is only reported on": {func(c *schema.Config) { c.Apps[0].ReportOnly = true }, true},
		"where nothing is taken":             {func(c *schema.Config) { c.Apps[0].Provisioning.DeactivateUsers = false }, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := shrunk(t, tt.edit); got.Applyable != tt.want {
				t.Errorf("applyable is %t, want %t: %v", got.Applyable, tt.want, got.Findings)
			}
		})
	}
}
