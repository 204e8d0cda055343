package gitrepo

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
)

// The bounds of what is unpacked. A pack of some kilobytes may hold objects of
// gigabytes, and differences to differences without an end.
const (
	// largest is the size of the largest object that is unpacked.
	largest = 1 << 30
	// largestNamed is the size of the largest object that is no file: git's own
	// trees of a million entries are smaller.
	largestNamed = 64 << 20
	// longestChain is how many differences may stand on each other: the most that
	// git makes.
	longestChain = 4095
	// unpackAtLeast is what all that an object stands on may have together, however
	// small it is itself; larger ones may stand on unpackTimes their size.
	unpackAtLeast = 64 << 20
	unpackTimes   = 512
)

var (
	errLarge  = fmt.Errorf("it is larger than %d MiB", largest>>20)
	errBomb   = errors.New("it is packed in a way that takes too much to unpack: \"git repack -adF\" packs the repository anew")
	errDamage = errors.New("the repository is damaged: \"git fsck\" says where")
)

// pack is a pack of objects and its index. It says what an object takes to unpack
// before it unpacks anything, and unpacks as much as was said, no more and no less.
type pack struct {
	name       string
	index, all *os.File
	size       int64
	fanout     [256]uint32
	// known are the objects that were weighed, by where they are, and bases those
	// that were unpacked.
	known map[int64]weight
	bases hoard[int64, []byte]
}

// weight is what it takes to unpack an object: its own size, and that of all
// that it stands on.
type weight struct {
	kind        plumbing.ObjectType
	size, below int64
	depth       int
}

// The layout of an index of version 2.
const (
	indexHeader  = 8
	indexNames   = indexHeader + 256*4
	indexTrailer = 2 * hashSize
	// keepBases is how many bytes of a pack are kept that others may stand on.
	keepBases = 64 << 20
	hashSize  = len(plumbing.ZeroHash)
)

// openPack opens a pack by the path of its index.
func openPack(path string) (p *pack, err error) {
	p = &pack{name: path, known: map[int64]weight{}, bases: hoard[int64, []byte]{most: keepBases}}
	defer func() {
		if err != nil {
			p.close()
			err = fmt.Errorf("read %s: %w", path, err)
		}
	}()
	var indexSize int64
	if p.index, indexSize, err = openPlain(path); err != nil {
		return p, err
	}
	if p.all, p.size, err = openPlain(strings.TrimSuffix(path, ".idx") + ".pack"); err != nil {
		return p, err
	}
	head := make([]byte, indexNames)
	if _, err = p.index.ReadAt(head, 0); err != nil || !bytes.Equal(head[:indexHeader], []byte("\xfftOc\x00\x00\x00\x02")) {
		return p, errDamage
	}
	for i := range p.fanout {
		p.fanout[i] = binary.BigEndian.Uint32(head[indexHeader+4*i:])
		if i > 0 && p.fanout[i] < p.fanout[i-1] {
			return p, errDamage
		}
	}
	// Each object has its id, a checksum and an offset.
	if indexSize < int64(indexNames+indexTrailer)+int64(p.fanout[255])*int64(hashSize+8) {
		return p, errDamage
	}
	return p, nil
}

func (p *pack) close() {
	for _, f := range []*os.File{p.index, p.all} {
		if f != nil {
			_ = f.Close() // nothing was written
		}
	}
}

// find returns where an object is; ok is false where the pack does not have it.
func (p *pack) find(h plumbing.Hash) (offset int64, ok bool, err error) {
	low, high := uint32(0), p.fanout[h[0]]
	if h[0] > 0 {
		low = p.fanout[h[0]-1]
	}
	var id plumbing.Hash
	for low < high {
		middle := low + (high-low)/2
		if _, err := p.index.ReadAt(id[:], indexNames+int64(middle)*int64(hashSize)); err != nil {
			return 0, false, err
		}
		switch bytes.Compare(id[:], h[:]) {
		case 0:
			offset, err = p.offset(middle)
			return offset, err == nil, err
		case -1:
			low = middle + 1
		default:
			high = middle
		}
	}
	return 0, false, nil
}

