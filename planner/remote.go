package planner

import (
	"cmp"
	"slices"

	"github.com/rollcall-dev/rollcall/schema"
)

// Remote is what a target holds, read whole. A read that could not prove that
// it saw everything is an error of the target, never a Remote with less in it.
type Remote struct {
	// Target is the block's address.
	Target schema.Address
	// Identity says which service was read: its base URL, without credentials.
	Identity string
	// Users and Groups are sorted by ID.
	Users  []RemoteUser
	Groups []RemoteGroup
	// Complete is set by whoever proved the read complete. Compute refuses a
	// Remote without it.
	Complete bool
	// Unstable is set where pages overlapped twice: the union is used, and no
	// plan that takes anything away may come of it.
	Unstable bool
	// Capabilities are the target's own, after discovery.
	Capabilities Capabilities
	// Requests is how many requests the read took.
	Requests int
}

// UserAt returns the index of the account called id, and whether there is one.
func (r *Remote) UserAt(id string) (uint32, bool) {
	i, ok := slices.BinarySearchFunc(r.Users, id, func(u RemoteUser, id string) int { return cmp.Compare(u.ID, id) })
	return uint32(i), ok
}

// GroupAt returns the index of the group called id, and whether there is one.
func (r *Remote) GroupAt(id string) (uint32, bool) {
	i, ok := slices.BinarySearchFunc(r.Groups, id, func(g RemoteGroup, id string) int { return cmp.Compare(g.ID, id) })
	return uint32(i), ok
}

// RemoteUser is an account as the target has it.
type RemoteUser struct {
	ID, UserName, ExternalID string
	Active                   bool
	// Attributes holds the other attributes that were understood, by SCIM path
	// and sorted by it, as in `emails[type eq "work"].value` or `name.givenName`.
	Attributes []schema.Value
}

// RemoteGroup is a group as the target has it.
type RemoteGroup struct {
	ID, DisplayName, ExternalID string
	// Members index [Remote.Users], ascending and without repeats.
	Members []uint32
	// Foreign are the ids of members that are no user of this Remote, sorted.
	Foreign []string
	// MembersKnown tells an empty group from one whose members the target does
	// not return (write_only, or capped and beyond its cap).
	MembersKnown bool
}

// Readability says how much of a group's members a target returns.
type Readability string

// The ways in which members can be read.
const (
	MembersFull      Readability = "full"
	MembersByFilter  Readability = "by_filter"
	MembersCapped    Readability = "capped"
	MembersWriteOnly Readability = "write_only"
)

// Capabilities are what a target can do, as far as a plan depends on it. They
// come from a dialect, so that validate and the offline commands know them
// without a connection.
type Capabilities struct {
	// Dialect names the dialect that they come from.
	Dialect string
	Members Readability
	// MemberCap is how many members a capped target returns at most.
	MemberCap int
	// CreateWithMembers allows members in the request that makes a group.
	CreateWithMembers bool
	// MembersPerRequest bounds the adds and removals of one request; zero means 100.
	MembersPerRequest int
	// PutMembers says that membership is written as a whole, by PUT.
	PutMembers bool
	// NoGroupRename: the target cannot rename a group.
	NoGroupRename bool
	// GroupNamesNotUnique: the target lets two groups have one name.
	GroupNamesNotUnique bool
	// ReservedGroupNames are refused by the target; compared folded.
	ReservedGroupNames []string
	// GroupExternalID: groups have an externalId there.
	GroupExternalID bool
	// LockedMapping lists the only attribute paths that are sent, besides
	// userName, externalId and active. Nil means that the mapping is open.
	LockedMapping []string
	// Required lists the attribute paths without which the target makes no account.
	Required []string
	// DeactivateDeletes: `active: false` destroys the account for good.
	DeactivateDeletes bool
	// NoDeactivate and NoDelete: the target knows no such thing.
	NoDeactivate, NoDelete bool
	// RequestsPerSecond is the target's published or configured rate; zero means unknown.
	RequestsPerSecond float64
}

// hasMember reports whether the account called id is in the group at an index.
func (r *Remote) hasMember(group uint32, id string) bool {
	g := &r.Groups[group]
	if u, ok := r.UserAt(id); ok {
		_, in := slices.BinarySearch(g.Members, u)
		return in
	}
	return slices.Contains(g.Foreign, id)
}
