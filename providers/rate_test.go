package providers

import (
	"testing"
	"time"
)

func TestA429ToARequestFromBeforeTheLastCutLowersTheRateNoFurther(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	after := func(d time.Duration) time.Time { return start.Add(d) }
	p := newPacer(Clock{Now: func() time.Time { return start }}.WithDefaults(), 0)
	for range 100 {
		p.succeeded(after(time.Second))
	}
	p.throttled(start, after(2*time.Second), 0)
	once := p.limiter.Limit()
	p.throttled(after(time.Second), after(2100*time.Millisecond), 0)
	if got := p.limiter.Limit(); got != once {
		t.Errorf("after two refusals of one burst the rate is %v, want %v as after the first", got, once)
	}
	p.throttled(after(3*time.Second), after(3100*time.Millisecond), 0)
	if got := p.limiter.Limit(); got >= once {
		t.Errorf("after a refusal at the lowered rate it is %v, want less than %v", got, once)
	}
}
