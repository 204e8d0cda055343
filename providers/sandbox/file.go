package sandbox

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// file keeps the records. Writes that come at the same time share one flush to
// the disk. Nothing is created or changed before the first write.
type file struct {
	path  string
	async bool // no flush to disk: for tests that make many

	mu      sync.Mutex
	turn    *sync.Cond // signalled when a flush ends
	handle  *os.File   // nil until the file exists; holds the lock
	out     *os.File   // nil until the first write
	size    int64      // of what is good
	limit   int64      // size from which to compact
	queue   []*record
	queued  uint64 // records ever queued
	flushed uint64 // records of those on disk
	busy    bool   // somebody flushes
	broken  error  // after a failed write nothing more is taken
}

// openFile reads path into db. The file may be missing; it is made by the first
// write.
func openFile(path string, async bool, db *database) (*file, error) {
	f := &file{path: path, async: async, limit: compactFloor}
	f.turn = sync.NewCond(&f.mu)
	handle, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return f, nil
	}
	if err != nil {
		return nil, fmt.Errorf("open sandbox file: %w", err)
	}
	if err := f.adopt(handle, db); err != nil {
		return nil, errors.Join(fmt.Errorf("read sandbox file %s: %w", path, err), handle.Close())
	}
	return f, nil
}

// adopt locks an open file and reads it.
func (f *file) adopt(handle *os.File, db *database) error {
	if err := own(handle, f.path); err != nil {
		return err
	}
	data, err := io.ReadAll(bufio.NewReaderSize(handle, 1<<20))
	if err != nil {
		return err
	}
	good, err := load(db, data)
	if err != nil {
		return err
	}
	f.handle, f.size, f.limit = handle, int64(good), compactLimit(db.weight())
	return nil
}

// own takes the lock on an open file, and makes sure that path still is that
// file: compaction puts a new one in its place.
func own(handle *os.File, path string) error {
	free, err := lockFile(handle)
	if err != nil {
		return fmt.Errorf("lock: %w", err)
	}
	mine, err := handle.Stat()
	if err != nil {
		return err
	}
	now, err := os.Stat(path)
	if !free || err != nil || !os.SameFile(mine, now) {
		return errors.New("another process has it open; stop that one first, or use another path")
	}
	return nil
}

// ticket is a claim to know that a record is on disk. The zero value is for what
// needs no disk.
type ticket struct {
	file   *file
	number uint64
}

// wait returns once the record is on disk.
func (t ticket) wait() error {
	if t.file == nil {
		return nil
	}
	return t.file.wait(t.number)
}

// enqueue hands a record over to be written.
func (f *file) enqueue(r *record) (ticket, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.broken != nil {
		return ticket{}, f.broken
	}
	f.queue = append(f.queue, r)
	f.queued++
	return ticket{f, f.queued}, nil
}

// wait returns once so many records are on disk. The first to wait writes for all
// who queued by then.
func (f *file) wait(number uint64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for f.flushed < number && f.broken == nil {
		if f.busy {
			f.turn.Wait()
			continue
		}
		f.flush()
	}
	if f.flushed >= number {
		return nil
	}
	return f.broken
}

// flush writes the queue. It is called with the lock held, and lets it go while
// the disk works.
func (f *file) flush() {
	batch := f.queue
	f.queue, f.busy = nil, true
	f.mu.Unlock()
	n, err := f.write(batch)
	f.mu.Lock()
	f.busy = false
	if err != nil {
		f.broken = f.gaveUp(err)
	} else {
		f.flushed += uint64(len(batch))
		f.size += n
	}
	f.turn.Broadcast()
}

// gaveUp says why nothing more is written: after a failed write nobody knows
// what the disk holds.
func (f *file) gaveUp(err error) error {
	return fmt.Errorf("write sandbox file %s: %w; it takes no more writes until it is opened again", f.path, err)
}

func (f *file) write(batch []*record) (int64, error) {
	line, err := batchLine(batch)
	if err != nil {
		return 0, err
	}
	before := f.size
	if f.out == nil {
		if err := f.openForWriting(); err != nil {
			return 0, err
		}
	}
	if f.size == 0 {
		line = append([]byte(header), line...)
	}
	if _, err := f.out.WriteAt(line, before); err != nil {
		return 0, err
	}
	if !f.async {
		if err := f.out.Sync(); err != nil {
			return 0, err
		}
	}
	return int64(len(line)), nil
}

// openForWriting makes the file where it is missing, and cuts off what a crash
// left behind.
func (f *file) openForWriting() error {
	if f.handle == nil {
		if err := f.create(); err != nil {
			return err
		}
	}
	out, err := os.OpenFile(f.path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	if err := out.Truncate(f.size); err != nil {
		return errors.Join(err, out.Close())
	}
	f.out = out
	return nil
}

func (f *file) create() error {
	folder := filepath.Dir(f.path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	handle, err := os.OpenFile(f.path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return errors.New("another process made it in the meantime")
	}
	if err != nil {
		return err
	}
	// The folder may be as new as the file.
	if err := errors.Join(own(handle, f.path), syncFolder(folder), syncFolder(filepath.Dir(folder))); err != nil {
		return errors.Join(err, handle.Close())
	}
	f.handle = handle
	return nil
}

// close lets the file go. What was queued is written.
func (f *file) close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for f.busy {
		f.turn.Wait()
	}
	if len(f.queue) > 0 && f.broken == nil {
		f.flush()
	}
	err := f.broken
	f.broken = errors.New("the sandbox is closed")
	if f.out != nil {
		err = errors.Join(err, f.out.Close())
	}
	if f.handle != nil {
		err = errors.Join(err, unlockFile(f.handle), f.handle.Close())
	}
	f.out, f.handle = nil, nil
	return err
}
