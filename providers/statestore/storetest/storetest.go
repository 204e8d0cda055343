// Package storetest holds the suite that every state store must pass: what it
// keeps, whom it lets write, and what it refuses. It is given a way to open one
// and the same place again and again, as processes one after another do.
//
// Start at Run.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/providers"
)

// Place is somewhere that a state is kept. Open gives a store for it: another
// one each time, as another process would.
type Place interface {
	Open() providers.Store
	// Spoil replaces the stored bytes of the state and the frames of its journal,
	// behind the store's back.
	Spoil(ctx context.Context, with func(state []byte, frames [][]byte) ([]byte, [][]byte)) error
	// Kept returns what is stored of the state and its journal, and what is of
	// those that were displaced.
	Kept(ctx context.Context) (used, displaced []byte, err error)
}

// Run runs the suite. place makes an empty place for each test.
func Run(t *testing.T, place func(t *testing.T) Place) {
	tests := []struct {
		name string
		run  func(*testing.T, Place)
	}{
		{"an empty store holds an empty state without a lineage", emptyStore},
		{"a saved state is read as it was saved", savedStateIsRead},
		{"a state keeps its lineage and counts its saves", lineageAndSerial},
		{"a reader beside a writer sees whole states", readerBesideWriter},
		{"a second writer is told who holds the lock", secondWriterIsRefused},
		{"a second writer waits until the lock is free", secondWriterWaits},
		{"a writer who gives up waiting gets its context's cause", waitingEndsWithContext},
		{"a state that somebody else saved since is not replaced", changedStateIsKept},
		{"a state of another lineage is not replaced", foreignStateIsKept},
		{"a broken lock ends its holder's writing", brokenLockEndsWriting},
		{"a lock is broken by its own id alone", wrongIDBreaksNothing},
		{"a create that never ended is an intent", unendedCreateIsIntent},
		{"a create that failed is no intent", failedCreateIsNoIntent},
		{"a create that never ended outlives a save", intentOutlivesSave},
		{"an intent ends when the state has its object", intentEndsWithLink},
		{"what was done since the save is unsettled", doneIsUnsettled},
		{"an empty store has an empty audit log", emptyLog},
		{"records of the audit log are read in their order, by whoever wrote them", logIsRead},
		{"an audit log is not written to without the lock", brokenLockEndsLogging},
		{"an apply that was cut short leaves its records and what the journal knows", cutShortIsLeft},
		{"an apply that ended leaves nothing", endedLeavesNothing},
		{"what was saved is what is read, and nothing is displaced", soundIsNotDisplaced},
		{"the state that was saved is read where its journal is damaged", savedOutlivesItsJournal},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.run(t, place(t))
		})
	}
	damageIsDisplaced(t, place)
}

// Info returns a lock holder called id.
func Info(id string) providers.LockInfo {
	return providers.LockInfo{
		ID: id, Operation: "apply", Who: "ann@ci", Version: "0.1.0",
		Created: time.Date(2026, 11, 2, 9, 30, 0, 0, time.UTC), Run: "https://ci.example/runs/1",
	}
}

func read(t *testing.T, s providers.Store) *planner.State {
	t.Helper()
	st, err := s.Read(context.Background())
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	return st
}

func lock(t *testing.T, s providers.Store, id string) providers.Session {
	t.Helper()
	session, err := s.Lock(context.Background(), Info(id), 0)
	if err != nil {
		t.Fatalf("lock: %v", err)
	}
	return session
}

