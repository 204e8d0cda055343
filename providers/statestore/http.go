package statestore

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rollcall-dev/rollcall/providers"
	"github.com/rollcall-dev/rollcall/schema"
)

// HTTPOptions say where a state is kept by Terraform's HTTP protocol, as GitLab
// and others speak it.
type HTTPOptions struct {
	RemoteOptions
	// Address is the state's own; LockAddress and UnlockAddress are that, and
	// LockAddress, where they are empty. All are on one host.
	Address, LockAddress, UnlockAddress string
	// UpdateMethod, LockMethod and UnlockMethod are POST, LOCK and UNLOCK if empty.
	UpdateMethod, LockMethod, UnlockMethod string
	// Username, "rollcall" if empty, and Password are sent to that host alone. A
	// nil password sends neither.
	Username string
	Password *schema.Secret
	// Log is the local file of the audit log, for which the protocol has no place.
	// It is required.
	Log string
	// Proxy is that of [providers.ClientOptions].
	Proxy func(*http.Request) (*url.URL, error)
}

// DefaultHTTPLease is the lease of a store that is spoken to by Terraform's
// protocol. Each renewal there sends the whole state.
const DefaultHTTPLease = 3 * time.Minute

// NewHTTP returns the store behind Terraform's HTTP protocol. It opens no connection.
func NewHTTP(o HTTPOptions) (*Remote, error) {
	if o.Log == "" {
		return nil, errors.New("there is no file for the audit log")
	}
	h := &httpState{
		logged:  logFile{osDisk{}, o.Log},
		address: o.Address, username: orDefault(o.Username, "rollcall"), password: o.Password,
		update: orDefault(o.UpdateMethod, http.MethodPost),
		lock:   endpoint{orDefault(o.LockMethod, "LOCK"), orDefault(o.LockAddress, o.Address)},
	}
	h.unlock = endpoint{orDefault(o.UnlockMethod, "UNLOCK"), orDefault(o.UnlockAddress, h.lock.address)}
	for what, address := range map[string]string{"address": h.address, "lock_address": h.lock.address, "unlock_address": h.unlock.address} {
		client, base, err := providers.NewHTTPClient(providers.ClientOptions{BaseURL: address, AllowedHosts: o.AllowedHosts, Proxy: o.Proxy})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", what, err)
		}
		if h.client == nil {
			h.client, h.host = client, base.Host
		}
		if base.Host != h.host {
			return nil, fmt.Errorf("address and %s are on two hosts, %s and %s: a password is for one alone", what, h.host, base.Host)
		}
	}
	for _, method := range []string{h.update, h.lock.method, h.unlock.method} {
		if strings.ContainsFunc(method, func(r rune) bool { return r < 'A' || r > 'Z' }) {
			return nil, fmt.Errorf("%q is no method of HTTP, such as POST", method)
		}
	}
	if o.Lease == 0 {
		o.Lease = DefaultHTTPLease
	}
	return newRemote(h, o.RemoteOptions), nil
}

func orDefault(text, instead string) string {
	if text == "" {
		return instead
	}
	return text
}

// endpoint is a method at an address.
type endpoint struct{ method, address string }

// httpState is a [service] behind Terraform's protocol: one document that is
// read and written whole, and a lock that the server keeps by its id. A write
// carries the lock's id, and a server that accepts another's is refused.
type httpState struct {
	client       *http.Client
	host         string
	address      string
	update       string
	lock, unlock endpoint
	username     string
	password     *schema.Secret
	// logged is the audit log, on this machine.
	logged logFile

	// waiting guards silent, a lock under which nothing was written since.
	waiting sync.Mutex
	silent  string
	since   time.Time
}

var _ service = (*httpState)(nil)

// String is the state's address, which holds no secret.
func (h *httpState) String() string { return h.address }

