package statestore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/auditlog"
	"github.com/rollcall-dev/rollcall/planner/sealed"
)

// errLogMoved says that somebody else's records stand where ours were to go:
// those of a former holder who was not yet through.
var errLogMoved = errors.New("the audit log was appended to by somebody else")

// Record appends records to the audit log.
func (s *session) Record(_ context.Context, records []auditlog.Record) error {
	s.logging.Lock()
	defer s.logging.Unlock()
	err := s.record(records)
	if errors.Is(err, errLogMoved) {
		s.logged = nil
		err = s.record(records)
	}
	if err != nil {
		return fmt.Errorf("write the audit log: %w", err)
	}
	return nil
}

// record appends records behind the end of the log as it was seen last.
func (s *session) record(records []auditlog.Record) error {
	if err := s.medium.held(); err != nil {
		return err
	}
	if s.logged == nil {
		if _, err := s.readLast(); err != nil {
			return err
		}
	}
	end := *s.logged
	if end.Seq == 0 && s.known.Logged.Seq > 0 {
		end = auditlog.Head(s.known.Logged)
		records = append([]auditlog.Record{s.continues(&records[0])}, records...)
	}
	lines, head, err := end.Append(nil, records)
	if err != nil {
		return err
	}
	if sealed.Writes(s.cipher) {
		if lines, err = sealed.AppendLine(nil, lines, s.cipher); err != nil {
			return err
		}
	}
	if err := s.medium.log(end.Seq+1, lines); err != nil {
		return err
	}
	s.logged = &head
	return nil
}

// continues is the first record of a log that is not where it was: it goes on
// behind what the state knows of, so that the two can be put together again, and
// nobody takes the rest for the whole. It is made with the record before which it stands.
func (s *session) continues(by *auditlog.Record) auditlog.Record {
	run := &auditlog.Run{Operation: "log", Continues: true, State: planner.StateInput{Lineage: s.known.Lineage, Serial: s.known.Serial}}
	run.Detail = fmt.Sprintf("goes on here: the %d records before this one, the last with the hash %s, are not in this log",
		s.known.Logged.Seq, s.known.Logged.Hash)
	if by.Run != nil {
		run.Who, run.CI, run.Version, run.Config = by.Run.Who, by.Run.CI, by.Run.Version, by.Run.Config
	}
	id := strings.ToLower(s.newLineage())
	return auditlog.Record{Kind: auditlog.Note, Apply: id[:min(10, len(id))], At: by.At, Run: run}
}

// last reads the last record of the log, a zero one where there is none, and
// holds it against what st knows of the log.
func (s *session) last(st *planner.State) (auditlog.Record, error) {
	s.logging.Lock()
	defer s.logging.Unlock()
	r, err := s.readLast()
	if err == nil && s.medium.sharesLog() {
		s.known = planner.State{Lineage: st.Lineage, Serial: st.Serial, Logged: st.Logged}
		err = cutOff(*s.logged, auditlog.Head(st.Logged))
	}
	if err != nil {
		return r, fmt.Errorf("read the audit log: %w", err)
	}
	return r, nil
}

// cutOff reports an error where a log, which is not gone as a whole, ends before
// the record known, or has another in its place.
func cutOff(end, known auditlog.Head) error {
	switch {
	case end.Seq == 0 || end.Seq > known.Seq || end == known:
		return nil
	case end.Seq == known.Seq:
		return &auditlog.BrokenError{Seq: end.Seq, Why: "the state knows another record in its place, with the hash " + known.Hash}
	}
	return &auditlog.BrokenError{Seq: end.Seq, Why: fmt.Sprintf("it ends there, and the state knows of %d records: the last ones were cut off", known.Seq)}
}

func (s *session) readLast() (r auditlog.Record, err error) {
	lines, err := s.medium.lastLogged()
	if err != nil {
		return r, err
	}
	var head auditlog.Head
	if len(lines) > 0 {
		if lines, err = sealed.LastLine(lines, s.cipher); err != nil {
			return r, err
		}
		if r, head, err = auditlog.Last(lines); err != nil {
			return r, err
		}
	}
	s.logged = &head
	return r, nil
}

// logFile is an audit log in a local file. Half a line at its end was never
// promised to anybody; it is cut off before the log goes on.
type logFile struct {
	disk disk
	path string
}

// open returns the log; an empty one where there is none.
func (l logFile) open() (io.ReadCloser, error) {
	r, err := l.disk.Open(l.path)
	if errors.Is(err, fs.ErrNotExist) {
		return io.NopCloser(bytes.NewReader(nil)), nil
	}
	if err != nil {
		return nil, fmt.Errorf("open the audit log: %w", err)
	}
	return r, nil
}

// firstTail is how much of a log's end is looked at first for its last line.
const firstTail = 64 << 10

// tail returns the last whole line, and how much of the file is whole.
func (l logFile) tail() (last []byte, size int64, err error) {
	for n := int64(firstTail); ; n *= 16 {
		end, total, err := l.disk.Tail(l.path, n)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, 0, nil
		}
		if err != nil {
			return nil, 0, fmt.Errorf("open the audit log: %w", err)
		}
		whole := end[:bytes.LastIndexByte(end, '\n')+1]
		size := total - int64(len(end)-len(whole))
		all := int64(len(end)) == total
		if len(whole) == 0 && all {
			return nil, 0, nil
		}
		if len(whole) == 0 {
			continue
		}
		begin := bytes.LastIndexByte(whole[:len(whole)-1], '\n') + 1
		if begin > 0 || all {
			return whole[begin:], size, nil
		}
	}
}

// append adds lines behind what is whole and returns once they are durable.
func (l logFile) append(lines []byte) error {
	_, size, err := l.tail()
	if err != nil {
		return err
	}
	f, err := l.disk.Append(l.path, size)
	made := errors.Is(err, fs.ErrNotExist)
	if made {
		f, err = l.disk.Create(l.path)
	}
	if err != nil {
		return err
	}
	_, err = f.Write(lines)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil || !made {
		return err
	}
	return l.disk.SyncDir(filepath.Dir(l.path))
}

// pieces reads a log that is kept in many pieces, one after the other.
type pieces struct {
	// next returns some more of the log; io.EOF behind the last.
	next func() ([]byte, error)
	rest []byte
}

func (p *pieces) Read(b []byte) (int, error) {
	for len(p.rest) == 0 {
		var err error
		if p.rest, err = p.next(); err != nil {
			return 0, err
		}
	}
	n := copy(b, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}

func (p *pieces) Close() error { return nil }
