package storetest

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/auditlog"
	"github.com/rollcall-dev/rollcall/providers"
)

func begin(apply string) auditlog.Record {
	return auditlog.Record{Kind: auditlog.Begin, Apply: apply, Run: &auditlog.Run{Operation: "apply", Who: "ann@ci"}}
}

func end(apply string) auditlog.Record {
	return auditlog.Record{Kind: auditlog.End, Apply: apply, Ended: &auditlog.Ended{Result: auditlog.Complete}}
}

// record appends records one after the other in a session of its own.
func record(t *testing.T, s providers.Store, records ...auditlog.Record) {
	t.Helper()
	session := lock(t, s, "record")
	for _, r := range records {
		must(t, "record", session.Record(context.Background(), []auditlog.Record{r}))
	}
	must(t, "unlock", session.Unlock(context.Background()))
}

// logged reads a log whole: kind and apply of each record.
func logged(t *testing.T, s providers.Store) []string {
	t.Helper()
	log, err := s.Log(context.Background())
	must(t, "open the log", err)
	var all []string
	for in := auditlog.NewReader(log); ; {
		r, _, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		must(t, "read the log", err)
		all = append(all, string(r.Kind)+" "+r.Apply)
	}
	must(t, "close the log", log.Close())
	return all
}

func wantLog(t *testing.T, s providers.Store, want ...string) {
	t.Helper()
	if d := cmp.Diff(want, logged(t, s)); d != "" {
		t.Errorf("audit log (-want +got):\n%s", d)
	}
}

func emptyLog(t *testing.T, p Place) {
	wantLog(t, p.Open())
	session := lock(t, p.Open(), "looks")
	left, err := session.Left(context.Background(), &planner.State{})
	must(t, "look what is left", err)
	must(t, "unlock", session.Unlock(context.Background()))
	if d := cmp.Diff(providers.Left{}, left); d != "" {
		t.Errorf("left (-want +got):\n%s", d)
	}
}

func logIsRead(t *testing.T, p Place) {
	record(t, p.Open(), begin("1"), end("1"))
	save(t, p.Open(), &planner.State{})
	var want []string
	for range 12 { // more than a page or a piece of any store
		record(t, p.Open(), begin("2"), end("2"))
		want = append(want, "begin 2", "end 2")
	}
	session := lock(t, p.Open(), "many")
	must(t, "record", session.Record(context.Background(), []auditlog.Record{begin("3"), end("3")}))
	must(t, "unlock", session.Unlock(context.Background()))
	wantLog(t, p.Open(), append(append([]string{"begin 1", "end 1"}, want...), "begin 3", "end 3")...)
}

func brokenLockEndsLogging(t *testing.T, p Place) {
	victim := lock(t, p.Open(), "victim")
	must(t, "record", victim.Record(context.Background(), []auditlog.Record{begin("1")}))
	must(t, "force unlock", p.Open().ForceUnlock(context.Background(), "victim"))
	next := lock(t, p.Open(), "next")
	must(t, "the next holder's record", next.Record(context.Background(), []auditlog.Record{end("1")}))
	if err := victim.Record(context.Background(), []auditlog.Record{end("late")}); err == nil {
		t.Error("record without the lock: got no error")
	}
	_ = victim.Unlock(context.Background())
	must(t, "the next holder's unlock", next.Unlock(context.Background()))
	wantLog(t, p.Open(), "begin 1", "end 1")
}

func cutShortIsLeft(t *testing.T, p Place) {
	session := lock(t, p.Open(), "dies")
	must(t, "record", session.Record(context.Background(), []auditlog.Record{begin("1")}))
	ids := []string{"user.ann", "user.bob", "user.cyd"}
	for _, key := range ids {
		must(t, "intend", session.Intend(create(key)))
	}
	answered := planner.Outcome{RemoteID: "u1", Receipts: []planner.Receipt{{Status: 201, RequestID: "r-1"}}}
	must(t, "settle", session.Settle(create("user.ann"), answered, nil))
	must(t, "settle", session.Settle(create("user.bob"), planner.Outcome{}, errors.New("refused")))
	must(t, "unlock", session.Unlock(context.Background()))

	next := lock(t, p.Open(), "next")
	left, err := next.Left(context.Background(), &planner.State{})
	must(t, "look what is left", err)
	must(t, "unlock", next.Unlock(context.Background()))
	got := []string{left.Apply}
	for _, c := range left.Changes {
		got = append(got, c.Change.Key+" "+string(c.Status))
	}
	if d := cmp.Diff([]string{"1", "user.ann done", "user.bob failed", "user.cyd unknown"}, got); d != "" {
		t.Fatalf("left (-want +got):\n%s", d)
	}
	if d := cmp.Diff(answered.Receipts, left.Changes[0].Outcome.Receipts); d != "" {
		t.Errorf("receipts (-want +got):\n%s", d)
	}
}

