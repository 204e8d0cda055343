package providers

import (
	"context"
	"errors"
	"net/http"
	"time"
)

const (
	firstBackoff = 250 * time.Millisecond
	maxBackoff   = 20 * time.Second
)

// retry says whether r is sent again after t, and after what wait. A method
// that may be repeated is; a POST only where the target said that it did
// nothing (429), or where the request never reached it.
func (c *Client) retry(ctx context.Context, r Request, t trial, attempt int) (time.Duration, bool) {
	switch {
	case t.err == nil, attempt >= c.opts.MaxAttempts, ctx.Err() != nil:
		return 0, false
	case !t.passing():
		return 0, false
	case r.Method == http.MethodPost && t.written && t.status != http.StatusTooManyRequests:
		return 0, false
	case t.after > c.opts.MaxWait:
		return 0, false
	case t.after >= 0:
		// The pacer holds everybody back for that long already.
		return 0, true
	}
	return c.backoff(attempt), true
}

// passing reports whether what failed may work in a moment.
func (t *trial) passing() bool {
	switch t.status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	case 0:
		return !hopeless(t.err)
	}
	return t.torn()
}

// torn reports whether a success broke off while it was read.
func (t *trial) torn() bool {
	var answered *RequestError
	return t.status < 300 && t.response == nil && !errors.As(t.err, &answered)
}

// backoff is full jitter under a cap that doubles.
func (c *Client) backoff(attempt int) time.Duration {
	limit := firstBackoff << min(attempt-1, 10)
	return c.opts.Clock.Jitter(min(limit, maxBackoff))
}
