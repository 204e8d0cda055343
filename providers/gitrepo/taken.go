package gitrepo

import (
	"container/heap"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// Taken finds which commit on the way from base to the revision took each of the
// lines away, which are those of the files at base. The lines are followed
// through the commits that the revision has and base has not, through merges and
// renames; where over is not nil, the folder as it is comes on top. A line that
// is still there, or that the revision never had, has no entry; neither has one
// where the history is not at hand, or is longer than the limit.
func (r *Revision) Taken(base *Revision, lines []Line, over fs.FS, limits Limits) (map[Line]Source, error) {
	b, err := r.newBlamer(limits)
	if err != nil {
		return nil, err
	}
	t := taker{blamer: b, start: track{}, fresh: map[plumbing.Hash]*object.Commit{}, tracks: map[plumbing.Hash]track{}}
	err = t.follow(base, r, lines, over)
	if errors.Is(err, errBudget) || errors.Is(err, errMissing) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the history from commit %s to commit %s: %w", base.Commit, r.Commit, err)
	}
	return b.found, nil
}

// spot is where a version has a line; a line that it lost has no path.
type spot struct {
	path  string
	hash  plumbing.Hash
	index int
}

// track says of each line where a commit has it, or that it lost it. What it
// never had is not in it. Commits that change nothing of a track share it.
type track map[Line]spot

// taker follows lines from base on, parents before children.
type taker struct {
	*blamer
	base *object.Commit
	// start is where base has the lines.
	start track
	// fresh are the commits that the revision has and base has not.
	fresh  map[plumbing.Hash]*object.Commit
	tracks map[plumbing.Hash]track
}

func (t *taker) follow(base, head *Revision, lines []Line, over fs.FS) error {
	var err error
	if t.base, err = object.GetCommit(t.store, plumbing.NewHash(base.Commit)); err != nil {
		return err
	}
	to, err := object.GetCommit(t.store, plumbing.NewHash(head.Commit))
	if err != nil {
		return err
	}
	if err := t.begin(base.byFile(lines)); err != nil {
		return err
	}
	if err := t.between(to); err != nil || t.left <= 0 {
		return err
	}
	for _, c := range t.parentsFirst(to) {
		if err := t.step(c); err != nil {
			return err
		}
	}
	at, err := t.trackOf(to)
	if err != nil {
		return err
	}
	for line, s := range at {
		if s.path == "" {
			t.found[line] = Source{commitOf(t.guilty(to, line)), Certain}
		}
	}
	return t.inFolder(at, head.prefix, over)
}

// begin notes where base has the lines.
func (t *taker) begin(files map[string][]place) error {
	has := map[string]node{}
	if err := t.differing(plumbing.ZeroHash, t.base.TreeHash, "", sortedKeys(files), has); err != nil {
		return err
	}
	for full, n := range has {
		places, err := t.there(files[full], n)
		if err != nil {
			return err
		}
		for _, p := range places {
			t.start[p.line] = spot{full, n.hash, p.index}
		}
	}
	return nil
}

// Which of the two revisions have a commit.
const (
	ofHead uint8 = 1 << iota
	ofBase
)

// slack is how far base's history is looked at beyond the last commit that
// seems to be head's alone. Commits are taken by their dates, and where clocks
// were wrong an ancestor of base may come long before base's way leads to it.
const slack = 256

// between finds the commits that head has and base has not, from both ends
// towards where they meet.
func (t *taker) between(head *object.Commit) error {
	marks := map[plumbing.Hash]uint8{}
	waiting := map[plumbing.Hash]bool{} // of the queue, those that are head's alone
	var queue commitQueue
	beyond := 0
	mark := func(c *object.Commit, add uint8) {
		now := marks[c.Hash] | add
		if now == marks[c.Hash] {
			return
		}
		marks[c.Hash] = now
		heap.Push(&queue, c)
		if now == ofHead {
			waiting[c.Hash] = true
			return
		}
		delete(waiting, c.Hash)
		if t.fresh[c.Hash] != nil {
			delete(t.fresh, c.Hash)
			beyond = 0
		}
	}
	mark(head, ofHead)
	mark(t.base, ofBase)
	for ; queue.Len() > 0 && beyond < slack && t.left > 0; t.left-- {
		if beyond++; len(waiting) > 0 {
			beyond = 0
		}
		c := heap.Pop(&queue).(*object.Commit)
		delete(waiting, c.Hash)
		if marks[c.Hash] == ofHead {
			t.fresh[c.Hash] = c
		}
		parents, _, err := t.parents(c)
		if err != nil {
			return err
		}
		for _, p := range parents {
			mark(p, marks[c.Hash])
		}
	}
	return nil
}

// parentsFirst orders the fresh commits below head, parents before children.
func (t *taker) parentsFirst(head *object.Commit) []*object.Commit {
	var order []*object.Commit
	seen := map[plumbing.Hash]bool{}
	var visit func(c *object.Commit)
	visit = func(c *object.Commit) {
		if c == nil || seen[c.Hash] {
			return
		}
		seen[c.Hash] = true
		for _, p := range c.ParentHashes {
			visit(t.fresh[p])
		}
		order = append(order, c)
	}
	visit(t.fresh[head.Hash])
	return order
}

