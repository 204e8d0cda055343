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
	"github.com/go-git/go-git/v5/config"
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
	content, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	line, _, _ := strings.Cut(string(content), "\n")
	named, ok := strings.CutPrefix(line, "gitdir: ")
	if !ok {
		return "", fmt.Errorf("%s does not name a git folder", path)
	}
	return resolve(top, named), nil
}

// resolve reads a path as a file in base has it.
func resolve(base, path string) string {
	path = filepath.FromSlash(strings.TrimSpace(path))
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(base, path)
}

// open opens the repository at l for reading.
func (l *location) open() (*git.Repository, error) {
	s, err := l.storage(cache.DefaultMaxSize, filesystem.Options{})
	if err != nil {
		return nil, err
	}
	return git.Open(s, nil)
}

// storage returns what l keeps, with a cache of that size.
func (l *location) storage(size cache.FileSize, o filesystem.Options) (storage, error) {
	common, err := l.common()
	if err != nil {
		return storage{}, err
	}
	// Clones made with --shared or --reference name objects elsewhere.
	o.AlternatesFS = osfs.New("/")
	dir := dotgit.NewRepositoryFilesystem(osfs.New(l.gitDir), common)
	return storage{filesystem.NewStorageWithOptions(dir, cache.NewObjectLRU(size), o)}, nil
}

// common returns what linked worktrees share; nil for a repository on its own.
func (l *location) common() (billy.Filesystem, error) {
	content, err := os.ReadFile(filepath.Join(l.gitDir, "commondir"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return osfs.New(resolve(l.gitDir, string(content))), nil
}

// storage is a repository's storage whose configuration keeps quiet about
// extensions that do not matter to a reader. go-git refuses to open a
// repository with any of them.
type storage struct{ *filesystem.Storage }

// harmless are extensions that change how a repository is written, or where
// configuration stands, and nothing about the objects that are there.
var harmless = map[string]bool{
	"worktreeconfig": true, "partialclone": true, "preciousobjects": true, "relativeworktrees": true,
}

// Config returns the configuration without harmless extensions.
func (s storage) Config() (*config.Config, error) {
	c, err := s.Storage.Config()
	if err != nil {
		return nil, err
	}
	section := c.Raw.Section("extensions")
	kept := section.Options[:0:0]
	for _, o := range section.Options {
		if strings.EqualFold(o.Key, "objectformat") && strings.EqualFold(o.Value, "sha256") {
			return nil, ErrObjectFormat
		}
		if !harmless[strings.ToLower(o.Key)] {
			kept = append(kept, o)
		}
	}
	section.Options = kept
	return c, nil
}
