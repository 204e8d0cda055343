package statestore_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/statefile"
	"github.com/rollcall-dev/rollcall/providers"
	"github.com/rollcall-dev/rollcall/providers/statestore"
	"github.com/rollcall-dev/rollcall/providers/statestore/storetest"
)

func openFile(root string) *statestore.File {
	return statestore.NewFile(filepath.Join(root, ".rollcall", "state.json"), rand.Text, clock)
}

func clock() time.Time { return time.Date(2026, 11, 2, 9, 30, 0, 0, time.UTC) }

// lazily is a folder whose store does not wait for the disk.
type lazily string

func (l lazily) Open() providers.Store { return openFile(string(l)).Unsynced() }

func (l lazily) Spoil(ctx context.Context, with statestore.Spoiling) error {
	return statestore.Spoil(ctx, l.Open(), with)
}

func (l lazily) Kept(ctx context.Context) (used, displaced []byte, err error) {
	return statestore.Kept(ctx, l.Open())
}

func TestUnsyncedFileIsAStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) storetest.Place { return lazily(t.TempDir()) })
}

func TestHolderTellsWhoWritesWithoutTakingTheLock(t *testing.T) {
	t.Parallel()
	store := openFile(t.TempDir())
	wantHolder := func(want string) {
		t.Helper()
		got, held, err := store.Holder(t.Context())
		if err != nil || held != (want != "") || got.Who != want {
			t.Errorf("holder = %q, %t, %v, want %q", got.Who, held, err, want)
		}
	}
	wantHolder("")
	session, err := store.Lock(t.Context(), providers.LockInfo{ID: "1", Who: "ann"}, 0)
	if err != nil {
		t.Fatal(err)
	}
	wantHolder("ann")
	if err := session.Unlock(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantHolder("")
}

func TestStateCutAtAnyLengthIsRefusedWithAWayOut(t *testing.T) {
	t.Parallel()
	store := openFile(t.TempDir())
	for i := range 3 {
		if err := addOne(filepath.Dir(filepath.Dir(store.String())), fmt.Sprintf("user.u%d", i)); err != nil {
			t.Fatal(err)
		}
	}
	whole, err := os.ReadFile(store.String())
	if err != nil {
		t.Fatal(err)
	}
	for n := range whole {
		if err := os.WriteFile(store.String(), whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := store.Read(t.Context())
		if s != nil || !errors.Is(err, statefile.ErrAltered) && !errors.Is(err, statefile.ErrFormat) {
			t.Fatalf("the first %d of %d bytes: got %v, %v", n, len(whole), s, err)
		}
		for _, says := range []string{store.String(), "state push -force", "state rebuild -replace"} {
			if !strings.Contains(err.Error(), says) {
				t.Fatalf("the error does not say %q: %v", says, err)
			}
		}
	}
}

func TestStateThatIsDamagedIsNotSavedOver(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	if err := addOne(root, "user.ann"); err != nil {
		t.Fatal(err)
	}
	store := openFile(root)
	damaged := []byte("not a state\n")
	if err := os.WriteFile(store.String(), damaged, 0o600); err != nil {
		t.Fatal(err)
	}
	session, err := store.Lock(t.Context(), storetest.Info("a"), 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := session.Save(t.Context(), &planner.State{}); !errors.Is(err, statefile.ErrFormat) {
		t.Errorf("save: got %v, want %v", err, statefile.ErrFormat)
	}
	if err := session.Unlock(t.Context()); err != nil {
		t.Fatal(err)
	}
	if now, err := os.ReadFile(store.String()); err != nil || !bytes.Equal(now, damaged) {
		t.Errorf("the file is %q now (%v), want it as it was", now, err)
	}
}
