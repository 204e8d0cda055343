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

	// learning guards what follows, which was learned on the way: silent, a lock
	// under which nothing was written since we first saw it, and how much the
	// server's clock is ahead of ours, once it told.
	learning sync.Mutex
	silent   string
	since    time.Time
	told     bool
	ahead    time.Duration
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
	if r.date, _ = http.ParseTime(res.Header.Get("Date")); !r.date.IsZero() {
		h.learn(r.date)
	}
	r.body, err = io.ReadAll(io.LimitReader(res.Body, largestAnswer+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s %s: read the answer: %w", e.method, e.address, err)
	case len(r.body) > largestAnswer:
		return nil, refuse("%s %s: the answer is larger than %d bytes", e.method, e.address, largestAnswer)
	}
	return r, nil
}

// learn takes in what the server's clock says.
func (h *httpState) learn(now time.Time) {
	h.learning.Lock()
	defer h.learning.Unlock()
	h.told, h.ahead = true, time.Until(now)
}

// clock is the server's, to a second or two. One that has told nothing yet is
// asked for the document; ours stands in for one that does not tell.
func (h *httpState) clock(ctx context.Context) (time.Time, error) {
	h.learning.Lock()
	told := h.told
	h.learning.Unlock()
	if !told {
		if _, _, err := h.get(ctx); err != nil && !errors.Is(err, errNoDocument) {
			return time.Time{}, err
		}
	}
	h.learning.Lock()
	defer h.learning.Unlock()
	return time.Now().Add(h.ahead), nil
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
