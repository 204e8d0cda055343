package gitrepo

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-git/go-billy/v5"
	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/storage/filesystem"
	"github.com/go-git/go-git/v5/storage/filesystem/dotgit"
)

// ErrObjectFormat says that a repository has objects that are not SHA-1.
var ErrObjectFormat = errors.New("the repository uses SHA-256 objects, which rollcall cannot read")

// ErrNoRepository says that a folder is in no repository.
var ErrNoRepository = errors.New("the folder is in no git repository")

// location is where a folder's repository lies.
type location struct {
	// gitDir is the .git folder, which for a linked worktree is its own.
	gitDir string
	// prefix is the folder's path in the worktree, with slashes; "." for its top.
	prefix string
}

// locate finds the repository that holds dir: the .git above it, nearest first.
// There is none: no location.
func locate(dir string) (*location, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return nil, err
	}
	for top := dir; ; top = filepath.Dir(top) {
		gitDir, err := gitDirOf(top)
		switch {
		case err == nil:
			prefix, err := filepath.Rel(top, dir)
			return &location{gitDir, filepath.ToSlash(prefix)}, err
		case !errors.Is(err, fs.ErrNotExist):
			return nil, err
		case top == filepath.Dir(top):
			return nil, nil
		}
	}
}

// gitDirOf returns the git folder of the worktree whose top is top. A worktree
// that shares a repository has a file there that names it.
func gitDirOf(top string) (string, error) {
	path := filepath.Join(top, git.GitDirName)
	info, err := os.Stat(path)
	if err != nil || info.IsDir() {
		return path, err
	}
	content, err := readNote(path)
	if err != nil {
		return "", err
	}
	line, _, _ := strings.Cut(string(content), "\n")
	named, ok := strings.CutPrefix(line, "gitdir: ")
	if !ok {
		return "", fmt.Errorf("%s does not name a git folder", path)
	}
	dir := resolve(top, named)
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return "", fmt.Errorf("%s names %q, which is no folder", path, dir)
	}
	return dir, nil
}

// resolve reads a path as a file in base has it.
func resolve(base, path string) string {
	path = filepath.FromSlash(strings.TrimSpace(path))
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(base, path)
}

// storage returns what l keeps, with a cache of that size. Close it when it is
// done with.
func (l *location) storage(size int) (storage, error) {
	shared, err := l.common()
	if err != nil {
		return storage{}, err
	}
	var common billy.Filesystem
	if shared != l.gitDir {
		common = plainFS{osfs.New(shared)}
	}
	dir := dotgit.NewRepositoryFilesystem(plainFS{osfs.New(l.gitDir)}, common)
	s := storage{
		Storage: filesystem.NewStorage(dir, cache.NewObjectLRUDefault()), shared: shared,
		kept: &hoard[plumbing.Hash, *plumbing.MemoryObject]{most: size},
	}
	s.depots, err = depots(filepath.Join(shared, "objects"))
	return s, err
}

// common returns the folder that linked worktrees share; that of a repository on
// its own is its own.
func (l *location) common() (string, error) {
	content, err := readNote(filepath.Join(l.gitDir, "commondir"))
	if errors.Is(err, fs.ErrNotExist) {
		return l.gitDir, nil
	}
	if err != nil {
		return "", err
	}
	return resolve(l.gitDir, string(content)), nil
}
