package providers

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-dev/rollcall/schema"
)

// ClientOptions say how requests reach a target. The zero value of every field
// but BaseURL is usable.
type ClientOptions struct {
	// BaseURL is where the service answers, with its path. Plain http is
	// refused unless the host is loopback.
	BaseURL string
	// Token is sent as a bearer token to BaseURL's host alone. Nil sends none.
	Token *schema.Secret
	// ReadOnly refuses every method but GET before a byte is sent.
	ReadOnly bool
	// AllowedHosts, unless nil, are the only hosts that may be spoken to, each
	// with or without a port.
	AllowedHosts []string
	// RootCAs are trusted instead of the system's. Verification cannot be turned off.
	RootCAs *x509.CertPool
	// Proxy picks a proxy, as http.ProxyFromEnvironment does; nil uses none.
	// Loopback is always reached directly.
	Proxy func(*http.Request) (*url.URL, error)
	// UserAgent is "rollcall" if empty.
	UserAgent string
	// ContentType is that of request bodies; "application/scim+json" if empty.
	ContentType string
	// Parallelism is how many requests may be on their way at once; 8 if zero.
	Parallelism int
	// RequestsPerSecond is never exceeded. Zero means that the rate is unknown;
	// it is then learned from what the target answers.
	RequestsPerSecond float64
	// Dial makes connections; those of the network if nil.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// ReadTimeout and WriteTimeout bound single requests; a minute and two if zero.
	ReadTimeout, WriteTimeout time.Duration
	// MaxBody is how many bytes of an answer are read; 32 MiB if zero.
	MaxBody int64
	// MaxAttempts is how often one request is sent at most; 6 if zero.
	MaxAttempts int
	// MaxWait is the longest wait that a target may ask for; ten minutes if zero.
	MaxWait time.Duration
	Clock   Clock
	// Throttled reports whether an answer that is no 429 means the same: that
	// nothing was done because there were too many requests. Nil means never.
	Throttled func(*http.Response) bool
	// Observe is told of every exchange; it may be called concurrently.
	Observe func(Exchange)
	// Transport carries requests instead of a transport of the client's own.
	Transport http.RoundTripper
}

// Clock is time as an input. Functions that are nil use the system's.
type Clock struct {
	Now func() time.Time
	// Sleep waits for d or until ctx ends, and then returns ctx's error.
	Sleep func(ctx context.Context, d time.Duration) error
	// Jitter returns a random duration from zero up to d.
	Jitter func(d time.Duration) time.Duration
}

// WithDefaults returns c with the system's functions where it has none.
func (c Clock) WithDefaults() Clock {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Sleep == nil {
		c.Sleep = sleep
	}
	if c.Jitter == nil {
		c.Jitter = func(d time.Duration) time.Duration { return rand.N(d + 1) }
	}
	return c
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

const (
	defaultParallelism  = 8
	defaultReadTimeout  = time.Minute
	defaultWriteTimeout = 2 * time.Minute
	defaultMaxBody      = 32 << 20
	defaultMaxAttempts  = 6
	defaultMaxWait      = 10 * time.Minute
	// maxHeader is how many bytes the header of an answer may have.
	maxHeader = 256 << 10
)

func (o ClientOptions) withDefaults() ClientOptions {
	o.Clock = o.Clock.WithDefaults()
	o.UserAgent = orDefault(o.UserAgent, "rollcall")
	o.ContentType = orDefault(o.ContentType, "application/scim+json")
	o.Parallelism = orDefault(o.Parallelism, defaultParallelism)
	if o.Dial == nil {
		o.Dial = (&net.Dialer{Timeout: 15 * time.Second, KeepAlive: 30 * time.Second}).DialContext
	}
	o.ReadTimeout = orDefault(o.ReadTimeout, defaultReadTimeout)
	o.WriteTimeout = orDefault(o.WriteTimeout, defaultWriteTimeout)
	o.MaxBody = orDefault(o.MaxBody, defaultMaxBody)
	o.MaxAttempts = orDefault(o.MaxAttempts, defaultMaxAttempts)
	o.MaxWait = orDefault(o.MaxWait, defaultMaxWait)
	return o
}

func orDefault[T comparable](v, instead T) T {
	var zero T
	if v == zero {
		return instead
	}
	return v
}

// roundTripper returns the transport beneath everything else.
func (o *ClientOptions) roundTripper(base *url.URL) http.RoundTripper {
	if o.Transport != nil {
		return o.Transport
	}
	t := &http.Transport{
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: o.RootCAs},
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           o.Parallelism,
		MaxIdleConnsPerHost:    o.Parallelism,
		IdleConnTimeout:        90 * time.Second,
		TLSHandshakeTimeout:    15 * time.Second,
		ExpectContinueTimeout:  time.Second,
		DialContext:            o.Dial,
		MaxResponseHeaderBytes: maxHeader,
	}
	if !schema.IsLoopback(base.Hostname()) {
		t.Proxy = o.Proxy
	}
	return t
}

// parseBase checks the address that a token is about to be bound to.
func parseBase(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil {
		// The parser's own error repeats the address, which may hold a password.
		return nil, errors.New("the base URL is no valid address")
	}
	switch {
	case u.User != nil:
		return nil, errors.New("the base URL must not hold a user name or a password: give the token as token")
	case u.Host == "" || u.Hostname() == "":
		return nil, fmt.Errorf("the base URL %q names no host", address)
	case u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("the base URL %q must end with its path", address)
	case u.Scheme == "http" && !schema.IsLoopback(u.Hostname()):
		return nil, fmt.Errorf("the base URL %q is not encrypted: plain http is for loopback alone, use https", address)
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("the base URL %q must start with https://", address)
	}
	return u.Parse(strings.TrimRight(u.EscapedPath(), "/"))
}

// CheckAllowed refuses a host, given with or without a port, that the operator's
// list does not name. A nil list names all.
func CheckAllowed(host string, allowed []string) error {
	name := (&url.URL{Host: host}).Hostname()
	if allowed == nil || slices.ContainsFunc(allowed, func(a string) bool {
		return strings.EqualFold(a, host) || strings.EqualFold(a, name)
	}) {
		return nil
	}
	return fmt.Errorf("the host %q is not among the allowed hosts (ROLLCALL_ALLOWED_HOSTS): nothing was sent to it", host)
}
