package run

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/rollcall-dev/rollcall/providers/gitrepo"
)

// Brought finds which commit brought each of the lines, which are of the files
// of the configuration: those at its revision, or those in the folder, where a
// line may not be committed yet.
func (p *Project) Brought(lines []gitrepo.Line) (map[gitrepo.Line]gitrepo.Source, error) {
	if len(lines) == 0 {
		return nil, nil
	}
	revision, folder, err := p.history()
	if err != nil {
		return nil, err
	}
	if revision == nil {
		return notCommitted(lines), nil
	}
	defer folder.close()
	return revision.Blame(lines, folder.files, gitrepo.Limits{})
}

// TakenSince finds which commit took each of the lines away, which are of the
// files of an earlier configuration that was read from a revision.
func (p *Project) TakenSince(base *Project, lines []gitrepo.Line) (map[gitrepo.Line]gitrepo.Source, error) {
	from, ok := base.root.(*gitrepo.Revision)
	if len(lines) == 0 || !ok {
		return nil, nil
	}
	revision, folder, err := p.history()
	if revision == nil {
		return nil, err
	}
	defer folder.close()
	return revision.Taken(from, lines, folder.files, gitrepo.Limits{})
}

// overlay is the folder as it is, on top of a revision that was opened for it.
// The zero value stands for a configuration that is a revision itself.
type overlay struct {
	files fs.FS
	head  *gitrepo.Revision
}

func (o overlay) close() {
	if o.head != nil {
		_ = o.head.Close() // nothing was written
	}
}

// history returns the revision whose history is the configuration's: HEAD for
// the folder; none where there is no commit yet.
func (p *Project) history() (*gitrepo.Revision, overlay, error) {
	if r, ok := p.root.(*gitrepo.Revision); ok {
		return r, overlay{}, nil
	}
	head, err := gitrepo.Open(p.options.Root, "HEAD")
	if missing := (*gitrepo.RevisionError)(nil); errors.As(err, &missing) {
		return nil, overlay{}, nil
	}
	if err != nil {
		return nil, overlay{}, fmt.Errorf("read the history: %w", err)
	}
	return head, overlay{p.files, head}, nil
}

func notCommitted(lines []gitrepo.Line) map[gitrepo.Line]gitrepo.Source {
	all := make(map[gitrepo.Line]gitrepo.Source, len(lines))
	for _, line := range lines {
		all[line] = gitrepo.Source{Certainty: gitrepo.Uncommitted}
	}
	return all
}
