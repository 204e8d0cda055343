package providers

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"github.com/rollcall-dev/rollcall/schema"
)

// RequestError is an answer that was no success: what was asked, and what the
// target said. It never holds a credential or a query string.
type RequestError struct {
	Method, Path string
	Status       int
	// SCIMType and Detail are the target's own words (RFC 7644 section 3.12),
	// cut to a sane length; Detail is the raw text where the body was no JSON.
	SCIMType, Detail string
	// RequestID is the value of the answer's request-id header, if any.
	RequestID string
}

// Error gives method, path, status, scimType, detail and request id.
func (e *RequestError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s: status %d", e.Method, e.Path, e.Status)
	if e.SCIMType != "" {
		fmt.Fprintf(&b, " (%s)", e.SCIMType)
	}
	if e.Detail != "" {
		fmt.Fprintf(&b, ": %s", e.Detail)
	}
	if e.RequestID != "" {
		fmt.Fprintf(&b, " [request %s]", e.RequestID)
	}
	return b.String()
}

// CredentialsError says that the target refused the token (401, 403). It stops
// the whole run at once.
type CredentialsError struct{ Err error }

// Error names the cause.
func (e *CredentialsError) Error() string {
	return "the target refused the credentials: " + e.Err.Error()
}

// Unwrap returns the request's error.
func (e *CredentialsError) Unwrap() error { return e.Err }

// IncompleteReadError says that a read could not be proven complete. No plan
// may be made from what was seen.
type IncompleteReadError struct{ What string }

// Error says what is missing.
func (e *IncompleteReadError) Error() string { return "incomplete read: " + e.What }

// ObjectError says that the target refused one object: the object is held
// back, everything else goes on.
type ObjectError struct {
	// Code is conflict, refused, name-collision, ambiguous-match, member-rejected,
	// not-confirmed or target-gone.
	Code schema.Code
	Err  error
}

// Error names the cause.
func (e *ObjectError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *ObjectError) Unwrap() error { return e.Err }

// NoRoom reports whether err says that a file could not grow: the disk is full,
// a quota or a limit is used up, or nothing may be written there.
func NoRoom(err error) bool { return noRoomOn(runtime.GOOS, err) }

// noRoomOn is [NoRoom] of an error of an operating system.
func noRoomOn(system string, err error) bool {
	causes := []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG, syscall.EROFS}
	if system == "windows" {
		causes = windowsNoRoom[:]
	}
	return slices.ContainsFunc(causes, func(cause syscall.Errno) bool { return errors.Is(err, cause) })
}

// windowsNoRoom are the numbers of Windows, which says none of the others:
// ERROR_DISK_FULL, ERROR_HANDLE_DISK_FULL, ERROR_DISK_QUOTA_EXCEEDED,
// ERROR_FILE_TOO_LARGE and ERROR_WRITE_PROTECT.
var windowsNoRoom = [...]syscall.Errno{112, 39, 1295, 223, 19}
