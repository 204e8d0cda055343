package statestore_test

import (
	"bufio"
	"context"
	"fmt"
	"maps"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/providers"
)

// referee is told by every run of a campaign what it does, and answers each
// word before the run goes on, so that it sees the order of things: whatever a
// run does lies between two of its words. It knows nothing of stores: what it
// holds them to is stated here alone.
//
// A run that was slow or stopped may lose its lock and not know it yet, so that
// two may be inside. What they cannot do is both succeed: who succeeds in what
// they began after another had come in, had the lock after that one, and that one
// has lost it for good.
type referee struct {
	// accuse says what must not be, and note what may be.
	accuse, note func(format string, args ...any)
	mu           sync.Mutex
	// places are the states that runs meet at.
	places map[string]*ledger
	runs   counts
	// words counts all that was said.
	words int
}

// counts are the figures of a campaign.
type counts struct {
	ended, killed, stopped, takenOver, failed int
	// slow counts those of failed whom nobody disturbed: on a busy machine a
	// lease of seconds may be too short.
	slow int
	// writers counts what was done by who had lost the lock before, late writes
	// to a target that were on their way when somebody else got it.
	writers, late int
}

// ledger is what was promised about one state.
type ledger struct {
	// inside are the runs that say that they have the lock, and the dead whom
	// nobody has followed yet. The latest entered at the given time, and word.
	inside  map[*visitor]bool
	entered time.Time
	latest  int
	// begun, intended and settled are keys, saved is who saved each serial.
	begun, intended, settled map[string]bool
	saved                    map[string]string
}

// visitor is one run's process and place, over one connection.
type visitor struct {
	place string
	// suspect: its process was stopped at some time.
	suspect func() bool
	dead    bool
	// entered and spoke are its words when it got the lock, and before what it
	// does now.
	entered, spoke int
	// after is the word by which a run entered that had the lock after this one;
	// zero as long as there is none.
	after int
	// passed: somebody got the lock that this one had not given back.
	passed bool
}

