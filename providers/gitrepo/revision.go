package gitrepo

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// Revision is a folder as one commit has it. Close it when it is done with.
type Revision struct {
	// Commit is the full id of the commit.
	Commit string
	files  *treeFS
	store  storage
	// prefix is the folder's path in the repository; "." for its top.
	prefix string
}

// objectCache holds the objects of a configuration of ten thousand files, so
// that each delta is unpacked once.
const objectCache = 256 << 20

// Open finds the revision that rev names in the repository that holds the
// folder dir: a commit by its id or the beginning of it, a branch, also a remote
// one, a tag or HEAD, and ancestors of these as in HEAD~2 and main^2. A bare
// repository is its own folder. A commit that does not have the folder has no
// files. A revision that is not there is a [*RevisionError].
func Open(dir, rev string) (*Revision, error) {
	r, err := open(dir, rev)
	if err != nil {
		return nil, fmt.Errorf("read the revision %q of %s: %w", rev, dir, err)
	}
	return r, nil
}

func open(dir, rev string) (*Revision, error) {
	at, err := locateAny(dir)
	if err != nil {
		return nil, err
	}
	if at == nil {
		return nil, ErrNoRepository
	}
	store, err := at.storage(objectCache)
	if err != nil {
		return nil, err
	}
	commit, tree, err := at.folder(store, rev)
	if err != nil {
		_ = store.Close()
		return nil, err
	}
	return &Revision{Commit: commit.String(), files: newTreeFS(tree, store, at.gitDir), store: store, prefix: at.prefix}, nil
}

// FS returns the folder's files. What cannot be read rightly is an error that
// names the path: symbolic links, which may lead anywhere, and submodules. It is
// safe for concurrent use until the revision is closed.
func (r *Revision) FS() fs.FS { return r.files }

// Close closes the files of the repository.
func (r *Revision) Close() error { return r.store.Close() }

// locateAny finds the repository of dir, which may be a bare one itself.
func locateAny(dir string) (*location, error) {
	if !bare(dir) {
		return locate(dir)
	}
	dir, err := filepath.Abs(dir)
	return &location{gitDir: dir, prefix: "."}, err
}

// bare reports whether dir is a repository without a worktree, by what git
// looks for in one.
func bare(dir string) bool {
	has := func(name string) bool {
		_, err := os.Stat(filepath.Join(dir, name))
		return err == nil
	}
	return !has(git.GitDirName) && has("HEAD") && has("objects") && has("refs")
}

// folder finds the folder of l at a revision; an empty one if it is not there.
func (l *location) folder(store storage, rev string) (plumbing.Hash, *object.Tree, error) {
	repo, err := git.Open(store, nil)
	if err != nil {
		return plumbing.ZeroHash, nil, err
	}
	f := finder{repo: repo, store: store, rev: rev}
	commit, err := f.find()
	if err != nil {
		return plumbing.ZeroHash, nil, err
	}
	tree, err := commit.Tree()
	if err == nil && l.prefix != "." {
		tree, err = tree.Tree(l.prefix)
	}
	if errors.Is(err, object.ErrDirectoryNotFound) || errors.Is(err, object.ErrEntryNotFound) {
		return commit.Hash, &object.Tree{}, nil
	}
	if err != nil {
		return plumbing.ZeroHash, nil, fmt.Errorf("read the tree of commit %s: %w", commit.Hash, err)
	}
	return commit.Hash, tree, nil
}
