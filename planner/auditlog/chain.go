package auditlog

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/rollcall-dev/rollcall/planner/internal/wire"
)

// Head is the end of a log: what the next record follows. The zero Head is that
// of an empty log.
type Head struct {
	Seq  uint64
	Hash string
}

// Append adds the lines of records to b and returns the head that the log has
// once they stand in it. It sets their Seq and Prev.
func (h Head) Append(b []byte, records []Record) ([]byte, Head, error) {
	for i := range records {
		r := &records[i]
		r.Seq, r.Prev = h.Seq+1, h.Hash
		form, err := toRecord(r)
		if err != nil {
			return nil, h, err
		}
		body, err := wire.Append(nil, form)
		if err != nil {
			return nil, h, fmt.Errorf("write the audit log: %w", err)
		}
		h = Head{Seq: r.Seq, Hash: hash(body)}
		b = fmt.Appendf(b, `{"hash":"%s","record":%s}`+"\n", h.Hash, body)
	}
	return b, h, nil
}

func hash(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

// Last reads the last of the lines, for whoever is to append behind it. It
// refuses one that does not stand as it was written.
func Last(lines []byte) (Record, Head, error) {
	lines = bytes.TrimSuffix(lines, []byte("\n"))
	text := lines[bytes.LastIndexByte(lines, '\n')+1:]
	r, sum, err := parse(text)
	if err != nil {
		return r, Head{}, &BrokenError{Seq: r.Seq, Why: err.Error()}
	}
	return r, Head{Seq: r.Seq, Hash: sum}, nil
}

// parse reads one line. The error says that it does not stand as it was
// written; what can be read of it is returned besides.
func parse(text []byte) (Record, string, error) {
	var l line
	if err := json.Unmarshal(text, &l); err != nil || len(l.Record) == 0 {
		return Record{}, "", errors.New("it is no line of an audit log")
	}
	sum := hash(l.Record)
	r, err := parseRecord(l.Record)
	if sum != l.Hash {
		err = errors.New("it was altered: its hash is another one")
	}
	return r, sum, err
}

// BrokenError says that a log does not stand as it was written.
type BrokenError struct {
	// Seq is the record, by its own number where it tells, and Line the line of
	// the log, counted from one; zero where that is not known.
	Seq, Line uint64
	Why       string
}

// Error names the record and what is wrong with it.
func (e *BrokenError) Error() string {
	text := "the audit log is broken"
	if e.Seq > 0 {
		text += fmt.Sprintf(" at record %d", e.Seq)
	}
	if e.Line > 0 {
		text += fmt.Sprintf(" (line %d)", e.Line)
	}
	return text + ": " + e.Why
}

// Reader reads a log from its beginning and checks each record.
type Reader struct {
	in   *bufio.Reader
	head Head
	line uint64
}

// NewReader returns a Reader of the whole log in r.
func NewReader(r io.Reader) *Reader { return &Reader{in: bufio.NewReaderSize(r, 1<<16)} }

// Head is that of what was read so far.
func (r *Reader) Head() Head { return r.head }

// maxLine is the longest line that is read. One change of a group with a million
// members takes less.
const maxLine = 256 << 20

// Next returns the next record with its line, which ends with a line break and
// is good until the following call. At the end the error is [io.EOF]; half a
// line there was never promised to anybody and is no record.
//
// A [*BrokenError] says that this record was altered or does not follow the one
// before. It comes with what could be read, and the reader goes on behind it.
func (r *Reader) Next() (Record, []byte, error) {
	text, err := r.readLine()
	if err != nil {
		return Record{}, nil, err
	}
	r.line++
	record, sum, err := parse(text)
	why := ""
	switch {
	case err != nil:
		why = err.Error()
	case r.line == 1 && record.Run != nil && record.Run.Continues:
	case record.Seq != r.head.Seq+1:
		why = fmt.Sprintf("it follows record %d, so that records were taken out or put in between", r.head.Seq)
	case record.Prev != r.head.Hash:
		why = "it names another record as the one before it, so that one was replaced"
	}
	r.head = Head{Seq: record.Seq, Hash: sum}
	if why != "" {
		return record, text, &BrokenError{Seq: record.Seq, Line: r.line, Why: why}
	}
	return record, text, nil
}

func (r *Reader) readLine() ([]byte, error) {
	var text []byte
	for {
		part, err := r.in.ReadSlice('\n')
		text = append(text, part...)
		switch {
		case err == nil:
			return text, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		case len(text) > maxLine:
			return nil, &BrokenError{Line: r.line + 1, Why: "a line of it is longer than any record"}
		}
	}
}
