package statestore

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// ErrJournal says that a journal was damaged after it was written.
var ErrJournal = errors.New("the journal was damaged; what it recorded may be lost: move it away and run `rollcall plan`, which finds again what is at the target")

// readJournal reads the journal called name. There is none: nil.
func readJournal(d disk, name string) (*history, error) {
	f, err := d.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("open the journal: %w", err)
	}
	defer func() { _ = f.Close() }()
	h, err := replay(f)
	if err != nil {
		return nil, fmt.Errorf("read the journal %s: %w", name, err)
	}
	return h, nil
}

// replay reads frames up to the first that is not whole. There must be no whole
// one behind it. A journal without one whole frame is nil: it was never begun.
func replay(r io.Reader) (*history, error) {
	in := bufio.NewReaderSize(r, 1<<16)
	var h *history
	for {
		line, err := in.ReadBytes('\n')
		if err != nil && err != io.EOF {
			return nil, err
		}
		body, ok := openFrame(line)
		if !ok {
			return h, damaged(in)
		}
		if h, err = take(h, body); err != nil {
			return nil, fmt.Errorf("%w (%w)", ErrJournal, err)
		}
		h.size += int64(len(line))
	}
}

// damaged reports an error when a whole frame is left in r.
func damaged(r *bufio.Reader) error {
	for {
		line, err := r.ReadBytes('\n')
		if _, ok := openFrame(line); ok {
			return ErrJournal
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// openFrame returns the body of a frame that is whole.
func openFrame(line []byte) ([]byte, bool) {
	frame, ended := bytes.CutSuffix(line, []byte("\n"))
	if !ended || len(frame) < headLength {
		return nil, false
	}
	head, body := frame[:headLength], frame[headLength:]
	return body, bytes.Equal(head, appendHead(nil, body))
}

// take adds the records of a frame to h. The first record begins it.
func take(h *history, body []byte) (*history, error) {
	var records []record
	if err := json.Unmarshal(body, &records); err != nil {
		return nil, err
	}
	for i := range records {
		if h == nil {
			if records[i].Begin == nil {
				return nil, errors.New("it does not say which state it continues")
			}
			h = &history{begin: *records[i].Begin}
			if v := h.begin.Version; v != journalVersion {
				return nil, fmt.Errorf("version %d, this program reads %d", v, journalVersion)
			}
			continue
		}
		if err := h.add(&records[i]); err != nil {
			return nil, err
		}
	}
	if h == nil {
		return nil, errors.New("an empty frame")
	}
	return h, nil
}

// begins reports whether a frame begins a journal.
func begins(frame []byte) bool {
	body, ok := openFrame(frame)
	var records []record
	return ok && json.Unmarshal(body, &records) == nil && len(records) > 0 && records[0].Begin != nil
}
