package wire

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"hash"
)

const (
	sumPrefix = "sha256:"
	sumLength = len(sumPrefix) + 2*sha256.Size
	sumKey    = `,"checksum":"`
	// SealLength is the length of a seal without space between its tokens.
	SealLength = len(sumKey) + sumLength + len(`"}`)
)

// Digest hashes JSON text as it passes, without the space between its tokens,
// so that a file that was only laid out anew still passes. It leaves the seal,
// the last bytes of a document, out of the sum.
type Digest struct {
	hash              hash.Hash
	inString, escaped bool
	// last holds what may turn out to be the seal.
	last []byte
}

// NewDigest returns a digest of no text.
func NewDigest() *Digest { return &Digest{hash: sha256.New()} }

// Write takes the next bytes of the text. It never fails.
func (d *Digest) Write(p []byte) (int, error) {
	from := 0
	for i, c := range p {
		if !d.significant(c) {
			d.last = append(d.last, p[from:i]...)
			from = i + 1
		}
	}
	d.last = append(d.last, p[from:]...)
	if n := len(d.last) - SealLength; n > 0 {
		d.hash.Write(d.last[:n])
		d.last = append(d.last[:0], d.last[n:]...)
	}
	return len(p), nil
}

// significant reports whether c is part of a token.
func (d *Digest) significant(c byte) bool {
	switch {
	case d.escaped:
		d.escaped = false
	case d.inString && c == '\\':
		d.escaped = true
	case c == '"':
		d.inString = !d.inString
	case !d.inString && (c == ' ' || c == '\n' || c == '\r' || c == '\t'):
		return false
	}
	return true
}

// Seal returns what ends the document whose text has been written so far,
// which is an open object with at least one member: its checksum and the brace.
func (d *Digest) Seal() []byte {
	d.hash.Write(d.last)
	d.last = nil
	return d.seal()
}

// Sealed reports whether the text ends in the seal that belongs to it.
func (d *Digest) Sealed() bool { return bytes.Equal(d.last, d.seal()) }

func (d *Digest) seal() []byte {
	b := append(make([]byte, 0, SealLength), sumKey+sumPrefix...)
	b = hex.AppendEncode(b, d.hash.Sum(nil))
	return append(b, `"}`...)
}
