package statestore_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/providers"
	"github.com/rollcall-dev/rollcall/providers/statestore"
	"github.com/rollcall-dev/rollcall/providers/statestore/storetest"
)

// folder is a place for a file store.
type folder string

func (f folder) Open() providers.Store { return open(string(f)) }

func open(root string) *statestore.File {
	return statestore.NewFile(filepath.Join(root, statestore.DefaultPath), func() string { return "lineage-1" }, clock)
}

func clock() time.Time { return time.Date(2026, 11, 2, 9, 30, 0, 0, time.UTC) }

func TestFileIsAStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) storetest.Place { return folder(t.TempDir()) })
}

// lazily is a folder whose store does not wait for the disk.
type lazily string

func (l lazily) Open() providers.Store { return open(string(l)).Unsynced() }

func TestUnsyncedFileIsAStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) storetest.Place { return lazily(t.TempDir()) })
}

func TestHolderTellsWhoWritesWithoutTakingTheLock(t *testing.T) {
	t.Parallel()
	store := open(t.TempDir())
	wantHolder := func(want string) {
		t.Helper()
		got, held, err := store.Holder()
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
