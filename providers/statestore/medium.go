package statestore

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/statefile"
)

// medium is what a session writes to while it holds the lock. What returns
// without an error is durable, and nothing is written once the lock is lost.
type medium interface {
	// held reports an error once the lock is lost, or can no longer be proven.
	// It is asked often, by several goroutines, and must be cheap.
	held() error
	// head tells which state is saved: the zero begin where there is none.
	head() (begin, error)
	// journal reads the journal that is there: nil where there is none.
	journal() (*history, error)
	// begin puts a journal of one frame in the place of the one that is there.
	begin(frame []byte) error
	// resume goes on with the journal that is there, after its first size bytes.
	resume(size int64) error
	// append adds a frame to the journal that was begun or resumed.
	append(frame []byte) error
	// save puts s in the place of the state that head told of, then a journal of
	// one frame, or none, in the place of the one that is there.
	save(s *planner.State, frame []byte) error
	// lastLogged returns whole lines from the end of the audit log, of which the
	// last is the log's; none where it is empty.
	lastLogged() ([]byte, error)
	// sharesLog reports whether every holder appends to the same log. Where each
	// machine has its own, the state knows of none.
	sharesLog() bool
	// log adds lines to the audit log, of which the first has the number first.
	// Where records of somebody else stand there it is [errLogMoved].
	log(first uint64, lines []byte) error
	// inspect reads what is there as it is: it need not be a state.
	inspect() (*contents, error)
	// displace keeps what is there under its name with name behind it, and says
	// where. From then on the next save takes its place, after base.
	displace(base begin, name string) (where string, err error)
	// release gives the lock back and ends the use of the medium.
	release() error
}

// fileMedium is a [File] that is locked.
type fileMedium struct {
	store *File
	lock  *lock
	// open is the journal's file while it is written to.
	open file
}

func (m *fileMedium) held() error { return m.lock.held() }

func (m *fileMedium) head() (begin, error) { return m.store.head() }

func (m *fileMedium) journal() (*history, error) {
	return readJournal(m.store.disk, m.store.journalPath(), m.store.cipher)
}

func (m *fileMedium) begin(frame []byte) error {
	if err := m.replaceJournal(frame); err != nil {
		return err
	}
	return m.resume(int64(len(frame)))
}

func (m *fileMedium) replaceJournal(frame []byte) error {
	write := func(w io.Writer) error {
		_, err := w.Write(frame)
		return err
	}
	if err := replace(m.store.disk, m.store.journalPath(), write, m.held); err != nil {
		return fmt.Errorf("begin the journal: %w", err)
	}
	return nil
}

func (m *fileMedium) resume(size int64) error {
	f, err := m.store.disk.Append(m.store.journalPath(), size)
	if err != nil {
		return fmt.Errorf("open the journal: %w", err)
	}
	m.open = f
	return nil
}

func (m *fileMedium) append(frame []byte) error {
	if _, err := m.open.Write(frame); err != nil {
		return fmt.Errorf("write the journal: %w", err)
	}
	if err := m.open.Sync(); err != nil {
		return fmt.Errorf("sync the journal: %w", err)
	}
	return nil
}

func (m *fileMedium) save(s *planner.State, frame []byte) error {
	write := func(w io.Writer) error { return statefile.Seal(w, s, m.store.cipher) }
	if err := replace(m.store.disk, m.store.path, write, m.held); err != nil {
		return fmt.Errorf("save the state: %w", err)
	}
	err := m.close()
	if frame != nil {
		return errors.Join(err, m.replaceJournal(frame))
	}
	d, path := m.store.disk, m.store.journalPath()
	if err := errors.Join(err, d.Remove(path), d.SyncDir(filepath.Dir(path))); err != nil {
		return fmt.Errorf("empty the journal: %w", err)
	}
	return nil
}

func (m *fileMedium) sharesLog() bool { return true }

func (m *fileMedium) lastLogged() ([]byte, error) {
	last, _, err := m.store.log().tail()
	return last, err
}

func (m *fileMedium) log(_ uint64, lines []byte) error { return m.store.log().append(lines) }

// close ends the writing of the journal.
func (m *fileMedium) close() error {
	if m.open == nil {
		return nil
	}
	f := m.open
	m.open = nil
	return f.Close()
}

func (m *fileMedium) release() error { return errors.Join(m.close(), m.lock.release()) }
