package gitrepo

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// treeFS is a tree of the object store as a file system. Folders are read when
// they are first asked for.
type treeFS struct {
	mu    sync.Mutex
	store storage
	// objects names the object store.
	objects string
	// folders are the trees that were read, by path, and trees the same by their
	// ids: one may be at many paths.
	folders map[string]*object.Tree
	trees   map[plumbing.Hash]*object.Tree
}

func newTreeFS(root *object.Tree, store storage, objects string) *treeFS {
	return &treeFS{store: store, objects: objects, folders: map[string]*object.Tree{".": root}, trees: map[plumbing.Hash]*object.Tree{}}
}

// What a revision does not give, whoever asks.
var (
	errLink      = errors.New("it is a symbolic link, which is not followed at a revision: it may lead anywhere. Put the file itself into git")
	errSubmodule = errors.New("it is a submodule, whose files are in another repository: put them into this one, or begin its name with _ to leave it out")
	errPath      = fmt.Errorf("its path is longer than %d bytes", longestPath)
	errMissing   = errors.New("its content is not in the repository, as in a partial clone (--filter): make a full clone")
)

// Open opens a file or folder.
func (t *treeFS) Open(name string) (fs.File, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f, err := t.open(name)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return f, nil
}

func (t *treeFS) open(name string) (fs.File, error) {
	e, err := t.entry(name)
	if err != nil {
		return nil, err
	}
	switch e.Mode {
	case filemode.Dir:
		return t.openFolder(name)
	case filemode.Symlink:
		return nil, errLink
	case filemode.Submodule:
		return submodule{info{name: path.Base(name), mode: fs.ModeDir | 0o555}}, nil
	}
	return t.openFile(path.Base(name), e.Hash)
}

// entry finds what is at a path; at the top, a folder.
func (t *treeFS) entry(name string) (*object.TreeEntry, error) {
	if !fs.ValidPath(name) {
		return nil, fs.ErrInvalid
	}
	if len(name) > longestPath {
		return nil, errPath
	}
	if name == "." {
		return &object.TreeEntry{Mode: filemode.Dir}, nil
	}
	parent, err := t.folder(path.Dir(name))
	if err != nil {
		return nil, err
	}
	return entry(parent, path.Base(name))
}

// Stat describes a file or folder. It does not unpack a file whose size git
// tells, which is not so of objects of another clone.
func (t *treeFS) Stat(name string) (fs.FileInfo, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	e, err := t.entry(name)
	if err == nil && isFile(e.Mode) {
		if size, err := t.store.EncodedObjectSize(e.Hash); err == nil {
			return info{name: path.Base(name), size: size, mode: 0o444}, nil
		}
	}
	f, err := t.open(name)
	if err != nil {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: err}
	}
	return f.Stat()
}

// ContentName names the content of a file: files of one name in whatever
// revisions of one repository are the same object of its store, and so the same
// bytes. Names of different stores differ. What is no file has none.
func (t *treeFS) ContentName(name string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	e, err := t.entry(name)
	if err != nil || !isFile(e.Mode) {
		return ""
	}
	return e.Hash.String() + " of " + t.objects
}

// submodule is a folder whose files are elsewhere: it is there, and listing it
// is an error, so that nobody takes it for an empty one.
type submodule struct{ info }

func (s submodule) Stat() (fs.FileInfo, error)         { return s.info, nil }
func (s submodule) Read([]byte) (int, error)           { return 0, errSubmodule }
func (s submodule) ReadDir(int) ([]fs.DirEntry, error) { return nil, errSubmodule }
func (s submodule) Close() error                       { return nil }

// folder reads the tree at a path, and those above it.
func (t *treeFS) folder(name string) (*object.Tree, error) {
	if known := t.folders[name]; known != nil {
		return known, nil
	}
	parent, err := t.folder(path.Dir(name))
	if err != nil {
		return nil, err
	}
	e, err := entry(parent, path.Base(name))
	switch {
	case err != nil:
		return nil, err
	case e.Mode == filemode.Symlink:
		return nil, errLink
	case e.Mode == filemode.Submodule:
		return nil, errSubmodule
	case e.Mode != filemode.Dir:
		return nil, fs.ErrNotExist
	}
	tree := t.trees[e.Hash]
	if tree == nil {
		if tree, err = object.GetTree(t.store, e.Hash); err != nil {
			return nil, missing(err)
		}
		t.trees[e.Hash] = tree
	}
	t.folders[name] = tree
	return tree, nil
}