// offset reads where the object of a number is. Offsets beyond 2 GiB stand in a
// table of their own.
func (p *pack) offset(number uint32) (int64, error) {
	count := int64(p.fanout[255])
	var b [8]byte
	table := indexNames + count*int64(hashSize+4)
	if _, err := p.index.ReadAt(b[:4], table+4*int64(number)); err != nil {
		return 0, err
	}
	at := int64(binary.BigEndian.Uint32(b[:4]))
	if at>>31 != 0 {
		if _, err := p.index.ReadAt(b[:], table+4*count+8*(at&(1<<31-1))); err != nil {
			return 0, err
		}
		at = int64(binary.BigEndian.Uint64(b[:]))
	}
	if at < 0 || at >= p.size {
		return 0, errDamage
	}
	return at, nil
}

// weigh says what it takes to unpack the object at an offset, without unpacking
// it: it goes down from difference to difference, and up again with the sum.
func (p *pack) weigh(at int64) (weight, error) {
	var way []entryHeader
	var w weight
	for {
		known, ok := p.known[at]
		if ok {
			w = known
			break
		}
		head, err := p.head(at)
		if err != nil {
			return weight{}, err
		}
		if !head.isDelta() {
			w = weight{kind: head.kind, size: head.size}
			p.known[at] = w
			break
		}
		if way = append(way, head); len(way) > longestChain {
			return weight{}, errBomb
		}
		at = head.base
	}
	for i := len(way) - 1; i >= 0; i-- {
		w = weight{kind: w.kind, size: way[i].size, below: w.below + w.size + way[i].packed, depth: w.depth + 1}
		p.known[way[i].at] = w
	}
	return w, nil
}

// tooMuch says why an object is not unpacked, if it is not.
func (w weight) tooMuch() error {
	switch {
	case w.size > largest, w.size > largestNamed && w.kind != plumbing.BlobObject:
		return errLarge
	case w.depth > longestChain, w.below > max(unpackAtLeast, unpackTimes*w.size):
		return errBomb
	}
	return nil
}

// entryHeader is what stands before an object in a pack.
type entryHeader struct {
	at   int64
	kind plumbing.ObjectType
	// size is that of the object, packed that of the difference to base.
	size, packed int64
	base         int64
	// deflated is where the packed bytes begin.
	deflated int64
}

func (h entryHeader) isDelta() bool {
	return h.kind == plumbing.OFSDeltaObject || h.kind == plumbing.REFDeltaObject
}

// head reads the header at an offset, and of a difference also the sizes that it
// begins with.
func (p *pack) head(at int64) (entryHeader, error) {
	section := io.NewSectionReader(p.all, at, p.size-at)
	r := bufio.NewReaderSize(section, 512)
	begin := func() int64 {
		read, _ := section.Seek(0, io.SeekCurrent)
		return at + read - int64(r.Buffered())
	}
	b, err := r.ReadByte()
	if err != nil {
		return entryHeader{}, errDamage
	}
	h := entryHeader{at: at, kind: plumbing.ObjectType(b >> 4 & 7), size: int64(b & 15)}
	for shift := 4; b&0x80 != 0; shift += 7 {
		if b, err = r.ReadByte(); err != nil || shift > 53 {
			return entryHeader{}, errDamage
		}
		h.size |= int64(b&0x7f) << shift
	}
	switch h.kind {
	case plumbing.CommitObject, plumbing.TreeObject, plumbing.BlobObject, plumbing.TagObject:
		h.packed, h.deflated = h.size, begin()
		return h, nil
	case plumbing.OFSDeltaObject:
		h.base, err = offsetBefore(r, at)
	case plumbing.REFDeltaObject:
		h.base, err = p.named(r)
	default:
		err = errDamage
	}
	if err == nil {
		h.packed, h.deflated = h.size, begin()
		h.size, err = sizeAfter(r)
	}
	return h, err
}

