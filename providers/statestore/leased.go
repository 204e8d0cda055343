package statestore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/sealed"
	"github.com/rollcall-dev/rollcall/planner/statefile"
)

// leased is a [medium] at a service. It renews its lease for as long as it is
// used. Whether it may write is never a question of clocks alone: the service
// decides that at each write. The clock only says when to ask.
type leased struct {
	claim  claim
	cipher sealed.Cipher
	lease  time.Duration
	// stop ends the renewals; done is closed when they have ended.
	stop context.CancelFunc
	done chan struct{}

	// renewing is held while one goroutine asks the service.
	renewing sync.Mutex
	mu       sync.Mutex
	// renewed is when the last renewal that succeeded was asked for.
	renewed time.Time
	// lost is sticky.
	lost error

	// reading guards what follows: what is kept, once it was loaded.
	reading sync.Mutex
	loaded  bool
	state   begin
	frames  [][]byte
	// appended counts the frames of the journal.
	appended int
	// unclear: a write failed, and may still come to pass.
	unclear bool
}

var _ medium = (*leased)(nil)

func newLeased(c claim, cipher sealed.Cipher, lease time.Duration, asked time.Time) *leased {
	ctx, stop := context.WithCancel(context.Background())
	m := &leased{claim: c, cipher: cipher, lease: lease, renewed: asked, stop: stop, done: make(chan struct{})}
	go m.keep(ctx)
	return m
}

// keep renews the lease until ctx ends or the lock is lost.
func (m *leased) keep(ctx context.Context) {
	defer close(m.done)
	for wait := m.lease / 4; sleep(ctx, wait) == nil; {
		wait = m.lease / 4
		switch err := m.renew(ctx, m.lease/8); {
		case errors.Is(err, errLost):
			return
		case err != nil:
			wait = m.lease / 12
		}
	}
}

// renew asks the service for more time, unless that was done less than young ago.
func (m *leased) renew(ctx context.Context, young time.Duration) error {
	m.renewing.Lock()
	defer m.renewing.Unlock()
	if fresh, err := m.status(young); fresh || err != nil {
		return err
	}
	asked := time.Now()
	err := within(ctx, m.lease/4, m.claim.renew)
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case err == nil:
		m.renewed = asked
	case errors.Is(err, errLost):
		m.lost = err
	}
	return err
}

// status reports whether the last renewal is less than young ago, and that the
// lock is lost. Of the two clocks, the one counts that ran more: one stands
// still while the machine sleeps, the other can be set.
func (m *leased) status(young time.Duration) (fresh bool, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	age := max(now.Sub(m.renewed), now.Round(0).Sub(m.renewed.Round(0)))
	return age < young, m.lost
}

// held reports an error once the lock is lost. Where the last renewal is long
// ago, it asks.
func (m *leased) held() error {
	young := m.lease * 3 / 4
	if fresh, err := m.status(young); fresh || err != nil {
		return err
	}
	if err := m.renew(context.Background(), young); err != nil {
		return fmt.Errorf("renew the lock on the state: %w", err)
	}
	return nil
}

// persist does what the service may fail to do for a moment, until it is done,
// or cannot be, or has not been for as long as the lease.
func (m *leased) persist(do func(context.Context) error) error {
	began := time.Now()
	for pause := firstPause; ; pause = min(2*pause, m.lease/4) {
		err := within(context.Background(), min(answerTime, m.lease), do)
		if err == nil {
			return nil
		}
		over := final(err) || time.Since(began) > m.lease
		if !over {
			if lost := m.held(); lost != nil {
				over, err = true, errors.Join(err, lost)
			}
		}
		if over {
			m.unclear = true
			return m.wrapped(err)
		}
		time.Sleep(pause)
	}
}

// wrapped makes a lost lock known to the whole session.
func (m *leased) wrapped(err error) error {
	if errors.Is(err, errLost) {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.lost = errLost
	}
	return err
}

