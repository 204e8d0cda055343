package schema

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// App is an application with assignments, kept at one target.
type App struct {
	Address Address
	Name    string
	Target  Address
	// TargetOrigin is where the app names its target.
	TargetOrigin Origin
	// UserName maps a person to userName. Nil means the login.
	UserName Expression
	// Attributes are merged over the default mapping.
	Attributes []Mapping
	// AttributesOrigin is where the attributes argument stands; unknown without.
	AttributesOrigin Origin
	// CreateOnly lists SCIM paths that are sent on create and never compared.
	CreateOnly   []string
	Provisioning Provisioning
	OnUnassign   OnUnassign
	OnSuspended  OnSuspended
	OnUnpush     OnUnpush
	// IgnoreUnmanaged is `unmanaged = "ignore"`: objects that are not owned
	// are not even reported.
	IgnoreUnmanaged bool
	// ReportOnly is `mode = "report"`: changes are shown, never written.
	ReportOnly bool
	Guard      Guard
	Origin     Origin
}

// Mapping is one entry of an app's attributes: a SCIM path and the expression
// that fills it. A nil Expression drops the path from the default mapping.
type Mapping struct {
	Path       string
	Expression Expression
	Origin     Origin
}

// Provisioning holds Okta's three switches (OKTA-39). The loader sets each to
// true unless the configuration says otherwise; [DefaultProvisioning] does too.
type Provisioning struct {
	CreateUsers, UpdateUserAttributes, DeactivateUsers bool
}

// DefaultProvisioning has all three switches on.
var DefaultProvisioning = Provisioning{CreateUsers: true, UpdateUserAttributes: true, DeactivateUsers: true}

// OnUnassign says what becomes of the account of a person who is not assigned
// any more. The zero value is the default, deactivate.
type OnUnassign string

// The values of on_unassign.
const (
	UnassignDeactivate OnUnassign = "" // "deactivate" in HCL
	UnassignDelete     OnUnassign = "delete"
	UnassignKeep       OnUnassign = "keep"
)

// OnSuspended says what becomes of the account of a SUSPENDED person. The zero
// value is the default, keep, as Okta does.
type OnSuspended string

// The values of on_suspended.
const (
	SuspendedKeep       OnSuspended = "" // "keep" in HCL
	SuspendedDeactivate OnSuspended = "deactivate"
)

// OnUnpush says what becomes of a pushed group whose push ends.
type OnUnpush string

// The values of on_unpush. Unset means what the app says, and [UnpushEmpty] there.
const (
	UnpushUnset  OnUnpush = ""
	UnpushEmpty  OnUnpush = "empty"
	UnpushLeave  OnUnpush = "leave"
	UnpushDelete OnUnpush = "delete"
)

// Limit is a guard's limit: a count, or a share of what is owned.
type Limit struct {
	// Share tells `"10%"` from `10`.
	Share bool
	// Value is the count, or the percentage from 0 to 100.
	Value float64
}

// String is the limit as HCL writes it: 40, or 10%.
func (l Limit) String() string {
	text := strconv.FormatFloat(l.Value, 'f', -1, 64)
	if l.Share {
		text += "%"
	}
	return text
}

// MarshalText gives what String does.
func (l Limit) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (l *Limit) UnmarshalText(b []byte) error {
	text, share := strings.CutSuffix(string(b), "%")
	value, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return fmt.Errorf("%q is no limit", b)
	}
	l.Share, l.Value = share, value
	return nil
}

// Guard limits what one plan (with the window before it) may take away. The
// loader fills in the defaults, see [DefaultGuard].
type Guard struct {
	MaxDeactivations Limit
	MaxRemovals      Limit
	// Floor is the count up to which a share never bites.
	Floor           int
	Window          time.Duration
	ProtectedUsers  []UserRef
	ProtectedGroups []GroupRef
	Origin          Origin
}

// MaxWindow is how long a guard's window may be: what was taken away before is
// forgotten.
const MaxWindow = 31 * 24 * time.Hour

// DefaultGuard returns the limits that hold without a guard block.
func DefaultGuard() Guard {
	return Guard{
		MaxDeactivations: Limit{Share: true, Value: 10},
		MaxRemovals:      Limit{Share: true, Value: 25},
		Floor:            3,
		Window:           24 * time.Hour,
	}
}

// DefaultPriority is the priority of an assignment that gives none.
const DefaultPriority = 1000

// Assignment gives people, directly or through groups, an app. Several blocks
// for one app add up.
type Assignment struct {
	Address Address
	App     Address
	Users   []UserRef
	Groups  []GroupRef
	// Priority orders group assignments for Profile; the smaller wins.
	Priority int
	// Profile sets attributes, by SCIM path, for those assigned here. Sorted by path.
	Profile []Value
	// In force: Starts ≤ as_of < Expires. A zero time is no bound.
	Starts, Expires time.Time
	Reason          string
	Origin          Origin
}

// Value is one attribute under its SCIM path, such as `name.givenName` or
// `emails[type eq "work"].value`. Value is nil (cleared), string, bool,
// float64, []any or map[string]any.
type Value struct {
	Path  string
	Value any
}

// PushMode says whether a push makes its group or attaches to an existing one.
type PushMode string

// The values of a push group's mode. The zero value is the default, create.
const (
	PushCreate PushMode = "" // "create" in HCL
	PushLink   PushMode = "link"
)

// Push is what a push_group and a push_rule have in common.
type Push struct {
	App Address
	// Additive never removes a member that it did not add.
	Additive bool
	// Inactive pauses the push: nothing is sent.
	Inactive   bool
	OnUnpush   OnUnpush
	AllowEmpty bool
	Origin     Origin
}

// PushGroup mirrors one group to an app's target.
type PushGroup struct {
	Address Address
	Push
	Group GroupRef
	Mode  PushMode
	// TargetName pins the name at the target. Empty means the group's name.
	TargetName string
	// TargetID picks the group to link to by its remote id.
	TargetID string
}

// PushRule mirrors every group that one of its matches fits, evaluated anew on
// every plan. An explicit push group for the same group wins.
type PushRule struct {
	Address Address
	Push
	Match   []Match
	Exclude []GroupRef
}

// Match holds the conditions of one match block; all that are set must hold.
// Text is compared as it is written, with its case.
type Match struct {
	NamePrefix, NameSuffix, NameContains, DescriptionContains string
	// NameRegex is matched by the caller's compiled form; nil means unset.
	NameRegex interface{ MatchString(string) bool }
	Origin    Origin
}
