package statestore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/sealed"
	"github.com/rollcall-dev/rollcall/planner/statefile"
	"github.com/rollcall-dev/rollcall/providers"
)

// service keeps one state, its journal and its lock on another machine. Its
// methods open what they need and close it again; they are safe for concurrent
// use. An error that is not a [*refusal] may be gone at the next try.
type service interface {
	// String says where the state is, without secrets.
	fmt.Stringer
	// read returns what is kept, as of one moment.
	read(ctx context.Context) (*contents, error)
	// holder says who holds the lock; a lease that ran out is held by nobody.
	holder(ctx context.Context) (providers.LockInfo, bool, error)
	// take takes the lock for h, for as long as lease after each renewal. It is
	// a [*providers.LockedError] where somebody holds it. It proves that the
	// service keeps what writers rely on, and is a [*refusal] where not.
	take(ctx context.Context, h holder, lease time.Duration) (claim, error)
	// logPieces returns a way to read the audit log from its beginning: some more
	// of it at each call, [io.EOF] behind its end. A call that fails may be made
	// again.
	logPieces() func(ctx context.Context) ([]byte, error)
	// free breaks the lock called id: [ErrNotLocked], or a
	// [*providers.LockedError] where it is another's.
	free(ctx context.Context, id string) error
}

// claim is a lock on a service that was taken. All that it writes is durable
// when it returns without an error, and fails with [errLost] once somebody else
// may have taken the lock: by the service's own doing, not by a clock of ours.
// Whatever is asked twice, because its answer was lost, is done once. renew may
// be called beside the others, which are called one at a time.
type claim interface {
	renew(ctx context.Context) error
	// load reads what is kept; it comes before any write.
	load(ctx context.Context) (*contents, error)
	// begin puts a journal of one frame in the place of the one that is there.
	begin(ctx context.Context, frame []byte) error
	// append adds a frame to the journal, its nth, counted from one.
	append(ctx context.Context, n int, frame []byte) error
	// save puts the state next, written as body, in the place of the one that
	// was loaded or saved last, and a journal of one frame, or none, in the place
	// of its journal. Another state that is there is [ErrChanged].
	save(ctx context.Context, next begin, body, frame []byte) error
	// inspect and displace are those of [medium]; displace comes behind inspect.
	inspect(ctx context.Context) (*contents, error)
	displace(ctx context.Context, base begin, name string) (where string, err error)
	// lastLogged and log are those of [medium].
	lastLogged(ctx context.Context) ([]byte, error)
	log(ctx context.Context, first uint64, lines []byte) error
	// release gives the lock back and closes what is open. It is not clean where
	// a write may still be on its way.
	release(ctx context.Context, clean bool) error
}

// errLost says that the lock is not held any more.
var errLost = errors.New("the lock on the state was lost while this run held it (by force-unlock, or because it was not renewed in time); plan again")

// refusal is an error of a service that trying again does not mend.
type refusal struct{ error }

// Unwrap returns the cause.
func (r *refusal) Unwrap() error { return r.error }

func refuse(format string, args ...any) error { return &refusal{fmt.Errorf(format, args...)} }

// final reports whether there is no use in doing again what ended with err.
func final(err error) bool {
	var refused *refusal
	var locked *providers.LockedError
	return errors.As(err, &refused) || errors.As(err, &locked) ||
		errors.Is(err, errLost) || errors.Is(err, errLogMoved) || errors.Is(err, ErrChanged) || errors.Is(err, ErrNotLocked)
}

// contents is what a service has of a state.
type contents struct {
	// state is as package statefile writes it, encrypted or not; empty where there is none.
	state []byte
	// frames are those of the journal.
	frames [][]byte
	// serial is the highest that is known from beside them; zero for none.
	serial uint64
}

// head tells which state is saved.
func (k *contents) head() (begin, error) {
	if len(k.state) == 0 {
		return begin{}, nil
	}
	h, err := statefile.DecodeHeader(bytes.NewReader(k.state))
	return begin{Lineage: h.Lineage, Serial: h.Serial}, err
}

// history reads the journal. Frames are kept whole or not at all, so that half
// of one is damage wherever it stands.
func (k *contents) history(c sealed.Cipher) (*history, error) {
	if len(k.frames) == 0 {
		return nil, nil
	}
	all := bytes.Join(k.frames, nil)
	h, err := replay(bytes.NewReader(all), c)
	if err == nil && (h == nil || h.size != int64(len(all))) {
		err = ErrJournal
	}
	return h, err
}

// saved returns the state as it was saved last; an empty one where there is none.
func (k *contents) saved(c sealed.Cipher) (*planner.State, error) {
	if len(k.state) == 0 && k.serial > 0 {
		return nil, fmt.Errorf("%w (it is empty, and serial %d was saved)", statefile.ErrAltered, k.serial)
	}
	if len(k.state) == 0 {
		return &planner.State{}, nil
	}
	return statefile.Open(bytes.NewReader(k.state), c)
}

// read returns the state with what the journal has beyond it.
func (k *contents) read(c sealed.Cipher) (*planner.State, error) {
	s, err := k.saved(c)
	if err != nil {
		return nil, err
	}
	h, err := k.history(c)
	if err != nil {
		return nil, err
	}
	return overlay(s, h)
}
