package providers

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"
	"testing"
)

// TestFullDiskIsKnownOnEverySystem: one number says one thing on Windows and
// another elsewhere.
func TestFullDiskIsKnownOnEverySystem(t *testing.T) {
	t.Parallel()
	const (
		windowsNotFound      = syscall.Errno(2)
		windowsWriteProtect  = syscall.Errno(19)  // ENODEV on Linux
		windowsHandleFull    = syscall.Errno(39)  // ENOTEMPTY on Linux
		windowsDiskFull      = syscall.Errno(112) // EHOSTDOWN on Linux
		windowsTooLarge      = syscall.Errno(223)
		windowsQuotaExceeded = syscall.Errno(1295)
	)
	for name, tt := range map[string]struct {
		system string
		err    error
		want   bool
	}{
		"no space":                  {"linux", syscall.ENOSPC, true},
		"a quota used up":           {"darwin", syscall.EDQUOT, true},
		"a file at its limit":       {"linux", syscall.EFBIG, true},
		"a disk to be read alone":   {"linux", syscall.EROFS, true},
		"wrapped":                   {"linux", fmt.Errorf("save: %w", &fs.PathError{Op: "write", Path: "f", Err: syscall.ENOSPC}), true},
		"one of two":                {"linux", errors.Join(syscall.EACCES, &fs.PathError{Err: syscall.ENOSPC}), true},
		"not permitted":             {"linux", syscall.EACCES, false},
		"no number":                 {"linux", errors.New("no space left on device"), false},
		"none":                      {"linux", nil, false},
		"windows: disk full":        {"windows", &fs.PathError{Op: "write", Path: "f", Err: windowsDiskFull}, true},
		"windows: handle disk full": {"windows", windowsHandleFull, true},
		"windows: quota":            {"windows", windowsQuotaExceeded, true},
		"windows: file too large":   {"windows", windowsTooLarge, true},
		"windows: write protected":  {"windows", windowsWriteProtect, true},
		"windows: not found":        {"windows", windowsNotFound, false},
		"a host that is down":       {"linux", windowsDiskFull, false},
		"a folder that holds some":  {"linux", windowsHandleFull, false},
	} {
		if got := noRoomOn(tt.system, tt.err); got != tt.want {
			t.Errorf("%s: got %t, want %t", name, got, tt.want)
		}
	}
}
