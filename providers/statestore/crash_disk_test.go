package statestore

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"maps"
	"path/filepath"
	"sync"
)

var errCrashed = errors.New("crashed")

// crashDisk is a disk in memory whose machine dies after a number of writing
// steps. It knows what was synced and what was not. It has one folder, whatever
// path that is found under.
type crashDisk struct {
	mu sync.Mutex
	// steps are left before the crash; negative means none will come.
	steps   int
	names   map[string]*inode
	durable map[string]*inode
}

// inode is a file's content, and how much of it is synced.
type inode struct {
	data   []byte
	synced int
}

func newCrashDisk(steps int) *crashDisk {
	return &crashDisk{steps: steps, names: map[string]*inode{}, durable: map[string]*inode{}}
}

// step counts one writing step. It reports whether the machine still lives.
func (d *crashDisk) step() bool {
	if d.steps == 0 {
		return false
	}
	d.steps--
	return true
}

func (d *crashDisk) Open(name string) (io.ReadCloser, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n, ok := d.names[filepath.Base(name)]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return io.NopCloser(bytes.NewReader(bytes.Clone(n.data))), nil
}

func (d *crashDisk) Tail(name string, n int64) ([]byte, int64, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	node, ok := d.names[filepath.Base(name)]
	if !ok {
		return nil, 0, fs.ErrNotExist
	}
	size := int64(len(node.data))
	return bytes.Clone(node.data[size-min(n, size):]), size, nil
}

func (d *crashDisk) Create(name string) (file, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.step() {
		return nil, errCrashed
	}
	d.names[filepath.Base(name)] = &inode{}
	return &crashFile{d, d.names[filepath.Base(name)]}, nil
}

func (d *crashDisk) Append(name string, size int64) (file, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n, ok := d.names[filepath.Base(name)]
	if !ok {
		return nil, fs.ErrNotExist
	}
	if !d.step() {
		return nil, errCrashed
	}
	n.data = n.data[:size]
	n.synced = min(n.synced, int(size))
	return &crashFile{d, n}, nil
}

func (d *crashDisk) Rename(from, to string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.step() {
		return errCrashed
	}
	d.names[filepath.Base(to)] = d.names[filepath.Base(from)]
	delete(d.names, filepath.Base(from))
	return nil
}

func (d *crashDisk) Remove(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.step() {
		return errCrashed
	}
	delete(d.names, filepath.Base(name))
	return nil
}

func (d *crashDisk) MkdirAll(string) error { return nil }

func (d *crashDisk) SyncDir(string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.step() {
		return errCrashed
	}
	d.durable = maps.Clone(d.names)
	return nil
}

type crashFile struct {
	disk *crashDisk
	node *inode
}

// Write writes half when the machine dies in it.
func (f *crashFile) Write(p []byte) (int, error) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if !f.disk.step() {
		if f.disk.steps == 0 {
			f.node.data = append(f.node.data, p[:len(p)/2]...)
			f.disk.steps = 0
		}
		return len(p) / 2, errCrashed
	}
	f.node.data = append(f.node.data, p...)
	return len(p), nil
}

func (f *crashFile) Sync() error {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if !f.disk.step() {
		return errCrashed
	}
	f.node.synced = len(f.node.data)
	return nil
}

func (f *crashFile) Close() error { return nil }

// survivors are the disks that may be found after the crash. When the process
// dies, the system still writes everything. When power fails, names are those
// of the last sync of the folder or already the new ones, and of what was not
// synced in a file all, nothing, half, or only its length is there.
func (d *crashDisk) survivors() map[string]*crashDisk {
	out := map[string]*crashDisk{}
	for names, view := range map[string]map[string]*inode{"old names": d.durable, "new names": d.names} {
		for contents, keep := range remains {
			s := newCrashDisk(-1)
			for name, n := range view {
				left := keep(n)
				s.names[name] = &inode{data: left, synced: len(left)}
			}
			s.durable = maps.Clone(s.names)
			out[names+", "+contents] = s
		}
	}
	return out
}

var remains = map[string]func(*inode) []byte{
	"everything": func(n *inode) []byte { return bytes.Clone(n.data) },
	"synced":     func(n *inode) []byte { return bytes.Clone(n.data[:n.synced]) },
	"half":       func(n *inode) []byte { return bytes.Clone(n.data[:(n.synced+len(n.data))/2]) },
	"zeros": func(n *inode) []byte {
		return append(bytes.Clone(n.data[:n.synced]), make([]byte, len(n.data)-n.synced)...)
	},
}
