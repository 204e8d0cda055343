package statestore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/rollcall-dev/rollcall/providers"
)

// errLockBroken says that the lock was taken away while it was held.
var errLockBroken = errors.New("the lock on the state was broken by force-unlock while this run held it; plan again")

// lock is a lock file that this process holds: the system's lock on it, and in
// it the holder for others to read. Whoever breaks the lock removes the file;
// the next holder makes another one, and this one notices.
type lock struct {
	path string
	file *os.File
}

// holder is what the lock file says.
type holder struct {
	ID        string    `json:"id"`
	Operation string    `json:"operation"`
	Who       string    `json:"who"`
	Version   string    `json:"version"`
	Created   time.Time `json:"created"`
	Run       string    `json:"run"`
}

func holderOf(i providers.LockInfo) holder {
	return holder{ID: i.ID, Operation: i.Operation, Who: i.Who, Version: i.Version, Created: i.Created.UTC(), Run: i.Run}
}

func (h holder) info() providers.LockInfo {
	return providers.LockInfo{ID: h.ID, Operation: h.Operation, Who: h.Who, Version: h.Version, Created: h.Created, Run: h.Run}
}

// patience is how long even a caller who does not want to wait tries: whoever
// looks at the lock (see [File.Holder]) has it for an instant.
const patience = 50 * time.Millisecond

// await tries to take a lock until it is free or wait is over. try says by a
// [*providers.LockedError] that somebody holds it.
func await[T any](ctx context.Context, wait time.Duration, try func() (T, error)) (T, error) {
	deadline := time.Now().Add(max(wait, patience))
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		l, err := try()
		var locked *providers.LockedError
		if !errors.As(err, &locked) {
			return l, err
		}
		left := time.Until(deadline)
		if left <= 0 {
			return l, err
		}
		if err := sleep(ctx, min(pause, left)); err != nil {
			return l, fmt.Errorf("wait for the lock on the state, held by %s: %w", locked.Holder.Who, err)
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// acquire takes the lock if nobody holds it.
func acquire(path string, info providers.LockInfo) (*lock, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the lock file: %w", err)
	}
	l := &lock{path: path, file: f}
	ok, err := tryLock(f)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), f.Close())
	}
	// The file may have been removed between opening and locking it.
	if !ok || l.held() != nil {
		return nil, errors.Join(&providers.LockedError{Holder: readHolder(path)}, f.Close())
	}
	if err := l.write(holderOf(info)); err != nil {
		return nil, errors.Join(fmt.Errorf("write the lock file: %w", err), f.Close())
	}
	return l, nil
}

func (l *lock) write(h holder) error {
	b, err := json.Marshal(h)
	if err != nil {
		return err
	}
	if err := l.file.Truncate(0); err != nil {
		return err
	}
	_, err = l.file.WriteAt(append(b, '\n'), 0)
	return err
}

// held reports an error when the lock was broken.
func (l *lock) held() error {
	ours, err := l.file.Stat()
	if err != nil {
		return err
	}
	now, err := os.Stat(l.path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !os.SameFile(ours, now) {
		return errLockBroken
	}
	return err
}

// release ends the lock. The file goes first, while it is still locked, so that
// nobody can lock a file that is about to go.
func (l *lock) release() error {
	if l.held() == nil {
		if os.Remove(l.path) != nil {
			// Windows does not remove what is open. An empty file names no holder.
			_ = l.file.Truncate(0)
		}
	}
	return l.file.Close()
}

// readHolder reads who holds the lock at path, as far as it says so.
func readHolder(path string) providers.LockInfo {
	f, err := os.Open(path)
	if err != nil {
		return unknownHolder
	}
	defer func() { _ = f.Close() }()
	var h holder
	if err := json.NewDecoder(io.LimitReader(f, 1<<16)).Decode(&h); err != nil {
		return unknownHolder
	}
	return h.info()
}

// unknownHolder stands for a process that has the lock but has not yet written
// who it is.
var unknownHolder = providers.LockInfo{Who: "another process", Operation: "just started"}

// Holder says who holds the lock, if anybody does.
func (f *File) Holder(context.Context) (holder providers.LockInfo, held bool, err error) {
	file, err := os.Open(f.lockPath())
	if errors.Is(err, fs.ErrNotExist) {
		return holder, false, nil
	}
	if err != nil {
		return holder, false, fmt.Errorf("open the lock file: %w", err)
	}
	free, err := tryLock(file)
	if err = errors.Join(err, file.Close()); err != nil || free {
		return holder, false, err
	}
	return readHolder(f.lockPath()), true, nil
}
