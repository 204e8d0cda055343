package providers_test

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/providers"
)

// script is a target that does what a test tells it to.
type script struct {
	mu sync.Mutex
	// began and ended are the ids of changes in the order in which they were
	// sent and answered.
	began, ended []string
	sent         map[string]planner.Change
	// inFlight counts requests that have no answer yet, most is its highest value.
	inFlight, most int
	// answer decides what becomes of a change; nil means that all goes well.
	answer func(ctx context.Context, c planner.Change) (planner.Outcome, error)
	// read is what the target shows; nil means that it cannot be read.
	read  func(ctx context.Context) (*planner.Remote, error)
	reads int
}

func (s *script) Do(ctx context.Context, c planner.Change) (planner.Outcome, error) {
	s.mu.Lock()
	s.began = append(s.began, c.ID)
	if s.sent == nil {
		s.sent = map[string]planner.Change{}
	}
	s.sent[c.ID] = c
	s.inFlight++
	s.most = max(s.most, s.inFlight)
	s.mu.Unlock()
	o, err := planner.Outcome{RemoteID: "remote-" + c.Key}, error(nil)
	if s.answer != nil {
		o, err = s.answer(ctx, c)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inFlight--
	s.ended = append(s.ended, c.ID)
	return o, err
}

func (s *script) Read(ctx context.Context) (*planner.Remote, error) {
	s.reads++
	if s.read == nil {
		return nil, errNoRead
	}
	return s.read(ctx)
}

// shows is a target's read that always gives r.
func shows(r planner.Remote) func(context.Context) (*planner.Remote, error) {
	return func(context.Context) (*planner.Remote, error) { return &r, nil }
}

// errNoRead keeps the statuses of an apply at done.
var errNoRead = errors.New("this target cannot be read")

// journal is a journal in memory.
type journal struct {
	mu      sync.Mutex
	entries []string
	// done are the changes that were settled, as they were written down.
	done map[string]planner.Change
	// broken refuses an entry; nil means that every one is written.
	broken func(entry string) error
	// lost says whether the right to write is gone; nil means that it is not.
	lost func() error
}

func (j *journal) write(entry string) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.broken != nil {
		if err := j.broken(entry); err != nil {
			return err
		}
	}
	j.entries = append(j.entries, entry)
	return nil
}

func (j *journal) Intend(c planner.Change) error { return j.write("intend " + c.ID) }

// Held fails once lost says so.
func (j *journal) Held() error {
	if j.lost == nil {
		return nil
	}
	return j.lost()
}

func (j *journal) Settle(c planner.Change, _ planner.Outcome, failed error) error {
	if failed != nil {
		return j.write("fail " + c.ID)
	}
	j.mu.Lock()
	if j.done == nil {
		j.done = map[string]planner.Change{}
	}
	j.done[c.ID] = c
	j.mu.Unlock()
	return j.write("done " + c.ID)
}

// The constructors below make changes of one app; the id is what the key says.

func createUser(key string) planner.Change {
	return planner.Change{
		ID: key, App: "app", Kind: planner.KindUser, Key: key, Name: key + "@x.org",
		Action: planner.Create, Wave: 2, Requests: 1,
	}
}

func deactivateUser(key string) planner.Change {
	c := createUser(key)
	c.Action, c.Wave, c.RemoteID = planner.Deactivate, 1, "remote-"+key
	return c
}

// memberChange adds and removes; a name that starts with "+" is a person whom
// the change of that name creates.
func memberChange(key string, add, remove []string) planner.Change {
	c := planner.Change{
		ID: key, App: "app", Kind: planner.KindGroup, Key: key, Name: key, RemoteID: "remote-" + key,
		Action: planner.Update, Wave: 4, Requests: 1,
	}
	for _, name := range add {
		m := planner.Member{Name: name, RemoteID: "remote-" + name}
		if name[0] == '+' {
			m = planner.Member{Name: name[1:], Change: name[1:]}
			c.Needs = append(c.Needs, name[1:])
		}
		c.Members.Add = append(c.Members.Add, m)
	}
	for _, name := range remove {
		c.Members.Remove = append(c.Members.Remove, planner.Member{Name: name, RemoteID: "remote-" + name})
	}
	return c
}

func planOf(changes ...planner.Change) *planner.Plan {
	return &planner.Plan{Complete: true, Applyable: true, Changes: changes}
}

func optionsFor(t providers.Target) providers.Options {
	return providers.Options{
		Targets: map[string]providers.Target{"app": t},
		Journal: &journal{},
		State:   &planner.State{},
	}
}

// statuses gives "id status" for every change of r.
func statuses(r *providers.Result) []string {
	var all []string
	for _, c := range r.Changes {
		all = append(all, fmt.Sprintf("%s %s", c.Change.ID, c.Status))
	}
	return all
}
