package statestore

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/providers"
)

// promises is what a run was told before it died.
type promises struct {
	// settled and intended are keys whose call came back without an error.
	settled, intended []string
	// begun are all keys that were handed over at all.
	begun []string
}

func create(key string) planner.Change {
	return planner.Change{
		ID: "app/user/" + key + "/create", App: "app", Kind: planner.KindUser, Key: key, Name: key + "@x",
		Action: planner.Create, Link: planner.Link{Name: key + "@x", Active: true, ExternalID: key},
	}
}

const (
	stateName   = "state.json"
	journalName = stateName + ".journal"
)

// crashStore is a store on d whose lock file is a real one.
func crashStore(d disk, root string) *File {
	f := NewFile(filepath.Join(root, stateName), func() string { return "lineage-1" }, time.Now)
	f.disk = d
	return f
}

// apply does a whole run as apply does: read, do changes, save, twice over. It
// stops at the first error and reports what had been promised by then.
func apply(f *File, round string, p *promises) error {
	session, err := f.Lock(context.Background(), providers.LockInfo{ID: round}, 0)
	if err != nil {
		return err
	}
	defer func() { _ = session.Unlock(context.Background()) }()
	st, err := f.Read(context.Background())
	if err != nil {
		return err
	}
	for part := range 2 {
		if err := changes(session, st, fmt.Sprintf("user.%s%d", round, part), p); err != nil {
			return err
		}
		if err := session.Save(context.Background(), st); err != nil {
			return err
		}
	}
	return nil
}

// changes creates two people, and begins a third whose answer is lost.
func changes(session providers.Session, st *planner.State, prefix string, p *promises) error {
	for i := range 3 {
		c := create(fmt.Sprintf("%s.%d", prefix, i))
		p.begun = append(p.begun, c.Key)
		if err := session.Intend(c); err != nil {
			return err
		}
		p.intended = append(p.intended, c.Key)
		if i == 2 {
			continue
		}
		o := planner.Outcome{RemoteID: "id-" + c.Key, At: time.Unix(1, 0).UTC()}
		if err := session.Settle(c, o, nil); err != nil {
			return err
		}
		st.Record(c, o)
		p.settled = append(p.settled, c.Key)
	}
	return nil
}

// kept checks that st holds every promise and nothing that was never begun.
func kept(t *testing.T, st *planner.State, p promises) {
	t.Helper()
	linked, intended := map[string]bool{}, map[string]bool{}
	for _, a := range st.Apps {
		for _, u := range a.Users {
			linked[u.Key] = u.RemoteID == "id-"+u.Key
		}
	}
	for _, i := range st.Intents {
		intended[i.Key] = true
	}
	for _, key := range p.settled {
		if !linked[key] || intended[key] {
			t.Errorf("%s was settled: linked %t, intent %t", key, linked[key], intended[key])
		}
	}
	for _, key := range p.intended {
		if !linked[key] && !intended[key] {
			t.Errorf("%s was intended and is neither linked nor an intent", key)
		}
	}
	for key := range linked {
		if !slices.Contains(p.begun, key) {
			t.Errorf("%s is linked and was never begun", key)
		}
	}
}

func TestNothingPromisedIsLostWhereverTheMachineDies(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for steps := 0; ; steps++ {
		d := newCrashDisk(steps)
		var p promises
		err := apply(crashStore(d, root), "a", &p)
		if err == nil {
			t.Logf("an apply takes %d writing steps", steps)
			return
		}
		if !errors.Is(err, errCrashed) {
			t.Fatalf("at step %d: %v", steps, err)
		}
		for name, survivor := range d.survivors() {
			t.Run(fmt.Sprintf("step %d, %s", steps, name), func(t *testing.T) { recovers(t, survivor, root, p) })
		}
	}
}

// recovers reads what survived, then lets another run die at each of its steps too.
func recovers(t *testing.T, survivor *crashDisk, root string, p promises) {
	st, err := crashStore(survivor, root).Read(context.Background())
	if err != nil {
		t.Fatalf("read after the crash: %v", err)
	}
	kept(t, st, p)
	again := promises{slices.Clone(p.settled), slices.Clone(p.intended), slices.Clone(p.begun)}
	if err := apply(crashStore(survivor, root), "b", &again); err != nil {
		t.Fatalf("apply after the crash: %v", err)
	}
	st, err = crashStore(survivor, root).Read(context.Background())
	if err != nil {
		t.Fatalf("read after the second apply: %v", err)
	}
	kept(t, st, again)
}

