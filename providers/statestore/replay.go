package statestore

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/rollcall-dev/rollcall/planner/sealed"
)

// ErrJournal says that a journal was damaged after it was written.
var ErrJournal = errors.New("the journal was damaged, and what it recorded beyond the state may be lost; " +
	"\"rollcall state pull -without-journal\" prints the state as it was saved")

// errJournalVersion says that a journal is of a version that this program does not read.
var errJournalVersion = errors.New("the journal was written by a newer rollcall; upgrade rollcall")

// readJournal reads the journal called name. There is none: nil.
func readJournal(d disk, name string, c sealed.Cipher) (*history, error) {
	f, err := d.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("open the journal: %w", err)
	}
	defer func() { _ = f.Close() }()
	h, err := replay(f, c)
	if err != nil {
		return nil, fmt.Errorf("read the journal %s: %w", name, err)
	}
	return h, nil
}

// replay reads frames up to the first that is not whole. There must be no whole
// one behind it. A journal without one whole frame is nil: it was never begun.
// What is encrypted is read with c.
func replay(r io.Reader, c sealed.Cipher) (*history, error) {
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
		switch h, err = take(h, body, c); {
		case errors.Is(err, sealed.ErrKey), errors.Is(err, errJournalVersion):
			return nil, err
		case err != nil:
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
func take(h *history, body []byte, c sealed.Cipher) (*history, error) {
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
			if v := h.begin.Version; v > journalVersion {
				return nil, fmt.Errorf("version %d, this program reads up to %d: %w", v, journalVersion, errJournalVersion)
			} else if v < 1 {
				return nil, fmt.Errorf("version %d is none", v)
			}
			continue
		}
		if err := h.addAny(&records[i], c); err != nil {
			return nil, err
		}
	}
	if h == nil {
		return nil, errors.New("an empty frame")
	}
	return h, nil
}

// addAny takes the next record in, or those that it holds encrypted.
func (h *history) addAny(r *record, c sealed.Cipher) error {
	if r.Kind != kindEncrypted {
		return h.add(r)
	}
	body, err := sealed.Open(r.Encrypted, c)
	if err != nil {
		return err
	}
	var records []record
	if err := json.Unmarshal(body, &records); err != nil {
		return err
	}
	for i := range records {
		if err := h.add(&records[i]); err != nil {
			return err
		}
	}
	return nil
}

// begins reports whether a frame begins a journal.
func begins(frame []byte) bool {
	body, ok := openFrame(frame)
	var records []record
	return ok && json.Unmarshal(body, &records) == nil && len(records) > 0 && records[0].Begin != nil
}
