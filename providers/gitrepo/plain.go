package gitrepo

import (
	"fmt"
	"io/fs"
	"os"

	"github.com/go-git/go-billy/v5"
)

// largestNote is the size of the largest file of a repository that is read whole
// and is no object: its configuration, its references, and where clones end.
const largestNote = 256 << 20

// notPlain says why a file of a repository is not opened, if it is not: a pipe
// or a device never ends, or waits for ever.
func notPlain(info fs.FileInfo) error {
	switch {
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is not a regular file", info.Name())
	case info.Size() > largestNote:
		return fmt.Errorf("%s is larger than %d MiB", info.Name(), largestNote>>20)
	}
	return nil
}

// readNote reads a small file of a repository whole.
func readNote(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err == nil {
		err = notPlain(info)
	}
	if err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}

// openPlain opens a file of objects, of any size.
func openPlain(path string) (*os.File, int64, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, 0, err
	}
	if !info.Mode().IsRegular() {
		return nil, 0, fmt.Errorf("%s is not a regular file", path)
	}
	f, err := os.Open(path)
	return f, info.Size(), err
}

// plainFS is a repository's folder of which only regular files are opened.
type plainFS struct{ billy.Filesystem }

// Open opens a file for reading.
func (p plainFS) Open(name string) (billy.File, error) {
	info, err := p.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, notPlain(info)
	}
	return p.Filesystem.Open(name)
}
