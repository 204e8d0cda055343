package providers

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/rollcall-dev/rollcall/planner"
)

// Client sends requests to one target and to no other host. It paces, retries
// by meaning, caps what it reads, and turns every answer that is no success
// into an error. It is safe for concurrent use.
type Client struct {
	opts  ClientOptions
	base  *url.URL
	guard *guard
	http  *http.Client
	pace  *pacer
	slots chan struct{}
	sent  atomic.Int64
}

// Request is one request to a target.
type Request struct {
	// Method decides what is retried: a POST is sent again only where it is
	// known that nothing came of it.
	Method string
	// Path holds the segments below the base URL, as they are; the client
	// escapes them.
	Path []string
	// Query is the escaped query, without the question mark.
	Query string
	// Body is JSON; nil sends none.
	Body []byte
	// IfMatch is sent as it is, unless empty.
	IfMatch string
	// Header is sent besides, and wins over what the client would send of its
	// own accord; a credential in it is not sent.
	Header http.Header
}

// Response is a 2xx answer, read whole.
type Response struct {
	Status int
	Header http.Header
	// Body is valid JSON of bounded depth, or empty.
	Body []byte
	// Date is the target's clock by the Date header, or zero.
	Date time.Time
}

// Exchange tells what became of one request that was sent. Wait is set where
// it will be sent again.
type Exchange struct {
	Method, Path string
	// Status is zero where no answer came; Err then says why.
	Status  int
	Err     error
	Attempt int
	Elapsed time.Duration
	Retry   bool
	Wait    time.Duration
}

// NewClient returns a client for opts, or an error that says which option
// cannot be: it opens no connection.
func NewClient(opts ClientOptions) (*Client, error) {
	base, err := parseBase(opts.BaseURL)
	if err != nil {
		return nil, err
	}
	opts = opts.withDefaults()
	if err := CheckAllowed(base.Host, opts.AllowedHosts); err != nil {
		return nil, err
	}
	g := &guard{base: base, opts: &opts, next: opts.roundTripper(base)}
	c := &Client{
		opts:  opts,
		base:  base,
		guard: g,
		http:  &http.Client{Transport: g, CheckRedirect: neverFollow},
		pace:  newPacer(opts.Clock, opts.RequestsPerSecond),
		slots: make(chan struct{}, opts.Parallelism),
	}
	if opts.ReadOnly {
		c.http.Transport = readOnly{g}
	}
	return c, nil
}

// NewHTTPClient returns a client that speaks to the host of opts.BaseURL alone,
// and that address. It has no credential, and none of what a [Client] knows
// about targets: it neither paces nor tries again, and follows no redirect.
func NewHTTPClient(opts ClientOptions) (*http.Client, *url.URL, error) {
	c, err := NewClient(opts)
	if err != nil {
		return nil, nil, err
	}
	return c.http, c.base, nil
}

