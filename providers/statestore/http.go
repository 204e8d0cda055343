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
		return nil, r, refuse("what %s keeps: %w", h.address, errNoDocument)
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
	if errors.Is(err, errNoDocument) {
		err = nil // which says nothing of a lock
	}
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
	if err != nil && !errors.Is(err, errNoDocument) {
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
