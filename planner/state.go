package planner

import (
	"time"

	"github.com/rollcall-dev/rollcall/schema"
)

// State is the ledger of what we own at the targets and last wrote there. It
// survives unassignment: a link ends only by release, by deletion, or with the
// remote object itself.
type State struct {
	// Lineage is a random id given when the state was made; two states of
	// different lineage never replace each other.
	Lineage string
	// Serial grows by one with every save.
	Serial uint64
	// Apps are sorted by name.
	Apps []AppState
	// Intents are creates of an earlier run whose answer was never recorded.
	// They come from the journal and are not stored in the state file.
	Intents []Intent
	// Directories are what was read of each directory, sorted by address.
	Directories []DirectoryState
	// Unsettled is when the last change was done that no read-back has shown
	// yet. A target may take its settle time from then until its reads show it;
	// to plan from an earlier one would be to do things twice. Zero: all was shown.
	Unsettled time.Time
	// Logged is the end of the audit log as of the save: what stood there then
	// must stand there still. Zero: it is not known.
	Logged LogEnd
}

// LogEnd names the last record of an audit log: by its number, counted from one,
// and its hash.
type LogEnd struct {
	Seq  uint64
	Hash string
}

// Replace makes s all that by is, but for what belongs to the place that s was
// read from: its lineage and serial, the intents in its journal, and the end of
// its audit log. Unsettled is
// the later of both, for the target cannot show sooner what either is waiting for.
func (s *State) Replace(by *State) {
	place := *s
	*s = *by
	s.Lineage, s.Serial, s.Intents, s.Logged = place.Lineage, place.Serial, place.Intents, place.Logged
	if place.Unsettled.After(s.Unsettled) {
		s.Unsettled = place.Unsettled
	}
}

// DirectoryState is what the state remembers of a directory, to tell a read that
// is whole from one that is not.
type DirectoryState struct {
	Address string
	// Good is the last read that was believed, Before the digests of those that
	// differed from it and came before, the newest last; at most three.
	Good   Reading
	Before []string
	// Doubted is a read that was not believed yet; the zero value without one.
	Doubted Reading
}

// Reading is one read of a directory.
type Reading struct {
	Digest string
	// Members are the memberships of its groups.
	Users, Groups, Members int
	At                     time.Time
}

// AppState is the ledger of one app.
type AppState struct {
	// App is the app's name (its label).
	App string
	// Identity is the service that the ids belong to, see [Remote.Identity].
	Identity string
	// Users are sorted by Key, Groups too.
	Users  []UserLink
	Groups []GroupLink
	// History records what earlier applies took away, for guards over a window, in
	// the order in which it was recorded.
	History []Removal
	// Terms are the limits of the guard at the last apply.
	Terms Terms
	// Rebuilt is when the ledger was rebuilt from the target: nobody knows what was
	// taken away before. Zero: it never was.
	Rebuilt time.Time
}

// Terms are the limits of an app's guard. The zero value stands for the defaults.
type Terms struct {
	MaxDeactivations, MaxRemovals schema.Limit
	Floor                         int
	Window                        time.Duration
}

// UserLink ties a person to a remote account.
type UserLink struct {
	// Key is the person's [schema.User.Key].
	Key      string
	RemoteID string
	// ExternalID is what the account was created or adopted with; create-only.
	ExternalID string
	UserName   string
	Active     bool
	// Protected: the guard protected the account at the last apply.
	Protected bool
	// Source is how the person is assigned: SourceUser, SourceGroup, or empty.
	Source Source
	// Attributes are the values that we last wrote or confirmed, sorted by path.
	Attributes []schema.Value
	// Origin is the last known place of the declaration, for reasons about absences.
	Origin schema.Origin
	// OnUnassign is what the app said at the last apply.
	OnUnassign schema.OnUnassign
}

// Source is Okta's scope of an app user: how the assignment reaches them.
type Source string

// The sources of an assignment (OKTA-1).
const (
	SourceNone  Source = ""
	SourceUser  Source = "USER"
	SourceGroup Source = "GROUP"
)

// GroupLink ties a pushed group to a remote group.
type GroupLink struct {
	// Key is the address of the group block that is pushed, so that pushing it
	// again, by another block or rule, refills the same remote group.
	Key string
	// Push is the address of the push_group or push_rule that pushed it last.
	Push        string
	RemoteID    string
	ExternalID  string
	DisplayName string
	// Members are the remote ids that we put there, sorted. For a target that
	// does not return members they are what a plan is made from; for an
	// additive push they are the only ones that may be removed.
	Members []string
	// Pushed is false after an un-push: the id stays, for a later return.
	Pushed bool
	// Additive: members that we did not add stay, also when the push ends.
	Additive bool
	// Protected: the guard protected the group at the last apply.
	Protected bool
	// FullMembers is how many members the group had when members were last taken
	// from it while it had more than the guard's floor, FullAt when that was: who
	// empties a group step by step empties it all the same.
	FullMembers int
	FullAt      time.Time
	// OnUnpush is the verb in force at the last apply.
	OnUnpush schema.OnUnpush
	Origin   schema.Origin
}

// Removal counts what was taken away within one minute; nothing, where the
// minute only gave.
type Removal struct {
	At                     time.Time
	Deactivations, Members int
	// Taken counts those of Members that were taken from groups by the apply
	// which adopted them.
	Taken int
	// OwnedUsers and OwnedMembers are what was owned when the minute began or,
	// where that was nothing, what the apply left that began in it.
	OwnedUsers, OwnedMembers int
}

// Intent is a create that was written to the journal before it was sent.
type Intent struct {
	App, Kind, Key, Name, ExternalID string
	At                               time.Time
}
