package storetest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/auditlog"
	"github.com/rollcall-dev/rollcall/providers"
)

// Spoil does something to the stored bytes of a state and to the frames of its
// journal. Before is the state as it was stored one save ago.
type Spoil func(before, state []byte, frames [][]byte) ([]byte, [][]byte)

// spoils are the ways in which a store is damaged. The journal's case spares the
// creates that it knows of: what is whole of it is not lost.
var spoils = map[string]struct {
	spoil Spoil
	open  []string
}{
	"a value altered": {func(_, state []byte, frames [][]byte) ([]byte, [][]byte) {
		state = bytes.Clone(state)
		state[len(state)*2/3] ^= 1
		return state, frames
	}, []string{"user.open"}},
	"cut in the middle": {func(_, state []byte, frames [][]byte) ([]byte, [][]byte) {
		return state[:len(state)/2], frames
	}, []string{"user.open"}},
	"cut to nothing": {func(_, _ []byte, frames [][]byte) ([]byte, [][]byte) {
		return nil, frames
	}, []string{"user.open"}},
	"no state at all": {func(_, _ []byte, frames [][]byte) ([]byte, [][]byte) {
		return []byte("login\nann@acme.com\n"), frames
	}, []string{"user.open"}},
	"an older state beneath the journal": {func(before, _ []byte, frames [][]byte) ([]byte, [][]byte) {
		return before, frames
	}, []string{"user.open"}},
	"a journal altered before its end": {func(_, state []byte, frames [][]byte) ([]byte, [][]byte) {
		frames[0] = bytes.Replace(frames[0], []byte(`"begin"`), []byte(`"began"`), 1)
		return state, frames
	}, []string{"user.open"}},
	"both gone bad": {func(_, _ []byte, frames [][]byte) ([]byte, [][]byte) {
		for i := range frames {
			frames[i] = bytes.ToUpper(frames[i])
		}
		return []byte("x"), append(frames, []byte("\n"))
	}, nil},
}

// spoilt makes a place with three saves, a log and a journal, and damages it. It
// returns the state that was saved last.
func spoilt(t *testing.T, p Place, spoil Spoil) *planner.State {
	t.Helper()
	ctx := context.Background()
	save(t, p.Open(), &planner.State{})
	st := read(t, p.Open())
	st.Apps = example()
	save(t, p.Open(), st)
	var before []byte
	must(t, "look", p.Spoil(ctx, func(state []byte, frames [][]byte) ([]byte, [][]byte) {
		before = bytes.Clone(state)
		return state, frames
	}))
	st = read(t, p.Open())
	save(t, p.Open(), st)
	session := lock(t, p.Open(), "dies")
	must(t, "record", session.Record(ctx, []auditlog.Record{begin("1")}))
	must(t, "intend", session.Intend(create("user.done")))
	must(t, "settle", session.Settle(create("user.done"), planner.Outcome{RemoteID: "u7"}, nil))
	must(t, "intend", session.Intend(create("user.open")))
	must(t, "unlock", session.Unlock(ctx))
	must(t, "spoil", p.Spoil(ctx, func(state []byte, frames [][]byte) ([]byte, [][]byte) { return spoil(before, state, frames) }))
	return st
}

// damageIsDisplaced: whatever damage there is, it is known as such, nothing but a
// state that was salvaged takes its place, and only once it was kept elsewhere.
func damageIsDisplaced(t *testing.T, p func(*testing.T) Place) {
	for name, tt := range spoils {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			place := p(t)
			last := spoilt(t, place, tt.spoil)
			isDamaged(t, place)
			isNotSavedOver(t, place, last)
			displace(t, place, last, tt.open)
		})
	}
}

func isDamaged(t *testing.T, p Place) {
	t.Helper()
	var damaged *providers.DamagedError
	if _, err := p.Open().Read(context.Background()); !errors.As(err, &damaged) {
		t.Fatalf("read: got %v, want a DamagedError", err)
	}
}