func TestTwoCrashesInARowLoseNothing(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	first := newCrashDisk(20)
	var p promises
	if err := apply(crashStore(first, root), "a", &p); !errors.Is(err, errCrashed) {
		t.Fatalf("first apply: %v", err)
	}
	for steps := range 40 {
		for name, survivor := range first.survivors() {
			survivor.steps = steps
			again := promises{slices.Clone(p.settled), slices.Clone(p.intended), slices.Clone(p.begun)}
			if err := apply(crashStore(survivor, root), "b", &again); err == nil {
				continue
			}
			for second, disk := range survivor.survivors() {
				st, err := crashStore(disk, root).Read(context.Background())
				if err != nil {
					t.Fatalf("%s, then step %d, %s: %v", name, steps, second, err)
				}
				kept(t, st, again)
			}
		}
	}
}

// journalOf does half an apply and returns the disk with its journal.
func journalOf(t *testing.T) (d *crashDisk, whole []byte) {
	t.Helper()
	d = newCrashDisk(-1)
	f := crashStore(d, t.TempDir())
	session, err := f.Lock(context.Background(), providers.LockInfo{ID: "a"}, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := changes(session, &planner.State{}, "user.a", &promises{}); err != nil {
		t.Fatal(err)
	}
	if err := session.Unlock(context.Background()); err != nil {
		t.Fatal(err)
	}
	return d, d.names[journalName].data
}

func TestJournalCutAtAnyLengthGivesAPrefix(t *testing.T) {
	t.Parallel()
	d, whole := journalOf(t)
	f := crashStore(d, t.TempDir())
	most := 0
	for n := range len(whole) + 1 {
		d.names[journalName] = &inode{data: whole[:n]}
		st, err := f.Read(context.Background())
		if err != nil {
			t.Fatalf("the first %d of %d bytes: %v", n, len(whole), err)
		}
		have := len(st.Intents)
		for _, a := range st.Apps {
			have += 2 * len(a.Users)
		}
		if have < most {
			t.Errorf("the first %d bytes give less than fewer of them", n)
		}
		most = max(most, have)
	}
	if most != 5 {
		t.Errorf("the whole journal gives %d, want two links and an intent", most)
	}
}

func TestJournalDamagedBeforeItsEndIsRefused(t *testing.T) {
	t.Parallel()
	d, whole := journalOf(t)
	f := crashStore(d, t.TempDir())
	last := slices.Index(whole[:len(whole)-1], '\n')
	for i := range whole[:last] {
		damaged := slices.Clone(whole)
		damaged[i] ^= 0x20
		d.names[journalName] = &inode{data: damaged}
		if _, err := f.Read(context.Background()); !errors.Is(err, ErrJournal) {
			t.Fatalf("byte %d changed: got %v, want %v", i, err, ErrJournal)
		}
		session, err := f.Lock(context.Background(), providers.LockInfo{ID: "b"}, 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := session.Intend(create("user.z")); !errors.Is(err, ErrJournal) {
			t.Fatalf("byte %d changed: intend gives %v, want %v", i, err, ErrJournal)
		}
		if err := session.Unlock(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestNothingIsWrittenBehindHalfAFrame(t *testing.T) {
	t.Parallel()
	d := newCrashDisk(-1)
	f := crashStore(d, t.TempDir())
	session, err := f.Lock(context.Background(), providers.LockInfo{ID: "a"}, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := session.Intend(create("user.a")); err != nil {
		t.Fatal(err)
	}
	d.steps = 0 // the disk is full
	if err := session.Intend(create("user.b")); !errors.Is(err, errCrashed) {
		t.Fatalf("intend on a full disk: %v", err)
	}
	d.steps = -1 // and has room again
	if err := session.Intend(create("user.c")); !errors.Is(err, errCrashed) {
		t.Fatalf("intend after an error: got %v, want the first error again", err)
	}
	if err := session.Unlock(context.Background()); err != nil {
		t.Fatal(err)
	}
	st, err := f.Read(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, i := range st.Intents {
		keys = append(keys, i.Key)
	}
	if d := cmp.Diff(keys, []string{"user.a"}); d != "" {
		t.Errorf("intents (-got +want):\n%s", d)
	}
}

func TestStatePutBackBehindItsJournalIsRefused(t *testing.T) {
	t.Parallel()
	d := newCrashDisk(-1)
	f := crashStore(d, t.TempDir())
	if err := apply(f, "a", &promises{}); err != nil {
		t.Fatal(err)
	}
	old := d.names[stateName]
	if err := apply(f, "b", &promises{}); err != nil {
		t.Fatal(err)
	}
	d.names[stateName] = old
	if _, err := f.Read(context.Background()); !errors.Is(err, ErrReplaced) {
		t.Errorf("read: got %v, want %v", err, ErrReplaced)
	}
	delete(d.names, stateName)
	if _, err := f.Read(context.Background()); !errors.Is(err, ErrReplaced) {
		t.Errorf("read without a state: got %v, want %v", err, ErrReplaced)
	}
}
