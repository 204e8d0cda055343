package planner

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/rollcall-dev/rollcall/schema"
)

// ledger is an app's state as a comparison works with it: under the keys that
// the configuration has now, and with what unanswered creates of ours left.
type ledger struct {
	users  []userEntry
	groups []groupEntry
	// userAt and groupAt find entries by key.
	userAt  map[string]uint32
	groupAt map[string]uint32
	history []Removal
	terms   Terms
	// rebuilt is when the ledger was rebuilt; zero: it never was.
	rebuilt time.Time
	// owned is what the state has, in its OwnedUsers and OwnedMembers.
	owned Removal
	// fromApp is the app's former name, where a moved block renamed it.
	fromApp string
	// others are the ids that other apps own at the same service.
	others map[string]string
	moved  map[string]*schema.Moved
	// userOf and groupOf hold for each object of the remote one more than the
	// index of the entry that owns it.
	userOf, groupOf []uint32
}

// userEntry is a link with how it came to be.
type userEntry struct {
	*UserLink
	// key is today's; the link's own is what the state has.
	key string
	// moved is the block that renamed it.
	moved *schema.Moved
	// declared is the adopt block that it comes from; recovered entries come
	// from a create of ours whose answer was lost.
	declared  *schema.Adopt
	recovered bool
	// holder is one more than the person of today who has it; zero: nobody has.
	holder uint32
}

// from is the key in the state, where it differs from today's.
func (e *userEntry) from() string {
	if e.UserLink.Key == e.key {
		return ""
	}
	return e.UserLink.Key
}

// groupEntry is the same for a group.
type groupEntry struct {
	*GroupLink
	key       string
	moved     *schema.Moved
	declared  *schema.Adopt
	recovered bool
	claimed   bool
}

func (e *groupEntry) from() string {
	if e.GroupLink.Key == e.key {
		return ""
	}
	return e.GroupLink.Key
}

// openLedger prepares the app's part of the state.
func openLedger(in Input, app *schema.App, remote *Remote) (*ledger, error) {
	l := &ledger{others: make(map[string]string), moved: movedKeys(in.Desired.Config.Moved)}
	stored := l.find(in.State, app)
	if stored != nil {
		if owns := len(stored.Users)+len(stored.Groups) > 0; owns && stored.Identity != "" && remote.Identity != "" && stored.Identity != remote.Identity {
			return nil, fmt.Errorf("plan %s: the state's ids belong to %s, but its target is %s now; "+
				"point the target back, or remove the app from the state to start anew", app.Address, stored.Identity, remote.Identity)
		}
		l.history, l.terms, l.rebuilt = stored.History, stored.Terms, stored.Rebuilt
		l.owned.OwnedUsers, l.owned.OwnedMembers = stored.owned()
		l.load(stored)
	}
	l.inherit(in, app.Name, remote)
	l.noteOthers(in.State, app, remote)
	if err := l.index(app, remote); err != nil {
		return nil, err
	}
	l.recover(in.State, app, remote)
	return l, nil
}

// find returns what the state has of app, under its own name or a former one.
func (l *ledger) find(s *State, app *schema.App) *AppState {
	if a := s.app(app.Name); a != nil {
		return a
	}
	for i := range s.Apps {
		address := "app." + s.Apps[i].App
		if to, _ := l.follow(address); to == string(app.Address) && to != address {
			l.fromApp = s.Apps[i].App
			return &s.Apps[i]
		}
	}
	return nil
}

// owned counts what shares are taken of: active accounts of ours, and the
// memberships that we put there.
func (a *AppState) owned() (users, members int) {
	for i := range a.Users {
		if a.Users[i].Active {
			users++
		}
	}
	for i := range a.Groups {
		members += len(a.Groups[i].Members)
	}
	return users, members
}

// app returns the ledger of the app called name, or nil.
func (s *State) app(name string) *AppState {
	i, ok := slices.BinarySearchFunc(s.Apps, name, func(a AppState, name string) int { return cmp.Compare(a.App, name) })
	if !ok {
		return nil
	}
	return &s.Apps[i]
}

func movedKeys(blocks []schema.Moved) map[string]*schema.Moved {
	m := make(map[string]*schema.Moved, len(blocks))
	for i := range blocks {
		m[string(blocks[i].From)] = &blocks[i]
	}
	return m
}

// follow returns what key is called now, and the block that says so.
func (l *ledger) follow(key string) (string, *schema.Moved) {
	var by *schema.Moved
	for range len(l.moved) {
		m := l.moved[key]
		if m == nil {
			break
		}
		key, by = string(m.To), m
	}
	return key, by
}

// load copies the links, under today's keys. Where the state has both the old
// and the new key, nothing moves: the new one is somebody else's already.
func (l *ledger) load(stored *AppState) {
	l.users = make([]userEntry, len(stored.Users))
	for i := range stored.Users {
		e := userEntry{UserLink: &stored.Users[i], key: stored.Users[i].Key}
		if to, by := l.follow(e.key); by != nil && !stored.hasUser(to) {
			e.key, e.moved = to, by
		}
		l.users[i] = e
	}
	l.groups = make([]groupEntry, len(stored.Groups))
	for i := range stored.Groups {
		e := groupEntry{GroupLink: &stored.Groups[i], key: stored.Groups[i].Key}
		if to, by := l.follow(e.key); by != nil && !stored.hasGroup(to) {
			e.key, e.moved = to, by
		}
		l.groups[i] = e
	}
}

