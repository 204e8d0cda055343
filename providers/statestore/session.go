package statestore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"sync"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/statefile"
	"github.com/rollcall-dev/rollcall/providers"
)

// session is the right to write the state of a [File].
type session struct {
	store *File
	lock  *lock

	// mu keeps a save apart from the journal's writers, who are many at a time.
	mu sync.RWMutex
	// opening guards the journal's first use; journal is nil before it.
	opening sync.Mutex
	journal *journal
	file    file

	// tracking guards live, which is what is open in the journal, and begun:
	// the creates among it that this session began.
	tracking sync.Mutex
	live     history
	begun    map[object]bool
}

// Intend returns once it is on disk that c is about to be sent.
func (s *session) Intend(c planner.Change) error {
	r := record{Kind: kindIntent, Intent: toIntent(&c, s.store.now())}
	return s.write(r, func() {
		if c.Action == planner.Create {
			i := r.Intent.planner()
			s.live.reopen(i)
			s.begun[objectOf(i)] = true
		}
	})
}

// Settle returns once it is on disk how c ended.
func (s *session) Settle(c planner.Change, o planner.Outcome, failed error) error {
	r, err := settled(&c, o, failed)
	if err != nil {
		return err
	}
	return s.write(r, func() {
		o := object{c.App, string(c.Kind), c.Key}
		s.live.close(o)
		delete(s.begun, o)
	})
}

// write puts r into the journal, then does track.
func (s *session) write(r record, track func()) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	j, err := s.open()
	if err != nil {
		return err
	}
	if err := j.add(r); err != nil {
		return err
	}
	s.tracking.Lock()
	defer s.tracking.Unlock()
	track()
	return nil
}

// open returns the journal, which an earlier run may have left: then it goes on.
func (s *session) open() (*journal, error) {
	s.opening.Lock()
	defer s.opening.Unlock()
	if s.journal != nil {
		return s.journal, nil
	}
	size, err := s.resume()
	if err != nil {
		return nil, err
	}
	f, err := s.store.disk.Append(s.store.journalPath(), size)
	if err != nil {
		return nil, fmt.Errorf("open the journal: %w", err)
	}
	s.file, s.journal = f, newJournal(f, s.lock.held)
	return s.journal, nil
}

// resume finds the journal that continues the state, or begins one, and
// returns how much of it is whole.
func (s *session) resume() (int64, error) {
	if err := s.lock.held(); err != nil {
		return 0, err
	}
	state, err := s.store.head()
	if err != nil {
		return 0, err
	}
	h, err := readJournal(s.store.disk, s.store.journalPath())
	if err != nil {
		return 0, err
	}
	if h == nil {
		return s.begin(state, nil)
	}
	s.live.open = slices.Clone(h.open)
	switch relate(h.begin, state) {
	case foreign:
		return 0, ErrReplaced
	case contained:
		return s.begin(state, h.open)
	}
	return h.size, nil
}

// begin makes a new journal that continues state, with the intents that are
// still open, and returns its length.
func (s *session) begin(state begin, open []planner.Intent) (int64, error) {
	state.Version = journalVersion
	frame, err := firstFrame(state, open)
	if err != nil {
		return 0, err
	}
	write := func(w io.Writer) error {
		_, err := w.Write(frame)
		return err
	}
	if err := replace(s.store.disk, s.store.journalPath(), write, s.lock.held); err != nil {
		return 0, fmt.Errorf("begin the journal: %w", err)
	}
	return int64(len(frame)), nil
}

// Save writes st with the next serial, and gives it its lineage when it is the
// first. What the journal held is in st then; only creates that were begun and
// have not ended go over into the next journal, until st has their object. The
// context is not looked at: an interrupted run still saves.
func (s *session) Save(_ context.Context, st *planner.State) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.unchanged(st); err != nil {
		return err
	}
	next := *st
	next.Serial++
	if next.Lineage == "" {
		next.Lineage = s.store.newLineage()
	}
	write := func(w io.Writer) error { return statefile.Encode(w, &next) }
	if err := replace(s.store.disk, s.store.path, write, s.lock.held); err != nil {
		return fmt.Errorf("save the state: %w", err)
	}
	open := s.unended(st)
	st.Lineage, st.Serial = next.Lineage, next.Serial
	return s.restart(begin{Lineage: st.Lineage, Serial: st.Serial}, open)
}

// unchanged reports an error unless the saved state is the one that st came from.
func (s *session) unchanged(st *planner.State) error {
	if err := s.lock.held(); err != nil {
		return err
	}
	now, err := s.store.head()
	if err != nil {
		return err
	}
	if read := (begin{Lineage: st.Lineage, Serial: st.Serial}); now != read {
		return fmt.Errorf("save the state: %w (serial %d of lineage %q was read, serial %d of %q is there)",
			ErrChanged, read.Serial, read.Lineage, now.Serial, now.Lineage)
	}
	return nil
}

// unended lists the creates that have not ended and whose object st does not
// have: those of this session, and those of earlier ones that st still knows.
func (s *session) unended(st *planner.State) []planner.Intent {
	s.tracking.Lock()
	defer s.tracking.Unlock()
	if s.journal == nil {
		return slices.DeleteFunc(slices.Clone(st.Intents), func(i planner.Intent) bool { return linked(st, i) })
	}
	return slices.DeleteFunc(slices.Clone(s.live.open), func(i planner.Intent) bool {
		known := func(k planner.Intent) bool { return objectOf(k) == objectOf(i) }
		return linked(st, i) || !s.begun[objectOf(i)] && !slices.ContainsFunc(st.Intents, known)
	})
}

// restart puts an empty journal in the place of the one whose records are in
// the state now. A crash before that leaves one that [relate] knows as contained.
func (s *session) restart(state begin, open []planner.Intent) error {
	err := s.closeJournal()
	if len(open) > 0 {
		_, berr := s.begin(state, open)
		return errors.Join(err, berr)
	}
	d, path := s.store.disk, s.store.journalPath()
	if err := errors.Join(err, d.Remove(path), d.SyncDir(filepath.Dir(path))); err != nil {
		return fmt.Errorf("empty the journal: %w", err)
	}
	return nil
}

func (s *session) closeJournal() error {
	if s.journal == nil {
		return nil
	}
	s.journal = nil
	return s.file.Close()
}

// Unlock ends the session. What the journal holds stays for the next one.
func (s *session) Unlock(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return errors.Join(s.closeJournal(), s.lock.release())
}

var _ providers.Session = (*session)(nil)