// document is what is kept: the state and its journal.
type document struct {
	Format  string `json:"format"`
	Version int    `json:"format_version"`
	// Serial counts writes, and Lineage stays: servers refuse a serial twice.
	Serial  uint64 `json:"serial"`
	Lineage string `json:"lineage"`
	// Lock is who holds the lock, as of the last write; nil for nobody.
	Lock *stamp `json:"lock"`
	// State is as package statefile writes it, Journal its frames.
	State   string   `json:"state"`
	Journal []string `json:"journal"`
}

const (
	documentFormat  = "rollcall-state"
	documentVersion = 1
)

// stamp is a lease: its holder, and when it was renewed by the server's clock.
type stamp struct {
	Holder       holder    `json:"holder"`
	Renewed      time.Time `json:"renewed"`
	Milliseconds int64     `json:"lease_ms"`
}

// expires is when the lock is free. Dates are in whole seconds.
func (s *stamp) expires() time.Time {
	return s.Renewed.Add(time.Duration(s.Milliseconds)*time.Millisecond + 2*time.Second)
}

func (s *stamp) info() providers.LockInfo {
	i := s.Holder.info()
	i.Expires = s.expires().UTC()
	return i
}

func (d *document) contents() *contents {
	c := &contents{state: []byte(d.State)}
	for _, frame := range d.Journal {
		c.frames = append(c.frames, []byte(frame))
	}
	return c
}

// reply is an answer, read whole.
type reply struct {
	status int
	body   []byte
	// date is the server's clock; zero if it does not tell.
	date time.Time
}

func (r *reply) ok() bool { return r.status/100 == 2 }

// locked reports whether the server says that somebody else holds the lock.
func (r *reply) locked() bool {
	return r.status == http.StatusLocked || r.status == http.StatusConflict
}

// failure is the error of an answer that is neither: a refusal, unless it may be
// another at the next try.
func (r *reply) failure(what string) error {
	text := strings.Join(strings.Fields(string(r.body[:min(len(r.body), 200)])), " ")
	err := fmt.Errorf("%s: status %d %s %q", what, r.status, http.StatusText(r.status), text)
	switch {
	case r.status == http.StatusUnauthorized, r.status == http.StatusForbidden:
		return refuse("%w: check username and password", err)
	case r.status == http.StatusRequestTimeout, r.status == http.StatusTooManyRequests,
		r.status >= 500 && r.status != http.StatusNotImplemented:
		return err
	}
	return &refusal{err}
}

