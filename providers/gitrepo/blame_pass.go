package gitrepo

import (
	"maps"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// ancestor is what a parent has of a file: the same path, or the one that it was
// renamed from. There is none where path is empty.
type ancestor struct {
	path string
	hash plumbing.Hash
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// pass hands the lines of a commit's files to its parents. What it leaves in a
// no parent has. It goes as git blame goes: a parent that has the whole file
// takes all of it, under its path before under another, and otherwise each
// parent takes the lines that it has and those before it do not.
func (b *blamer) pass(a *accused, parents []*object.Commit) error {
	ancestors, err := b.passFiles(a, parents)
	if err != nil {
		return err
	}
	for _, file := range sortedKeys(a.files) {
		if err := b.passLines(a, file, parents, ancestors); err != nil {
			return err
		}
	}
	return nil
}

// passFiles hands the files of a that a parent has as they are to that parent, and
// finds what each parent has of the others.
func (b *blamer) passFiles(a *accused, parents []*object.Commit) ([]map[string]ancestor, error) {
	ancestors := make([]map[string]ancestor, len(parents))
	for i, p := range parents {
		var err error
		if ancestors[i], err = b.samePaths(a, p); err != nil {
			return nil, err
		}
	}
	for i, p := range parents {
		if err := b.renamed(a, p, ancestors[i]); err != nil {
			return nil, err
		}
	}
	return ancestors, nil
}

// samePaths finds what a parent has at the paths of the files of a, and gives it
// those that it has as they are.
func (b *blamer) samePaths(a *accused, p *object.Commit) (map[string]ancestor, error) {
	differing := map[string]node{}
	if err := b.differing(a.commit.TreeHash, p.TreeHash, "", sortedKeys(a.files), differing); err != nil {
		return nil, err
	}
	ancestors := make(map[string]ancestor, len(differing))
	for _, file := range sortedKeys(a.files) {
		n, differs := differing[file]
		switch {
		case !differs:
			b.passWhole(a, file, p, ancestor{file, a.files[file].hash})
		case n.isFile():
			ancestors[file] = ancestor{file, n.hash}
		default:
			ancestors[file] = ancestor{}
		}
	}
	return ancestors, nil
}

func (b *blamer) passWhole(a *accused, file string, p *object.Commit, to ancestor) {
	b.accuse(p, to.path, to.hash, a.files[file].places)
	delete(a.files, file)
}

// renamed finds what files that a parent does not have were called there.
func (b *blamer) renamed(a *accused, p *object.Commit, ancestors map[string]ancestor) error {
	var absent []string
	for _, file := range sortedKeys(a.files) {
		if ancestors[file].path == "" {
			absent = append(absent, file)
		}
	}
	if len(absent) == 0 {
		return nil
	}
	from, err := b.renames(p.TreeHash, a.commit.TreeHash, absent)
	if err != nil {
		return err
	}
	for file, was := range from {
		if was.hash == a.files[file].hash {
			b.passWhole(a, file, p, was)
		} else {
			ancestors[file] = was
		}
	}
	return nil
}

// passLines gives each parent the lines of a file that it has.
func (b *blamer) passLines(a *accused, file string, parents []*object.Commit, ancestors []map[string]ancestor) error {
	s := a.files[file]
	var tried []plumbing.Hash
	for i, p := range parents {
		was := ancestors[i][file]
		if was.path == "" || slices.Contains(tried, was.hash) {
			continue
		}
		tried = append(tried, was.hash)
		at, err := b.match(was.hash, s.hash)
		if err != nil {
			return err
		}
		has := func(p place) (int, bool) { return at[p.index], at[p.index] != none }
		b.accuse(p, was.path, was.hash, keep(s.places, has))
		s.places = slices.DeleteFunc(s.places, func(p place) bool { return at[p.index] != none })
		if len(s.places) == 0 {
			break
		}
	}
	return nil
}

// keepMatches is how many comparisons are kept: many lines are of one file.
const keepMatches = 64

// match is [match] for two contents.
func (b *blamer) match(before, after plumbing.Hash) ([]int, error) {
	key := [2]plumbing.Hash{before, after}
	if at, ok := b.matches[key]; ok {
		return at, nil
	}
	was, err := b.text(before)
	if err != nil {
		return nil, err
	}
	is, err := b.text(after)
	if err != nil {
		return nil, err
	}
	if len(b.matches) >= keepMatches || b.matches == nil {
		b.matches = map[[2]plumbing.Hash][]int{}
	}
	b.matches[key] = match(was, is)
	return b.matches[key], nil
}