func must(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// save writes st in a session of its own.
func save(t *testing.T, s providers.Store, st *planner.State) {
	t.Helper()
	session := lock(t, s, "save")
	must(t, "save", session.Save(context.Background(), st))
	must(t, "unlock", session.Unlock(context.Background()))
}

func example() []planner.AppState {
	return []planner.AppState{{
		App: "twingate", Identity: "https://acme.example/scim",
		Users:  []planner.UserLink{{Key: "user.ann", RemoteID: "u1", UserName: "ann@acme.com", Active: true}},
		Groups: []planner.GroupLink{{Key: "group.eng", RemoteID: "g1", DisplayName: "Eng", Members: []string{"u1"}, Pushed: true}},
	}}
}

func create(key string) planner.Change {
	return planner.Change{
		ID: "twingate/user/" + key + "/create", App: "twingate", Kind: planner.KindUser,
		Key: key, Name: key + "@acme.com", Action: planner.Create, Link: planner.Link{ExternalID: key},
	}
}

func wantIntents(t *testing.T, s providers.Store, keys ...string) {
	t.Helper()
	var got []string
	for _, i := range read(t, s).Intents {
		got = append(got, i.Key)
	}
	if d := cmp.Diff(got, keys, cmpopts.EquateEmpty()); d != "" {
		t.Errorf("keys of intents (-got +want):\n%s", d)
	}
}

func emptyStore(t *testing.T, p Place) {
	if d := cmp.Diff(read(t, p.Open()), &planner.State{}); d != "" {
		t.Errorf("state (-got +want):\n%s", d)
	}
}

func savedStateIsRead(t *testing.T, p Place) {
	st := read(t, p.Open())
	st.Apps = example()
	save(t, p.Open(), st)
	if d := cmp.Diff(read(t, p.Open()).Apps, example()); d != "" {
		t.Errorf("apps (-got +want):\n%s", d)
	}
}

func lineageAndSerial(t *testing.T, p Place) {
	st := read(t, p.Open())
	save(t, p.Open(), st)
	first := read(t, p.Open())
	save(t, p.Open(), first)
	second := read(t, p.Open())
	if first.Lineage == "" || second.Lineage != st.Lineage {
		t.Errorf("lineages are %q, then %q, want one that stays", st.Lineage, second.Lineage)
	}
	if second.Serial != st.Serial+1 {
		t.Errorf("serial after the second save is %d, want %d", second.Serial, st.Serial+1)
	}
}

func readerBesideWriter(t *testing.T, p Place) {
	const people = 30
	ended := make(chan error, 1)
	go func() { ended <- grow(p.Open(), people) }()
	for seen := 0; seen < people; {
		st := read(t, p.Open())
		now := 0
		if len(st.Apps) > 0 {
			now = len(st.Apps[0].Users)
		}
		if now < seen {
			t.Errorf("a read gives %d people after one that gave %d", now, seen)
			break
		}
		seen = now
	}
	must(t, "the writer", <-ended)
}

// grow creates people one after the other and saves after every third.
func grow(s providers.Store, people int) error {
	ctx := context.Background()
	session, err := s.Lock(ctx, Info("grow"), 0)
	if err != nil {
		return err
	}
	st, err := s.Read(ctx)
	if err != nil {
		return err
	}
	for i := range people {
		c := create(fmt.Sprintf("user.%03d", i))
		o := planner.Outcome{RemoteID: c.Key}
		if err := errors.Join(session.Intend(c), session.Settle(c, o, nil)); err != nil {
			return err
		}
		st.Record(c, o)
		if i%3 != 2 {
			continue
		}
		if err := session.Save(ctx, st); err != nil {
			return err
		}
	}
	return session.Unlock(ctx)
}

func secondWriterIsRefused(t *testing.T, p Place) {
	session := lock(t, p.Open(), "first")
	_, err := p.Open().Lock(context.Background(), Info("second"), 0)
	var locked *providers.LockedError
	if !errors.As(err, &locked) {
		t.Fatalf("second lock: got %v, want a LockedError", err)
	}
	if d := cmp.Diff(locked.Holder, Info("first"), cmpopts.IgnoreFields(providers.LockInfo{}, "Expires")); d != "" {
		t.Errorf("holder (-got +want):\n%s", d)
	}
	must(t, "unlock", session.Unlock(context.Background()))
	must(t, "unlock again", lock(t, p.Open(), "third").Unlock(context.Background()))
}

func secondWriterWaits(t *testing.T, p Place) {
	session := lock(t, p.Open(), "first")
	ended := make(chan error, 1)
	go func() {
		second, err := p.Open().Lock(context.Background(), Info("second"), time.Minute)
		if err == nil {
			err = second.Unlock(context.Background())
		}
		ended <- err
	}()
	must(t, "unlock", session.Unlock(context.Background()))
	must(t, "second lock", <-ended)
}

func waitingEndsWithContext(t *testing.T, p Place) {
	session := lock(t, p.Open(), "first")
	cause := errors.New("interrupted")
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(cause)
	if _, err := p.Open().Lock(ctx, Info("second"), time.Minute); !errors.Is(err, cause) {
		t.Errorf("second lock: got %v, want %v", err, cause)
	}
	must(t, "unlock", session.Unlock(context.Background()))
}

func changedStateIsKept(t *testing.T, p Place) {
	save(t, p.Open(), &planner.State{Apps: example()})
	mine, theirs := read(t, p.Open()), read(t, p.Open())
	save(t, p.Open(), theirs)
	mine.Apps = nil
	refusesToSave(t, p, mine)
}

func foreignStateIsKept(t *testing.T, p Place) {
	save(t, p.Open(), &planner.State{Apps: example()})
	foreign := read(t, p.Open())
	foreign.Lineage, foreign.Apps = "another", nil
	refusesToSave(t, p, foreign)
}

func refusesToSave(t *testing.T, p Place, st *planner.State) {
	t.Helper()
	session := lock(t, p.Open(), "late")
	if err := session.Save(context.Background(), st); err == nil {
		t.Error("save: got no error, want a refusal")
	}
	must(t, "unlock", session.Unlock(context.Background()))
	if d := cmp.Diff(read(t, p.Open()).Apps, example()); d != "" {
		t.Errorf("apps after the refusal (-got +want):\n%s", d)
	}
}

func brokenLockEndsWriting(t *testing.T, p Place) {
	victim := lock(t, p.Open(), "victim")
	must(t, "intend", victim.Intend(create("user.ann")))
	must(t, "force unlock", p.Open().ForceUnlock(context.Background(), "victim"))
	next := lock(t, p.Open(), "next")
	if err := victim.Intend(create("user.bob")); err == nil {
		t.Error("intend without the lock: got no error")
	}
	if err := victim.Save(context.Background(), &planner.State{}); err == nil {
		t.Error("save without the lock: got no error")
	}
	_ = victim.Unlock(context.Background())
	must(t, "the next holder's intend", next.Intend(create("user.cyd")))
	must(t, "the next holder's unlock", next.Unlock(context.Background()))
	wantIntents(t, p.Open(), "user.ann", "user.cyd")
}

func wrongIDBreaksNothing(t *testing.T, p Place) {
	if err := p.Open().ForceUnlock(context.Background(), "first"); err == nil {
		t.Error("force unlock of what is not locked: got no error")
	}
	session := lock(t, p.Open(), "first")
	if err := p.Open().ForceUnlock(context.Background(), "second"); err == nil {
		t.Error("force unlock by another id: got no error")
	}
	must(t, "intend", session.Intend(create("user.ann")))
	must(t, "unlock", session.Unlock(context.Background()))
}

func unendedCreateIsIntent(t *testing.T, p Place) {
	session := lock(t, p.Open(), "dies")
	must(t, "intend", session.Intend(create("user.ann")))
	update := create("user.bob")
	update.Action = planner.Update
	must(t, "intend", session.Intend(update))
	must(t, "unlock", session.Unlock(context.Background()))
	got := read(t, p.Open()).Intents
	want := []planner.Intent{{App: "twingate", Kind: "user", Key: "user.ann", Name: "user.ann@acme.com", ExternalID: "user.ann"}}
	if d := cmp.Diff(got, want, cmpopts.IgnoreFields(planner.Intent{}, "At")); d != "" {
		t.Errorf("intents (-got +want):\n%s", d)
	}
}

func failedCreateIsNoIntent(t *testing.T, p Place) {
	session := lock(t, p.Open(), "apply")
	must(t, "intend", session.Intend(create("user.ann")))
	must(t, "settle", session.Settle(create("user.ann"), planner.Outcome{}, errors.New("refused")))
	must(t, "unlock", session.Unlock(context.Background()))
	wantIntents(t, p.Open())
}

func intentOutlivesSave(t *testing.T, p Place) {
	session := lock(t, p.Open(), "apply")
	must(t, "intend", session.Intend(create("user.ann")))
	must(t, "save", session.Save(context.Background(), &planner.State{}))
	must(t, "unlock", session.Unlock(context.Background()))
	wantIntents(t, p.Open(), "user.ann")
	save(t, p.Open(), read(t, p.Open()))
	wantIntents(t, p.Open(), "user.ann")
}

func intentEndsWithLink(t *testing.T, p Place) {
	session := lock(t, p.Open(), "apply")
	must(t, "intend", session.Intend(create("user.ann")))
	must(t, "save", session.Save(context.Background(), &planner.State{Apps: example()}))
	must(t, "unlock", session.Unlock(context.Background()))
	wantIntents(t, p.Open())
}

func doneIsUnsettled(t *testing.T, p Place) {
	at := time.Date(2026, 11, 2, 9, 31, 0, 0, time.UTC)
	session := lock(t, p.Open(), "apply")
	must(t, "settle", session.Settle(create("user.ann"), planner.Outcome{RemoteID: "u1", At: at}, nil))
	must(t, "settle", session.Settle(create("user.bob"), planner.Outcome{RemoteID: "u2", At: at.Add(-time.Second)}, nil))
	must(t, "unlock", session.Unlock(context.Background()))
	st := read(t, p.Open())
	if !st.Unsettled.Equal(at) {
		t.Errorf("unsettled since %v, want %v", st.Unsettled, at)
	}
	save(t, p.Open(), st)
	if st := read(t, p.Open()); !st.Unsettled.Equal(at) {
		t.Errorf("unsettled after the save: got %v, want %v", st.Unsettled, at)
	}
}