// RunLogEnd runs what holds besides where all holders append to one log.
func RunLogEnd(t *testing.T, place func(t *testing.T) Place) {
	t.Run("a log that was cut, or replaced, is not appended to", func(t *testing.T) { cutLogIsNotAppendedTo(t, place(t)) })
	t.Run("a log that is gone goes on where the state knows that it ended", func(t *testing.T) { goneLogGoesOn(t, place(t)) })
}

func cutLogIsNotAppendedTo(t *testing.T, p Place) {
	record(t, p.Open(), begin("1"), end("1"))
	session := lock(t, p.Open(), "next")
	_, err := session.Left(context.Background(), &planner.State{})
	must(t, "look what is left", err)
	must(t, "note", session.Record(context.Background(), []auditlog.Record{begin("2"), end("2")}))
	st := &planner.State{}
	must(t, "save", session.Save(context.Background(), st))
	must(t, "unlock", session.Unlock(context.Background()))
	if st.Logged.Seq != 4 || read(t, p.Open()).Logged != st.Logged {
		t.Errorf("the state knows the log up to %+v, and is read with %+v, want record 4", st.Logged, read(t, p.Open()).Logged)
	}
	for name, known := range map[string]planner.LogEnd{
		"records that are gone": {Seq: 5, Hash: "x"}, "another record": {Seq: 4, Hash: "x"},
	} {
		next := lock(t, p.Open(), "next")
		_, err := next.Left(context.Background(), &planner.State{Logged: known})
		if broken := (*auditlog.BrokenError)(nil); !errors.As(err, &broken) {
			t.Errorf("a state that knows of %s: got %v, want a BrokenError", name, err)
		}
		must(t, "unlock", next.Unlock(context.Background()))
	}
	next := lock(t, p.Open(), "next")
	_, err = next.Left(context.Background(), &planner.State{Logged: planner.LogEnd{Seq: 3, Hash: "whatever it was"}})
	must(t, "a state that knows of less", err)
	must(t, "unlock", next.Unlock(context.Background()))
}

func goneLogGoesOn(t *testing.T, p Place) {
	session := lock(t, p.Open(), "next")
	st := &planner.State{Logged: planner.LogEnd{Seq: 7, Hash: "h"}}
	_, err := session.Left(context.Background(), st)
	must(t, "look what is left", err)
	must(t, "record", session.Record(context.Background(), []auditlog.Record{begin("1")}))
	must(t, "record", session.Record(context.Background(), []auditlog.Record{end("1")}))
	must(t, "save", session.Save(context.Background(), st))
	must(t, "unlock", session.Unlock(context.Background()))
	log, err := p.Open().Log(context.Background())
	must(t, "open the log", err)
	first, _, err := auditlog.NewReader(log).Next()
	must(t, "read the log", errors.Join(err, log.Close()))
	if first.Seq != 8 || first.Prev != "h" || first.Kind != auditlog.Note || !first.Run.Continues {
		t.Errorf("the first record is %+v of %+v, want a note that goes on behind the seventh", first, first.Run)
	}
	if st.Logged.Seq != 10 {
		t.Errorf("the state knows of %d records, want 10", st.Logged.Seq)
	}
	record(t, p.Open(), begin("2"), end("2"))
	if got := logged(t, p.Open()); len(got) != 5 {
		t.Errorf("got the records %q, want five", got)
	}
}

func endedLeavesNothing(t *testing.T, p Place) {
	record(t, p.Open(), begin("1"), end("1"))
	session := lock(t, p.Open(), "next")
	left, err := session.Left(context.Background(), &planner.State{})
	must(t, "look what is left", err)
	must(t, "unlock", session.Unlock(context.Background()))
	if left.Apply != "" {
		t.Errorf("the apply %q is left, want none", left.Apply)
	}
}
