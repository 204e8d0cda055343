package sandbox

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// lockFile takes the file for this process alone until it is closed. It does
// not wait, and says whether it was free.
func lockFile(f *os.File) (free bool, err error) {
	// The locked byte lies far behind the data, which others may still read.
	at := &windows.Overlapped{OffsetHigh: 0x7fffffff}
	flags := uint32(windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY)
	err = windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, at)
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return false, nil
	}
	return err == nil, err
}

// unlockFile gives the file up, at once: closing would do so at some time.
func unlockFile(f *os.File) error {
	at := &windows.Overlapped{OffsetHigh: 0x7fffffff}
	return windows.UnlockFileEx(windows.Handle(f.Fd()), 0, 1, 0, at)
}

// syncFolder does nothing: a folder cannot be flushed here, and its journal
// keeps names.
func syncFolder(string) error { return nil }
