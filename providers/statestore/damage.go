package statestore

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/sealed"
	"github.com/rollcall-dev/rollcall/planner/statefile"
	"github.com/rollcall-dev/rollcall/providers"
)

// asDamage marks an error of what was read whole and is no state with its
// journal. Whatever failed at reading it stays as it is: what was not read may
// be sound.
func asDamage(err error) error {
	for _, is := range []error{statefile.ErrAltered, statefile.ErrFormat, ErrJournal, ErrReplaced, errNoDocument} {
		if errors.Is(err, is) {
			return &providers.DamagedError{Err: err}
		}
	}
	return err
}

// largestSerial bounds which serials are believed of what is damaged: nobody
// saves as often, and the next still fits every store.
const largestSerial = 1 << 53

// salvage finds what is still to be known of a state and its journal, of which
// either may be damaged: the highest serial that anything tells of, and what the
// whole frames of the journal hold. One that c has no key for is not lost: then the
// error is [sealed.ErrKey].
func (k *contents) salvage(c sealed.Cipher) (serial uint64, left *history, err error) {
	left = &history{}
	see := func(n uint64) {
		if n < largestSerial {
			serial = max(serial, n)
		}
	}
	see(k.serial)
	if h, err := statefile.DecodeHeader(bytes.NewReader(k.state)); err == nil {
		see(h.Serial)
	}
	for line := range bytes.Lines(bytes.Join(k.frames, nil)) {
		body, whole := openFrame(line)
		var records []record
		if !whole || json.Unmarshal(body, &records) != nil {
			continue
		}
		for i := range records {
			if b := records[i].Begin; b != nil {
				see(b.Serial)
				continue
			}
			// What else cannot be read is what is lost.
			if err := left.addAny(&records[i], c); errors.Is(err, sealed.ErrKey) {
				return 0, nil, err
			}
		}
	}
	return serial, left, nil
}

// Salvage returns what a state starts from that takes the place of a damaged one.
// What its journal lost may have been done just now.
func (s *session) Salvage(context.Context) (*planner.State, error) {
	k, err := s.medium.inspect()
	if err != nil {
		return nil, fmt.Errorf("look what is left of the state: %w", err)
	}
	serial, left, err := k.salvage(s.cipher)
	if err != nil {
		return nil, fmt.Errorf("look what is left of the journal: %w", err)
	}
	s.left = left
	return &planner.State{Serial: serial, Intents: slices.Clone(left.open), Unsettled: s.now()}, nil
}

// Displace keeps what is there under another name, and says where. From then on
// st, which [session.Salvage] returned, is what the next save continues.
func (s *session) Displace(_ context.Context, st *planner.State) (where string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.medium.held(); err != nil {
		return "", err
	}
	base := begin{Lineage: st.Lineage, Serial: st.Serial}
	where, err = s.medium.displace(base, displacedName(s.now()))
	if err != nil {
		return "", fmt.Errorf("keep the damaged state under another name: %w", err)
	}
	s.displaced = &base
	return where, nil
}

// displacedName is what is added to the name of what was displaced.
func displacedName(now time.Time) string { return ".damaged-" + now.UTC().Format("20060102T150405Z") }

// inspect reads state and journal as they are.
func (m *fileMedium) inspect() (*contents, error) {
	state, err := readAll(m.store.disk, m.store.path)
	if err != nil {
		return nil, err
	}
	journal, err := readAll(m.store.disk, m.store.journalPath())
	if err != nil {
		return nil, err
	}
	return &contents{state: state, frames: [][]byte{journal}}, nil
}

// displace copies what is there. The copies are durable before the save replaces
// the state, and the journal goes last: a process that dies in between leaves
// what is still known to be damaged.
func (m *fileMedium) displace(_ begin, name string) (string, error) {
	var where []string
	for _, path := range []string{m.store.path, m.store.journalPath()} {
		content, err := readAll(m.store.disk, path)
		if err != nil {
			return "", err
		}
		if content == nil {
			continue
		}
		if err := keepFile(m.store.disk, path+name, content, m.held); err != nil {
			return "", err
		}
		where = append(where, path+name)
	}
	return strings.Join(where, " and "), nil
}