// unpack returns what is at an offset, which was weighed: it goes down to what
// is kept or stands by itself, and puts one difference after the other on it.
func (p *pack) unpack(at int64) ([]byte, error) {
	var way []entryHeader
	content, ok := p.bases.get(at)
	for !ok {
		head, err := p.head(at)
		if err != nil {
			return nil, err
		}
		if !head.isDelta() {
			if content, err = p.inflated(head); err != nil {
				return nil, err
			}
			break
		}
		way, at = append(way, head), head.base
		content, ok = p.bases.get(at)
	}
	p.bases.put(at, content, len(content))
	for i := len(way) - 1; i >= 0; i-- {
		difference, err := p.inflated(way[i])
		if err != nil {
			return nil, err
		}
		content, err = packfile.PatchDelta(content, difference)
		if err != nil || int64(len(content)) != way[i].size {
			return nil, errDamage
		}
		p.bases.put(way[i].at, content, len(content))
	}
	return content, nil
}

// inflated returns the packed bytes of an object, which are as many as it says.
func (p *pack) inflated(h entryHeader) ([]byte, error) {
	z, err := inflate(bufio.NewReader(io.NewSectionReader(p.all, h.deflated, p.size-h.deflated)))
	if err != nil {
		return nil, errDamage
	}
	defer inflaters.Put(z)
	return exactBytes(z, h.packed)
}

// exactBytes reads a content of a size, and what is longer or shorter is damaged.
func exactBytes(r io.Reader, size int64) ([]byte, error) {
	var b bytes.Buffer
	// It grows with what is really there: a size is soon said.
	if n, err := io.Copy(&b, io.LimitReader(r, size+1)); err != nil || n != size {
		return nil, errDamage
	}
	return b.Bytes(), nil
}

// hoard keeps what was unpacked, of a size of at most most. Nothing is kept that
// is larger than an eighth of that. The zero value keeps nothing.
type hoard[K comparable, V any] struct {
	items      map[K]V
	size, most int
}

func (h *hoard[K, V]) get(key K) (V, bool) {
	v, ok := h.items[key]
	return v, ok
}

func (h *hoard[K, V]) put(key K, v V, size int) {
	if _, ok := h.items[key]; ok || size > h.most/8 {
		return
	}
	if h.size += size; h.items == nil || h.size > h.most {
		h.items, h.size = map[K]V{}, size
	}
	h.items[key] = v
}

// offsetBefore reads how far before at the base of a difference is.
func offsetBefore(r io.ByteReader, at int64) (int64, error) {
	b, err := r.ReadByte()
	back := int64(b & 0x7f)
	for b&0x80 != 0 && err == nil && back < at {
		b, err = r.ReadByte()
		back = (back+1)<<7 | int64(b&0x7f)
	}
	if err != nil || back <= 0 || back > at {
		return 0, errDamage
	}
	return at - back, nil
}

// named reads the id of the base of a difference, and finds it in the same pack.
func (p *pack) named(r io.Reader) (int64, error) {
	var id plumbing.Hash
	if _, err := io.ReadFull(r, id[:]); err != nil {
		return 0, errDamage
	}
	base, ok, err := p.find(id)
	if err == nil && !ok {
		err = errDamage
	}
	return base, err
}

// inflaters are readers of packed bytes, each of which is some 40 kB.
var inflaters sync.Pool

// inflate reads what r has packed.
func inflate(r io.Reader) (io.Reader, error) {
	if z, ok := inflaters.Get().(io.Reader); ok {
		return z, z.(zlib.Resetter).Reset(r, nil)
	}
	return zlib.NewReader(r)
}

// sizeAfter reads the size that a difference says its result has.
func sizeAfter(packed io.Reader) (int64, error) {
	z, err := inflate(packed)
	if err != nil {
		return 0, errDamage
	}
	defer inflaters.Put(z)
	var sizes [20]byte // two numbers of up to ten bytes
	n, err := io.ReadFull(z, sizes[:])
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return 0, errDamage
	}
	_, skip := binary.Uvarint(sizes[:n])
	if skip <= 0 {
		return 0, errDamage
	}
	size, more := binary.Uvarint(sizes[skip:n])
	if more <= 0 || size > 1<<62 {
		return 0, errDamage
	}
	return int64(size), nil
}
