package statestore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/sealed"
	"github.com/rollcall-dev/rollcall/planner/statefile"
	"github.com/rollcall-dev/rollcall/providers"
)

// ErrChanged says that the state is another one than the one that was read.
var ErrChanged = errors.New("the state was saved by somebody else since it was read; plan again")

// ErrReplaced says that the state was put back behind its journal's back.
var ErrReplaced = errors.New("the state does not belong to its journal: it was replaced, or removed, after an apply that the journal still records; restore the newer state")

// ErrNotLocked says that there is no lock to break.
var ErrNotLocked = errors.New("the state is not locked")

// File is a [providers.Store] in a local file. Beside the state at Path stand
// its audit log, its journal and, while it is locked, a lock file, all for their owner alone.
// Its methods are safe for concurrent use, also by several processes.
type File struct {
	path       string
	newLineage func() string
	now        func() time.Time
	disk       disk
	cipher     sealed.Cipher
}

var _ providers.Store = (*File)(nil)

// NewFile returns the store at path. newLineage makes the random id of a state
// that is saved for the first time; now is the clock of the journal.
func NewFile(path string, newLineage func() string, now func() time.Time) *File {
	return &File{path: path, newLineage: newLineage, now: now, disk: osDisk{}}
}

// Unsynced returns the same store without its waits for the disk: the end of
// the process still loses nothing, the end of the machine may.
func (f *File) Unsynced() *File {
	lazy := *f
	lazy.disk = lazyDisk{}
	return &lazy
}

// Encrypted returns the same store with c, which encrypts what is written and
// decrypts what is read; nil is no cipher.
func (f *File) Encrypted(c sealed.Cipher) *File {
	with := *f
	with.cipher = c
	return &with
}

// String returns the path of the state.
func (f *File) String() string { return f.path }

func (f *File) journalPath() string { return f.path + ".journal" }

func (f *File) log() logFile { return logFile{f.disk, f.path + ".log"} }

// Log returns the audit log, which stands beside the state.
func (f *File) Log(context.Context) (io.ReadCloser, error) {
	r, err := f.log().open()
	if err != nil {
		return nil, err
	}
	return sealed.NewLineReader(r, f.cipher), nil
}

func (f *File) lockPath() string { return f.path + ".lock" }

// Read returns the state with what the journal has beyond it. It takes no lock
// and may run beside a writer: a save replaces the state, then the journal, and
// a read that saw the one before and the other after it looks again.
func (f *File) Read(ctx context.Context) (*planner.State, error) {
	s, err := f.read(ctx)
	return s, asDamage(err)
}

// Saved returns the state as it was saved last.
func (f *File) Saved(context.Context) (*planner.State, error) {
	s, err := f.saved()
	return s, asDamage(err)
}

func (f *File) read(ctx context.Context) (*planner.State, error) {
	for ctx.Err() == nil {
		s, err := f.saved()
		if err != nil {
			return nil, err
		}
		h, err := readJournal(f.disk, f.journalPath(), f.cipher)
		if err != nil {
			return nil, err
		}
		now, err := f.head()
		if err != nil {
			return nil, err
		}
		if now == (begin{Lineage: s.Lineage, Serial: s.Serial}) {
			return overlay(s, h)
		}
	}
	return nil, fmt.Errorf("read the state %s: %w", f.path, context.Cause(ctx))
}

// saved reads the state file; an empty state where there is none.
func (f *File) saved() (*planner.State, error) {
	r, err := f.disk.Open(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return &planner.State{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("open the state: %w", err)
	}
	defer func() { _ = r.Close() }()
	s, err := statefile.Open(r, f.cipher)
	if err != nil {
		return nil, fmt.Errorf("read the state %s: %w", f.path, err)
	}
	return s, nil
}

// head reads which state is in the file: the zero begin where there is none.
func (f *File) head() (begin, error) {
	r, err := f.disk.Open(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return begin{}, nil
	}
	if err != nil {
		return begin{}, fmt.Errorf("open the state: %w", err)
	}
	defer func() { _ = r.Close() }()
	h, err := statefile.DecodeHeader(r)
	if err != nil {
		return begin{}, fmt.Errorf("read the state %s: %w", f.path, err)
	}
	return begin{Lineage: h.Lineage, Serial: h.Serial}, nil
}

// relation says how a journal stands to a state.
type relation int

const (
	continues relation = iota // the journal goes on from the state
	contained                 // the state was saved after the journal
	foreign                   // neither
)

// relate compares what a journal continues with the state that is there. A
// state gets its lineage when it is first saved.
func relate(journal, state begin) relation {
	switch {
	case journal.Lineage == state.Lineage && journal.Serial == state.Serial:
		return continues
	case journal.Serial < state.Serial && (journal.Lineage == state.Lineage || journal.Lineage == ""):
		return contained
	}
	return foreign
}

// overlay brings s up to what the journal says, if there is one.
func overlay(s *planner.State, h *history) (*planner.State, error) {
	if h == nil {
		return s, nil
	}
	switch relate(h.begin, begin{Lineage: s.Lineage, Serial: s.Serial}) {
	case foreign:
		return nil, ErrReplaced
	case continues:
		s.RecordAll(h.done)
		for i := range h.done {
			if at := h.done[i].Outcome.At; at.After(s.Unsettled) {
				s.Unsettled = at
			}
		}
	}
	// A create that was begun and never ended stays open, also when the state
	// was saved in between, until the state has the object.
	for _, i := range h.open {
		if !linked(s, i) {
			s.Intents = append(s.Intents, i)
		}
	}
	return s, nil
}

// linked reports whether s has the object that i was to create.
func linked(s *planner.State, i planner.Intent) bool {
	for a := range s.Apps {
		if s.Apps[a].App == i.App && (hasUser(&s.Apps[a], i) || hasGroup(&s.Apps[a], i)) {
			return true
		}
	}
	return false
}

func hasUser(a *planner.AppState, i planner.Intent) bool {
	for u := range a.Users {
		if i.Kind == string(planner.KindUser) && a.Users[u].Key == i.Key {
			return true
		}
	}
	return false
}

func hasGroup(a *planner.AppState, i planner.Intent) bool {
	for g := range a.Groups {
		if i.Kind == string(planner.KindGroup) && a.Groups[g].Key == i.Key {
			return true
		}
	}
	return false
}

// Lock takes the sole right to write. A process that dies gives it back by that.
func (f *File) Lock(ctx context.Context, info providers.LockInfo, wait time.Duration) (providers.Session, error) {
	folder := filepath.Dir(f.path)
	if err := f.disk.MkdirAll(folder); err != nil {
		return nil, fmt.Errorf("make the folder of the state: %w", err)
	}
	l, err := await(ctx, wait, func() (*lock, error) { return acquire(f.lockPath(), info) })
	if err != nil {
		return nil, err
	}
	return newSession(&fileMedium{store: f, lock: l}, f.cipher, f.newLineage, f.now), nil
}

// ForceUnlock breaks the lock called id. Its holder notices before its next
// write and stops. Where id is not the lock's, the error says whose it is.
func (f *File) ForceUnlock(_ context.Context, id string) error {
	if _, err := os.Stat(f.lockPath()); errors.Is(err, fs.ErrNotExist) {
		return ErrNotLocked
	}
	if h := readHolder(f.lockPath()); h.ID != id {
		return fmt.Errorf("break the lock %q: it is not the one that is held: %w", id, &providers.LockedError{Holder: h})
	}
	if err := os.Remove(f.lockPath()); err != nil {
		return fmt.Errorf("break the lock %q: %w", id, err)
	}
	return nil
}