// isNotSavedOver: no save takes the place of what is damaged by itself.
func isNotSavedOver(t *testing.T, p Place, last *planner.State) {
	t.Helper()
	ctx := context.Background()
	used, _, err := p.Kept(ctx)
	must(t, "look", err)
	session := lock(t, p.Open(), "careless")
	salvaged, err := session.Salvage(ctx)
	must(t, "salvage", err)
	older := *last
	older.Serial--
	for name, st := range map[string]*planner.State{"an empty state": {}, "an older state": &older, "what was salvaged": salvaged} {
		if err := session.Save(ctx, st); err == nil {
			t.Errorf("save %s over the damage: got no error", name)
		}
	}
	must(t, "unlock", session.Unlock(ctx))
	if now, _, err := p.Kept(ctx); err != nil || !bytes.Contains(now, used) && !sameButLock(now, used) {
		t.Errorf("what was damaged is another now (%v)", err)
	}
}

// displace puts another state in the place of the damage, and proves that it
// cannot be taken for the one that was there.
func displace(t *testing.T, p Place, last *planner.State, open []string) {
	t.Helper()
	ctx := context.Background()
	used, _, err := p.Kept(ctx)
	must(t, "look", err)
	session := lock(t, p.Open(), "careful")
	salvaged, err := session.Salvage(ctx)
	must(t, "salvage", err)
	left, err := session.Left(ctx, salvaged)
	must(t, "look what is left", err)
	if left.Apply != "1" {
		t.Errorf("the apply %q is left, want 1", left.Apply)
	}
	where, err := session.Displace(ctx, salvaged)
	must(t, "displace", err)
	if _, displaced, err := p.Kept(ctx); err != nil || where == "" || !bytes.Contains(displaced, used) && !sameButLock(displaced, used) {
		t.Errorf("kept in %q (%v):\n%q\nwant\n%q", where, err, displaced, used)
	}
	isDamaged(t, p) // who dies here changes nothing
	must(t, "record", session.Record(ctx, []auditlog.Record{end("1")}))
	isDamaged(t, p)
	salvaged.Apps = example()
	must(t, "save", session.Save(ctx, salvaged))
	must(t, "save again", session.Save(ctx, salvaged))
	must(t, "unlock", session.Unlock(ctx))

	st := read(t, p.Open())
	if d := cmp.Diff(st.Apps, example()); d != "" {
		t.Errorf("apps (-got +want):\n%s", d)
	}
	if st.Lineage == "" || st.Lineage == last.Lineage {
		t.Errorf("the lineage is %q, and was %q", st.Lineage, last.Lineage)
	}
	if len(open) > 0 && st.Serial <= last.Serial {
		t.Errorf("the serial is %d, and was %d", st.Serial, last.Serial)
	}
	wantIntents(t, p.Open(), open...)
	wantLog(t, p.Open(), "begin 1", "end 1")
	late := lock(t, p.Open(), "late")
	if err := late.Save(ctx, last); err == nil {
		t.Error("the state of before is saved over the new one")
	}
	must(t, "intend", late.Intend(create("user.next")))
	must(t, "unlock", late.Unlock(ctx))
	wantIntents(t, p.Open(), append(open, "user.next")...)
}

func soundIsNotDisplaced(t *testing.T, p Place) {
	save(t, p.Open(), &planner.State{Apps: example()})
	saved, err := p.Open().Saved(context.Background())
	must(t, "read what was saved", err)
	if d := cmp.Diff(saved, read(t, p.Open())); d != "" {
		t.Errorf("saved, and read (-saved +read):\n%s", d)
	}
	if _, displaced, err := p.Kept(context.Background()); err != nil || len(displaced) > 0 {
		t.Errorf("displaced: %q, %v", displaced, err)
	}
}

// savedOutlivesItsJournal: the state can be had where its journal is damaged.
func savedOutlivesItsJournal(t *testing.T, p Place) {
	last := spoilt(t, p, spoils["a journal altered before its end"].spoil)
	isDamaged(t, p)
	saved, err := p.Open().Saved(context.Background())
	must(t, "read what was saved", err)
	if d := cmp.Diff(saved, last); d != "" {
		t.Errorf("saved (-got +want):\n%s", d)
	}
}

// sameButLock compares what is kept. Where the lock stands in the document, it
// may be another one.
func sameButLock(a, b []byte) bool {
	if bytes.Equal(a, b) {
		return true
	}
	return documentState(a) != "" && documentState(a) == documentState(b)
}

// documentState is the state and the journal in a document of Terraform's protocol.
func documentState(document []byte) string {
	var d struct {
		State   string
		Journal []string
	}
	if json.Unmarshal(document, &d) != nil {
		return ""
	}
	return d.State + strings.Join(d.Journal, "")
}
