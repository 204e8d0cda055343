package providers

import (
	"context"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// pacer spaces the requests to one target. It starts at the rate that is
// configured, or without any, and learns from what the target answers: a 429
// with its Retry-After holds everybody back and lowers the rate to what was
// accepted; quiet seconds raise it again.
type pacer struct {
	clock Clock
	// first is held by whoever is next.
	first chan struct{}

	mu      sync.Mutex
	limiter *rate.Limiter
	// until is the moment before which nothing is sent.
	until time.Time
	// top is the configured rate; zero means that none is.
	top float64
	// ceiling is the rate at which the target last said no; zero if unknown.
	ceiling float64
	// accepted counts the answers since mark that were no 429.
	accepted int
	mark     time.Time
	cut      time.Time
	raised   time.Time
	// bound: requests had to wait for the limiter since the last raise.
	bound bool
}

const (
	// slowest is the rate that learning never goes below, a request every ten seconds.
	slowest = 0.1
	// defaultPause is the wait for a 429 that names none.
	defaultPause = time.Second
	// searching is the factor by which the rate grows each second while no ceiling is known.
	searching = 1.5
	// creeping is that factor below a known ceiling.
	creeping = 1.02
	// margin is the share of a known ceiling that is used.
	margin = 0.97
	// ceilingAge is when a ceiling is forgotten: limits change.
	ceilingAge = time.Minute
)

func newPacer(clock Clock, perSecond float64) *pacer {
	p := &pacer{clock: clock, first: make(chan struct{}, 1), top: perSecond, limiter: rate.NewLimiter(rate.Inf, 1), mark: clock.Now()}
	if perSecond > 0 {
		p.setRate(p.mark, perSecond)
	}
	return p
}

// setRate limits to perSecond, with room for a tenth of a second at once.
func (p *pacer) setRate(now time.Time, perSecond float64) {
	if p.top > 0 {
		perSecond = min(perSecond, p.top)
	}
	perSecond = max(perSecond, slowest)
	p.limiter.SetLimitAt(now, rate.Limit(perSecond))
	p.limiter.SetBurstAt(now, max(1, int(perSecond/10)))
}

// wait returns when a request may be sent. One at a time waits for its turn and
// the others behind it: nobody holds a place that was given at another rate, or
// before a pause.
func (p *pacer) wait(ctx context.Context) error {
	select {
	case p.first <- struct{}{}:
		defer func() { <-p.first }()
	case <-ctx.Done():
		return ctx.Err()
	}
	for {
		d := p.turn()
		if d <= 0 {
			return ctx.Err()
		}
		if err := p.clock.Sleep(ctx, d); err != nil {
			return err
		}
	}
}

// turn takes a turn and returns zero, or returns how long to wait before asking
// again.
func (p *pacer) turn() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.clock.Now()
	if d := p.until.Sub(now); d > 0 {
		return d
	}
	r := p.limiter.ReserveN(now, 1)
	d := r.DelayFrom(now)
	if d > 0 {
		p.bound = true
		r.CancelAt(now)
	}
	return d
}

// pause holds all requests back for d from now.
func (p *pacer) pause(now time.Time, d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pauseLocked(now, d)
}

func (p *pacer) pauseLocked(now time.Time, d time.Duration) {
	if until := now.Add(d); until.After(p.until) {
		p.until = until
	}
}

// throttled learns from a 429 to a request that began at began. after is what
// the target asked for, negative if it said nothing.
func (p *pacer) throttled(began, now time.Time, after time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if after < 0 {
		after = defaultPause
	}
	p.pauseLocked(now, after)
	if !began.After(p.cut) {
		// Sent before the last cut: it says nothing about the rate since.
		return
	}
	p.lower(now, after)
}

// lower sets the rate to what was accepted in the time up to the end of the
// pause: that holds for windows and for buckets alike.
func (p *pacer) lower(now time.Time, after time.Duration) {
	end := now.Add(after)
	seen := float64(max(p.accepted, 1)) / max(end.Sub(p.mark).Seconds(), 0.001)
	if limit := p.limiter.Limit(); limit != rate.Inf {
		current := float64(limit)
		p.ceiling = current
		seen = min(max(seen, current*0.8), current*0.93)
	}
	p.setRate(now, seen)
	p.accepted, p.mark, p.cut, p.raised, p.bound = 0, end, now, end, false
}

// succeeded counts an answer that was no 429 and raises the rate once a second
// where it is what holds requests back.
func (p *pacer) succeeded(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.accepted++
	if p.limiter.Limit() == rate.Inf || !p.bound || now.Sub(p.raised) < time.Second {
		return
	}
	p.raised, p.bound = now, false
	current := float64(p.limiter.Limit())
	switch {
	case now.Sub(p.cut) > ceilingAge:
		p.ceiling = 0
		p.setRate(now, current*creeping)
	case p.ceiling == 0:
		p.setRate(now, current*searching)
	case current < p.ceiling*margin:
		p.setRate(now, min(current*creeping, p.ceiling*margin))
	}
}

// heed pauses where the answer's rate headers say that nothing is left.
func (p *pacer) heed(h http.Header, now time.Time) {
	if d, ok := exhausted(h, now); ok {
		p.pause(now, d)
	}
}