// entry finds what tree has under a name.
func entry(tree *object.Tree, name string) (*object.TreeEntry, error) {
	e, err := tree.FindEntry(name)
	if errors.Is(err, object.ErrEntryNotFound) {
		return nil, fs.ErrNotExist
	}
	return e, err
}

// missing explains an object that is not there.
func missing(err error) error {
	if errors.Is(err, plumbing.ErrObjectNotFound) {
		return errMissing
	}
	return err
}

func (t *treeFS) openFile(base string, h plumbing.Hash) (fs.File, error) {
	blob, err := object.GetBlob(t.store, h)
	if err != nil {
		return nil, missing(err)
	}
	r, err := blob.Reader()
	if err != nil {
		return nil, missing(err)
	}
	defer r.Close() //nolint:errcheck // nothing was written
	content := make([]byte, blob.Size)
	if _, err := io.ReadFull(r, content); err != nil {
		return nil, err
	}
	return &file{Reader: bytes.NewReader(content), info: info{name: base, size: blob.Size, mode: 0o444}}, nil
}

// openFolder lists a folder in the order of names, which is not git's: that
// sorts a folder as if its name ended with a slash.
func (t *treeFS) openFolder(name string) (fs.File, error) {
	tree, err := t.folder(name)
	if err != nil {
		return nil, err
	}
	f := &folder{info: info{name: path.Base(name), mode: fs.ModeDir | 0o555}}
	for i := range tree.Entries {
		e := &tree.Entries[i]
		if e.Name == "." || e.Name == ".." || strings.Contains(e.Name, "/") || !fs.ValidPath(e.Name) {
			return nil, fmt.Errorf("the tree has an entry called %q, which no file may be", e.Name)
		}
		f.entries = append(f.entries, dirEntry{info{name: e.Name, mode: modeOf(e.Mode)}, t, path.Join(name, e.Name)})
	}
	slices.SortFunc(f.entries, func(a, b fs.DirEntry) int { return cmp.Compare(a.Name(), b.Name()) })
	return f, nil
}

func modeOf(m filemode.FileMode) fs.FileMode {
	switch m {
	case filemode.Dir, filemode.Submodule:
		return fs.ModeDir | 0o555
	case filemode.Symlink:
		return fs.ModeSymlink | 0o444
	}
	return 0o444
}

// dirEntry is one name in a listing.
type dirEntry struct {
	info
	files *treeFS
	path  string
}

func (e dirEntry) Type() fs.FileMode { return e.mode.Type() }

// Info asks for the size of a file, which a listing does not know.
func (e dirEntry) Info() (fs.FileInfo, error) {
	if !e.mode.IsRegular() {
		return e.info, nil
	}
	return e.files.Stat(e.path)
}

// info describes a file or folder. Git keeps no times.
type info struct {
	name string
	size int64
	mode fs.FileMode
}

func (i info) Name() string       { return i.name }
func (i info) Size() int64        { return i.size }
func (i info) Mode() fs.FileMode  { return i.mode }
func (i info) ModTime() time.Time { return time.Time{} }
func (i info) IsDir() bool        { return i.mode.IsDir() }
func (i info) Sys() any           { return nil }

// file is an open file, unpacked whole.
type file struct {
	*bytes.Reader
	info info
}

func (f *file) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *file) Close() error               { return nil }

// folder is an open folder.
type folder struct {
	info    info
	entries []fs.DirEntry
}

func (f *folder) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *folder) Read([]byte) (int, error)   { return 0, errors.New("it is a folder") }
func (f *folder) Close() error               { return nil }

// ReadDir returns the next n entries, or all that are left.
func (f *folder) ReadDir(n int) ([]fs.DirEntry, error) {
	if n <= 0 || n > len(f.entries) {
		if n > 0 && len(f.entries) == 0 {
			return nil, io.EOF
		}
		n = len(f.entries)
	}
	next := f.entries[:n]
	f.entries = f.entries[n:]
	return next, nil
}
