package gitrepo

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
)

// depot is one folder of objects: a repository's own, or one that it borrows
// from.
type depot struct {
	folder string
	packs  []*pack
	listed bool
}

// Where a clone may borrow objects from, as git has it: borrowing goes five
// folders deep.
const (
	deepestLoan = 5
	mostDepots  = 100
)

// depots are the folders of objects of a repository: its own, and those that it
// names in turn (clones made with --shared or --reference). One that is not
// there is passed over, as git does.
func depots(own string) ([]*depot, error) {
	all := []*depot{{folder: own}}
	seen := map[string]bool{real(own): true}
	for level, from := 0, all; level < deepestLoan && len(from) > 0; level++ {
		var next []*depot
		for _, d := range from {
			named, err := d.borrows()
			if err != nil {
				return nil, err
			}
			for _, folder := range named {
				if at := real(folder); !seen[at] && isFolder(folder) {
					seen[at] = true
					next = append(next, &depot{folder: folder})
				}
			}
		}
		if all = append(all, next...); len(all) > mostDepots {
			return nil, fmt.Errorf("%s names more than %d other repositories", filepath.Join(own, "info", "alternates"), mostDepots)
		}
		from = next
	}
	return all, nil
}

// real is the one name of a folder that has many.
func real(path string) string {
	if resolved, err := filepath.EvalSymlinks(path); err == nil {
		return resolved
	}
	return path
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// borrows are the folders that d names. A path that is not absolute is taken
// from d.
func (d *depot) borrows() ([]string, error) {
	content, err := readNote(filepath.Join(d.folder, "info", "alternates"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("find the objects that the repository borrows: %w", err)
	}
	var named []string
	for line := range strings.Lines(string(content)) {
		line = strings.TrimRight(line, "\r\n")
		if quoted, err := strconv.Unquote(line); err == nil {
			line = quoted
		}
		if line != "" && !strings.HasPrefix(line, "#") && !strings.Contains(line, "\x00") {
			named = append(named, filepath.Clean(resolve(d.folder, line)))
		}
		if len(named) > mostDepots {
			return nil, fmt.Errorf("%s names more than %d other repositories", filepath.Join(d.folder, "info", "alternates"), mostDepots)
		}
	}
	return named, nil
}

// open lists the packs.
func (d *depot) open() error {
	if d.listed {
		return nil
	}
	names, err := filepath.Glob(filepath.Join(quoteGlob(d.folder), "pack", "pack-*.idx"))
	if err != nil {
		return err
	}
	for _, name := range names {
		p, err := openPack(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue // an index whose pack is being taken away
		}
		if err != nil {
			return err
		}
		d.packs = append(d.packs, p)
	}
	d.listed = true
	return nil
}

// quoteGlob has a path stand for itself in a pattern.
func quoteGlob(path string) string {
	return strings.NewReplacer(`[`, `[[]`, `?`, `[?]`, `*`, `[*]`).Replace(path)
}

func (d *depot) close() {
	for _, p := range d.packs {
		p.close()
	}
	d.packs, d.listed = nil, false
}

// size says how large an object is, and of what kind, without unpacking it; ok
// is false where it is not here.
func (d *depot) size(h plumbing.Hash) (w weight, ok bool, err error) {
	p, _, w, err := d.packed(h)
	if p != nil || err != nil {
		return w, p != nil, err
	}
	f, content, w, err := d.loose(h)
	if f == nil {
		return w, false, err
	}
	inflaters.Put(content)
	return w, true, f.Close()
}

// packed finds the pack that has an object, and weighs it there; nil if none has.
func (d *depot) packed(h plumbing.Hash) (p *pack, at int64, w weight, err error) {
	if err := d.open(); err != nil {
		return nil, 0, w, err
	}
	for _, p := range d.packs {
		at, has, err := p.find(h)
		if err == nil && !has {
			continue
		}
		if err == nil {
			w, err = p.weigh(at)
		}
		if err == nil {
			err = w.tooMuch()
		}
		return p, at, w, err
	}
	return nil, 0, w, nil
}

// loose opens an object that is in a file of its own, after its header; there is
// none where the file is nil.
func (d *depot) loose(h plumbing.Hash) (f *os.File, content io.Reader, w weight, err error) {
	id := h.String()
	f, _, err = openPlain(filepath.Join(d.folder, id[:2], id[2:]))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, w, nil
	}
	if err != nil {
		return nil, nil, w, err
	}
	z, err := inflate(bufio.NewReader(f))
	if err == nil {
		w, err = looseHeader(z)
	}
	if err == nil {
		err = w.tooMuch()
	} else {
		err = errDamage
	}
	if err != nil {
		_ = f.Close()
		return nil, nil, w, err
	}
	return f, z, w, nil
}

// looseHeader reads the kind and the size that an object says it has. No header
// is longer than 32 bytes.
func looseHeader(z io.Reader) (w weight, err error) {
	var head []byte
	for b := [1]byte{}; ; head = append(head, b[0]) {
		if _, err := io.ReadFull(z, b[:]); err != nil || len(head) > 32 {
			return w, errDamage
		}
		if b[0] == 0 {
			break
		}
	}
	kind, size, _ := strings.Cut(string(head), " ")
	if w.kind, err = plumbing.ParseObjectType(kind); err != nil {
		return w, err
	}
	w.size, err = strconv.ParseInt(size, 10, 64)
	if err == nil && w.size < 0 {
		err = errDamage
	}
	return w, err
}

// unpack returns an object, which is what its id says; nil if it is not here.
func (d *depot) unpack(h plumbing.Hash) (*plumbing.MemoryObject, error) {
	p, at, w, err := d.packed(h)
	if err != nil {
		return nil, err
	}
	var content []byte
	if p != nil {
		content, err = p.unpack(at)
	} else {
		f, packed, header, failed := d.loose(h)
		if f == nil {
			return nil, failed
		}
		defer f.Close() //nolint:errcheck // nothing was written
		defer inflaters.Put(packed)
		w = header
		content, err = exactBytes(packed, w.size)
	}
	if err != nil {
		return nil, err
	}
	o := &plumbing.MemoryObject{}
	o.SetType(w.kind)
	if _, err := o.Write(content); err != nil {
		return nil, err
	}
	if o.Hash() != h {
		return nil, errDamage
	}
	return o, nil
}

// beginning adds the ids that begin with prefix.
func (d *depot) beginning(prefix []byte, add func(plumbing.Hash)) error {
	if err := d.open(); err != nil {
		return err
	}
	first := hex.EncodeToString(prefix[:1])
	names, err := os.ReadDir(filepath.Join(d.folder, first))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, n := range names {
		if id := first + n.Name(); plumbing.IsHash(id) {
			add(plumbing.NewHash(id))
		}
	}
	for _, p := range d.packs {
		low := uint32(0)
		if prefix[0] > 0 {
			low = p.fanout[prefix[0]-1]
		}
		ids := make([]byte, int64(p.fanout[prefix[0]]-low)*int64(hashSize))
		if _, err := p.index.ReadAt(ids, indexNames+int64(low)*int64(hashSize)); err != nil && len(ids) > 0 {
			return err
		}
		for id := range slices.Chunk(ids, hashSize) {
			add(plumbing.Hash(id))
		}
	}
	return nil
}
