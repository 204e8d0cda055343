package gitrepo

import (
	"bytes"
	"path"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
)

// The bounds of looking for renames: how much of two files must be alike, as
// git has it, and how many files are compared.
const (
	alikeEnough = 0.5
	sameName    = 0.75
	renameLimit = 1000
	// mostWhole is how many whole trees are read: trees may have the same folders
	// again and again, to no end.
	mostWhole = 1 << 16
)

// moved is a file that one tree has and another has not.
type moved struct {
	path string
	hash plumbing.Hash
}

// renames finds which files of the tree before became those at paths, which only
// the tree after has: a file that is gone with the same content, or with at
// least half of it. Files that are still there are not looked at, and what else
// has come does not matter, as in git blame.
func (o *objects) renames(before, after plumbing.Hash, paths []string) (map[string]ancestor, error) {
	out := map[string]ancestor{}
	var gone, come []moved
	if err := o.moves(before, after, "", &gone, &come); err != nil || len(gone) == 0 {
		return out, err
	}
	for _, to := range come {
		if _, wanted := slices.BinarySearch(paths, to.path); !wanted {
			continue
		}
		i := exactly(gone, to)
		if i == none && !o.exact && len(gone) <= renameLimit {
			var err error
			if i, err = o.alike(gone, to); err != nil {
				return nil, err
			}
		}
		if i != none {
			out[to.path] = ancestor(gone[i])
		}
	}
	return out, nil
}

// moves collects the files that are in one of two trees alone.
func (o *objects) moves(before, after plumbing.Hash, where string, gone, come *[]moved) error {
	if before == after {
		return nil
	}
	was, err := o.all(before)
	if err != nil {
		return err
	}
	is, err := o.all(after)
	if err != nil {
		return err
	}
	names := sortedKeys(was)
	for name := range is {
		if _, ok := was[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		full, a, b := path.Join(where, name), was[name], is[name]
		if a.isFile() && !b.isFile() {
			*gone = append(*gone, moved{full, a.hash})
		}
		if b.isFile() && !a.isFile() {
			*come = append(*come, moved{full, b.hash})
		}
		if a.mode == filemode.Dir || b.mode == filemode.Dir {
			if err := o.moves(a.folder(), b.folder(), full, gone, come); err != nil {
				return err
			}
		}
	}
	return nil
}

// all reads a whole tree.
func (o *objects) all(tree plumbing.Hash) (map[string]node, error) {
	out := map[string]node{}
	if tree.IsZero() {
		return out, nil
	}
	if o.whole++; o.whole > mostWhole {
		return nil, errBudget
	}
	raw, err := o.raw(plumbing.TreeObject, tree)
	if err != nil {
		return nil, err
	}
	return out, entries(raw, func(name []byte, n node) bool {
		out[string(name)] = n
		return true
	})
}

// exactly finds a file with the content of to, one of the same name before others.
func exactly(files []moved, to moved) int {
	found := none
	for i, f := range files {
		if f.hash != to.hash {
			continue
		}
		if path.Base(f.path) == path.Base(to.path) {
			return i
		}
		if found == none {
			found = i
		}
	}
	return found
}

// alike finds the file that to is most like, if it is enough. One of the same
// name that is alike enough for that goes before all others.
func (o *objects) alike(files []moved, to moved) (int, error) {
	pieces, err := o.pieces(to.hash)
	if err != nil {
		return none, err
	}
	best, most := none, 0.0
	for i, f := range files {
		if !o.sizesFit(f.hash, to.hash) {
			continue
		}
		other, err := o.pieces(f.hash)
		if err != nil {
			return none, err
		}
		share := likeness(other, pieces)
		if share < alikeEnough {
			continue
		}
		if path.Base(f.path) == path.Base(to.path) && share >= sameName {
			share++
		}
		if share > most {
			best, most = i, share
		}
	}
	return best, nil
}

// sizesFit reports whether two contents can be alike enough, by their sizes.
func (o *objects) sizesFit(a, b plumbing.Hash) bool {
	sizeA, err := o.store.EncodedObjectSize(a)
	if err != nil {
		return true // not known, as of objects of another clone
	}
	sizeB, err := o.store.EncodedObjectSize(b)
	return err != nil || float64(min(sizeA, sizeB)) >= alikeEnough*float64(max(sizeA, sizeB))
}

// pieces counts the bytes of a content by lines, long ones cut as git does. How
// lines end does not matter.
func (o *objects) pieces(h plumbing.Hash) (map[string]int, error) {
	lines, err := o.text(h)
	if err != nil {
		return nil, err
	}
	const longest = 64
	out := make(map[string]int, len(lines))
	for _, line := range lines {
		line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
		for ; len(line) >= longest; line = line[longest:] {
			out[string(line[:longest])] += longest
		}
		out[string(line)] += len(line) + 1
	}
	return out, nil
}

// likeness is how much of the larger of two contents is in both.
func likeness(a, b map[string]int) float64 {
	sizeA, sizeB, shared := 0, 0, 0
	for piece, n := range a {
		sizeA += n
		shared += min(n, b[piece])
	}
	for _, n := range b {
		sizeB += n
	}
	if max(sizeA, sizeB) == 0 {
		return 0
	}
	return float64(shared) / float64(max(sizeA, sizeB))
}
