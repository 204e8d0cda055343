//go:build unix

package sandbox

import (
	"errors"
	"os"
	"syscall"
)

// lockFile takes the file for this process alone until it is closed. It does
// not wait, and says whether it was free.
func lockFile(f *os.File) (free bool, err error) {
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}
