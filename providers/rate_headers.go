package providers

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// retryAfter reads Retry-After in either form (RFC 9110 section 10.2.3): as
// seconds, or as a date, which is taken against the target's own clock where
// the answer has a Date. It is negative where there is none.
func retryAfter(h http.Header, now time.Time) time.Duration {
	value := strings.TrimSpace(h.Get("Retry-After"))
	if value == "" {
		return -1
	}
	if seconds, ok := number(value); ok {
		return secondsOf(seconds)
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return -1
	}
	return max(at.Sub(remoteNow(h, now)), 0)
}

// remoteNow is the target's clock, or ours where the answer does not tell.
func remoteNow(h http.Header, now time.Time) time.Time {
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		return date
	}
	return now
}

// secondsOf turns seconds into a duration without overflow; a negative wait is none.
func secondsOf(s float64) time.Duration {
	const aYear = float64(365 * 24 * time.Hour / time.Second)
	return time.Duration(min(max(s, 0), aYear) * float64(time.Second))
}

// longestHeed bounds the pause that a rate header alone may cause; unlike a
// Retry-After it is only a hint.
const longestHeed = time.Minute

// exhausted reports that no request is left in the target's window, and how
// long until the next begins. Header names and forms are those of the IETF
// draft, of Okta and of GitHub: the reset is in seconds, or a Unix time.
func exhausted(h http.Header, now time.Time) (time.Duration, bool) {
	remaining, ok := numberHeader(h, "RateLimit-Remaining", "X-RateLimit-Remaining", "X-Rate-Limit-Remaining")
	if !ok || remaining >= 1 {
		return 0, false
	}
	reset, ok := numberHeader(h, "RateLimit-Reset", "X-RateLimit-Reset", "X-Rate-Limit-Reset")
	if !ok {
		return 0, false
	}
	const epoch = 1e8 // three years: anything larger cannot be a wait
	if reset > epoch {
		reset -= float64(remoteNow(h, now).Unix())
	}
	return min(secondsOf(reset), longestHeed), reset > 0
}

func numberHeader(h http.Header, names ...string) (float64, bool) {
	for _, name := range names {
		if n, ok := number(h.Get(name)); ok {
			return n, true
		}
	}
	return 0, false
}

// number reads a decimal number. "NaN" and "Inf" are none.
func number(s string) (float64, bool) {
	n, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	return n, err == nil && !math.IsNaN(n) && !math.IsInf(n, 0)
}