func (a *AppState) hasUser(key string) bool {
	_, ok := slices.BinarySearchFunc(a.Users, key, func(l UserLink, key string) int { return cmp.Compare(l.Key, key) })
	return ok
}

func (a *AppState) hasGroup(key string) bool {
	_, ok := slices.BinarySearchFunc(a.Groups, key, func(l GroupLink, key string) int { return cmp.Compare(l.Key, key) })
	return ok
}

// noteOthers takes down what other apps own at the same service.
func (l *ledger) noteOthers(s *State, app *schema.App, remote *Remote) {
	for i := range s.Apps {
		a := &s.Apps[i]
		if a.App == app.Name || a.App == l.fromApp || a.Identity == "" || a.Identity != remote.Identity {
			continue
		}
		for j := range a.Users {
			l.others[a.Users[j].RemoteID] = a.App
		}
		for j := range a.Groups {
			l.others[a.Groups[j].RemoteID] = a.App
		}
	}
}

// index finds entries by key and by remote object, and refuses a state in
// which two entries own one object.
func (l *ledger) index(app *schema.App, remote *Remote) error {
	l.userAt = make(map[string]uint32, len(l.users))
	l.groupAt = make(map[string]uint32, len(l.groups))
	l.userOf = make([]uint32, len(remote.Users))
	l.groupOf = make([]uint32, len(remote.Groups))
	for i := range l.users {
		e := &l.users[i]
		l.userAt[e.key] = uint32(i)
		at, ok := remote.UserAt(e.RemoteID)
		if !ok {
			continue
		}
		if o := l.userOf[at]; o != 0 {
			return fmt.Errorf("plan %s: the state has %s and %s for one account %s", app.Address, l.users[o-1].key, e.key, e.RemoteID)
		}
		l.userOf[at] = uint32(i) + 1
	}
	for i := range l.groups {
		e := &l.groups[i]
		l.groupAt[e.key] = uint32(i)
		at, ok := remote.GroupAt(e.RemoteID)
		if !ok {
			continue
		}
		if o := l.groupOf[at]; o != 0 {
			return fmt.Errorf("plan %s: the state has %s and %s for one group %s", app.Address, l.groups[o-1].key, e.key, e.RemoteID)
		}
		l.groupOf[at] = uint32(i) + 1
	}
	return nil
}

// recover adds what creates of an earlier run made whose answer was lost: such
// an object is ours, whatever became of the person or push since.
func (l *ledger) recover(s *State, app *schema.App, remote *Remote) {
	for i := range s.Intents {
		in := &s.Intents[i]
		switch {
		case in.App != app.Name && (l.fromApp == "" || in.App != l.fromApp):
		case in.Kind == string(KindUser):
			l.recoverUser(in, remote)
		case in.Kind == string(KindGroup):
			l.recoverGroup(in, remote)
		}
	}
}

func (l *ledger) recoverUser(in *Intent, remote *Remote) {
	key, _ := l.follow(in.Key)
	if _, known := l.userAt[key]; known {
		return
	}
	for i := range remote.Users {
		u := &remote.Users[i]
		if schema.Fold(u.UserName) != schema.Fold(in.Name) || u.ExternalID != "" && in.ExternalID != "" && u.ExternalID != in.ExternalID || l.ownsUser(uint32(i), u.ID) {
			continue
		}
		l.addUser(uint32(i), userEntry{key: key, recovered: true, UserLink: &UserLink{
			Key: key, RemoteID: u.ID, ExternalID: cmp.Or(u.ExternalID, in.ExternalID), UserName: u.UserName, Active: u.Active,
		}})
		return
	}
}

func (l *ledger) recoverGroup(in *Intent, remote *Remote) {
	key, _ := l.follow(in.Key)
	if _, known := l.groupAt[key]; known {
		return
	}
	for i := range remote.Groups {
		g := &remote.Groups[i]
		if schema.Fold(g.DisplayName) != schema.Fold(in.Name) || l.ownsGroup(uint32(i), g.ID) {
			continue
		}
		l.addGroup(uint32(i), groupEntry{key: key, recovered: true, GroupLink: &GroupLink{
			Key: key, RemoteID: g.ID, ExternalID: cmp.Or(g.ExternalID, in.ExternalID), DisplayName: g.DisplayName, Pushed: true,
		}})
		return
	}
}

// ownsUser reports whether the account is ours, or another app's.
func (l *ledger) ownsUser(at uint32, id string) bool {
	return l.userOf[at] != 0 || l.others[id] != ""
}

func (l *ledger) ownsGroup(at uint32, id string) bool {
	return l.groupOf[at] != 0 || l.others[id] != ""
}

func (l *ledger) addUser(at uint32, e userEntry) {
	l.userAt[e.key] = uint32(len(l.users))
	l.users = append(l.users, e)
	l.userOf[at] = uint32(len(l.users))
}

func (l *ledger) addGroup(at uint32, e groupEntry) {
	l.groupAt[e.key] = uint32(len(l.groups))
	l.groups = append(l.groups, e)
	l.groupOf[at] = uint32(len(l.groups))
}
