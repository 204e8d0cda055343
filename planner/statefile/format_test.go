package statefile_test

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/internal/arbitrary"
	"github.com/rollcall-dev/rollcall/planner/statefile"
	"github.com/rollcall-dev/rollcall/schema"
)

func decode(b []byte) (*planner.State, error) { return statefile.Decode(bytes.NewReader(b)) }

// inOrder brings a state into the order that the format keeps.
func inOrder(s *planner.State) {
	slices.SortStableFunc(s.Directories, func(a, b planner.DirectoryState) int { return cmp.Compare(a.Address, b.Address) })
	slices.SortStableFunc(s.Apps, func(a, b planner.AppState) int { return cmp.Compare(a.App, b.App) })
	for i := range s.Apps {
		a := &s.Apps[i]
		slices.SortStableFunc(a.Users, func(a, b planner.UserLink) int { return cmp.Compare(a.Key, b.Key) })
		slices.SortStableFunc(a.Groups, func(a, b planner.GroupLink) int { return cmp.Compare(a.Key, b.Key) })
	}
}

func TestAnyStateComesBackInOrderWithoutItsIntents(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := arbitrary.Of[planner.State](t)
		var b bytes.Buffer
		if err := statefile.Encode(&b, &s); err != nil {
			t.Fatal(err)
		}
		got, err := decode(b.Bytes())
		if err != nil {
			t.Fatalf("%v\n%s", err, b.Bytes())
		}
		inOrder(&s)
		s.Intents = nil
		if d := gocmp.Diff(got, &s, cmpopts.EquateEmpty()); d != "" {
			t.Fatalf("state (-got +want):\n%s", d)
		}
	})
}

func TestEncodingLeavesTheStateAsItWas(t *testing.T) {
	t.Parallel()
	s := example()
	encode(t, s)
	if d := gocmp.Diff(s, example()); d != "" {
		t.Errorf("state after encoding (-got +want):\n%s", d)
	}
}

// TestEveryVersionIsRead reads files that each version of the format wrote. They
// are never written anew: a reader of today must read what was written then.
func TestEveryVersionIsRead(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]*planner.State{"testdata/v1.jsonl": example1(), "testdata/v2.jsonl": example2()} {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		got, err := decode(b)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		inOrder(want)
		if d := gocmp.Diff(got, want); d != "" {
			t.Errorf("%s (-got +want):\n%s", name, d)
		}
	}
}

func TestFormatIsAsItWas(t *testing.T) {
	t.Parallel()
	const path = "testdata/state.jsonl"
	got := encode(t, example())
	if os.Getenv("UPDATE") == "1" {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := gocmp.Diff(string(got), string(want)); d != "" {
		t.Errorf("%s (-got +want):\n%s", path, d)
	}
}

func TestStateWithAnyByteChangedIsRefused(t *testing.T) {
	t.Parallel()
	whole := encode(t, example())
	for i := range whole {
		altered := bytes.Clone(whole)
		altered[i] ^= 1
		if _, err := decode(altered); err == nil {
			t.Fatalf("byte %d (%q to %q) was changed unnoticed", i, whole[i], altered[i])
		}
	}
}

func TestEditedStateIsRefusedWithALine(t *testing.T) {
	t.Parallel()
	whole := string(encode(t, example()))
	lines := strings.SplitAfter(whole, "\n")
	without := func(i int) string { return strings.Join(slices.Delete(slices.Clone(lines), i, i+1), "") }
	tests := map[string]struct{ content, line string }{
		"a line taken out":     {without(3), "line 7"},
		"no app":               {without(2), "line 3"},
		"no end":               {strings.Join(lines[:len(lines)-2], ""), "line 8"},
		"something behind":     {whole + lines[2], "line 8"},
		"a line of no kind":    {strings.Replace(whole, `{"type":"user"`, `{"type":"loser"`, 1), "line 4"},
		"a line that is empty": {strings.Replace(whole, "\n", "\n\n", 1), "line 2"},
		"another id":           {strings.Replace(whole, `"remote_id":"u1"`, `"remote_id":"u2"`, 1), "line 8"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := decode([]byte(tt.content))
			if !errors.Is(err, statefile.ErrAltered) {
				t.Fatalf("got %v, want %v", err, statefile.ErrAltered)
			}
			if !strings.Contains(err.Error(), tt.line) {
				t.Errorf("error does not say %q: %v", tt.line, err)
			}
		})
	}
}

