package statestore

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// disk is what a store needs of a file system. Tests put one in its place that
// fails, or loses what was not synced.
type disk interface {
	// Open opens a file for reading as long as it is now: what a writer appends
	// meanwhile is not seen. The error is fs.ErrNotExist where there is none.
	Open(name string) (io.ReadCloser, error)
	// Tail returns the last n bytes of a file, or all where it has fewer, and its
	// size. The error is fs.ErrNotExist where there is none.
	Tail(name string, n int64) (end []byte, size int64, err error)
	// Create makes a new file, never one that somebody still writes to.
	Create(name string) (file, error)
	// Append opens a file for appending after its first size bytes and cuts the rest.
	Append(name string, size int64) (file, error)
	Rename(from, to string) error
	// Remove removes a file; that there is none is no error.
	Remove(name string) error
	// MkdirAll makes a folder that its owner alone may enter, and those above it.
	// What it makes is durable.
	MkdirAll(folder string) error
	// SyncDir makes the names in a folder durable.
	SyncDir(folder string) error
}

type file interface {
	io.WriteCloser
	Sync() error
}

// osDisk is the operating system's.
type osDisk struct{}

func (osDisk) Open(name string) (io.ReadCloser, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return struct {
		io.Reader
		io.Closer
	}{io.LimitReader(f, info.Size()), f}, nil
}

func (osDisk) Tail(name string, n int64) (end []byte, size int64, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, 0, err
	}
	size = info.Size()
	end = make([]byte, min(n, size))
	_, err = f.ReadAt(end, size-int64(len(end)))
	return end, size, err
}

func (d osDisk) Create(name string) (file, error) {
	if err := d.Remove(name); err != nil {
		return nil, err
	}
	return os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
}

func (osDisk) Append(name string, size int64) (file, error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	if err := f.Truncate(size); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func (osDisk) Rename(from, to string) error { return os.Rename(from, to) }

func (osDisk) Remove(name string) error {
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (d osDisk) MkdirAll(folder string) error {
	if _, err := os.Stat(folder); err == nil {
		return nil
	}
	parent := filepath.Dir(folder)
	if parent != folder {
		if err := d.MkdirAll(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(folder, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return d.SyncDir(parent)
}

func (osDisk) SyncDir(folder string) error {
	// Windows keeps names durable by itself and cannot sync a folder.
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// lazyDisk leaves it to the system when writes reach the disk.
type lazyDisk struct{ osDisk }

type lazyFile struct{ file }

func (lazyFile) Sync() error { return nil }

func (d lazyDisk) Create(name string) (file, error) {
	f, err := d.osDisk.Create(name)
	return lazyFile{f}, err
}

func (d lazyDisk) Append(name string, size int64) (file, error) {
	f, err := d.osDisk.Append(name, size)
	return lazyFile{f}, err
}

func (lazyDisk) SyncDir(string) error { return nil }

// readAll reads a file whole: nil where there is none.
func readAll(d disk, name string) ([]byte, error) {
	r, err := d.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(r)
	return content, errors.Join(err, r.Close())
}

// keepFile writes a file that is kept for good: one of that name with another
// content is not replaced.
func keepFile(d disk, name string, content []byte, ready func() error) error {
	have, err := readAll(d, name)
	if err != nil {
		return err
	}
	if have != nil && !bytes.Equal(have, content) {
		return fmt.Errorf("there is another %s already", name)
	}
	write := func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	}
	return replace(d, name, write, ready)
}

// replace writes a file whole: whoever reads name finds the old content or the
// new, also after a crash. ready is asked before the new content takes its place.
func replace(d disk, name string, write func(io.Writer) error, ready func() error) error {
	tmp := name + ".tmp"
	f, err := d.Create(tmp)
	if err != nil {
		return err
	}
	if err := errors.Join(write(f), f.Sync(), f.Close()); err != nil {
		return errors.Join(err, d.Remove(tmp))
	}
	if err := ready(); err != nil {
		return errors.Join(err, d.Remove(tmp))
	}
	if err := d.Rename(tmp, name); err != nil {
		return err
	}
	return d.SyncDir(filepath.Dir(name))
}
