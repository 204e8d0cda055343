package sealed

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// line is what stands in the place of a line.
type line struct {
	Encrypted []byte `json:"encrypted"`
	// Digest is of what is encrypted; the first lines have none.
	Digest string `json:"digest,omitempty"`
}

// lineStart is what an encrypted line is known by.
const lineStart = `{"encrypted":"`

// AppendLine adds to b one line, of JSON, that holds plain encrypted. Plain may be
// many lines.
func AppendLine(b, plain []byte, c Cipher) ([]byte, error) {
	encrypted, err := c.Seal(plain)
	if err != nil {
		return b, fmt.Errorf("encrypt a line: %w", err)
	}
	text, err := json.Marshal(line{encrypted, digest(encrypted)})
	if err != nil {
		return b, err
	}
	return append(append(b, text...), '\n'), nil
}

// OpenLine returns what a line holds, which may be many. One that is not
// encrypted, or was altered since, it returns as it is: who reads it will see
// that it is none of theirs.
func OpenLine(text []byte, c Cipher) ([]byte, error) {
	var l line
	if !bytes.HasPrefix(text, []byte(lineStart)) || json.Unmarshal(text, &l) != nil {
		return text, nil
	}
	if l.Digest != "" && l.Digest != digest(l.Encrypted) || !written(l, text) {
		return text, nil
	}
	plain, err := Open(l.Encrypted, c)
	if errors.Is(err, ErrAltered) {
		return text, nil
	}
	return plain, err
}

// LastLine returns what the last of lines holds, which may be many.
func LastLine(lines []byte, c Cipher) ([]byte, error) {
	text := bytes.TrimSuffix(lines, []byte("\n"))
	return OpenLine(lines[bytes.LastIndexByte(text, '\n')+1:], c)
}

// NewLineReader reads lines of which some or all are encrypted, as they were
// before. Half a line at the end is left as it is.
func NewLineReader(r io.ReadCloser, c Cipher) io.ReadCloser {
	return &lineReader{in: bufio.NewReaderSize(r, 1<<16), under: r, cipher: c}
}

type lineReader struct {
	in     *bufio.Reader
	under  io.Closer
	cipher Cipher
	rest   []byte
	n      int
	err    error
}

// Read implements [io.Reader].
func (l *lineReader) Read(b []byte) (int, error) {
	for len(l.rest) == 0 {
		if l.err != nil {
			return 0, l.err
		}
		l.next()
	}
	n := copy(b, l.rest)
	l.rest = l.rest[n:]
	return n, nil
}

// next reads one more line.
func (l *lineReader) next() {
	l.n++
	text, err := l.in.ReadBytes('\n')
	if err != nil {
		l.rest, l.err = text, err
		return
	}
	if l.rest, err = OpenLine(text, l.cipher); err != nil {
		l.rest, l.err = nil, fmt.Errorf("line %d: %w", l.n, err)
	}
}

// Close closes what is read from.
func (l *lineReader) Close() error { return l.under.Close() }
