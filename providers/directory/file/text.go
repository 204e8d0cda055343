package file

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"unicode/utf8"
)

// position is a place in a file. Both count from one, columns in characters;
// a column of zero is not known.
type position struct{ line, column uint32 }

// malformed says that a file is not what its format asks for, and where.
type malformed struct {
	at   position
	what string
}

// Error gives what is wrong; the place goes into the finding.
func (e *malformed) Error() string { return e.what }

func malformedf(at position, format string, args ...any) error {
	return &malformed{at, fmt.Sprintf(format, args...)}
}

// unreadable says that a file could not be read, or not to its end.
type unreadable struct{ err error }

func (e *unreadable) Error() string { return e.err.Error() }
func (e *unreadable) Unwrap() error { return e.err }

// tooLarge says that a file exceeds its limit.
type tooLarge struct{ limit int64 }

func (e *tooLarge) Error() string { return fmt.Sprintf("more than %d bytes", e.limit) }

// text reads a file as UTF-8 text without NUL, up to a limit, and remembers its
// digest and what lies where.
type text struct {
	from  io.Reader
	limit int64
	size  int64
	sum   hash.Hash
	err   error
	// rest is the beginning of a character whose end the last read did not have.
	rest []byte
	// at is the place of the byte at offset, and ahead are the bytes from there on.
	at     position
	offset int64
	ahead  []byte
	// uncounted leaves places out, for formats that count for themselves.
	uncounted bool
}

func newText(from io.Reader, limit int64) *text {
	return &text{from: from, limit: limit, sum: sha256.New(), at: position{1, 1}}
}

// Read gives the next bytes, all of them good.
func (t *text) Read(p []byte) (int, error) {
	if t.err != nil {
		return 0, t.err
	}
	n, err := t.from.Read(p)
	if err != nil && err != io.EOF {
		err = &unreadable{err}
	}
	if bad := t.check(p[:n], err == io.EOF); bad != nil {
		n, err = 0, bad
	}
	t.err = err
	return n, err
}

// check takes the next bytes of the file in.
func (t *text) check(p []byte, last bool) error {
	t.size += int64(len(p))
	if t.size > t.limit {
		return &tooLarge{t.limit}
	}
	t.sum.Write(p)
	if len(t.rest) > 0 {
		p = append(t.rest, p...)
		t.rest = nil
	}
	whole := validUTF8(p)
	if whole < len(p) && (last || utf8.FullRune(p[whole:])) {
		return t.bad(p[:whole], "the text is not UTF-8; save the file as UTF-8")
	}
	if i := bytes.IndexByte(p, 0); i >= 0 {
		return t.bad(p[:i], "there is a NUL byte: the file is not text, or it is damaged")
	}
	t.rest = bytes.Clone(p[whole:])
	t.note(p[:whole])
	return nil
}

// validUTF8 returns how much of p is UTF-8.
func validUTF8(p []byte) int {
	if end := len(p) - partial(p); utf8.Valid(p[:end]) {
		return end
	}
	for n := 0; ; {
		r, size := utf8.DecodeRune(p[n:])
		if r == utf8.RuneError && size <= 1 {
			return n
		}
		n += size
	}
}

// partial returns the length of the beginning of a character at the end of p.
func partial(p []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(p); n++ {
		if utf8.RuneStart(p[len(p)-n]) {
			if utf8.FullRune(p[len(p)-n:]) {
				return 0
			}
			return n
		}
	}
	return 0
}

// note keeps p for questions about places in it.
func (t *text) note(p []byte) {
	if t.uncounted {
		t.at = t.at.after(p)
		return
	}
	t.ahead = append(t.ahead, p...)
}

// bad is a malformed file behind p.
func (t *text) bad(p []byte, what string) error {
	t.note(p)
	t.advance(len(t.ahead))
	return &malformed{t.at, what}
}

// position tells the place of an offset, which must not be smaller than the
// last one that was asked about.
func (t *text) position(offset int64) position {
	if n := offset - t.offset; 0 < n && n <= int64(len(t.ahead)) {
		t.advance(int(n))
	}
	return t.at
}

// advance goes over the next n bytes.
func (t *text) advance(n int) {
	p := t.ahead[:n]
	t.at = t.at.after(p)
	t.offset += int64(n)
	t.ahead = t.ahead[n:]
}

// after is the place behind p, which begins at at.
func (at position) after(p []byte) position {
	if i := bytes.LastIndexByte(p, '\n'); i >= 0 {
		at = position{at.line + uint32(bytes.Count(p, []byte("\n"))), 1}
		p = p[i+1:]
	}
	at.column += uint32(utf8.RuneCount(p))
	return at
}
