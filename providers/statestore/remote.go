package statestore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/sealed"
	"github.com/rollcall-dev/rollcall/providers"
)

// Remote is a [providers.Store] on another machine. Its lock is a lease that the
// holder renews, so that the lock of a runner that died is free after a while;
// the service refuses what comes from a holder whose lock went to somebody else.
// Its methods are safe for concurrent use, also by several processes.
type Remote struct {
	service service
	opts    RemoteOptions
}

var _ providers.Store = (*Remote)(nil)

// DefaultLease is how long a lock is held after its last renewal. It is renewed
// four times in that time.
const DefaultLease = time.Minute

// RemoteOptions are what every remote store takes.
type RemoteOptions struct {
	// NewLineage makes the random id of a state that is saved for the first time.
	NewLineage func() string
	// Now is the clock of the journal.
	Now func() time.Time
	// Lease is how long a lock is held after its last renewal; zero means
	// [DefaultLease], or what the store needs.
	Lease time.Duration
	// Cipher encrypts what is written and decrypts what is read; nil is none.
	Cipher sealed.Cipher
	// AllowedHosts, unless nil, are the only hosts that may be spoken to, each
	// with or without a port.
	AllowedHosts []string
}

func newRemote(s service, o RemoteOptions) *Remote {
	if o.Lease == 0 {
		o.Lease = DefaultLease
	}
	return &Remote{service: s, opts: o}
}

// String says where the state is kept.
func (r *Remote) String() string { return r.service.String() }

// Read returns the state with what the journal has beyond it. It takes no lock
// and may run beside a writer.
func (r *Remote) Read(ctx context.Context) (*planner.State, error) {
	return r.readAs(ctx, (*contents).read)
}

// readAs reads what is kept and makes a state of it.
func (r *Remote) readAs(ctx context.Context, read func(*contents, sealed.Cipher) (*planner.State, error)) (*planner.State, error) {
	var s *planner.State
	err := again(ctx, func(ctx context.Context) error {
		k, err := r.service.read(ctx)
		if err != nil {
			return err
		}
		if s, err = read(k, r.opts.Cipher); err != nil {
			return &refusal{err}
		}
		return nil
	})
	if err != nil {
		return nil, asDamage(fmt.Errorf("read the state in %s: %w", r, err))
	}
	return s, nil
}

// Saved returns the state as it was saved last.
func (r *Remote) Saved(ctx context.Context) (*planner.State, error) {
	return r.readAs(ctx, (*contents).saved)
}

// Log returns the audit log. What is read of it later is asked for later.
func (r *Remote) Log(ctx context.Context) (io.ReadCloser, error) {
	next := r.service.logPieces()
	log := &pieces{next: func() (piece []byte, err error) {
		var ended bool
		err = again(ctx, func(ctx context.Context) error {
			piece, err = next(ctx)
			ended = errors.Is(err, io.EOF)
			if ended {
				return nil
			}
			return err
		})
		switch {
		case ended:
			return nil, io.EOF
		case err != nil:
			return nil, fmt.Errorf("read the audit log of %s: %w", r, err)
		}
		return piece, nil
	}}
	return sealed.NewLineReader(log, r.opts.Cipher), nil
}

// Lock takes the sole right to write. Where its holder dies, the lock is free
// when the lease runs out.
func (r *Remote) Lock(ctx context.Context, info providers.LockInfo, wait time.Duration) (providers.Session, error) {
	m, err := await(ctx, wait, func() (*leased, error) { return r.take(ctx, info) })
	if err != nil {
		return nil, err
	}
	return newSession(m, r.opts.Cipher, r.opts.NewLineage, r.opts.Now), nil
}

// take takes the lock if it is free.
func (r *Remote) take(ctx context.Context, info providers.LockInfo) (*leased, error) {
	var m *leased
	err := again(ctx, func(ctx context.Context) error {
		asked := time.Now()
		c, err := r.service.take(ctx, holderOf(info), r.opts.Lease)
		if err == nil {
			m = newLeased(c, r.opts.Cipher, r.opts.Lease, asked)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("lock the state in %s: %w", r, err)
	}
	return m, nil
}

// ForceUnlock breaks the lock called id. Where id is not the lock's, the error
// says whose it is.
func (r *Remote) ForceUnlock(ctx context.Context, id string) error {
	err := again(ctx, func(ctx context.Context) error { return r.service.free(ctx, id) })
	var locked *providers.LockedError
	switch {
	case errors.As(err, &locked):
		return fmt.Errorf("break the lock %q: it is not the one that is held: %w", id, err)
	case errors.Is(err, ErrNotLocked), err == nil:
		return err
	}
	return fmt.Errorf("break the lock %q in %s: %w", id, r, err)
}

// Holder says who holds the lock, if anybody does.
func (r *Remote) Holder(ctx context.Context) (holder providers.LockInfo, held bool, err error) {
	err = again(ctx, func(ctx context.Context) error {
		holder, held, err = r.service.holder(ctx)
		return err
	})
	if err != nil {
		return holder, false, fmt.Errorf("look who holds the lock in %s: %w", r, err)
	}
	return holder, held, nil
}

const (
	// tries is how often something is tried that a service fails to do.
	tries = 4
	// answerTime is how long one try may take.
	answerTime = 30 * time.Second
	firstPause = 100 * time.Millisecond
)

// again does something that a service may fail to do for a moment.
func again(ctx context.Context, do func(context.Context) error) error {
	pause := firstPause
	for n := 1; ; n++ {
		err := within(ctx, answerTime, do)
		if err == nil || final(err) || n == tries {
			return err
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
		pause *= 4
	}
}

// within gives do at most d.
func within(ctx context.Context, d time.Duration, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	return do(ctx)
}
