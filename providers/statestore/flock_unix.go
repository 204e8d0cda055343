//go:build !windows

package statestore

import (
	"errors"
	"os"
	"syscall"
)

// tryLock takes the system's lock on f without waiting. It ends with f, and
// with the process, however that dies.
func tryLock(f *os.File) (bool, error) {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) || errors.Is(err, syscall.EINTR) {
		return false, nil
	}
	return err == nil, err
}
