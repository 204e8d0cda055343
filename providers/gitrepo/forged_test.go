package gitrepo_test

import (
	"bytes"
	"compress/zlib"
	"crypto/sha1"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
)

// forged is a repository written byte by byte, with what git would not write.
type forged struct {
	t   *testing.T
	dir string
	// tags are those that were made.
	tags []plumbing.Hash
}

// forge begins a repository with nothing in it.
func forge(t *testing.T) *forged {
	t.Helper()
	f := &forged{t: t, dir: t.TempDir()}
	f.note("HEAD", "ref: refs/heads/main\n")
	f.note("config", "[core]\n\trepositoryformatversion = 0\n\tbare = false\n")
	for _, folder := range []string{"objects/pack", "objects/info", "refs/heads"} {
		if err := os.MkdirAll(filepath.Join(f.dir, ".git", filepath.FromSlash(folder)), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

// note writes a file of the repository.
func (f *forged) note(name, content string) {
	f.t.Helper()
	write(f.t, filepath.Join(f.dir, ".git"), name, content)
}

// deflated is what zlib makes of content.
func deflated(content []byte) []byte {
	var b bytes.Buffer
	z, _ := zlib.NewWriterLevel(&b, zlib.BestSpeed)
	_, _ = z.Write(content)
	_ = z.Close()
	return b.Bytes()
}

// object writes an object into a file of its own, and returns its id.
func (f *forged) object(kind string, content []byte) plumbing.Hash {
	f.t.Helper()
	head := fmt.Appendf(nil, "%s %d\x00", kind, len(content))
	id := plumbing.Hash(sha1.Sum(append(bytes.Clone(head), content...)))
	f.loose(id, append(head, content...))
	return id
}

// loose writes the file of an object, whatever its id is.
func (f *forged) loose(id plumbing.Hash, content []byte) {
	f.t.Helper()
	f.note("objects/"+id.String()[:2]+"/"+id.String()[2:], string(deflated(content)))
}

// item is an entry of a tree: its mode, its name and what it is.
type item struct {
	mode, name string
	id         plumbing.Hash
}

func treeOf(items ...item) []byte {
	var b bytes.Buffer
	for _, i := range items {
		fmt.Fprintf(&b, "%s %s\x00", i.mode, i.name)
		b.Write(i.id[:])
	}
	return b.Bytes()
}

func (f *forged) tree(items ...item) plumbing.Hash { return f.object("tree", treeOf(items...)) }

// signed is who has made a commit, and when, in the usual way.
const signed = "Ann <ann@example.com> 1700000000 +0000"

// commit writes a commit by whoever and has main point to it.
func (f *forged) commit(tree plumbing.Hash, who, message string, parents ...plumbing.Hash) plumbing.Hash {
	f.t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "tree %s\n", tree)
	for _, p := range parents {
		fmt.Fprintf(&b, "parent %s\n", p)
	}
	fmt.Fprintf(&b, "author %s\ncommitter %s\n\n%s\n", who, who, message)
	id := f.object("commit", []byte(b.String()))
	f.note("refs/heads/main", id.String()+"\n")
	return id
}

// folder has main point to a commit whose folder acme is the tree.
func (f *forged) folder(acme plumbing.Hash, parents ...plumbing.Hash) plumbing.Hash {
	f.t.Helper()
	return f.commit(f.tree(item{"40000", "acme", acme}), signed, "one", parents...)
}

// packed is an object of a pack: its kind, the size that it says it has, what
// stands before the packed bytes, and these.
type packed struct {
	id      plumbing.Hash
	kind    plumbing.ObjectType
	size    int64
	base    []byte
	deflate []byte
}

// varint is a number as deltas have it: seven bits a byte, the low ones first.
func varint(n int64) []byte { return binary.AppendUvarint(nil, uint64(n)) }

// back is how far before it the base of a difference is.
func back(n int64) []byte {
	b := []byte{byte(n & 0x7f)}
	for n >>= 7; n > 0; n >>= 7 {
		n--
		b = append([]byte{byte(n&0x7f) | 0x80}, b...)
	}
	return b
}

// header is what stands before an object in a pack.
func header(kind plumbing.ObjectType, size int64) []byte {
	b := []byte{byte(kind)<<4 | byte(size&15)}
	for size >>= 4; size > 0; size >>= 7 {
		b[len(b)-1] |= 0x80
		b = append(b, byte(size&0x7f))
	}
	return b
}

// pack writes a pack and its index. An object may be made of where it and the
// one before it stand.
func (f *forged) pack(objects ...func(at, before int64) packed) {
	f.t.Helper()
	var all bytes.Buffer
	all.WriteString("PACK\x00\x00\x00\x02")
	_ = binary.Write(&all, binary.BigEndian, uint32(len(objects)))
	type entry struct {
		id  plumbing.Hash
		at  int64
		crc uint32
	}
	var entries []entry
	before := int64(0)
	for _, make := range objects {
		at := int64(all.Len())
		o := make(at, before)
		raw := slices.Concat(header(o.kind, o.size), o.base, o.deflate)
		all.Write(raw)
		entries = append(entries, entry{o.id, at, crc32.ChecksumIEEE(raw)})
		before = at
	}
	sum := sha1.Sum(all.Bytes())
	all.Write(sum[:])
	slices.SortFunc(entries, func(a, b entry) int { return bytes.Compare(a.id[:], b.id[:]) })

	var index bytes.Buffer
	index.WriteString("\xfftOc\x00\x00\x00\x02")
	for first := range 256 {
		n := 0
		for n < len(entries) && int(entries[n].id[0]) <= first {
			n++
		}
		_ = binary.Write(&index, binary.BigEndian, uint32(n))
	}
	for _, e := range entries {
		index.Write(e.id[:])
	}
	for _, e := range entries {
		_ = binary.Write(&index, binary.BigEndian, e.crc)
	}
	for _, e := range entries {
		_ = binary.Write(&index, binary.BigEndian, uint32(e.at))
	}
	index.Write(sum[:])
	own := sha1.Sum(index.Bytes())
	index.Write(own[:])
	name := fmt.Sprintf("objects/pack/pack-%x", sum)
	f.note(name+".pack", all.String())
	f.note(name+".idx", index.String())
}

// whole is an object that stands in a pack by itself.
func whole(kind plumbing.ObjectType, id plumbing.Hash, content []byte) func(at, before int64) packed {
	return func(int64, int64) packed {
		return packed{id: id, kind: kind, size: int64(len(content)), deflate: deflated(content)}
	}
}

// delta is a difference to the object before it.
func delta(id plumbing.Hash, difference []byte) func(at, before int64) packed {
	return func(at, before int64) packed {
		return packed{id: id, kind: plumbing.OFSDeltaObject, size: int64(len(difference)), base: back(at - before), deflate: deflated(difference)}
	}
}

// named is a difference to an object by its id.
func named(id, base plumbing.Hash, difference []byte) func(at, before int64) packed {
	return func(int64, int64) packed {
		return packed{id: id, kind: plumbing.REFDeltaObject, size: int64(len(difference)), base: base[:], deflate: deflated(difference)}
	}
}

// numbered is an id that is nothing's.
func numbered(n int) plumbing.Hash {
	var id plumbing.Hash
	binary.BigEndian.PutUint32(id[:], uint32(n)*2654435761)
	binary.BigEndian.PutUint32(id[4:], uint32(n))
	return id
}

// blobID is the id that git gives to a file.
func blobID(content []byte) plumbing.Hash {
	return plumbing.Hash(sha1.Sum(append(fmt.Appendf(nil, "blob %d\x00", len(content)), content...)))
}