func newReferee(accuse, note func(string, ...any), places []string) *referee {
	r := &referee{accuse: accuse, note: note, places: map[string]*ledger{}}
	for _, p := range places {
		r.places[p] = &ledger{
			inside: map[*visitor]bool{}, entered: time.Now(),
			begun: map[string]bool{}, intended: map[string]bool{}, settled: map[string]bool{}, saved: map[string]string{},
		}
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
	v := &visitor{place: place, suspect: func() bool { return suspect(process) }}
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
	r.mu.Lock()
	defer r.mu.Unlock()
	v.dead = true
	if r.places[v.place].inside[v] {
		r.runs.killed++
	}
}

// hear takes one word of a run in.
func (r *referee) hear(v *visitor, line string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.words++
	defer func() { v.spoke = r.words }()
	p := r.places[v.place]
	verb, rest, _ := strings.Cut(line, " ")
	switch verb {
	case "enter":
		r.enter(v, p)
	case "begin":
		p.begun[rest] = true
	case "intended":
		p.intended[rest] = true
		r.succeeds(v, p, line)
	case "settled":
		p.settled[rest] = true
		r.succeeds(v, p, line)
	case "write":
		if p.latest > v.spoke {
			r.runs.late++ // it had the lock when it asked, and may have lost it since
		}
		r.succeeds(v, p, line)
	case "saved":
		serial, key, _ := strings.Cut(rest, " ")
		if before, twice := p.saved[serial]; twice {
			r.accuse("%s: %s and %s both saved serial %s", v.place, before, key, serial)
			r.runs.writers++
		}
		p.saved[serial] = key
		r.succeeds(v, p, line)
	case "failed":
		r.runs.failed++
		if !v.suspect() {
			r.runs.slow++
			r.note("%s: a run that nobody disturbed gave up: %s", v.place, rest)
		}
	case "leave":
		r.runs.ended++
		delete(p.inside, v)
	}
}

// enter lets a run in that took the lock.
func (r *referee) enter(v *visitor, p *ledger) {
	for w := range p.inside {
		if !w.passed {
			w.passed = true
			r.runs.takenOver++
		}
	}
	maps.DeleteFunc(p.inside, func(w *visitor, _ bool) bool { return w.dead })
	v.entered, v.after, v.passed = r.words, 0, false
	p.follow(v)
	p.inside[v], p.entered, p.latest = true, time.Now(), r.words
}

// succeeds takes in that v has done what only the holder of the lock can do.
func (r *referee) succeeds(v *visitor, p *ledger, what string) {
	if v.after != 0 && v.after < v.spoke {
		r.accuse("%s: a run did what it began when the lock had gone to somebody else: %s", v.place, what)
		r.runs.writers++
	}
	p.follow(v)
}

// follow says of all who were inside before v began what it did that they had the
// lock before it.
func (p *ledger) follow(v *visitor) {
	for w := range p.inside {
		if w != v && w.entered < v.spoke && w.after == 0 {
			w.after = v.entered
		}
	}
}

// locked reports whether nobody got the lock of some place for too long, though
// all want it.
func (r *referee) locked(tooLong time.Duration) (any bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for place, p := range r.places {
		if time.Since(p.entered) > tooLong {
			r.accuse("%s: nobody got the lock for %v: the lock of who died is not free", place, tooLong)
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
	st, err := store.Read(context.Background())
	if err != nil {
		r.accuse("%s: %v", place, err)
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
				r.accuse("%s: %s was %s and is lost", place, key, what)
				lost++
			}
		}
	}
	miss("settled", p.settled, func(key string) bool { return linked[key] && !open[key] })
	miss("intended", p.intended, func(key string) bool { return linked[key] || open[key] })
	miss("found", linked, func(key string) bool { return p.begun[key] })
	for _, key := range p.saved {
		if !linked[key] {
			r.accuse("%s: %s was saved and is lost", place, key)
			lost++
		}
	}
	return lost
}

// says is what one of several runs at a place says.
type says struct {
	who  int
	word string
}

func TestTheRefereeKnowsWhoHadTheLock(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		said             []says
		writers, late    int
		takenOver, ended int
	}{
		"one after the other": {
			said:  []says{{1, "enter"}, {1, "begin a"}, {1, "intended a"}, {1, "leave"}, {2, "enter"}, {2, "begin b"}, {2, "intended b"}, {2, "leave"}},
			ended: 2,
		},
		"who lost the lock fails": {
			said:      []says{{1, "enter"}, {1, "begin a"}, {2, "enter"}, {2, "begin b"}, {2, "intended b"}, {1, "failed to intend"}, {1, "leave"}},
			takenOver: 1, ended: 1,
		},
		"what was done before is heard late": {
			said:      []says{{1, "enter"}, {1, "begin a"}, {2, "enter"}, {2, "begin b"}, {2, "intended b"}, {1, "intended a"}, {1, "failed"}, {1, "leave"}},
			takenOver: 1, ended: 1,
		},
		"a write was on its way": {
			said:      []says{{1, "enter"}, {1, "intended a"}, {2, "enter"}, {1, "write a"}, {1, "failed"}, {2, "begin b"}, {2, "intended b"}},
			takenOver: 1, late: 1,
		},
		"who had the lock first says so last": {
			said:      []says{{1, "begin x"}, {2, "begin x"}, {2, "enter"}, {1, "enter"}, {2, "begin b"}, {2, "intended b"}, {2, "settled b"}, {1, "failed"}},
			takenOver: 1,
		},
		"two have the lock": {
			said:      []says{{1, "enter"}, {2, "enter"}, {1, "begin a"}, {2, "begin b"}, {1, "intended a"}, {2, "intended b"}},
			takenOver: 1, writers: 1,
		},
		"two have the lock, and the second is done first": {
			said:      []says{{1, "enter"}, {2, "enter"}, {2, "begin b"}, {2, "intended b"}, {2, "leave"}, {1, "begin a"}, {1, "intended a"}},
			takenOver: 1, writers: 1, ended: 1,
		},
		"a write is asked for after the lock was lost": {
			said:      []says{{1, "enter"}, {1, "begin a"}, {2, "begin x"}, {2, "enter"}, {1, "intended a"}, {1, "write a"}},
			takenOver: 1, writers: 1,
		},
		"two save the same serial": {
			said:    []says{{1, "enter"}, {1, "saved 1 a"}, {1, "leave"}, {2, "enter"}, {2, "saved 1 b"}, {2, "leave"}},
			writers: 1, ended: 2,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			accused := 0
			r := newReferee(func(string, ...any) { accused++ }, t.Logf, []string{"here"})
			runs := map[int]*visitor{}
			for _, s := range test.said {
				if runs[s.who] == nil {
					runs[s.who] = &visitor{place: "here", suspect: func() bool { return true }}
				}
				r.hear(runs[s.who], s.word)
			}
			got := r.done()
			if got.writers != test.writers || accused != test.writers || got.late != test.late || got.takenOver != test.takenOver || got.ended != test.ended {
				t.Errorf("got %+v and %d accusations, want two writers %d, late %d, taken over %d, ended %d",
					got, accused, test.writers, test.late, test.takenOver, test.ended)
			}
		})
	}
}
