package planner

import (
	"time"

	"github.com/rollcall-dev/rollcall/schema"
)

// Plan is what must change and why: data, ordered and complete. Apply does
// exactly what it says.
type Plan struct {
	AsOf time.Time
	// Complete: everything that the plan depends on was read.
	Complete bool
	// Applyable: no guard, policy or protection blocks the plan.
	Applyable bool
	// Fingerprint names the plan: its changes and what they were computed
	// against. Any change to a touched remote object changes it.
	Fingerprint string
	Inputs      Inputs
	// Changes are in the order in which they may be carried out: by wave, then
	// by app, kind and name.
	Changes  []Change
	Drift    []Drift
	Withheld []Withheld
	// Held are the objects that an error of their own holds back; they count as pending.
	Held     []Held
	Findings schema.Diagnostics
	Guards   []GuardResult
	// Policies are what became of every policy, in the order of addresses.
	Policies []PolicyResult
	Summary  Summary
}

// Inputs say what was compared.
type Inputs struct {
	Config      ConfigInput
	Directories []DirectoryInput
	State       StateInput
	Targets     []TargetInput
	// Only is the app or person that the plan is limited to; empty means everything.
	Only schema.Address
	// Given are the values of variables that were given from outside.
	Given []schema.GivenValue
}

// ConfigInput identifies the configuration.
type ConfigInput struct {
	// Commit is HEAD's id, or empty outside git; Dirty: files differ from it.
	Commit string
	Dirty  bool
	Digest string
}

// DirectoryInput identifies a directory read.
type DirectoryInput struct {
	Address, Digest string
	Users, Groups   int
	// Members are the memberships of its groups.
	Members int
	ReadAt  time.Time
	// DatedAt is when what it holds is from, and DatedBy what says so; zero where
	// nobody asks or, with DatedBy, where it is not known. See [schema.Dated].
	DatedAt time.Time
	DatedBy string
}

// StateInput identifies the state.
type StateInput struct {
	Lineage string
	Serial  uint64
}

// TargetInput identifies a target read.
type TargetInput struct {
	Address, Identity, Dialect string
	Users, Groups, Requests    int
}

// Kind is what a change is about.
type Kind string

// The kinds.
const (
	KindUser  Kind = "user"
	KindGroup Kind = "group"
	// KindApp is about the limits of an app's guard; a change of state alone.
	KindApp Kind = "app"
)

// Action is what a change does.
type Action string

// The actions. Of a user: create, adopt, update, reactivate, deactivate,
// delete, release. Of a group: create, adopt, update, empty, delete, release.
const (
	Create     Action = "create"
	AdoptIt    Action = "adopt"
	Update     Action = "update"
	Reactivate Action = "reactivate"
	Deactivate Action = "deactivate"
	Delete     Action = "delete"
	Empty      Action = "empty"
	Release    Action = "release"
)

// The waves of a plan. Each begins when the one before has ended; inside one,
// changes are independent of each other but for their needs.
const (
	// WaveDeactivate comes first: revocation waits for nothing.
	WaveDeactivate = iota + 1
	WaveUsers
	WaveGroups
	WaveMembers
	// WaveEnd is for pushes that end and accounts that are deleted.
	WaveEnd
)

// Change is one entry of a plan: everything that the executor and a target
// need to carry it out, and everything that a reader needs to judge it.
type Change struct {
	// ID is unique in the plan and stable from plan to plan: app, kind, key and action.
	ID   string
	App  string
	Kind Kind
	// Key is the person's or group's stable key, Name its userName or displayName.
	Key  string
	Name string
	// RemoteID is empty until the object exists.
	RemoteID string
	Action   Action
	// Wave is one of the Wave constants.
	Wave int
	// Needs are the IDs of changes that must have succeeded before.
	Needs []string
	// Requests is how many requests the change takes; zero for a change of state alone.
	Requests int
	// Before and After hold the attributes that the change touches, by SCIM
	// path and sorted by it. `active` is a bool. A nil value means cleared. For
	// changes of state alone the paths are `source` or `address`.
	Before, After []schema.Value
	// Members are those to add and remove; sorted by name.
	Members MemberChanges
	// Base is a digest of the remote object as read, or of its absence.
	Base string
	// Drift: the change repairs what was changed outside.
	Drift   bool
	Reasons []Reason
	// ReportOnly: the app's mode is "report"; the change is shown and never sent.
	ReportOnly bool
	// Link is what the state will record once the change has succeeded.
	Link Link
}

