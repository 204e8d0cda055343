package statestore

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// tryLock takes the system's lock on f without waiting. It ends with f, and
// with the process, however that dies. The locked byte lies far behind the
// content, because Windows keeps others from reading what is locked.
func tryLock(f *os.File) (bool, error) {
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	at := &windows.Overlapped{OffsetHigh: 1}
	err := windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, at)
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) || errors.Is(err, windows.ERROR_IO_PENDING) {
		return false, nil
	}
	return err == nil, err
}
