package gitrepo

import (
	"container/heap"
	"crypto/sha1" //nolint:gosec // git's own name of a content, compared with git's own
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/index"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// Since finds the commit that gave a file of the folder, a path with slashes, the
// content that it has: the last one on the way to the revision whose parents have
// no file like it. A file that was only renamed has its content from before that.
//
// Where over is not nil, the file is that of the folder as it is, on top of the
// revision, and Uncommitted where it is another than the revision's. A file that
// git checked out, and changed on the way (core.autocrlf, filters), is the
// revision's as long as it is what git left there.
func (r *Revision) Since(file string, over fs.FS, limits Limits) (Source, error) {
	s, err := r.since(file, over, limits)
	if err != nil {
		return Source{}, fmt.Errorf("read the history of %s: %w", file, err)
	}
	return s, nil
}

func (r *Revision) since(file string, over fs.FS, limits Limits) (Source, error) {
	b, err := r.newBlamer(limits)
	if err != nil {
		return Source{}, err
	}
	head, err := object.GetCommit(r.store, plumbing.NewHash(r.Commit))
	if err != nil {
		return Source{}, err
	}
	full, has := path.Join(r.prefix, file), map[string]node{}
	if err := b.differing(plumbing.ZeroHash, head.TreeHash, "", []string{full}, has); err != nil {
		return Source{}, err
	}
	n := has[full]
	if over != nil {
		same := n.isFile()
		if same {
			same, err = r.unchanged(over, file, full, n.hash)
		}
		if err != nil || !same {
			return Source{Certainty: Uncommitted}, err
		}
	}
	if !n.isFile() {
		return Source{}, nil
	}
	b.exact = true
	b.accuse(head, full, n.hash, []place{{}}) // one place stands for the whole file
	return b.walkWhole()
}

// walkWhole follows one file, whole, to the commit that brought its content.
func (b *blamer) walkWhole() (Source, error) {
	for ; b.queue.Len() > 0 && b.left > 0; b.left-- {
		c := heap.Pop(&b.queue).(*object.Commit)
		a := b.pending[c.Hash]
		delete(b.pending, c.Hash)
		parents, certainty, err := b.parents(c)
		if err == nil {
			_, err = b.passFiles(a, parents)
		}
		switch {
		case errors.Is(err, errMissing), errors.Is(err, errBudget): // of a partial clone, or too much of one
			return Source{commitOf(c), OrBefore}, nil
		case err != nil:
			return Source{}, fmt.Errorf("commit %s: %w", c.Hash, err)
		case len(a.files) > 0:
			return Source{commitOf(c), certainty}, nil
		}
	}
	return Source{}, nil
}

// unchanged reports whether a file of the folder is the revision's: it has its
// content, or is what git left there when it checked that out.
func (r *Revision) unchanged(over fs.FS, file, full string, want plumbing.Hash) (bool, error) {
	f, err := over.Open(file)
	if err != nil {
		return false, err
	}
	defer f.Close() //nolint:errcheck // nothing was written
	info, err := f.Stat()
	if err != nil {
		return false, err
	}
	sum := sha1.New() //nolint:gosec // git's own name of a content
	fmt.Fprintf(sum, "blob %d\x00", info.Size())
	if _, err := io.Copy(sum, f); err != nil {
		return false, err
	}
	if plumbing.Hash(sum.Sum(nil)) == want {
		return true, nil
	}
	return r.asCheckedOut(info, full, want)
}

// asCheckedOut reports whether a file of the folder has size and time of one that
// git checked out as the content want.
func (r *Revision) asCheckedOut(info fs.FileInfo, full string, want plumbing.Hash) (bool, error) {
	all, err := r.store.Index()
	if err != nil {
		return false, fmt.Errorf("read the index: %w", err)
	}
	e, err := all.Entry(full)
	if errors.Is(err, index.ErrEntryNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read the index: %w", err)
	}
	then, now := e.ModifiedAt, info.ModTime()
	if then.Nanosecond() == 0 { // git may keep no more than seconds
		now = now.Truncate(time.Second)
	}
	return e.Hash == want && int64(e.Size) == info.Size() && then.Equal(now), nil
}