// Link is the part of a change that only the state keeps.
type Link struct {
	// Identity is that of the target, see [Remote.Identity].
	Identity   string
	ExternalID string
	// Name is the object's name at the target after the change; Active tells
	// whether an account is active then.
	Name   string
	Active bool
	Source Source
	// Push is the address of the block that pushes a group.
	Push     string
	OnUnpush schema.OnUnpush
	// OnUnassign is what the app says.
	OnUnassign schema.OnUnassign
	// Pushed is false for the change that ends a push.
	Pushed bool
	// Additive: the push never removes members that it did not add.
	Additive bool
	// From is the key under which the state had the object so far, where it differs.
	From string
	// FromApp is the name under which the state had the app so far, where it differs.
	FromApp string
	Origin  schema.Origin
	// Protected: the guard protects the object.
	Protected bool
	// Lost are memberships of ours that end by the change without a removal of
	// their own: they go with a deleted account or group, or are gone already.
	Lost int
	// Gone: an account of ours is found inactive, or gone from the target.
	Gone bool
	// Taken: the same plan adopts the group that the change removes members from.
	Taken bool
	// Terms are the guard's limits, for a change of an app.
	Terms Terms
	// Known are all managed attributes after the change, touched or not.
	Known []schema.Value
	// KnownMembers are the remote ids of the members of ours that were there already.
	KnownMembers []string
}

// MemberChanges lists the members that a change adds to and removes from a group.
type MemberChanges struct{ Add, Remove []Member }

// Member is one member of a pushed group.
type Member struct {
	// Name is the userName, or the remote id of a member that is no user we can read.
	Name string
	// Key is the person's key; empty for a member that is none of ours.
	Key string
	// RemoteID is empty for a person whom this plan creates; Needs of the
	// change then names that create.
	RemoteID string
	// Change is the ID of the change that creates the person.
	Change string
}

// MemberClass says what a change of the wave of members does to a group, in the
// order in which they are sent: who moves gains before losing.
type MemberClass uint8

// The classes. Changes of every other wave are [Gains].
const (
	Gains MemberClass = iota
	Mixed
	Losses
)

// MemberClass returns what c does to its group.
func (c *Change) MemberClass() MemberClass {
	switch {
	case c.Wave != WaveMembers || len(c.Members.Remove) == 0:
		return Gains
	case len(c.Members.Add) > 0:
		return Mixed
	}
	return Losses
}

// Reason is one link of the why-chain of a change. Code is stable and in
// kebab-case: assigned-directly, assigned-by-group, no-assignment, …
type Reason struct {
	Code   string
	Text   string
	Origin schema.Origin
}

// Drift is a difference between what the state says we left at a target and
// what is there now, whatever is desired.
type Drift struct {
	App      string
	Kind     Kind
	Key      string
	Name     string
	RemoteID string
	// What is changed, deleted, renamed, member-added, member-removed, or
	// unknown where the target does not let us read it.
	What string
	// Before is what the state has, After what the target has.
	Before, After []schema.Value
	Members       MemberChanges
}

// Withheld is a member of a pushed group who is not pushed. Missing is the
// condition that does not hold: assigned, active, or present.
type Withheld struct {
	App     string
	Group   string
	Login   string
	Missing string
	Origin  schema.Origin
}

// Held is an object that an error of its own holds back while the rest goes on.
type Held struct {
	App  string
	Kind Kind
	Key  string
	Name string
	Code schema.Code
}

// GuardResult is what one guard found.
type GuardResult struct {
	App  string
	Code schema.Code
	// Count is what the plan (with the window) takes away, Earlier how much of it
	// was gone before, Allowed how much passes, Owned what shares are taken of. Of
	// directory-stale, Count and Allowed are minutes; a Count of zero is an age that
	// is not known.
	Count, Earlier, Allowed, Owned int
	Blocked                        bool
	// Object is what a protection is of, the key of a user or group.
	Object string
	// Waiver is the address of the waiver that lets the plan pass, Reason what it
	// says, Expires when it ends; empty without one.
	Waiver  schema.Address
	Reason  string
	Expires time.Time
	Origin  schema.Origin
}

// PolicyResult is what became of one policy.
type PolicyResult struct {
	Address  schema.Address
	Severity schema.Severity
	Passed   bool
	// Failures is how many assertions do not hold, all instances together.
	Failures int
	// Messages are the distinct error messages of the first of them, in their
	// order; empty if Passed.
	Messages []string
	Origin   schema.Origin
}

// Summary counts a plan. Add, Change and Destroy count objects.
type Summary struct {
	// Users and Groups count by action.
	Users, Groups map[Action]int
	Members       MemberCount
	Add, Change   int
	Destroy       int
	Requests      int
	// Rate is the target's requests per second that the time follows from; zero if unknown.
	Rate float64
}

// MemberCount counts members to add and to remove.
type MemberCount struct{ Add, Remove int }

// Empty reports whether the plan has nothing to do and nothing held back.
func (p *Plan) Empty() bool { return len(p.Changes) == 0 && len(p.Held) == 0 }
