package statefile_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/statefile"
	"github.com/rollcall-dev/rollcall/schema"
)

// example has one of everything that the format knows.
func example() *planner.State {
	s := example2()
	s.Apps[0].Rebuilt = time.Date(2026, 11, 23, 10, 30, 0, 0, time.UTC)
	s.Logged = planner.LogEnd{Seq: 57, Hash: "9801dd22"}
	return s
}

// example2 has one of everything that version 2 knew when it was new.
func example2() *planner.State {
	s := example1()
	s.Directories = []planner.DirectoryState{{
		Address: "directory.file.hr", Before: []string{"d0"},
		Good:    planner.Reading{Digest: "d1", Users: 40, Groups: 2, Members: 9, At: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)},
		Doubted: planner.Reading{Digest: "d2", Users: 3, At: time.Date(2026, 11, 23, 11, 0, 0, 0, time.UTC)},
	}}
	a := &s.Apps[0]
	a.Terms = planner.Terms{
		MaxDeactivations: schema.Limit{Share: true, Value: 12.5}, MaxRemovals: schema.Limit{Value: 40}, Floor: 3, Window: 24 * time.Hour,
	}
	a.History = []planner.Removal{{
		At: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC), Deactivations: 1, Members: 4, Taken: 2, OwnedUsers: 30, OwnedMembers: 60,
	}}
	a.Users[0].Protected = true
	g := &a.Groups[0]
	g.Protected, g.FullMembers, g.FullAt = true, 8, time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	return s
}

// example1 has one of everything that version 1 of the format knew.
func example1() *planner.State {
	return &planner.State{
		Lineage: "lineage-1", Serial: 7, Unsettled: time.Date(2026, 11, 23, 12, 0, 0, 5, time.UTC),
		Apps: []planner.AppState{{
			App: "twingate", Identity: "https://acme.twingate.com/api/scim/v2",
			Users: []planner.UserLink{{
				Key: "user.alice", RemoteID: "u1", ExternalID: "alice@acme.com", UserName: "alice@acme.com",
				Active: true, Source: planner.SourceGroup,
				Attributes: []schema.Value{
					{Path: `emails[type eq "work"].value`, Value: "alice@acme.com"},
					{Path: "name.familyName", Value: "Ng <&>"},
					{Path: "title"},
				},
				Origin: schema.Origin{File: "people.hcl", Line: 3, Column: 1, EndLine: 3, EndColumn: 15},
			}, {
				Key: `directory.file.hr.users["7"]`, RemoteID: "u7", OnUnassign: schema.UnassignKeep,
			}},
			Groups: []planner.GroupLink{{
				Key: "group.engineering", Push: "push_group.engineering", RemoteID: "g1",
				DisplayName: "Engineering", Members: []string{"u1", "u7"}, Pushed: true,
				OnUnpush: schema.UnpushEmpty, Additive: true,
			}},
		}},
	}
}

func encode(t testing.TB, s *planner.State) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := statefile.Encode(&b, s); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestStateComesBackAsItWasSortedByKey(t *testing.T) {
	t.Parallel()
	got, err := statefile.Decode(bytes.NewReader(encode(t, example())))
	if err != nil {
		t.Fatal(err)
	}
	want := example()
	users := want.Apps[0].Users
	users[0], users[1] = users[1], users[0]
	if d := cmp.Diff(got, want); d != "" {
		t.Errorf("state (-got +want):\n%s", d)
	}
}

func TestStateCutAtAnyLengthIsRefused(t *testing.T) {
	t.Parallel()
	whole := encode(t, example())
	for n := range whole {
		if _, err := statefile.Decode(bytes.NewReader(whole[:n])); err == nil {
			t.Fatalf("the first %d of %d bytes were taken for a state", n, len(whole))
		}
	}
}