func TestOtherFilesAndNewerVersionsAreNotRead(t *testing.T) {
	t.Parallel()
	tests := map[string]error{
		`{"format":"rollcall-state","version":3}` + "\n": statefile.ErrVersion,
		`{"format":"rollcall-state","version":0}` + "\n": statefile.ErrVersion,
		`{"version":4,"terraform_version":"1.9"}` + "\n": statefile.ErrFormat,
		"login\nann\n": statefile.ErrFormat,
		"":             statefile.ErrAltered,
	}
	for content, want := range tests {
		if _, err := decode([]byte(content)); !errors.Is(err, want) {
			t.Errorf("%q: got %v, want %v", content, err, want)
		}
	}
}

func TestHeaderCountsWhatFollows(t *testing.T) {
	t.Parallel()
	got, err := statefile.DecodeHeader(bytes.NewReader(encode(t, example())))
	if err != nil {
		t.Fatal(err)
	}
	want := statefile.Header{Lineage: "lineage-1", Serial: 7, Apps: 1, Users: 2, Groups: 1, Removals: 1, Directories: 1, Unsettled: example().Unsettled, Logged: example().Logged}
	if d := gocmp.Diff(got, want); d != "" {
		t.Errorf("header (-got +want):\n%s", d)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(encode(f, example()))
	f.Add(encode(f, &planner.State{}))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := decode(b)
		if (s == nil) != (err != nil) {
			t.Fatalf("got a state: %t, and error %v", s != nil, err)
		}
		if err != nil {
			return
		}
		again, err := decode(encode(t, s))
		if d := gocmp.Diff(again, s, cmpopts.EquateEmpty()); d != "" || err != nil {
			t.Fatalf("%v, state (-got +want):\n%s", err, d)
		}
	})
}

// many is a state of n people in n/100 groups.
func many(n int) *planner.State {
	users := make([]planner.UserLink, n)
	groups := make([]planner.GroupLink, n/100)
	for i := range users {
		login := fmt.Sprintf("person%07d@acme.com", i)
		users[i] = planner.UserLink{
			Key: fmt.Sprintf(`directory.file.hr.users["%07d"]`, i), RemoteID: fmt.Sprintf("id-%07d", i),
			ExternalID: fmt.Sprintf("%07d", i), UserName: login, Active: true, Source: planner.SourceGroup,
			Attributes: []schema.Value{
				{Path: "displayName", Value: "Ann Ng"}, {Path: `emails[type eq "work"].value`, Value: login},
				{Path: "name.familyName", Value: "Ng"}, {Path: "name.givenName", Value: "Ann"},
			},
			Origin: schema.Origin{File: "people.csv", Line: uint32(i + 2), Column: 1},
		}
		g := &groups[i/100]
		g.Members = append(g.Members, users[i].RemoteID)
	}
	for i := range groups {
		groups[i].Key = fmt.Sprintf("group.g%06d", i)
		groups[i].Pushed = true
	}
	return &planner.State{Lineage: "l", Serial: 1, Apps: []planner.AppState{{App: "a", Users: users, Groups: groups}}}
}

func BenchmarkEncode(b *testing.B) {
	for _, n := range []int{100_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := many(n)
			b.ReportAllocs()
			for b.Loop() {
				b.SetBytes(int64(len(encode(b, s))))
			}
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, n := range []int{100_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			file := encode(b, many(n))
			b.SetBytes(int64(len(file)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := decode(file); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
