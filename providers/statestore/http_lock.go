package statestore

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/rollcall-dev/rollcall/providers"
)

// lockInfo is a lock as the protocol has it.
type lockInfo struct {
	ID, Operation, Info, Who, Version, Created, Path string
	Run                                              string `json:",omitempty"`
}

func lockInfoOf(h holder) []byte {
	b, _ := json.Marshal(lockInfo{ // texts alone can always be marshalled
		ID: h.ID, Operation: h.Operation, Who: h.Who, Version: h.Version,
		Created: h.Created.UTC().Format(time.RFC3339Nano), Run: h.Run,
	})
	return b
}

// info reads who holds the lock from an answer that refused it.
func (r *reply) info() providers.LockInfo {
	var l lockInfo
	if err := json.Unmarshal(r.body, &l); err != nil || l.ID == "" {
		return unknownHolder
	}
	created, _ := time.Parse(time.RFC3339, l.Created)
	return providers.LockInfo{ID: l.ID, Operation: l.Operation, Who: l.Who, Version: l.Version, Created: created.UTC(), Run: l.Run}
}

// acquire asks the server for the lock: nil, or who holds it. The lock says when
// that was by the server's clock: see [silentUntil].
func (h *httpState) acquire(ctx context.Context, who holder) (*providers.LockInfo, *reply, error) {
	var err error
	if who.Created, err = h.clock(ctx); err != nil {
		return nil, nil, err
	}
	r, err := h.send(ctx, h.lock, "", lockInfoOf(who))
	switch {
	case err != nil:
		return nil, nil, err
	case r.ok():
		return nil, r, nil
	case r.locked():
		if info := r.info(); info.ID != who.ID {
			return &info, r, nil
		}
		return nil, r, nil // by a request whose answer was lost
	case r.status == http.StatusNotFound, r.status == http.StatusMethodNotAllowed, r.status == http.StatusNotImplemented:
		return nil, nil, refuse("%w; a state needs a lock: set lock_address, lock_method, unlock_address and unlock_method as the server has them",
			r.failure(h.lock.method+" "+h.lock.address))
	}
	return nil, nil, r.failure(h.lock.method + " " + h.lock.address)
}

// giveBack asks the server to end the lock of who.
func (h *httpState) giveBack(ctx context.Context, who holder) error {
	r, err := h.send(ctx, h.unlock, "", lockInfoOf(who))
	switch {
	case err != nil:
		return err
	case r.ok(), r.status == http.StatusNotFound:
		return nil
	case r.locked():
		return &providers.LockedError{Holder: r.info()}
	}
	return r.failure(h.unlock.method + " " + h.unlock.address)
}

func (h *httpState) take(ctx context.Context, who holder, lease time.Duration) (claim, error) {
	held, r, err := h.acquire(ctx, who)
	if err == nil && held != nil {
		held, r, err = h.takeOver(ctx, who, lease, *held, r)
	}
	if err != nil {
		return nil, err
	}
	if held != nil {
		return nil, &providers.LockedError{Holder: *held}
	}
	c := &httpClaim{httpState: h, who: who, lease: lease, using: make(chan struct{}, 1), date: r.date}
	if err := c.settle(ctx); err != nil {
		if final(err) {
			err = errors.Join(err, h.giveBack(ctx, who))
		}
		return nil, err
	}
	return c, nil
}

// takeOver ends a lock whose holder is dead: their lease is over, or they died
// before their first write. Then it takes the lock, unless somebody was faster.
func (h *httpState) takeOver(ctx context.Context, who holder, lease time.Duration, held providers.LockInfo, r *reply) (*providers.LockInfo, *reply, error) {
	d, now, err := h.get(ctx)
	if err != nil && !errors.Is(err, errNoDocument) {
		return nil, nil, err
	}
	waited := false
	if d != nil && d.Lock != nil && d.Lock.Holder.ID == held.ID {
		// The document knows more of them than some servers say.
		held = d.Lock.info()
	} else {
		waited = h.waitedFor(held.ID, lease)
		// Where no state of ours is, the lock may be another tool's, which writes
		// when it is done.
		if d != nil && !held.Created.IsZero() {
			held.Expires = silentUntil(held.Created, lease)
		}
	}
	over := !held.Expires.IsZero() && now.date.After(held.Expires)
	if !over && !waited {
		return &held, r, nil
	}
	if err := h.giveBack(ctx, holderOf(held)); err != nil {
		return nil, nil, err
	}
	return h.acquire(ctx, who)
}

// silentUntil is when a lock is free that was taken at created, by the server's
// clock, and under which nothing was written. Whoever lives writes at once.
func silentUntil(created time.Time, lease time.Duration) time.Time {
	return (&stamp{Renewed: created, Milliseconds: lease.Milliseconds()}).expires()
}

// waitedFor reports whether a lease has passed since we first saw the lock called
// id held by somebody who has written nothing under it. That needs no clock of
// theirs or the server's, but somebody who waits.
func (h *httpState) waitedFor(id string, lease time.Duration) bool {
	h.learning.Lock()
	defer h.learning.Unlock()
	if h.silent != id {
		h.silent, h.since = id, time.Now()
	}
	return time.Now().After(silentUntil(h.since, lease))
}

// free asks for the lock itself to learn whose it is: not every server compares
// the id that it is asked to unlock.
func (h *httpState) free(ctx context.Context, id string) error {
	asks := holder{ID: "force-unlock-" + id, Operation: "force-unlock", Created: time.Now()}
	held, _, err := h.acquire(ctx, asks)
	switch {
	case err != nil:
		return err
	case held == nil:
		return errors.Join(h.giveBack(ctx, asks), ErrNotLocked)
	case held.ID != id:
		return &providers.LockedError{Holder: *held}
	}
	return h.giveBack(ctx, holderOf(*held))
}
