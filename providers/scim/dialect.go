package scim

import (
	"fmt"
	"slices"
	"time"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/schema"
)

// Dialect is how one service departs from the standard, as data. The zero
// value is no dialect; take one from [DialectByName].
type Dialect struct {
	Name string
	// Title is the service's name for people.
	Title       string
	Page        Page
	Lookup      Lookup
	Write       Write
	Members     Members
	Deprovision Deprovision
	// Concurrency is how many requests may be on their way at once.
	Concurrency int
	// RequestsPerSecond is the service's published rate; zero if none is.
	RequestsPerSecond float64
	// Discovery allows to ask for /ServiceProviderConfig. What it answers is a
	// hint, never a condition.
	Discovery bool
	// LockedMapping, unless nil, lists the only attribute paths that are sent
	// besides userName, externalId and active.
	LockedMapping []string
	// Required lists the attributes without which an account cannot be made.
	Required []string
	// RequireExternalID: an account cannot be made without an externalId.
	RequireExternalID bool
	// ReservedGroupNames are refused by the service.
	ReservedGroupNames []string
	// Deviations say where each difference is known from.
	Deviations []Deviation
}

// Deviation is one difference from the standard with its source.
type Deviation struct {
	// Field is the setting it is written in, such as "members.read".
	Field  string
	Text   string
	Source string
	// Seen is when the source was read.
	Seen string
}

// PageMethod is how a list is read page by page.
type PageMethod string

// The values of page.method.
const (
	// PageAuto is by index, unless the service turns out to know cursors alone.
	PageAuto   PageMethod = "auto"
	PageIndex  PageMethod = "index"
	PageCursor PageMethod = "cursor"
	PageNone   PageMethod = "none"
)

// Page says how lists are read.
type Page struct {
	Method PageMethod
	// Max is the count that is asked for.
	Max int
	// VerifyEnd asks once more after the last page, of services whose
	// totalResults is not known to be true.
	VerifyEnd bool
	// Parallel reads several pages at once when the first tells the total.
	Parallel bool
}

// Lookup says how single objects are found.
type Lookup struct {
	// UserBy and GroupBy are the attributes that are asked for, in this order.
	UserBy, GroupBy []string
	// CaseExact: filters compare names with case, so that an empty answer does not
	// mean that nobody has the name.
	CaseExact bool
	// TrustEmpty takes an empty answer to a filter for absence; otherwise the
	// list is read as well.
	TrustEmpty bool
	// Settle is how long after a write the service may not show it yet.
	Settle time.Duration
}

// Method is how objects are changed.
type Method string

// The values of write.user and write.group.
const (
	// MethodPatch changes what it names.
	MethodPatch Method = "patch"
	// MethodPut reads the object, changes it and writes it whole.
	MethodPut Method = "put"
	// MethodPutMerge is MethodPut for services that keep what a PUT leaves out:
	// what is cleared is sent as null.
	MethodPutMerge Method = "put_merge"
)

// Removal is the shape in which members are removed.
type Removal string

// The values of write.member_remove.
const (
	RemoveByPath     Removal = "value_path"
	RemoveByList     Removal = "value_list"
	RemoveByObjects  Removal = "object_list"
	defaultBatchSize         = 100
)

// Write says how objects are written.
type Write struct {
	User, Group       Method
	MemberRemove      Removal
	CreateWithMembers bool
	ContentType       string
	// MembersPerRequest and OperationsPerRequest bound one PATCH.
	MembersPerRequest, OperationsPerRequest int
	// BodyBytes bounds a request's body; zero means that no bound is known.
	BodyBytes int
	// GroupExternalID: groups have an externalId.
	GroupExternalID bool
	// GroupRename: a group's displayName can be changed.
	GroupRename bool
	// GroupNamesUnique: no two groups can have one name.
	GroupNamesUnique bool
}

// Members says how much of a group's members can be read.
type Members struct {
	Read planner.Readability
	// Cap is how many members a capped service returns at most.
	Cap int
}

// Ending is what becomes of an account by one way to end it.
type Ending string

// The values of deprovision.deactivate and deprovision.delete.
const (
	Reversible  Ending = "reversible"
	Deletes     Ending = "deletes"
	Permanent   Ending = "permanent"
	Deactivates Ending = "deactivates"
	Unsupported Ending = "unsupported"
)

// Deprovision says what the ways to end an account do.
type Deprovision struct{ Deactivate, Delete Ending }

// Capabilities are what a plan needs to know of the dialect. They need no
// connection.
func (d *Dialect) Capabilities() planner.Capabilities {
	return planner.Capabilities{
		Required:            d.Required,
		Dialect:             d.Name,
		Members:             d.Members.Read,
		MemberCap:           d.Members.Cap,
		CreateWithMembers:   d.Write.CreateWithMembers,
		MembersPerRequest:   d.Write.MembersPerRequest,
		PutMembers:          d.Write.Group != MethodPatch,
		NoGroupRename:       !d.Write.GroupRename,
		GroupNamesNotUnique: !d.Write.GroupNamesUnique,
		ReservedGroupNames:  slices.Clone(d.ReservedGroupNames),
		GroupExternalID:     d.Write.GroupExternalID,
		LockedMapping:       slices.Clone(d.LockedMapping),
		DeactivateDeletes:   d.Deprovision.Deactivate == Deletes,
		NoDeactivate:        d.Deprovision.Deactivate == Unsupported,
		NoDelete:            d.Deprovision.Delete == Unsupported,
		RequestsPerSecond:   d.RequestsPerSecond,
	}
}

// DialectFor returns the dialect that t speaks, with t's settings and limits
// in it. A sandbox speaks the dialect that its block names.
func DialectFor(t schema.Target) (Dialect, error) {
	d, ok := DialectByName(t.Dialect)
	if t.Dialect == sandboxName {
		d, ok = sandboxSpeaking(t.SandboxDialect), true
	}
	if !ok {
		return Dialect{}, fmt.Errorf("target %s: no dialect is called %q", t.Address, t.Dialect)
	}
	for _, s := range t.Settings {
		if err := d.apply(s); err != nil {
			return Dialect{}, fmt.Errorf("target %s: %w", t.Address, err)
		}
	}
	if t.Limits.RequestsPerSecond > 0 {
		d.RequestsPerSecond = t.Limits.RequestsPerSecond
	}
	if t.Limits.Parallelism > 0 {
		d.Concurrency = t.Limits.Parallelism
	}
	return d, d.check()
}

// check refuses combinations that cannot work.
func (d *Dialect) check() error {
	if d.Members.Read == planner.MembersCapped && d.Members.Cap == 0 {
		return fmt.Errorf("dialect %s: members.read = \"capped\" needs members.cap", d.Name)
	}
	return nil
}
