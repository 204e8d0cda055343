package gitrepo

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
)

// objects reads what the walk through a history needs of the store: raw trees
// and contents. It decodes no more of them than is asked for; whole trees of
// ten thousand entries, commit by commit, would take most of the time.
type objects struct {
	store storage
	// budget is how many bytes of contents may still be read.
	budget int64
	// exact: a file that was renamed is one of the same content; contents are not read.
	exact bool
	// texts are contents that were read, cut into lines; kept is their size.
	texts map[plumbing.Hash][][]byte
	kept  int
	// trees are the entries of trees that were asked for.
	trees map[plumbing.Hash]map[string]node
	// whole counts the trees that were read whole.
	whole int
}

// errBudget says that more content would have to be read than the budget has.
var errBudget = errors.New("too much content to compare")

// What is kept for the next commits: bytes of contents, and trees.
const (
	keepTexts = 64 << 20
	keepTrees = 1 << 14
)

// raw reads an object of a type. One that a partial clone lacks is errMissing.
func (o *objects) raw(typ plumbing.ObjectType, h plumbing.Hash) ([]byte, error) {
	e, err := o.store.EncodedObject(typ, h)
	if err != nil {
		return nil, missing(err)
	}
	r, err := e.Reader()
	if err != nil {
		return nil, missing(err)
	}
	defer r.Close() //nolint:errcheck // nothing was written
	content := make([]byte, e.Size())
	if _, err := io.ReadFull(r, content); err != nil {
		return nil, fmt.Errorf("read object %s: %w", h, err)
	}
	return content, nil
}

// text reads a file's content as lines.
func (o *objects) text(h plumbing.Hash) ([][]byte, error) {
	if lines, ok := o.texts[h]; ok {
		return lines, nil
	}
	if size, err := o.store.EncodedObjectSize(h); err == nil && size > o.budget {
		return nil, errBudget
	}
	content, err := o.raw(plumbing.BlobObject, h)
	if err != nil {
		return nil, err
	}
	if o.budget -= int64(len(content)); o.kept > keepTexts {
		o.texts, o.kept = nil, 0
	}
	if o.texts == nil {
		o.texts = map[plumbing.Hash][][]byte{}
	}
	o.texts[h] = splitLines(content)
	o.kept += len(content)
	return o.texts[h], nil
}

// node is what a tree has under a name. The zero value is nothing.
type node struct {
	hash plumbing.Hash
	mode filemode.FileMode
}

func (n node) isFile() bool { return isFile(n.mode) }

func isFile(m filemode.FileMode) bool {
	return m == filemode.Regular || m == filemode.Executable || m == filemode.Deprecated
}

// folder is the tree of a folder, or none.
func (n node) folder() plumbing.Hash {
	if n.mode == filemode.Dir {
		return n.hash
	}
	return plumbing.ZeroHash
}

// entries calls visit for each entry of a raw tree (mode, space, name, NUL,
// hash) until that returns false.
func entries(raw []byte, visit func(name []byte, n node) bool) error {
	for len(raw) > 0 {
		space, end := bytes.IndexByte(raw, ' '), bytes.IndexByte(raw, 0)
		if space < 0 || end < space || len(raw) < end+1+len(plumbing.ZeroHash) {
			return errors.New("the tree is damaged")
		}
		mode, err := filemode.New(string(raw[:space]))
		if err != nil {
			return fmt.Errorf("the tree is damaged: %w", err)
		}
		n := node{mode: mode}
		copy(n.hash[:], raw[end+1:])
		if !visit(raw[space+1:end], n) {
			return nil
		}
		raw = raw[end+1+len(n.hash):]
	}
	return nil
}

// named looks up names in a tree; those that it does not have are left out.
func (o *objects) named(tree plumbing.Hash, names []string) (map[string]node, error) {
	known := o.trees[tree]
	if known != nil && !slices.ContainsFunc(names, func(n string) bool { _, ok := known[n]; return !ok }) {
		return known, nil
	}
	if known == nil {
		if len(o.trees) >= keepTrees || o.trees == nil {
			o.trees = map[plumbing.Hash]map[string]node{}
		}
		known = make(map[string]node, len(names))
		o.trees[tree] = known
	}
	for _, name := range names {
		known[name] = node{}
	}
	if tree.IsZero() {
		return known, nil
	}
	raw, err := o.raw(plumbing.TreeObject, tree)
	if err != nil {
		return nil, err
	}
	return known, entries(raw, func(name []byte, n node) bool {
		if _, ok := known[string(name)]; ok {
			known[string(name)] = n
		}
		return true
	})
}

// differing adds to out those of paths, which are sorted, that the tree then has
// otherwise than the tree now: as what then has there, if that is a file. Paths
// are below where, the place of both trees.
func (o *objects) differing(now, then plumbing.Hash, where string, paths []string, out map[string]node) error {
	if now == then || len(paths) == 0 {
		return nil
	}
	groups := groupByName(where, paths)
	names := slices.Sorted(maps.Keys(groups))
	is, err := o.named(now, names)
	if err != nil {
		return err
	}
	was, err := o.named(then, names)
	if err != nil {
		return err
	}
	for _, name := range names {
		full, a, b := path.Join(where, name), is[name], was[name]
		if a == b {
			continue
		}
		below := groups[name]
		if below[0] == full { // a file's own path sorts before those in a folder of its name
			switch {
			case !b.isFile():
				out[full] = node{}
			case a.hash != b.hash:
				out[full] = b
			}
			below = below[1:]
		}
		if err := o.differing(a.folder(), b.folder(), full, below, out); err != nil {
			return err
		}
	}
	return nil
}

// groupByName groups sorted paths below where by their next name.
func groupByName(where string, paths []string) map[string][]string {
	groups := map[string][]string{}
	for _, p := range paths {
		name, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(p, where), "/"), "/")
		groups[name] = append(groups[name], p)
	}
	return groups
}
