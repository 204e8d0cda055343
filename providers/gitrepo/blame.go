package gitrepo

import (
	"container/heap"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// Line is one line of a file of the folder: its path in the folder, with
// slashes, and its number, counted from one.
type Line struct {
	File   string
	Number uint32
}

// Commit is what a reader wants to know of a commit.
type Commit struct {
	// ID is the full id.
	ID string
	// Author is the name alone, Date when the change was made; both are as the
	// author says. Committed is when the commit was made, as its committer says.
	// A date that no calendar has is the nearest that one has. Subject is the first
	// line of the message.
	Author    string
	Date      time.Time
	Committed time.Time
	Subject   string
}

// Certainty says how sure it is that a commit brought a line.
type Certainty uint8

const (
	// Unknown: the history was not read that far, or there is no such line.
	Unknown Certainty = iota
	// Certain: the commit brought the line.
	Certain
	// OrBefore: the commit has the line, and what was before it is not in the
	// repository, as in a shallow or partial clone.
	OrBefore
	// Uncommitted: the line is in the folder, and no commit has it yet.
	Uncommitted
)

// Source says where a line comes from. Commit is zero unless it is Certain or OrBefore.
type Source struct {
	Commit    Commit
	Certainty Certainty
}

// Limits bound how much of a history is read. A zero field means its default.
type Limits struct {
	// Commits is how many commits are looked at: 20,000.
	Commits int
	// Bytes is how much content is compared: 1 GiB.
	Bytes int64
}

func (l Limits) withDefaults() Limits {
	if l.Commits == 0 {
		l.Commits = 20_000
	}
	if l.Bytes == 0 {
		l.Bytes = 1 << 30
	}
	return l
}

// Blame finds which commit brought each of the lines, as git blame does: a line
// is passed to the parent that has it, through merges and renames. The lines are
// those of the files at the revision, or those of over where it is not nil: the
// folder as it is, on top of the revision. All files are followed in one walk,
// which never looks at a commit for a file that it did not touch. Every line has
// an entry in the result.
func (r *Revision) Blame(lines []Line, over fs.FS, limits Limits) (map[Line]Source, error) {
	b, err := r.newBlamer(limits)
	if err == nil {
		err = b.begin(r, lines, over)
	}
	if err == nil {
		err = b.walk()
	}
	if err != nil {
		return nil, fmt.Errorf("read the history of commit %s: %w", r.Commit, err)
	}
	all := make(map[Line]Source, len(lines))
	for _, line := range lines {
		all[line] = b.found[line] // what was not found is Unknown
	}
	return all, nil
}

// place is one line that is looked for: its index in the version at hand, and
// which of the wanted it is.
type place struct {
	index int
	line  Line
}

// suspect is a file in one commit, with the lines that it may have brought.
type suspect struct {
	hash   plumbing.Hash
	places []place
}

// accused is a commit with its suspects, by their paths in the repository.
type accused struct {
	commit *object.Commit
	files  map[string]*suspect
}

// blamer is one walk through a history, from the newest commit on.
type blamer struct {
	objects
	queue   commitQueue
	pending map[plumbing.Hash]*accused
	shallow map[plumbing.Hash]bool
	left    int
	found   map[Line]Source
	// matches are the last comparisons of contents.
	matches map[[2]plumbing.Hash][]int
}

func (r *Revision) newBlamer(limits Limits) (*blamer, error) {
	ends, err := r.store.Shallow()
	if err != nil {
		return nil, fmt.Errorf("find where the clone ends: %w", err)
	}
	limits = limits.withDefaults()
	b := &blamer{
		objects: objects{store: r.store, budget: limits.Bytes}, left: limits.Commits,
		pending: map[plumbing.Hash]*accused{}, shallow: map[plumbing.Hash]bool{}, found: map[Line]Source{},
	}
	for _, h := range ends {
		b.shallow[h] = true
	}
	return b, nil
}

// byFile groups lines by their paths in the repository.
func (r *Revision) byFile(lines []Line) map[string][]place {
	files := map[string][]place{}
	for _, l := range lines {
		if l.Number > 0 && fs.ValidPath(l.File) {
			full := path.Join(r.prefix, l.File)
			files[full] = append(files[full], place{int(l.Number) - 1, l})
		}
	}
	return files
}

// begin accuses the commit of the revision of all lines that it has.
func (b *blamer) begin(r *Revision, lines []Line, over fs.FS) error {
	commit, err := object.GetCommit(b.store, plumbing.NewHash(r.Commit))
	if err != nil {
		return err
	}
	files := r.byFile(lines)
	has := map[string]node{}
	if err := b.differing(plumbing.ZeroHash, commit.TreeHash, "", sortedKeys(files), has); err != nil {
		return err
	}
	for full, places := range files {
		n := has[full]
		if over != nil {
			places, err = b.committed(over, places, n)
		} else {
			places, err = b.there(places, n)
		}
		if errors.Is(err, errBudget) {
			continue
		}
		if err != nil {
			return err
		}
		b.accuse(commit, full, n.hash, places)
	}
	return nil
}

// there leaves out the lines that a file does not have.
func (b *blamer) there(places []place, n node) ([]place, error) {
	if !n.isFile() {
		return nil, nil
	}
	text, err := b.text(n.hash)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(places, func(p place) bool { return p.index >= len(text) }), nil
}

// committed finds the lines of a file in the folder in what the commit has of
// it, and leaves out those that are not committed yet.
func (b *blamer) committed(over fs.FS, places []place, n node) ([]place, error) {
	content, err := fs.ReadFile(over, places[0].line.File)
	if err != nil {
		return nil, err
	}
	now, then := splitLines(content), [][]byte(nil)
	if n.isFile() {
		if then, err = b.text(n.hash); err != nil {
			return nil, err
		}
	}
	at := match(then, withEndsOf(now, then))
	places = slices.DeleteFunc(places, func(p place) bool { return p.index >= len(now) })
	return keep(places, func(p place) (int, bool) {
		if at[p.index] == none {
			b.found[p.line] = Source{Certainty: Uncommitted}
		}
		return at[p.index], at[p.index] != none
	}), nil
}

// withEndsOf returns lines with a line feed for each carriage return and line
// feed, unless the other version has any: git may have been told to write files
// so (core.autocrlf).
func withEndsOf(lines, other [][]byte) [][]byte {
	crlf := func(line []byte) bool { return strings.HasSuffix(string(line), "\r\n") }
	if slices.ContainsFunc(other, crlf) || !slices.ContainsFunc(lines, crlf) {
		return lines
	}
	out := slices.Clone(lines)
	for i, line := range out {
		if crlf(line) {
			out[i] = append(slices.Clone(line[:len(line)-2]), '\n')
		}
	}
	return out
}

// keep returns the places for which to says where they are in another version.
func keep(places []place, to func(place) (index int, ok bool)) []place {
	var out []place
	for _, p := range places {
		if index, ok := to(p); ok {
			out = append(out, place{index, p.line})
		}
	}
	return out
}

// accuse adds lines of a file to those that a commit may have brought.
func (b *blamer) accuse(c *object.Commit, file string, hash plumbing.Hash, places []place) {
	if len(places) == 0 {
		return
	}
	a := b.pending[c.Hash]
	if a == nil {
		a = &accused{c, map[string]*suspect{}}
		b.pending[c.Hash] = a
		heap.Push(&b.queue, c)
	}
	if s := a.files[file]; s != nil {
		s.places = append(s.places, places...)
		return
	}
	a.files[file] = &suspect{hash, places}
}

// walk judges commits, the newest first, until nobody is accused any more, or
// the limit is reached.
func (b *blamer) walk() error {
	for ; b.queue.Len() > 0 && b.left > 0; b.left-- {
		c := heap.Pop(&b.queue).(*object.Commit)
		a := b.pending[c.Hash]
		delete(b.pending, c.Hash)
		if err := b.judge(a); err != nil {
			return fmt.Errorf("commit %s: %w", c.Hash, err)
		}
	}
	return nil
}

// judge passes the lines of a commit to its parents, and convicts it of those
// that none of them has.
func (b *blamer) judge(a *accused) error {
	parents, certainty, err := b.parents(a.commit)
	if err != nil {
		return err
	}
	err = b.pass(a, parents)
	if errors.Is(err, errMissing) { // of a partial clone
		certainty, err = OrBefore, nil
	}
	if errors.Is(err, errBudget) {
		b.left, err = 0, nil
		return nil
	}
	for _, s := range a.files {
		for _, p := range s.places {
			b.found[p.line] = Source{commitOf(a.commit), certainty}
		}
	}
	return err
}

// parents reads the parents of a commit; none where a clone ends.
func (b *blamer) parents(c *object.Commit) ([]*object.Commit, Certainty, error) {
	if b.shallow[c.Hash] {
		return nil, OrBefore, nil
	}
	var parents []*object.Commit
	for _, h := range c.ParentHashes {
		p, err := object.GetCommit(b.store, h)
		if err != nil {
			return nil, Unknown, fmt.Errorf("read its parent %s: %w", h, missing(err))
		}
		parents = append(parents, p)
	}
	return parents, Certain, nil
}

// commitOf tells of a commit what a reader wants to know.
func commitOf(c *object.Commit) Commit {
	subject, _, _ := strings.Cut(strings.TrimSpace(c.Message), "\n")
	return Commit{ID: c.Hash.String(), Author: c.Author.Name, Date: dated(c.Author.When), Committed: dated(c.Committer.When), Subject: strings.TrimSpace(subject)}
}

// dated returns the time nearest to t that can be written down: of the years from
// 1 to 9999, less than a day off UTC.
func dated(t time.Time) time.Time {
	if _, offset := t.Zone(); offset <= -24*60*60 || offset >= 24*60*60 {
		t = t.UTC()
	}
	first, last := time.Date(1, 1, 2, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 30, 0, 0, 0, 0, time.UTC)
	switch {
	case t.Before(first):
		return first
	case t.After(last):
		return last
	}
	return t
}

// commitQueue holds commits, the newest first; of one time, in the order of
// their ids.
type commitQueue []*object.Commit

func (q commitQueue) Len() int      { return len(q) }
func (q commitQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q commitQueue) Less(i, j int) bool {
	if !q[i].Committer.When.Equal(q[j].Committer.When) {
		return q[i].Committer.When.After(q[j].Committer.When)
	}
	return q[i].Hash.String() < q[j].Hash.String()
}
func (q *commitQueue) Push(x any) { *q = append(*q, x.(*object.Commit)) }
func (q *commitQueue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}
