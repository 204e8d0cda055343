package statestore

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/auditlog"
	"github.com/rollcall-dev/rollcall/planner/sealed"
	"github.com/rollcall-dev/rollcall/providers"
)

// session is the right to write a state, in whatever medium that is kept.
type session struct {
	medium     medium
	cipher     sealed.Cipher
	newLineage func() string
	now        func() time.Time

	// mu keeps a save apart from the journal's writers, who are many at a time.
	mu sync.RWMutex
	// opening guards the journal's first use; journal is nil before it.
	opening sync.Mutex
	journal *journal

	// tracking guards live, which is what is open in the journal, and begun:
	// the creates among it that this session began.
	tracking sync.Mutex
	live     history
	begun    map[object]bool

	// left is what [session.Salvage] found of the journal, and displaced what the
	// next save continues once what was there was kept elsewhere; nil before.
	left      *history
	displaced *begin

	// logging guards logged, the end of the audit log, which is nil before it
	// was looked for.
	// Known is what the state of this session knows of the log.
	logging sync.Mutex
	logged  *auditlog.Head
	known   planner.State
}

func newSession(m medium, c sealed.Cipher, newLineage func() string, now func() time.Time) *session {
	return &session{medium: m, cipher: c, newLineage: newLineage, now: now, begun: map[object]bool{}}
}

// Held reports an error once the lock is lost, or can no longer be proven.
func (s *session) Held() error { return s.medium.held() }

// Intend returns once it is durable that c is about to be sent.
func (s *session) Intend(c planner.Change) error {
	r := record{Kind: kindIntent, Intent: toIntent(&c, s.now())}
	return s.write(r, func() {
		if c.Action == planner.Create {
			i := r.Intent.planner()
			s.live.reopen(i)
			s.begun[objectOf(i)] = true
		}
	})
}

// Settle returns once it is durable how c ended.
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
	if err := s.resume(); err != nil {
		return nil, err
	}
	s.journal = newJournal(s.medium, s.cipher)
	return s.journal, nil
}

// resume finds the journal that continues the state, or begins one.
func (s *session) resume() error {
	if err := s.medium.held(); err != nil {
		return err
	}
	state, err := s.medium.head()
	if err != nil {
		return err
	}
	h, err := s.medium.journal()
	if err != nil {
		return err
	}
	if h == nil {
		return s.begin(state, nil)
	}
	s.live.open = slices.Clone(h.open)
	switch relate(h.begin, state) {
	case foreign:
		return ErrReplaced
	case contained:
		return s.begin(state, h.open)
	}
	return s.medium.resume(h.size)
}

// begin makes a new journal that continues state, with the intents that are
// still open.
func (s *session) begin(state begin, open []planner.Intent) error {
	frame, err := firstFrame(state, open, s.cipher)
	if err != nil {
		return err
	}
	return s.medium.begin(frame)
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
		next.Lineage = s.newLineage()
	}
	next.Logged = s.logEnd(st)
	frame, err := s.carriedOver(st, begin{Lineage: next.Lineage, Serial: next.Serial})
	if err != nil {
		return err
	}
	if err := s.medium.save(&next, frame); err != nil {
		return err
	}
	s.journal, s.displaced = nil, nil
	st.Lineage, st.Serial, st.Logged = next.Lineage, next.Serial, next.Logged
	return nil
}

// logEnd is where the audit log ends now, or where st knows that it ended.
func (s *session) logEnd(st *planner.State) planner.LogEnd {
	s.logging.Lock()
	defer s.logging.Unlock()
	switch {
	case !s.medium.sharesLog():
		return planner.LogEnd{}
	case s.logged == nil || s.logged.Seq == 0:
		return st.Logged
	}
	return planner.LogEnd(*s.logged)
}

// carriedOver is the first frame of the journal that follows the one whose
// records are in st: the creates that are still open. Without any there is no
// next journal yet. A crash between the two saves leaves a journal that
// [relate] knows as contained.
func (s *session) carriedOver(st *planner.State, next begin) ([]byte, error) {
	open := s.unended(st)
	if len(open) == 0 {
		return nil, nil
	}
	return firstFrame(next, open, s.cipher)
}

// unchanged reports an error unless the saved state is the one that st came from,
// and what its journal goes on from.
func (s *session) unchanged(st *planner.State) error {
	if err := s.medium.held(); err != nil {
		return err
	}
	now, err := s.head()
	if err != nil {
		return err
	}
	if read := (begin{Lineage: st.Lineage, Serial: st.Serial}); now != read {
		return fmt.Errorf("save the state: %w (serial %d of lineage %q was read, serial %d of %q is there)",
			ErrChanged, read.Serial, read.Lineage, now.Serial, now.Lineage)
	}
	if s.journal != nil || s.displaced != nil {
		return nil
	}
	h, err := s.medium.journal()
	if err == nil && h != nil && relate(h.begin, now) == foreign {
		err = ErrReplaced
	}
	if err != nil {
		return fmt.Errorf("save the state: %w", err)
	}
	return nil
}

// head tells which state is saved, or what stands for one that was displaced.
func (s *session) head() (begin, error) {
	if s.displaced != nil {
		return *s.displaced, nil
	}
	return s.medium.head()
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

// Unlock ends the session. What the journal holds stays for the next one.
func (s *session) Unlock(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.journal = nil
	return s.medium.release()
}

var _ providers.Session = (*session)(nil)
