package gitrepo

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"

	"github.com/rollcall-dev/rollcall/schema"
)

// Describe says what the files of a configuration are in terms of git: the
// commit at HEAD of the repository that holds dir, and whether the files,
// relative to dir, differ from it: one has other content or is not in it, or it
// has a file of configuration that is not among them. Nothing else in the
// worktree is looked at.
//
// A folder outside of any repository has no commit and is not dirty; in a
// repository without a commit every file is.
func Describe(dir string, files []schema.File) (commit string, dirty bool, err error) {
	at, err := locate(dir)
	if err == nil && at != nil {
		commit, dirty, err = at.describe(files)
	}
	if err != nil {
		return "", false, fmt.Errorf("describe the git repository of %s: %w", dir, err)
	}
	return commit, dirty, nil
}

func (l *location) describe(files []schema.File) (string, bool, error) {
	store, err := l.storage(objectCache)
	if err != nil {
		return "", false, err
	}
	defer store.Close() //nolint:errcheck // nothing was written
	repo, err := git.Open(store, nil)
	if err != nil {
		return "", false, err
	}
	head, err := repo.Head()
	if errors.Is(err, plumbing.ErrReferenceNotFound) {
		return "", len(files) > 0, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("find HEAD: %w", err)
	}
	dirty, err := l.differs(repo, head.Hash(), files)
	return head.Hash().String(), dirty, err
}

// differs compares files with the tree of commit.
func (l *location) differs(repo *git.Repository, commit plumbing.Hash, files []schema.File) (bool, error) {
	c, err := repo.CommitObject(commit)
	if err != nil {
		return false, fmt.Errorf("read commit %s: %w", commit, err)
	}
	tree, err := c.Tree()
	if err == nil && l.prefix != "." {
		tree, err = tree.Tree(l.prefix)
	}
	if errors.Is(err, object.ErrDirectoryNotFound) || errors.Is(err, object.ErrEntryNotFound) {
		return len(files) > 0, nil
	}
	if err != nil {
		return false, fmt.Errorf("read the tree of commit %s: %w", commit, err)
	}
	return compare(tree, files)
}

// compare reports whether files are other than what tree has of them.
func compare(tree *object.Tree, files []schema.File) (bool, error) {
	read := make(map[string]bool, len(files))
	for _, f := range files {
		read[f.Name] = true
	}
	committed := make(map[string]string, len(files))
	w := walker{left: mostEntries}
	w.visit = func(name string, e *object.TreeEntry) error {
		if !read[name] && !configuration(name) {
			return nil
		}
		blob, err := contentOf(tree, name, e)
		committed[name] = blob.String()
		return err
	}
	if err := w.walk(tree, ""); err != nil {
		return true, err
	}
	if len(committed) != len(files) {
		return true, nil
	}
	for _, f := range files {
		if committed[f.Name] != f.BlobID {
			return true, nil
		}
	}
	return false, nil
}

// contentOf returns the blob that whoever opens the entry e reads: that of the
// file itself, or of the one that a symbolic link leads to, if that is in tree.
func contentOf(tree *object.Tree, name string, e *object.TreeEntry) (plumbing.Hash, error) {
	if e.Mode != filemode.Symlink {
		return e.Hash, nil
	}
	link, err := tree.File(name)
	if err != nil {
		return plumbing.ZeroHash, fmt.Errorf("read link %s: %w", name, err)
	}
	if link.Size > longestPath {
		return plumbing.ZeroHash, nil
	}
	to, err := link.Contents()
	if err != nil {
		return plumbing.ZeroHash, fmt.Errorf("read link %s: %w", name, err)
	}
	target, err := tree.FindEntry(path.Join(path.Dir(name), to))
	if err != nil {
		return plumbing.ZeroHash, nil
	}
	return target.Hash, nil
}

// The bounds of a tree that is walked through: a few kilobytes of objects are
// enough for a tree of billions of files, as folders may be the same one.
const (
	mostEntries = 1 << 20
	longestPath = 4096
)

// errTree says that a tree is not walked through to its end.
var errTree = fmt.Errorf("it has more than %d files and folders, or a path longer than %d bytes", mostEntries, longestPath)

// walker calls visit for each file and symbolic link of a tree, of at most so
// many entries as are left.
type walker struct {
	left  int
	visit func(name string, e *object.TreeEntry) error
}

func (w *walker) walk(tree *object.Tree, under string) error {
	if w.left -= len(tree.Entries); w.left < 0 || len(under) > longestPath {
		return errTree
	}
	for i := range tree.Entries {
		e := &tree.Entries[i]
		name := path.Join(under, e.Name)
		var err error
		switch e.Mode {
		case filemode.Regular, filemode.Executable, filemode.Deprecated, filemode.Symlink:
			err = w.visit(name, e)
		case filemode.Dir:
			err = w.folder(tree, e.Name, name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *walker) folder(tree *object.Tree, entry, name string) error {
	sub, err := tree.Tree(entry)
	if err != nil {
		return fmt.Errorf("read folder %s: %w", name, err)
	}
	return w.walk(sub, name)
}

// configuration reports whether the loader reads a file called name of itself:
// the rule of the language, by names alone.
func configuration(name string) bool {
	for _, part := range strings.Split(name, "/") {
		if strings.HasPrefix(part, ".") || strings.HasPrefix(part, "_") {
			return false
		}
	}
	if !strings.Contains(name, "/") && (name == "rollcall.vars" || strings.HasSuffix(name, ".auto.vars")) {
		return true
	}
	name = strings.TrimSuffix(name, ".json")
	return strings.HasSuffix(name, ".hcl") && !strings.HasSuffix(name, ".test.hcl")
}
