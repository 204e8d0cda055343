package statestore_test

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/providers"
)

// referee is told by every run of a campaign what it does, and answers each
// word before the run goes on, so that it sees the order of things. It knows
// nothing of stores: what it holds them to is stated here alone.
type referee struct {
	t  *testing.T
	mu sync.Mutex
	// places are the states that runs meet at.
	places map[string]*ledger
	runs   counts
}

// counts are the figures of a campaign.
type counts struct {
	ended, killed, stopped, takenOver, failed int
	// slow counts those of failed whom nobody disturbed: on a busy machine a
	// lease of seconds may be too short.
	slow int
	// writers counts moments with two of them, late writes that were on their
	// way when their process was stopped.
	writers, late int
}

// ledger is what was promised about one state.
type ledger struct {
	// inside is the run that has the lock, entered when one last got it.
	inside  *visitor
	entered time.Time
	// begun, intended and settled are keys, saved is who saved each serial.
	begun, intended, settled map[string]bool
	saved                    map[string]string
}

// visitor is one run's process and place, over one connection.
type visitor struct {
	place string
	gone  chan struct{}
	// suspect: its process was stopped, and may go on when its lock is over.
	suspect func() bool
}

func newReferee(t *testing.T, places []string) *referee {
	r := &referee{t: t, places: map[string]*ledger{}}
	for _, p := range places {
		r.places[p] = &ledger{entered: time.Now(), begun: map[string]bool{}, intended: map[string]bool{}, settled: map[string]bool{}, saved: map[string]string{}}
	}
	return r
}

// listen takes runs in until l is closed. suspect tells of a process whether it
// was ever stopped.
func (r *referee) listen(l net.Listener, suspect func(process string) bool) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go r.attend(c, suspect)
	}
}

// attend hears one run after another from the same process and place.
func (r *referee) attend(c net.Conn, suspect func(string) bool) {
	defer func() { _ = c.Close() }()
	lines := bufio.NewScanner(c)
	if !lines.Scan() {
		return
	}
	process, place, _ := strings.Cut(lines.Text(), " ")
	v := &visitor{place: place, gone: make(chan struct{}), suspect: func() bool { return suspect(process) }}
	defer r.dies(v)
	for lines.Scan() {
		r.hear(v, lines.Text())
		if _, err := fmt.Fprintln(c, "go on"); err != nil {
			return
		}
	}
}

// dies ends a visitor whose process ended.
func (r *referee) dies(v *visitor) {
	close(v.gone)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.places[v.place].inside == v {
		r.runs.killed++
	}
}

// hear takes one word of a run in.
func (r *referee) hear(v *visitor, line string) {
	verb, rest, _ := strings.Cut(line, " ")
	if verb == "enter" {
		r.enter(v)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.places[v.place]
	switch verb {
	case "begin":
		p.begun[rest] = true
	case "intended":
		p.intended[rest] = true
	case "settled":
		p.settled[rest] = true
	case "write":
		r.writes(v, p)
	case "saved":
		serial, key, _ := strings.Cut(rest, " ")
		if before, twice := p.saved[serial]; twice {
			r.t.Errorf("%s: %s and %s both saved serial %s", v.place, before, key, serial)
			r.runs.writers++
		}
		p.saved[serial] = key
	case "failed":
		r.runs.failed++
		if !v.suspect() {
			r.runs.slow++
			r.t.Logf("%s: a run that nobody disturbed gave up: %s", v.place, rest)
		}
	case "leave":
		r.runs.ended++
		if p.inside == v {
			p.inside = nil
		}
	}
}

// enter lets a run in that took the lock. Nobody who lives may be there.
func (r *referee) enter(v *visitor) {
	r.mu.Lock()
	before := r.places[v.place].inside
	r.mu.Unlock()
	if before != nil && !before.suspect() {
		select {
		case <-before.gone:
		case <-time.After(5 * time.Second): // word of a death may come after the next who enters
			if v.suspect() {
				// It was stopped before it could say that it had the lock, and is too
				// late now. Whatever it writes is counted.
				return
			}
			r.t.Errorf("%s: a run has the lock while another has it", v.place)
			r.mu.Lock()
			r.runs.writers++
			r.mu.Unlock()
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if v.suspect() && r.places[v.place].inside != before {
		return // somebody else came in meanwhile
	}
	if before != nil {
		r.runs.takenOver++
	}
	r.places[v.place].inside, r.places[v.place].entered = v, time.Now()
}

// writes counts a write to a target by who does not have the lock any more. One
// that was on its way when its process was stopped cannot be called back.
func (r *referee) writes(v *visitor, p *ledger) {
	switch {
	case p.inside == v:
	case v.suspect():
		r.runs.late++
	default:
		r.t.Errorf("%s: a run writes without the lock", v.place)
		r.runs.writers++
	}
}

// locked reports whether nobody got the lock of some place for too long, though
// all want it.
func (r *referee) locked(tooLong time.Duration) (any bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for place, p := range r.places {
		if time.Since(p.entered) > tooLong {
			r.t.Errorf("%s: nobody got the lock for %v: the lock of who died is not free", place, tooLong)
			any = true
		}
	}
	return any
}

// done reports how many runs came to an end, one way or the other.
func (r *referee) done() counts {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.runs
}

// lost counts the promises that a state does not keep.
func (r *referee) lost(place string, store providers.Store) (lost int) {
	st, err := store.Read(r.t.Context())
	if err != nil {
		r.t.Errorf("%s: %v", place, err)
		return 1
	}
	linked, open := map[string]bool{}, map[string]bool{}
	for _, a := range st.Apps {
		for _, u := range a.Users {
			linked[u.Key] = true
		}
	}
	for _, i := range st.Intents {
		open[i.Key] = true
	}
	p := r.places[place]
	miss := func(what string, keys map[string]bool, kept func(string) bool) {
		for key := range keys {
			if !kept(key) {
				r.t.Errorf("%s: %s was %s and is lost", place, key, what)
				lost++
			}
		}
	}
	miss("settled", p.settled, func(key string) bool { return linked[key] && !open[key] })
	miss("intended", p.intended, func(key string) bool { return linked[key] || open[key] })
	miss("found", linked, func(key string) bool { return p.begun[key] })
	for _, key := range p.saved {
		if !linked[key] {
			r.t.Errorf("%s: %s was saved and is lost", place, key)
			lost++
		}
	}
	return lost
}