// send sends one request.
func (h *httpState) send(ctx context.Context, e endpoint, query string, body []byte) (*reply, error) {
	req, err := http.NewRequestWithContext(ctx, e.method, e.address+query, bytes.NewReader(body))
	if err != nil {
		return nil, refuse("%s %s: the address cannot be used", e.method, e.address)
	}
	if body != nil {
		sum := md5.Sum(body) // as the protocol has it, against damage on the way
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Content-MD5", base64.StdEncoding.EncodeToString(sum[:]))
	}
	if err := h.authorize(req); err != nil {
		return nil, err
	}
	res, err := h.client.Do(req)
	if err != nil {
		return nil, plainHTTP(e.method, e.address, err)
	}
	defer func() { _ = res.Body.Close() }()
	r := &reply{status: res.StatusCode}
	r.date, _ = http.ParseTime(res.Header.Get("Date"))
	r.body, err = io.ReadAll(io.LimitReader(res.Body, largestAnswer+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s %s: read the answer: %w", e.method, e.address, err)
	case len(r.body) > largestAnswer:
		return nil, refuse("%s %s: the answer is larger than %d bytes", e.method, e.address, largestAnswer)
	}
	return r, nil
}

func (h *httpState) authorize(req *http.Request) error {
	if h.password == nil {
		return nil
	}
	password, err := h.password.Reveal()
	if err != nil {
		return &refusal{err}
	}
	req.SetBasicAuth(h.username, password)
	return nil
}

// get reads the document: nil where there is none.
func (h *httpState) get(ctx context.Context) (*document, *reply, error) {
	r, err := h.send(ctx, endpoint{http.MethodGet, h.address}, "", nil)
	switch {
	case err != nil:
		return nil, nil, err
	case r.status == http.StatusNotFound, r.ok() && len(r.body) == 0:
		return nil, r, nil
	case !r.ok():
		return nil, nil, r.failure("GET " + h.address)
	}
	var d document
	if err := json.Unmarshal(r.body, &d); err != nil || d.Format != documentFormat {
		return nil, nil, refuse("what %s keeps is no state of rollcall, or is cut short; use another address, or restore an earlier version there", h.address)
	}
	if d.Version > documentVersion {
		return nil, nil, refuse("the state was written by a newer rollcall; upgrade rollcall")
	}
	return &d, r, nil
}

func (h *httpState) read(ctx context.Context) (*contents, error) {
	d, _, err := h.get(ctx)
	if err != nil || d == nil {
		return &contents{}, err
	}
	return d.contents(), nil
}

// holder says who held the lock when the document was written last: the
// protocol has no way to ask.
func (h *httpState) holder(ctx context.Context) (providers.LockInfo, bool, error) {
	d, r, err := h.get(ctx)
	if err != nil || d == nil || d.Lock == nil || !r.date.IsZero() && r.date.After(d.Lock.expires()) {
		return providers.LockInfo{}, false, err
	}
	return d.Lock.info(), true, nil
}

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

// acquire asks the server for the lock: nil, or who holds it.
func (h *httpState) acquire(ctx context.Context, who holder) (*providers.LockInfo, *reply, error) {
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
		held, r, err = h.takeOver(ctx, who, *held, r)
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
func (h *httpState) takeOver(ctx context.Context, who holder, held providers.LockInfo, r *reply) (*providers.LockInfo, *reply, error) {
	d, now, err := h.get(ctx)
	if err != nil {
		return nil, nil, err
	}
	dead := false
	if d != nil && d.Lock != nil && d.Lock.Holder.ID == held.ID {
		// The document knows more of them than some servers say.
		held = d.Lock.info()
		dead = !now.date.IsZero() && now.date.After(held.Expires)
	} else {
		dead = h.waitedFor(held.ID) > DefaultHTTPLease
	}
	if !dead {
		return &held, r, nil
	}
	if err := h.giveBack(ctx, holderOf(held)); err != nil {
		return nil, nil, err
	}
	return h.acquire(ctx, who)
}

// waitedFor is how long ago we first saw the lock called id held by somebody who
// has written nothing under it. Their clock says nothing to us.
func (h *httpState) waitedFor(id string) time.Duration {
	h.waiting.Lock()
	defer h.waiting.Unlock()
	if h.silent != id {
		h.silent, h.since = id, time.Now()
	}
	return time.Since(h.since)
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
}

// settle proves that the server keeps others out, and writes that we are here.
func (c *httpClaim) settle(ctx context.Context) error {
	d, _, err := c.get(ctx)
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

// probe asks for what must be refused: the lock that we hold, and a write under
// another's id, which would change nothing.
func (c *httpClaim) probe(ctx context.Context) error {
	other := c.who
	other.ID = "probe-" + c.who.ID
	held, _, err := c.acquire(ctx, other)
	if err != nil {
		return err
	}
	if held == nil {
		return errors.Join(refuse("the server gives the lock to two at a time, so that two runs could write; use another kind of state"),
			c.giveBack(ctx, other))
	}
	r, err := c.post(ctx, c.doc, other.ID)
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
	c.doc, c.written = next, sent
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
	return c.write(ctx, func(*document) {})
}

func (c *httpClaim) load(context.Context) (*contents, error) {
	c.using <- struct{}{}
	defer func() { <-c.using }()
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
	wrote := c.write(ctx, func(d *document) { d.Lock = nil })
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
