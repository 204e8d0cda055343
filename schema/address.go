package schema

import "strings"

// Address is the stable name of a declared block: its type and labels, joined
// by dots, and for one instance of a for_each its key, as in `user.alice`,
// `directory.file.hr` or `group.team["a"]`. The zero value names nothing.
type Address string

// Type returns the block type of a: "user" for `user.alice`.
func (a Address) Type() string {
	t, _, _ := strings.Cut(string(a), ".")
	return t
}

// Name returns what follows the block type: `alice` for `user.alice`,
// `file.hr` for `directory.file.hr`.
func (a Address) Name() string {
	_, n, _ := strings.Cut(string(a), ".")
	return n
}

// Origin is the place in the configuration that something was declared at.
// File is relative to the root of the configuration and uses slashes. Lines
// and columns count from one, columns in Unicode characters; the end is
// exclusive. The zero value means that no place is known.
type Origin struct {
	File                             string
	Line, Column, EndLine, EndColumn uint32
}

// Known reports whether o names a place.
func (o Origin) Known() bool { return o.File != "" }
