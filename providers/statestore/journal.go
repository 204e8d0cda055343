package statestore

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"sync"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/sealed"
)

// A journal is frames, one a line: the length and the CRC-32C of the rest in
// hexadecimal, then a JSON array of records. A frame is what was flushed at
// once; where the state is encrypted, its records but the first of the journal
// stand in it as one that is. Because the next is only begun when the last is durable, a damaged
// frame at the end was never promised to anybody, and one before the end means
// that the file was damaged later.

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// headLength is the length of a frame's two numbers with the spaces behind them.
const headLength = 8 + 1 + 8 + 1

// appendHead adds what stands before body in its frame.
func appendHead(b, body []byte) []byte {
	return fmt.Appendf(b, "%08x %08x ", len(body), crc32.Checksum(body, castagnoli))
}

// appendFrame adds a frame of records, each JSON without line breaks, to b.
func appendFrame(b []byte, records [][]byte) []byte {
	body := appendArray(nil, records)
	return append(append(appendHead(b, body), body...), '\n')
}

// firstFrame is the frame of a new journal.
func firstFrame(state begin, open []planner.Intent, c sealed.Cipher) ([]byte, error) {
	state.Version = journalVersion
	begin, err := json.Marshal(record{Kind: kindBegin, Begin: &state})
	if err != nil {
		return nil, err
	}
	lines := make([][]byte, len(open))
	for i := range open {
		if lines[i], err = json.Marshal(carried(open[i])); err != nil {
			return nil, err
		}
	}
	if lines, err = encrypted(lines, c); err != nil {
		return nil, err
	}
	return appendFrame(nil, append([][]byte{begin}, lines...)), nil
}

// encrypted puts records into one that is encrypted, where c says so.
func encrypted(records [][]byte, c sealed.Cipher) ([][]byte, error) {
	if !sealed.Writes(c) || len(records) == 0 {
		return records, nil
	}
	b, err := c.Seal(appendArray(nil, records))
	if err != nil {
		return nil, fmt.Errorf("encrypt the journal: %w", err)
	}
	one, err := json.Marshal(record{Kind: kindEncrypted, Encrypted: b})
	return [][]byte{one}, err
}

// appendArray adds a JSON array of records to b.
func appendArray(b []byte, records [][]byte) []byte {
	b = append(append(b, '['), bytes.Join(records, []byte{','})...)
	return append(b, ']')
}

// journal appends frames to a medium. Records that are added at the same time
// share a frame and a flush.
type journal struct {
	// to is asked before each frame whether the lock is held: no lock, no promise.
	to     medium
	cipher sealed.Cipher

	// flushing is held while a frame is written, and guards broken and what a
	// batch says of its end.
	flushing sync.Mutex
	// broken is the first error. After it nothing is written: a frame behind
	// half a frame would look like damage.
	broken error

	joining sync.Mutex
	next    *batch
}

// batch are the records that wait for one frame.
type batch struct {
	records [][]byte
	done    bool
	err     error
}

func newJournal(to medium, c sealed.Cipher) *journal {
	return &journal{to: to, cipher: c, next: &batch{}}
}

// add returns once r is durable.
func (j *journal) add(r record) error {
	b, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("write the journal: %w", err)
	}
	mine := j.join(b)
	// While one caller flushes, the others gather here. The first of them takes
	// the whole batch along, the rest find theirs done.
	j.flushing.Lock()
	defer j.flushing.Unlock()
	if !mine.done {
		j.flush()
	}
	return mine.err
}

func (j *journal) join(r []byte) *batch {
	j.joining.Lock()
	defer j.joining.Unlock()
	j.next.records = append(j.next.records, r)
	return j.next
}

// flush writes the batch that is waiting.
func (j *journal) flush() {
	j.joining.Lock()
	b := j.next
	j.next = &batch{}
	j.joining.Unlock()
	if j.broken == nil {
		j.broken = j.write(b.records)
	}
	b.done, b.err = true, j.broken
}

func (j *journal) write(records [][]byte) error {
	if err := j.to.held(); err != nil {
		return err
	}
	records, err := encrypted(records, j.cipher)
	if err != nil {
		return err
	}
	return j.to.append(appendFrame(nil, records))
}
