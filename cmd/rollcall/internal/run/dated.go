package run

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"

	"github.com/rollcall-dev/rollcall/providers/gitrepo"
	"github.com/rollcall-dev/rollcall/schema"
)

// What says when a file is from.
const (
	byStatement = "exported_at"
	byFileTime  = "the time of the file"
)

// dated finds out when what a directory's file holds is from: as the
// configuration says, or as git knows. The time of a file says nothing where git
// checked it out, so that it counts for what git does not have.
func (p *Project) dated(block *schema.DirectoryBlock) schema.Dated {
	switch {
	case !block.ExportedAt.IsZero():
		return schema.Dated{At: block.ExportedAt, By: byStatement}
	case block.MaxAge == 0:
		return schema.Dated{}
	}
	dated, err := p.datedByGit(block)
	if err != nil {
		p.options.Log.Warn("the age of a directory is not known", "directory", block.Address, "err", err)
		return schema.Dated{By: err.Error()}
	}
	return dated
}

func (p *Project) datedByGit(block *schema.DirectoryBlock) (schema.Dated, error) {
	name := path.Clean(block.Path)
	if r, ok := p.root.(*gitrepo.Revision); ok {
		return dateOf(r.Since(name, nil, gitrepo.Limits{}))
	}
	real, err := p.realName(name)
	if err != nil {
		return schema.Dated{}, err
	}
	// The folder of the file may be in another repository than the root, as that of
	// a submodule is.
	head, err := gitrepo.Open(filepath.Join(p.options.Root, filepath.FromSlash(path.Dir(real))), "HEAD")
	if noCommit := (*gitrepo.RevisionError)(nil); errors.Is(err, gitrepo.ErrNoRepository) || errors.As(err, &noCommit) {
		return p.datedByTime(real)
	}
	if err != nil {
		return schema.Dated{}, err
	}
	defer head.Close() //nolint:errcheck // nothing was written
	folder, err := fs.Sub(p.files, path.Dir(real))
	if err != nil {
		return schema.Dated{}, err
	}
	since, err := head.Since(path.Base(real), folder, gitrepo.Limits{})
	if err == nil && since.Certainty == gitrepo.Uncommitted {
		return p.datedByTime(real)
	}
	return dateOf(since, err)
}

// realName is the name of a file under the root once links are followed.
func (p *Project) realName(name string) (string, error) {
	root, err := filepath.EvalSymlinks(p.options.Root)
	if err != nil {
		return "", err
	}
	real, err := filepath.EvalSymlinks(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		return "", err
	}
	rel, err := filepath.Rel(root, real)
	return filepath.ToSlash(rel), err
}

func (p *Project) datedByTime(name string) (schema.Dated, error) {
	info, err := fs.Stat(p.files, name)
	if err != nil {
		return schema.Dated{}, err
	}
	return schema.Dated{At: info.ModTime(), By: byFileTime}, nil
}

// dateOf is the date of a commit, where that is the one which brought the content.
func dateOf(s gitrepo.Source, err error) (schema.Dated, error) {
	id := s.Commit.ID[:min(len(s.Commit.ID), 10)]
	switch {
	case err != nil:
		return schema.Dated{}, err
	case s.Certainty == gitrepo.Certain:
		return schema.Dated{At: s.Commit.Committed, By: "commit " + id}, nil
	case s.Certainty == gitrepo.OrBefore:
		return schema.Dated{}, fmt.Errorf("the clone ends at commit %s, and the file may be older than that; fetch the whole history "+
			"(\"git fetch --unshallow\"; in CI fetch-depth: 0, GIT_DEPTH: 0)", id)
	}
	return schema.Dated{}, errors.New("its history is too long to be read, or the file is none that git has")
}
