package statestore

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"time"

	"github.com/rollcall-dev/rollcall/providers"
)

// httpClaim is a lock by its id.
type httpClaim struct {
	*httpState
	who   holder
	lease time.Duration
	// using is held while one request writes, and guards what follows.
	using chan struct{}
	doc   document
	// date is the server's clock when it answered last, and written ours when
	// the document was written last.
	date, written time.Time
	// broken is what is there and is no document, which nothing is written over
	// before it was displaced; nil for a document.
	broken    []byte
	displaced bool
}

// settle proves that the server keeps others out, and writes that we are here.
func (c *httpClaim) settle(ctx context.Context) error {
	d, r, err := c.get(ctx)
	if errors.Is(err, errNoDocument) {
		c.broken = r.body
		return c.probeLock(ctx)
	}
	if err != nil {
		return err
	}
	if d != nil {
		c.doc = *d
	} else {
		c.doc = document{Format: documentFormat, Version: documentVersion, Lineage: c.who.ID}
	}
	if err := c.probe(ctx); err != nil {
		return err
	}
	return c.write(ctx, func(*document) {})
}

// probeLock asks for what must be refused: the lock that we hold.
func (c *httpClaim) probeLock(ctx context.Context) error {
	other := c.other()
	held, _, err := c.acquire(ctx, other)
	if err == nil && held == nil {
		err = errors.Join(refuse("the server gives the lock to two at a time, so that two runs could write; use another kind of state"),
			c.giveBack(ctx, other))
	}
	return err
}

// other is somebody else than the holder, for what must be refused.
func (c *httpClaim) other() holder {
	other := c.who
	other.ID = "probe-" + c.who.ID
	return other
}

// probe asks for what must be refused: the lock, and a write under another's id,
// which would change nothing.
func (c *httpClaim) probe(ctx context.Context) error {
	if err := c.probeLock(ctx); err != nil {
		return err
	}
	r, err := c.post(ctx, c.doc, c.other().ID)
	switch {
	case err != nil:
		return err
	case r.locked():
		return nil
	case r.ok():
		return refuse("the server accepts a write from who does not hold the lock, so that two runs could write; use another kind of state")
	}
	return r.failure(c.update + " " + c.address)
}

// post sends the next version of the document under a lock's id.
func (c *httpClaim) post(ctx context.Context, d document, id string) (*reply, error) {
	d.Serial++
	body, err := json.Marshal(d)
	if err != nil {
		return nil, err
	}
	return c.send(ctx, endpoint{c.update, c.address}, "?ID="+url.QueryEscape(id), body)
}

// write changes the document, and renews the lock by that.
func (c *httpClaim) write(ctx context.Context, change func(*document)) error {
	select {
	case c.using <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-c.using }()
	if c.broken != nil && !c.displaced {
		return refuse("%w", errNoDocument)
	}
	next := c.doc
	next.Lock = &stamp{Holder: c.who, Renewed: c.date, Milliseconds: c.lease.Milliseconds()}
	change(&next)
	return c.replace(ctx, next)
}

// replace puts next in the place of the document.
func (c *httpClaim) replace(ctx context.Context, next document) error {
	sent := time.Now()
	r, err := c.post(ctx, next, c.who.ID)
	if err != nil {
		return err
	}
	next.Serial++
	if !r.ok() {
		if err := c.landed(ctx, &next, r); err != nil {
			return err
		}
	}
	c.doc, c.written, c.broken = next, sent, nil
	if !r.date.IsZero() {
		c.date = r.date
	}
	return nil
}

// landed looks whether a document that was refused is there, by a request whose
// answer was lost: servers refuse a serial that they have.
func (c *httpClaim) landed(ctx context.Context, next *document, r *reply) error {
	failed := r.failure(c.update + " " + c.address)
	if !final(failed) {
		return failed
	}
	d, _, err := c.get(ctx)
	switch {
	case err != nil:
		return err
	case d != nil && d.same(next):
		return nil
	case r.locked():
		return errLost
	case d != nil && d.Lock != nil && d.Lock.Holder.ID == c.who.ID && d.Serial >= next.Serial:
		// A renewal of ours, given up as unanswered, came first and has the serial.
		c.doc.Serial = d.Serial
		return errors.New(failed.Error()) // and written again, under the next
	}
	return failed
}

// same reports whether d is next, but for when it was renewed.
func (d *document) same(next *document) bool {
	held := d.Lock != nil && next.Lock != nil && d.Lock.Holder.ID == next.Lock.Holder.ID
	return d.Serial == next.Serial && (held || d.Lock == next.Lock) &&
		d.State == next.State && slices.Equal(d.Journal, next.Journal)
}

// renew writes the document again, unless that was done just now.
func (c *httpClaim) renew(ctx context.Context) error {
	c.using <- struct{}{}
	young := time.Since(c.written) < c.lease/8
	<-c.using
	if young {
		return nil
	}
	return c.beat(ctx)
}

// beat proves that the lock is ours, and renews it where there is a document to
// do that in.
func (c *httpClaim) beat(ctx context.Context) error {
	c.using <- struct{}{}
	broken := c.broken != nil
	<-c.using
	if broken {
		return c.stillOurs(ctx)
	}
	return c.write(ctx, func(*document) {})
}

func (c *httpClaim) load(context.Context) (*contents, error) {
	c.using <- struct{}{}
	defer func() { <-c.using }()
	if c.broken != nil {
		return nil, refuse("%w", errNoDocument)
	}
	return c.doc.contents(), nil
}

func (c *httpClaim) begin(ctx context.Context, frame []byte) error {
	return c.write(ctx, func(d *document) { d.Journal = []string{string(frame)} })
}

func (c *httpClaim) append(ctx context.Context, n int, frame []byte) error {
	return c.write(ctx, func(d *document) {
		// The journal that is there keeps its own array until the new one is there.
		d.Journal = append(slices.Clip(d.Journal[:n-1]), string(frame))
	})
}

func (c *httpClaim) save(ctx context.Context, _ begin, body, frame []byte) error {
	return c.write(ctx, func(d *document) {
		d.State, d.Journal = string(body), nil
		if frame != nil {
			d.Journal = []string{string(frame)}
		}
	})
}

// release says in the document that nobody holds the lock, then ends it. What
// was on its way under its id is refused from then on.
func (c *httpClaim) release(ctx context.Context, _ bool) error {
	c.using <- struct{}{}
	broken := c.broken != nil
	<-c.using
	var wrote error
	if !broken {
		wrote = c.write(ctx, func(d *document) { d.Lock = nil })
	}
	if errors.Is(wrote, errLost) {
		return wrote
	}
	err := c.giveBack(ctx, c.who)
	var locked *providers.LockedError
	if errors.As(err, &locked) {
		return errLost
	}
	return err
}
