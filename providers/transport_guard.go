package providers

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
)

// UnsentError says that a request cannot have reached the target: it was
// refused here, or no connection was made.
type UnsentError struct{ Err error }

// Error names the cause.
func (e *UnsentError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *UnsentError) Unwrap() error { return e.Err }

// readOnly is a transport that refuses every method but GET before a byte is
// sent. It is what makes plan, drift and explain unable to write.
type readOnly struct{ next http.RoundTripper }

// ErrReadOnly is the cause where a request would have written through a
// transport that only reads.
var ErrReadOnly = errors.New("refused: this command only reads")

// RoundTrip passes GET on and refuses the rest.
func (r readOnly) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method != http.MethodGet {
		return nil, &refusedError{ErrReadOnly}
	}
	return r.next.RoundTrip(req)
}

// CloseIdleConnections passes the wish on to the transport beneath.
func (r readOnly) CloseIdleConnections() { closeIdle(r.next) }

// guard is the last stop before the wire: it lets requests to the base URL's
// own origin pass and gives the credential to those alone.
type guard struct {
	base *url.URL
	opts *ClientOptions
	next http.RoundTripper
}

// RoundTrip adds the token and sends req, or refuses it.
func (g *guard) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme != g.base.Scheme || !strings.EqualFold(req.URL.Host, g.base.Host) {
		return nil, &refusedError{fmt.Errorf("refused: %q is not the host %q that the token was given for", req.URL.Host, g.base.Host)}
	}
	token, err := g.token()
	if err != nil {
		return nil, &refusedError{err}
	}
	if token == "" {
		return g.next.RoundTrip(req)
	}
	// A round tripper must not change the request that it is given.
	out := req.Clone(req.Context())
	out.Header.Set("Authorization", "Bearer "+token)
	return g.next.RoundTrip(out)
}

// CloseIdleConnections passes the wish on to the transport beneath.
func (g *guard) CloseIdleConnections() { closeIdle(g.next) }

func closeIdle(rt http.RoundTripper) {
	if c, ok := rt.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// token reveals the credential. What cannot stand in a header is refused here,
// because nobody below may be trusted to leave it out of an error.
func (g *guard) token() (string, error) {
	if g.opts.Token == nil {
		return "", nil
	}
	token, err := g.opts.Token.Reveal()
	if err != nil {
		return "", fmt.Errorf("read the token for %s: %w", g.base.Host, err)
	}
	for i := range len(token) {
		if c := token[i]; c <= ' ' || c >= 0x7f {
			return "", fmt.Errorf("the token for %s holds a character that no token has (at byte %d): is a line break or a space at its end?", g.base.Host, i)
		}
	}
	return token, nil
}

// redact takes the token out of text that came from outside.
func (g *guard) redact(s string) string {
	token, err := g.token()
	if err != nil || token == "" {
		return s
	}
	return strings.ReplaceAll(s, token, "(redacted)")
}

// trace notes whether a request had a connection. Without one nothing of it
// can have reached the target.
type trace struct{ connected atomic.Bool }

func (t *trace) attach(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { t.connected.Store(true) },
	})
}

// refusedError marks what was refused on this side: trying again is no use.
type refusedError struct{ error }

// Unwrap returns the cause.
func (e *refusedError) Unwrap() error { return e.error }

// hopeless reports whether err will be the same at the next try: it was
// refused here, the host does not exist, or its certificate is not trusted.
func hopeless(err error) bool {
	var refused *refusedError
	var dns *net.DNSError
	var cert *tls.CertificateVerificationError
	return errors.As(err, &refused) || errors.As(err, &cert) || errors.As(err, &dns) && dns.IsNotFound
}

// plainCause drops the part of net/http's error that repeats the whole address.
func plainCause(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