// load reads what is kept, once.
func (m *leased) load() error {
	m.reading.Lock()
	defer m.reading.Unlock()
	if m.loaded {
		return nil
	}
	var k *contents
	err := m.persist(func(ctx context.Context) (err error) {
		k, err = m.claim.load(ctx)
		return err
	})
	if err != nil {
		return fmt.Errorf("read the state: %w", err)
	}
	if m.state, err = k.head(); err != nil {
		return fmt.Errorf("read the state: %w", err)
	}
	m.frames, m.loaded = k.frames, true
	return nil
}

func (m *leased) head() (begin, error) {
	if err := m.load(); err != nil {
		return begin{}, err
	}
	return m.state, nil
}

func (m *leased) journal() (*history, error) {
	if err := m.load(); err != nil {
		return nil, err
	}
	return (&contents{frames: m.frames}).history(m.cipher)
}

func (m *leased) begin(frame []byte) error {
	err := m.persist(func(ctx context.Context) error { return m.claim.begin(ctx, frame) })
	if err != nil {
		return fmt.Errorf("begin the journal: %w", err)
	}
	m.frames, m.appended = nil, 1
	return nil
}

func (m *leased) resume(int64) error {
	m.appended = len(m.frames)
	m.frames = nil
	return nil
}

func (m *leased) append(frame []byte) error {
	n := m.appended + 1
	err := m.persist(func(ctx context.Context) error { return m.claim.append(ctx, n, frame) })
	if err != nil {
		return fmt.Errorf("write the journal: %w", err)
	}
	m.appended = n
	return nil
}

func (m *leased) save(s *planner.State, frame []byte) error {
	if err := m.load(); err != nil {
		return err
	}
	var body bytes.Buffer
	if err := statefile.Seal(&body, s, m.cipher); err != nil {
		return err
	}
	next := begin{Lineage: s.Lineage, Serial: s.Serial}
	err := m.persist(func(ctx context.Context) error { return m.claim.save(ctx, next, body.Bytes(), frame) })
	if err != nil {
		return fmt.Errorf("save the state: %w", err)
	}
	m.state, m.frames = next, nil
	if frame != nil {
		m.frames = [][]byte{frame}
	}
	return nil
}

func (m *leased) inspect() (k *contents, err error) {
	err = m.persist(func(ctx context.Context) error {
		k, err = m.claim.inspect(ctx)
		return err
	})
	return k, err
}

func (m *leased) displace(base begin, name string) (where string, err error) {
	m.reading.Lock()
	defer m.reading.Unlock()
	err = m.persist(func(ctx context.Context) error {
		where, err = m.claim.displace(ctx, base, name)
		return err
	})
	if err == nil {
		m.state, m.frames, m.loaded = base, nil, true
	}
	return where, err
}

func (m *leased) sharesLog() bool {
	_, local := m.claim.(*httpClaim)
	return !local
}

func (m *leased) lastLogged() (last []byte, err error) {
	err = m.persist(func(ctx context.Context) error {
		last, err = m.claim.lastLogged(ctx)
		return err
	})
	return last, err
}

func (m *leased) log(first uint64, lines []byte) error {
	return m.persist(func(ctx context.Context) error { return m.claim.log(ctx, first, lines) })
}

// release gives the lock back. Without an answer it is free when the lease ends.
func (m *leased) release() error {
	m.stop()
	<-m.done
	_, lost := m.status(0)
	err := within(context.Background(), m.lease, func(ctx context.Context) error {
		return again(ctx, func(ctx context.Context) error { return m.claim.release(ctx, !m.unclear && lost == nil) })
	})
	switch {
	case err == nil, lost != nil, errors.Is(err, errLost):
		// One that was lost is somebody else's, and theirs to give back.
		return nil
	}
	return fmt.Errorf("give the lock back (it is free by itself in %s): %w", m.lease, err)
}