// neverFollow hands every redirect back as the answer that it is.
func neverFollow(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// BaseURL returns the address that all requests start with, without a slash at
// its end.
func (c *Client) BaseURL() string { return c.base.String() }

// Requests returns how many requests were sent so far, repeats included.
func (c *Client) Requests() int { return int(c.sent.Load()) }

// Parallelism returns how many requests may be on their way at once.
func (c *Client) Parallelism() int { return c.opts.Parallelism }

// CloseIdle closes the connections that no request uses.
func (c *Client) CloseIdle() { c.http.CloseIdleConnections() }

// Do sends r and returns the answer. An answer that is no success is a
// [*RequestError], in a [*CredentialsError] for 401 and 403; an [*UnsentError]
// means that the target never saw the request.
func (c *Client) Do(ctx context.Context, r Request) (*Response, error) {
	for attempt := 1; ; attempt++ {
		t := c.try(ctx, r)
		wait, again := c.retry(ctx, r, t, attempt)
		// What the target asked for is waited out by the pacer, for all requests.
		told := max(wait, t.after)
		c.observe(r, t, attempt, told, again)
		if !again {
			return t.response, t.err
		}
		ReportRetry(ctx, t.err, told)
		if err := c.opts.Clock.Sleep(ctx, wait); err != nil {
			return nil, fmt.Errorf("%w, while waiting to try again: %w", err, t.err)
		}
	}
}

// trial is one request and what came of it.
type trial struct {
	response *Response
	err      error
	// status is zero where no answer came.
	status int
	// written is false only where nothing can have reached the target.
	written bool
	// after is what the target asked to wait; negative if it said nothing.
	after   time.Duration
	elapsed time.Duration
}

// try sends r once, when its turn has come.
func (c *Client) try(ctx context.Context, r Request) trial {
	t := trial{after: -1}
	req, trace, err := c.build(ctx, r)
	if err != nil {
		t.err = &UnsentError{Err: &refusedError{err}}
		return t
	}
	if err := c.enter(ctx); err != nil {
		t.err = &UnsentError{Err: fmt.Errorf("%s %s: %w", r.Method, c.shown(r), err)}
		return t
	}
	defer c.leave()
	// The intent may have grown old, and the right to write may have gone, while
	// the request waited its turn.
	if r.Method == http.MethodPost {
		err = intendAnew(ctx)
	}
	if held := mayWrite(ctx); err == nil && r.Method != http.MethodGet {
		err = held
	}
	if err != nil {
		t.err = &UnsentError{Err: &refusedError{fmt.Errorf("%s %s: %w", r.Method, c.shown(r), err)}}
		return t
	}
	began := c.opts.Clock.Now()
	t.exchange(c, r, req)
	t.written = trace.connected.Load()
	t.elapsed = c.opts.Clock.Now().Sub(began)
	if !t.written && t.err != nil && t.status == 0 {
		t.err = &UnsentError{Err: t.err}
	}
	c.learn(t, began)
	return t
}

// exchange sends req and reads the answer under the timeout of its method.
func (t *trial) exchange(c *Client, r Request, req *http.Request) {
	ctx, cancel := context.WithTimeout(req.Context(), c.timeout(r.Method))
	defer cancel()
	c.sent.Add(1)
	res, err := c.http.Do(req.WithContext(ctx))
	if err != nil {
		t.err = fmt.Errorf("%s %s: %w", r.Method, c.shown(r), plainCause(err))
		return
	}
	defer func() { _ = res.Body.Close() }()
	if c.opts.Throttled != nil && c.opts.Throttled(res) {
		res.StatusCode = http.StatusTooManyRequests
	}
	t.status = res.StatusCode
	if r.Method != http.MethodGet {
		noteAnswer(req.Context(), planner.Receipt{Status: res.StatusCode, RequestID: c.requestID(res.Header)})
	}
	t.after = retryAfter(res.Header, c.opts.Clock.Now())
	c.pace.heed(res.Header, c.opts.Clock.Now())
	t.response, t.err = c.read(r, res)
}

// enter waits for a free slot and for the target's pace.
func (c *Client) enter(ctx context.Context) error {
	select {
	case c.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := c.pace.wait(ctx); err != nil {
		c.leave()
		return err
	}
	return nil
}

func (c *Client) leave() { <-c.slots }

// learn tells the pacer what the answer says about the target's limits.
func (c *Client) learn(t trial, began time.Time) {
	now := c.opts.Clock.Now()
	switch {
	case t.status == http.StatusTooManyRequests:
		c.pace.throttled(began, now, t.after)
	case t.status == http.StatusServiceUnavailable && t.after >= 0:
		c.pace.pause(now, t.after)
	case t.status != 0:
		c.pace.succeeded(now)
	}
}

func (c *Client) timeout(method string) time.Duration {
	if method == http.MethodGet {
		return c.opts.ReadTimeout
	}
	return c.opts.WriteTimeout
}

// observe passes one exchange on to whoever watches.
func (c *Client) observe(r Request, t trial, attempt int, wait time.Duration, again bool) {
	if c.opts.Observe == nil {
		return
	}
	c.opts.Observe(Exchange{
		Method: r.Method, Path: c.shown(r), Status: t.status, Err: t.err,
		Attempt: attempt, Elapsed: t.elapsed, Retry: again, Wait: wait,
	})
}

// build makes the request with its address and headers, less the credential,
// which the guard adds once it has seen where the request goes.
func (c *Client) build(ctx context.Context, r Request) (*http.Request, *trace, error) {
	address, err := c.address(r)
	if err != nil {
		return nil, nil, fmt.Errorf("%s %s: %w", r.Method, strings.Join(r.Path, "/"), err)
	}
	tr := &trace{}
	req, err := http.NewRequestWithContext(tr.attach(ctx), r.Method, address, bytes.NewReader(r.Body))
	if err != nil {
		return nil, nil, err
	}
	req.Header.Set("Accept", "application/scim+json, application/json;q=0.9")
	req.Header.Set("User-Agent", c.opts.UserAgent)
	if r.Body != nil {
		req.Header.Set("Content-Type", c.opts.ContentType)
	}
	if r.IfMatch != "" {
		req.Header.Set("If-Match", r.IfMatch)
	}
	maps.Copy(req.Header, r.Header)
	req.Header.Del("Authorization")
	return req, tr, nil
}

// address joins the base URL with r's segments. A segment that a server might
// read as a step up or as nothing is refused: ids come from outside.
func (c *Client) address(r Request) (string, error) {
	var b strings.Builder
	b.WriteString(c.base.String())
	for _, segment := range r.Path {
		if segment == "" || segment == "." || segment == ".." {
			return "", fmt.Errorf("%q cannot be part of an address", segment)
		}
		b.WriteByte('/')
		b.WriteString(url.PathEscape(segment))
	}
	if r.Query != "" {
		b.WriteByte('?')
		b.WriteString(r.Query)
	}
	return b.String(), nil
}

// shown is r's path as errors and events name it: escaped and without a query.
func (c *Client) shown(r Request) string {
	var b strings.Builder
	for _, segment := range r.Path {
		b.WriteByte('/')
		b.WriteString(url.PathEscape(segment))
	}
	return b.String()
}
