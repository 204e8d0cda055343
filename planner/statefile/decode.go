package statefile

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/sealed"
)

// ErrAltered says that a file is not as it was written.
var ErrAltered = errors.New("the state file was altered or is truncated")

// ErrVersion says that a file is of a version that this program does not read.
var ErrVersion = errors.New("the state file was written by a newer rollcall; upgrade rollcall")

// ErrFormat says that a file is no state at all.
var ErrFormat = errors.New("this is not a rollcall state file")

// versions holds a reader for each version of the format. Each gives the state
// as it is today: an older version is upgraded by being read.
var versions = map[int]func(*reader, Header) (*planner.State, error){
	1: readLines, // a version 2 without directories, protections and limits
	2: readLines,
}

// Decode reads what [Encode] of this or an earlier version of the format wrote.
// A file that is not as it was written is [ErrAltered], and nothing of it is
// returned; one that is encrypted is [sealed.ErrKey].
func Decode(r io.Reader) (*planner.State, error) { return Open(r, nil) }

// Open reads what [Seal] or [Encode] wrote. What is encrypted is read with c.
func Open(r io.Reader, c sealed.Cipher) (*planner.State, error) {
	in := newReader(r)
	if !sealed.Is(in.from) {
		return decode(in)
	}
	outer, plain, err := sealed.Read(in.from, c)
	switch {
	case errors.Is(err, sealed.ErrAltered):
		return nil, fmt.Errorf("%w (%w)", ErrAltered, err)
	case err != nil:
		return nil, err
	}
	s, err := decode(newReader(bytes.NewReader(plain)))
	if err == nil && outer != headerOf(s) {
		return nil, fmt.Errorf("%w (the first line is that of another state)", ErrAltered)
	}
	return s, err
}

func decode(in *reader) (*planner.State, error) {
	h, read, err := in.header()
	if err != nil {
		return nil, err
	}
	return read(in, h)
}

// DecodeHeader reads the first line alone. What follows it is not verified. Of
// what is encrypted it tells lineage and serial, and needs no key.
func DecodeHeader(r io.Reader) (Header, error) {
	in := newReader(r)
	if sealed.Is(in.from) {
		h, err := sealed.ReadHeader(in.from)
		if errors.Is(err, sealed.ErrAltered) {
			err = fmt.Errorf("%w (%w)", ErrAltered, err)
		}
		return Header{Lineage: h.Lineage, Serial: h.Serial}, err
	}
	h, _, err := in.header()
	return h, err
}

type reader struct {
	from *bufio.Reader
	sum  hash.Hash
	long []byte
	n    int
}

func newReader(r io.Reader) *reader {
	return &reader{from: bufio.NewReaderSize(r, 1<<16), sum: sha256.New()}
}

// altered is [ErrAltered] at the line read last, with its cause.
func (r *reader) altered(format string, args ...any) error {
	return fmt.Errorf("line %d: %w (%w)", r.n, ErrAltered, fmt.Errorf(format, args...))
}

// line returns the next line with its end. It is valid until the next call.
func (r *reader) line() ([]byte, error) {
	r.n++
	r.long = r.long[:0]
	for {
		part, err := r.from.ReadSlice('\n')
		switch {
		case err == nil && len(r.long) == 0:
			return part, nil
		case err == bufio.ErrBufferFull, err == nil:
			r.long = append(r.long, part...)
		case err == io.EOF:
			return nil, r.altered("the file ends here, before its last line")
		default:
			return nil, fmt.Errorf("read the state: %w", err)
		}
		if err == nil {
			return r.long, nil
		}
	}
}

func (r *reader) header() (Header, func(*reader, Header) (*planner.State, error), error) {
	line, err := r.line()
	if err != nil {
		return Header{}, nil, err
	}
	var h header
	if err := json.Unmarshal(line, &h); err != nil || h.Format != format {
		return Header{}, nil, ErrFormat
	}
	read, ok := versions[h.Version]
	if !ok {
		return Header{}, nil, fmt.Errorf("format version %d, this program reads up to %d: %w", h.Version, Version, ErrVersion)
	}
	r.sum.Write(line)
	return Header{
		Lineage: h.Lineage, Serial: h.Serial, Apps: h.Apps,
		Users: h.Users, Groups: h.Groups, Removals: h.Removals,
		Directories: h.Directories, Unsettled: h.Unsettled.UTC(), Logged: planner.LogEnd(h.Logged),
	}, read, nil
}

// readLines reads the lines of version 2 up to the seal.
func readLines(r *reader, h Header) (*planner.State, error) {
	s := &planner.State{Lineage: h.Lineage, Serial: h.Serial, Unsettled: h.Unsettled, Logged: h.Logged}
	for {
		line, err := r.line()
		if err != nil {
			return nil, err
		}
		if bytes.HasPrefix(line, []byte(typeEnd)) {
			if err := r.verify(line, h, head(s)); err != nil {
				return nil, err
			}
			return s, nil
		}
		r.sum.Write(line)
		if err := r.add(s, line); err != nil {
			return nil, err
		}
	}
}

// add reads one line into s.
func (r *reader) add(s *planner.State, line []byte) error {
	if bytes.HasPrefix(line, []byte(typeApp)) {
		var l appLine
		err := r.parse(line, &l)
		s.Apps = append(s.Apps, planner.AppState{App: l.App, Identity: l.Identity, Terms: planner.Terms(l.Guard), Rebuilt: l.Rebuilt.UTC()})
		return err
	}
	if bytes.HasPrefix(line, []byte(typeDirectory)) {
		var l directoryLine
		err := r.parse(line, &l)
		s.Directories = append(s.Directories, fromDirectory(&l))
		return err
	}
	if len(s.Apps) == 0 {
		return r.altered("no app comes before it")
	}
	return r.addTo(&s.Apps[len(s.Apps)-1], line)
}

func (r *reader) addTo(a *planner.AppState, line []byte) error {
	switch {
	case bytes.HasPrefix(line, []byte(typeUser)):
		a.Users = append(a.Users, planner.UserLink{})
		if err := parseUser(line, &a.Users[len(a.Users)-1]); err != nil {
			return r.altered("%w", err)
		}
		return nil
	case bytes.HasPrefix(line, []byte(typeGroup)):
		var l groupLine
		err := r.parse(line, &l)
		a.Groups = append(a.Groups, fromGroup(&l))
		return err
	case bytes.HasPrefix(line, []byte(typeRemoval)):
		var l removalLine
		err := r.parse(line, &l)
		l.At = l.At.UTC()
		a.History = append(a.History, planner.Removal(l))
		return err
	}
	return r.altered("it is no line of a state")
}

func (r *reader) parse(line []byte, into any) error {
	if err := json.Unmarshal(line, into); err != nil {
		return r.altered("%w", err)
	}
	return nil
}

// verify holds the seal against what was read. Nothing may follow it.
func (r *reader) verify(line []byte, said, found Header) error {
	var end endLine
	if err := r.parse(line, &end); err != nil {
		return err
	}
	if end.Checksum != checksum(r.sum) || said != found {
		return r.altered("its checksum or its counts do not agree with the lines before it")
	}
	if _, err := r.from.ReadByte(); err != io.EOF {
		return r.altered("something follows it")
	}
	return nil
}
