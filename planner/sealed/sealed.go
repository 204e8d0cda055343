// Package sealed is the form of what only the holder of a key can read: a whole
// document, or a line among others. What stands in the open tells which document
// it is and nothing of its content. How the rest is encrypted is the matter of a
// [Cipher].
//
// Start at Write and Read.
package sealed

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
)

// Cipher encrypts and decrypts. It is safe for concurrent use.
type Cipher interface {
	// Seals reports whether what is written is to be encrypted; otherwise the
	// cipher is there to read what was.
	Seals() bool
	// Seal encrypts plain, in age's binary format (https://age-encryption.org/v1).
	Seal(plain []byte) ([]byte, error)
	// Open decrypts what Seal gave. Where it is for other keys, or ours cannot be
	// had, the error is [ErrKey], where it does not stand as it was written
	// [ErrAltered]; nothing of it is returned then.
	Open(encrypted []byte) ([]byte, error)
}

// ErrKey says that something is encrypted and cannot be read with what keys
// there are.
var ErrKey = errors.New("it is encrypted, and this run has no key that opens it")

// ErrAltered says that something encrypted does not stand as it was written.
var ErrAltered = errors.New("what is encrypted was altered or is cut off")

// ErrVersion says that a document is of a version that this program does not read.
var ErrVersion = errors.New("it was encrypted by a newer rollcall; upgrade rollcall")

// Writes reports whether what is written is to be encrypted with c; nil is no cipher.
func Writes(c Cipher) bool { return c != nil && c.Seals() }

// Header is what stands in the open before a document.
type Header struct {
	// Holds says what it is: "state" or "plan".
	Holds string `json:"holds"`
	// Lineage and Serial are those of a state.
	Lineage string `json:"lineage,omitempty"`
	Serial  uint64 `json:"serial,omitempty"`
}

// header is the first line. The format comes first: it is what a document is
// known by.
type header struct {
	Format  string `json:"format"`
	Version int    `json:"version"`
	Header
	// Digest is of the line without it and of what is encrypted. By it damage is
	// told from a key that does not fit, which age does not tell apart. The first
	// documents have none.
	Digest string `json:"digest,omitempty"`
}

// digestOf returns what the digest of h must be.
func digestOf(h header, encrypted []byte) (string, error) {
	h.Digest = ""
	head, err := json.Marshal(h)
	if err != nil {
		return "", err
	}
	return digest(head, encrypted), nil
}

// digest is the SHA-256 of parts, in hexadecimal.
func digest(parts ...[]byte) string {
	sum := sha256.New()
	for _, part := range parts {
		sum.Write(part)
	}
	return "sha256:" + hex.EncodeToString(sum.Sum(nil))
}

const (
	format  = "rollcall-encrypted"
	version = 1
	start   = `{"format":"` + format + `",`
	// armor is how age names its own text form, so that its tools read what
	// follows the first line.
	armor = "AGE ENCRYPTED FILE"
)

// Is reports whether what r reads next is such a document. Nothing is read of it.
func Is(r *bufio.Reader) bool {
	b, _ := r.Peek(len(start))
	return string(b) == start
}

// Write encrypts plain and writes it behind h.
func Write(w io.Writer, h Header, plain []byte, c Cipher) error {
	encrypted, err := c.Seal(plain)
	if err != nil {
		return fmt.Errorf("encrypt the %s: %w", h.Holds, err)
	}
	first := header{Format: format, Version: version, Header: h}
	if first.Digest, err = digestOf(first, encrypted); err != nil {
		return err
	}
	head, err := json.Marshal(first)
	if err != nil {
		return err
	}
	if _, err := w.Write(append(head, '\n')); err != nil {
		return err
	}
	return pem.Encode(w, &pem.Block{Type: armor, Bytes: encrypted})
}

// ReadHeader reads what stands in the open alone. It is not verified.
func ReadHeader(r *bufio.Reader) (Header, error) {
	h, err := readHeader(r)
	return h.Header, err
}

func readHeader(r *bufio.Reader) (header, error) {
	line, err := r.ReadBytes('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return header{}, err
	}
	var h header
	if json.Unmarshal(line, &h) != nil {
		return header{}, ErrAltered
	}
	if h.Version != version {
		return header{}, fmt.Errorf("version %d of the encryption, this program reads %d: %w", h.Version, version, ErrVersion)
	}
	if !written(h, line) {
		return header{}, ErrAltered
	}
	return h, nil
}

// written reports whether a line stands as v is written: a digest whose name was
// altered must not be one that is not there.
func written(v any, line []byte) bool {
	want, err := json.Marshal(v)
	return err == nil && bytes.Equal(want, bytes.TrimSuffix(line, []byte("\n")))
}

// Read reads a document and decrypts it. With no cipher, which is nil, the error
// is [ErrKey].
func Read(r *bufio.Reader, c Cipher) (Header, []byte, error) {
	h, err := readHeader(r)
	if err != nil {
		return h.Header, nil, err
	}
	text, err := io.ReadAll(r)
	if err != nil {
		return h.Header, nil, err
	}
	// As it was written, to the bit: base64 can say the same in more than one way.
	block, _ := pem.Decode(text)
	if block == nil || block.Type != armor || !bytes.Equal(pem.EncodeToMemory(block), text) {
		return h.Header, nil, ErrAltered
	}
	if want, err := digestOf(h, block.Bytes); err != nil || h.Digest != "" && h.Digest != want {
		return h.Header, nil, ErrAltered
	}
	plain, err := Open(block.Bytes, c)
	return h.Header, plain, err
}

// Open decrypts what a cipher encrypted. With no cipher, which is nil, the error
// is [ErrKey].
func Open(encrypted []byte, c Cipher) ([]byte, error) {
	if c == nil {
		return nil, ErrKey
	}
	return c.Open(encrypted)
}
