package schema

import (
	"slices"
	"strings"
	"time"
)

// Status is where a person stands in Okta's user life cycle. The zero value is
// [Active], the default of a user block.
type Status uint8

// The statuses of Okta's `UserStatus`, less the transitional ACTIVATING.
const (
	Active Status = iota
	Staged
	Provisioned
	Recovery
	PasswordExpired
	LockedOut
	Suspended
	Deprovisioned
)

var statusNames = [...]string{
	Active: "ACTIVE", Staged: "STAGED", Provisioned: "PROVISIONED", Recovery: "RECOVERY",
	PasswordExpired: "PASSWORD_EXPIRED", LockedOut: "LOCKED_OUT", Suspended: "SUSPENDED",
	Deprovisioned: "DEPROVISIONED",
}

// String returns Okta's name of s.
func (s Status) String() string { return statusNames[s] }

// StatusNames returns Okta's names of all statuses, in the order of the life
// cycle's constants.
func StatusNames() []string { return slices.Clone(statusNames[:]) }

// ParseStatus finds the status that Okta calls name, in any case.
func ParseStatus(name string) (Status, bool) {
	i := slices.Index(statusNames[:], strings.ToUpper(name))
	return Status(max(i, 0)), i >= 0
}

// User is one person: a user block, or a row of a directory.
type User struct {
	// Address is the block's address; empty for a person of a directory.
	Address Address
	// Directory is the address of the directory that the person comes from;
	// empty for a block.
	Directory Address
	// ID is the stable identifier that is sent as SCIM externalId. Empty means
	// the login at the time of the first create.
	ID string
	// Login is unique among all people, compared with [Fold].
	Login  string
	Status Status
	// Profile holds Okta's base attributes that were set, in the order of
	// [BaseAttributes]. An attribute set to "" is there, one set to null is not.
	Profile []Attribute
	// Custom holds the custom attributes, sorted by name.
	Custom []CustomAttribute
	Origin Origin
}

// Attribute is one value of Okta's base profile, under its snake_case name.
type Attribute struct{ Name, Value string }

// CustomAttribute is one value outside the base profile. Value is a string,
// bool, float64, []any of these, or map[string]any.
type CustomAttribute struct {
	Name  string
	Value any
}

// Attribute returns the base attribute called name and whether it was set.
func (u *User) Attribute(name string) (string, bool) {
	for i := range u.Profile {
		if u.Profile[i].Name == name {
			return u.Profile[i].Value, true
		}
	}
	return "", false
}

// Email returns the person's email, or else the login if it is an address, and
// whether there is one.
func (u *User) Email() (string, bool) {
	if email, set := u.Attribute("email"); set {
		return email, true
	}
	local, domain, ok := strings.Cut(u.Login, "@")
	return u.Login, ok && local != "" && domain != ""
}

// Key identifies the person from one plan to the next: the address of a block,
// or the directory with the person's id (the folded login where there is none).
func (u *User) Key() string { return string(u.AppendKey(nil)) }

// AppendKey appends the person's [User.Key] to b, so that whoever looks up a
// million people needs no string for each.
func (u *User) AppendKey(b []byte) []byte {
	if u.Address != "" {
		return append(b, u.Address...)
	}
	id := u.ID
	if id == "" {
		id = Fold(u.Login)
	}
	b = append(append(b, u.Directory...), `.users["`...)
	return append(append(b, id...), `"]`...)
}

// BaseAttribute describes one attribute of Okta's user profile.
type BaseAttribute struct {
	// Name is the snake_case name in HCL.
	Name string
	// Okta is the name in Okta's profile.
	Okta string
	// MaxLength is Okta's limit in characters; zero means none is known.
	MaxLength int
}

// BaseAttributes returns Okta's base profile in the order of the language
// reference. login and status are not among them: they are arguments of their
// own. Source of the limits: Okta management OpenAPI 2026.06, UserProfile.
func BaseAttributes() []BaseAttribute { return slices.Clone(baseAttributes[:]) }

var baseAttributes = [...]BaseAttribute{
	{"first_name", "firstName", 50},
	{"last_name", "lastName", 50},
	{"middle_name", "middleName", 0},
	{"honorific_prefix", "honorificPrefix", 0},
	{"honorific_suffix", "honorificSuffix", 0},
	{"email", "email", 100},
	{"second_email", "secondEmail", 100},
	{"title", "title", 0},
	{"display_name", "displayName", 0},
	{"nick_name", "nickName", 0},
	{"profile_url", "profileUrl", 0},
	{"primary_phone", "primaryPhone", 100},
	{"mobile_phone", "mobilePhone", 100},
	{"street_address", "streetAddress", 1024},
	{"city", "city", 128},
	{"state", "state", 128},
	{"zip_code", "zipCode", 50},
	{"country_code", "countryCode", 2},
	{"postal_address", "postalAddress", 4096},
	{"preferred_language", "preferredLanguage", 0},
	{"locale", "locale", 0},
	{"timezone", "timezone", 0},
	{"user_type", "userType", 0},
	{"employee_number", "employeeNumber", 0},
	{"cost_center", "costCenter", 0},
	{"organization", "organization", 0},
	{"division", "division", 0},
	{"department", "department", 0},
	{"manager_id", "managerId", 0},
	{"manager", "manager", 0},
}

// AttributeIndex returns the place of name in [BaseAttributes], or -1.
func AttributeIndex(name string) int {
	for i := range baseAttributes {
		if baseAttributes[i].Name == name {
			return i
		}
	}
	return -1
}

// Directory is what one directory holds: its people and its groups, as read at
// one moment. A directory that could not be read whole is an error of its
// reader, never a Directory with less in it.
type Directory struct {
	Address Address
	People  []User
	Groups  []DirectoryGroup
	// Digest identifies the content: the same bytes give the same digest.
	Digest string
	// Dated is when the content is from; the zero value where nobody asks.
	Dated Dated
}

// Dated says when something is from, and how that is known.
type Dated struct {
	// At is when; zero: it is not known.
	At time.Time
	// By names what says so, as in "exported_at" or "commit 0f3a…". Where At is
	// zero, it says in a sentence why that is not known.
	By string
}

// DirectoryGroup is a group as a directory has it. Members index
// [Directory.People], ascending and without repeats.
type DirectoryGroup struct {
	Name        string
	Description string
	Members     []uint32
	Origin      Origin
}