// step finds where a fresh commit has the lines: where any of its parents does
// and it has kept them.
func (t *taker) step(c *object.Commit) error {
	parents, _, err := t.parents(c)
	if err != nil {
		return err
	}
	t.tracks[c.Hash] = track{}
	for i, p := range parents {
		before, err := t.trackOf(p)
		if err != nil {
			return err
		}
		after, err := t.forward(before, p, c)
		if err != nil {
			return err
		}
		if i == 0 {
			t.tracks[c.Hash] = after
			continue
		}
		t.tracks[c.Hash] = join(t.tracks[c.Hash], after)
	}
	return nil
}

// join is what a commit has of the lines of two parents.
func join(a, b track) track {
	out := maps.Clone(a)
	for line, s := range b {
		if known, ok := out[line]; !ok || known.path == "" {
			out[line] = s
		}
	}
	return out
}

// trackOf returns where a commit has the lines. One of base's own history has
// those that it shares with base, at the same paths.
func (t *taker) trackOf(c *object.Commit) (track, error) {
	if at, ok := t.tracks[c.Hash]; ok {
		return at, nil
	}
	at, err := t.forward(t.start, t.base, c)
	if err != nil {
		return nil, err
	}
	at = maps.Clone(at)
	maps.DeleteFunc(at, func(_ Line, s spot) bool { return s.path == "" }) // never had
	t.tracks[c.Hash] = at
	return at, nil
}

// forward finds the lines of one commit in another.
func (t *taker) forward(at track, from, to *object.Commit) (track, error) {
	paths := map[string]bool{}
	for _, s := range at {
		if s.path != "" {
			paths[s.path] = true
		}
	}
	sorted := sortedKeys(paths)
	differing := map[string]node{}
	if err := t.differing(from.TreeHash, to.TreeHash, "", sorted, differing); err != nil || len(differing) == 0 {
		return at, err
	}
	absent := slices.DeleteFunc(sorted, func(p string) bool { n, differs := differing[p]; return !differs || n.isFile() })
	became := map[string]ancestor{}
	if len(absent) > 0 {
		var err error
		// What a file became is what it was renamed from, seen from the other side.
		if became, err = t.renames(to.TreeHash, from.TreeHash, absent); err != nil {
			return nil, err
		}
	}
	for path, n := range differing {
		if n.isFile() {
			became[path] = ancestor{path, n.hash}
		}
	}
	out := make(track, len(at))
	for line, s := range at {
		if _, differs := differing[s.path]; differs {
			var err error
			if s, err = t.in(s, became[s.path]); err != nil {
				return nil, err
			}
		}
		out[line] = s
	}
	return out, nil
}

// in finds a line in what its file became.
func (t *taker) in(s spot, to ancestor) (spot, error) {
	if to.path == "" || to.hash == s.hash {
		return spot{to.path, to.hash, s.index}, nil
	}
	at, err := t.match(to.hash, s.hash)
	if err != nil || s.index >= len(at) || at[s.index] == none {
		return spot{}, err
	}
	return spot{to.path, to.hash, at[s.index]}, nil
}

// guilty finds the commit that lost a line which its parents had: a commit whose
// parent had lost it has it from there.
func (t *taker) guilty(c *object.Commit, line Line) *object.Commit {
	for {
		i := slices.IndexFunc(c.ParentHashes, func(h plumbing.Hash) bool {
			s, ok := t.tracks[h][line]
			return ok && s.path == "" && t.fresh[h] != nil
		})
		if i < 0 {
			return c
		}
		c = t.fresh[c.ParentHashes[i]]
	}
}

// inFolder finds the lines that HEAD has and the folder has not.
func (t *taker) inFolder(at track, prefix string, over fs.FS) error {
	if over == nil {
		return nil
	}
	files := map[string][]int{} // where the folder has the lines of HEAD's files
	for line, s := range at {
		name, inside := strings.CutPrefix(s.path, strings.TrimPrefix(prefix+"/", "./"))
		if s.path == "" || !inside {
			continue
		}
		there, ok := files[name]
		if !ok {
			var err error
			if there, err = t.stillIn(over, name, s.hash); err != nil {
				return err
			}
			files[name] = there
		}
		if s.index >= len(there) || there[s.index] == none {
			t.found[line] = Source{Certainty: Uncommitted}
		}
	}
	return nil
}

// stillIn finds the lines of one of HEAD's files in the folder; none where it is gone.
func (t *taker) stillIn(over fs.FS, name string, was plumbing.Hash) ([]int, error) {
	content, err := fs.ReadFile(over, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	then, err := t.text(was)
	if err != nil {
		return nil, err
	}
	return match(withEndsOf(splitLines(content), then), then), nil
}
