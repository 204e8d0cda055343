package sandbox

import (
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// armed is a fault with its count of requests.
type armed struct {
	Fault
	matched, struck int
}

// strikes says whether the fault strikes the next request that matches it.
func (a *armed) strikes() bool {
	a.matched++
	n := a.matched - a.after
	if n <= 0 || a.times > 0 && a.struck >= a.times || a.every > 1 && n%a.every != 0 {
		return false
	}
	a.struck++
	return true
}

// faults are those that are switched on. The zero value has none.
type faults struct {
	mu   sync.Mutex
	list []*armed
	past replica
}

// Inject switches a fault on. Faults add up; of several that would answer a
// request the one that was injected first does.
func (s *Service) Inject(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	if f.lag > 0 {
		s.faults.past.start(f.lag, s.db)
		return
	}
	s.faults.list = append(s.faults.list, &armed{Fault: f})
}

// ClearFaults switches all faults off.
func (s *Service) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.list = nil
	s.faults.past = replica{}
}

// strike is what strikes one request: at most one action, and all delays.
type strike struct {
	texts  []string // of the faults
	action *Fault   // nil is none
	slow   time.Duration
	drip   time.Duration
}

// strike decides what strikes a request, and counts it.
func (f *faults) strike(method string, path []string) strike {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out strike
	for _, a := range f.list {
		if !a.matches(method, path) || out.action != nil && a.action != actionNone || !a.strikes() {
			continue
		}
		out.texts = append(out.texts, a.text)
		out.slow += a.slow
		out.drip += a.drip
		if a.action != actionNone {
			out.action = &a.Fault
		}
	}
	return out
}

// replica is the database as it was some time ago: what reads show while they
// lag behind writes. It is guarded by the lock of the database.
type replica struct {
	lag     time.Duration
	db      *database
	pending []*record
}

// start copies the database as it is now.
func (p *replica) start(lag time.Duration, db *database) {
	p.lag, p.pending = lag, nil
	p.db = newDatabase()
	for r := range db.records {
		copied := *r
		if err := p.db.apply(&copied); err != nil {
			panic("sandbox: a copy of a record does not apply: " + err.Error())
		}
	}
}

// remember keeps a record until its time has come.
func (f *faults) remember(r *record) {
	if f.past.db != nil {
		f.past.pending = append(f.past.pending, r)
	}
}

// catchUp applies what is old enough.
func (p *replica) catchUp(now time.Time) {
	due := slices.IndexFunc(p.pending, func(r *record) bool { return now.Sub(r.At) < p.lag })
	if due < 0 {
		due = len(p.pending)
	}
	for _, r := range p.pending[:due] {
		if err := p.db.apply(r); err != nil {
			panic("sandbox: a late record does not apply: " + err.Error())
		}
	}
	p.pending = p.pending[due:]
}

// readable returns the database that reads see, locked until release is called.
func (s *Service) readable() (db *database, release func()) {
	s.mu.RLock()
	if s.faults.past.db == nil {
		return s.db, s.mu.RUnlock
	}
	s.mu.RUnlock()
	s.mu.Lock()
	if s.faults.past.db == nil {
		return s.db, s.mu.Unlock
	}
	s.faults.past.catchUp(s.options.Clock())
	return s.faults.past.db, s.mu.Unlock
}

// retryHeader is the value of Retry-After.
func (f *Fault) retryHeader(now time.Time) string {
	if f.asDate {
		return now.Add(time.Duration(f.retryAfter) * time.Second).UTC().Format(http.TimeFormat)
	}
	return strconv.Itoa(f.retryAfter)
}
