package sandbox

import (
	"bufio"
	"errors"
	"io"
	"os"
	"path/filepath"
)

// The file is rewritten without its history when it is some times larger than
// what it holds, so that it neither grows without end nor is rewritten often.
const (
	compactRatio = 4
	compactFloor = 1 << 20
)

// weight estimates the bytes of a snapshot.
func (db *database) weight() int64 {
	total := int64(0)
	for _, e := range db.byID {
		total += int64(len(e.attrs)) + int64(len(e.id))*int64(1+len(e.parents)) + 160
	}
	return total
}

func compactLimit(weight int64) int64 { return compactRatio*weight + compactFloor }

// bloated says whether it is time to compact.
func (f *file) bloated() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.size > f.limit && f.broken == nil
}

// compactIfBloated rewrites the file while nobody writes. A failure leaves the
// old file, which is as good; the next attempt comes when it has grown again.
func (s *Service) compactIfBloated() {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.file != nil && s.file.bloated() {
		s.file.compact(s.db)
	}
}

// compact puts a snapshot of db in the place of the file. What is queued is part
// of db, and so on disk with it. No record may be queued meanwhile.
func (f *file) compact(db *database) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for f.busy {
		f.turn.Wait()
	}
	f.limit = max(f.limit, compactLimit(db.weight()))
	if f.size <= f.limit || f.broken != nil {
		return
	}
	fresh, size, err := f.writeFresh(db)
	if err != nil {
		f.limit = 2 * f.size
		return
	}
	_ = f.out.Close() // the lock on the old file ends here, and nobody can reach it
	_ = f.handle.Close()
	f.handle, f.out, f.size = fresh, nil, size
	f.limit = compactLimit(size)
	f.queue, f.flushed = nil, f.queued
	if err := syncFolder(filepath.Dir(f.path)); err != nil {
		// A crash could bring the old file back, without what comes from now on.
		f.broken = f.gaveUp(err)
	}
	f.turn.Broadcast()
}

// writeFresh writes a snapshot beside the file, locks it and renames it into
// place.
func (f *file) writeFresh(db *database) (fresh *os.File, size int64, err error) {
	folder, name := filepath.Split(f.path)
	beside := filepath.Join(folder, "."+name+".new")
	fresh, err = os.OpenFile(beside, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, 0, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, fresh.Close(), os.Remove(beside))
		}
	}()
	free, err := lockFile(fresh)
	if err == nil && !free {
		err = errors.New("another process is writing it")
	}
	if err != nil {
		return nil, 0, err
	}
	w := bufio.NewWriterSize(fresh, 1<<20)
	if err = errors.Join(writeSnapshot(w, db), w.Flush(), fresh.Sync()); err != nil {
		return nil, 0, err
	}
	if size, err = fresh.Seek(0, io.SeekEnd); err != nil {
		return nil, 0, err
	}
	if err = os.Rename(beside, f.path); err != nil {
		return nil, 0, err
	}
	return fresh, size, nil
}
