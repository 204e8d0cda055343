package schema

import (
	"fmt"
	"log/slog"
	"time"
)

// Config is all that one revision of a repository declares. Slices are in the
// order of their addresses, whatever the order of files and blocks was.
type Config struct {
	Settings    Settings
	Directories []DirectoryBlock
	Users       []User
	Groups      []Group
	Targets     []Target
	Apps        []App
	Assignments []Assignment
	PushGroups  []PushGroup
	PushRules   []PushRule
	Moved       []Moved
	Adopts      []Adopt
	Removed     []Removed
	Waivers     []Waiver
	Policies    []Policy
	// Given are the values of variables that came from outside the folder,
	// sorted by name.
	Given []GivenValue
	// Files lists what was read, sorted by name.
	Files []File
	// Digest identifies the content of all files and variable values (the
	// values of sensitive variables enter as their names alone).
	Digest string
}

// GivenValue is the value of a variable that the command line or the
// environment gave: what has to be given again to read the same configuration.
type GivenValue struct {
	Name string
	// Value is the value as JSON. It is empty where Sensitive is true.
	Value string
	// Sensitive: the value must not be kept.
	Sensitive bool
}

// File is one file of the configuration, by its name under the root.
type File struct {
	Name string
	// BlobID is git's id of the content: the SHA-1 of "blob <size>\x00<content>".
	BlobID string
}

// Settings is the rollcall block.
type Settings struct {
	RequiredVersion string
	State           StateStore
	// Encryption is nil where nothing is encrypted.
	Encryption *Encryption
	Origin     Origin
}

// Encryption says for whom state, journal, audit log and plan files are encrypted.
type Encryption struct {
	// Recipients are age recipients.
	Recipients []string
	// Identity is the text of an age identity file, or nil to take it from the
	// environment.
	Identity *Secret
	// Passphrase, where it is not nil, encrypts in place of recipients.
	Passphrase *Secret
	// Previous is a passphrase that only decrypts; nil for none.
	Previous *Secret
	// Disabled: what is encrypted is read, and written in the open from then on.
	Disabled bool
	Origin   Origin
}

// StateStore says where the state is kept.
type StateStore struct {
	// Kind is "file", "s3", "http" or "postgres". Empty means file.
	Kind string
	// Path is the file's path under the root; empty means .rollcall/state.json.
	Path string
	// Arguments are those of the other kinds.
	Arguments map[string]string
	// Secrets are those of its arguments that may hold a credential.
	Secrets map[string]*Secret
	Origin  Origin
}

// DirectoryBlock declares where people and groups come from.
type DirectoryBlock struct {
	Address Address
	// Kind is the first label: "file" or "okta".
	Kind string
	// Path is a file's path under the root, with slashes.
	Path string
	// Format is csv, json, jsonl or yaml; empty means by the path's ending.
	Format string
	// Columns maps the file's column names to attribute names.
	Columns map[string]string
	// MaxAge is how old what the directory says may be; zero: as old as it is.
	MaxAge time.Duration
	// ExportedAt is when it was exported, as the configuration says; zero: it does not.
	ExportedAt time.Time
	Origin     Origin
	// AgeOrigin is where max_age stands or, without it, exported_at.
	AgeOrigin Origin
	// PathOrigin is where the path argument stands.
	PathOrigin Origin
}

// Target is a service that accounts and groups are kept at.
type Target struct {
	Address Address
	// Dialect is the first label: "scim", "twingate", "sandbox".
	Dialect string
	// BaseURL is where the target's SCIM service answers; for "sandbox" it is
	// empty, and the process that reads it starts one on loopback.
	BaseURL string
	// Path is the sandbox's file under the root.
	Path string
	// SandboxDialect is the dialect that a sandbox target speaks.
	SandboxDialect string
	// Token is the credential, or nil to take it from the environment by host.
	Token *Secret
	// Settings are the dialect's fields that the block overrides.
	Settings []Setting
	Limits   Limits
	Timeouts Timeouts
	Origin   Origin
}

// Setting overrides one field of a dialect: Block "page", Name "max", say.
type Setting struct {
	Block, Name string
	// Value is a string, bool or float64.
	Value  any
	Origin Origin
}

// Limits bound the requests to one target. Zero means the dialect's own.
type Limits struct {
	Parallelism       int
	RequestsPerSecond float64
}

// Timeouts bound single requests. Zero means the default.
type Timeouts struct{ Read, Write time.Duration }

// Secret is a credential that is read when first needed and never shown: it
// prints as (redacted) in every format, also inside other values.
type Secret struct{ read func() (string, error) }

// NewSecret returns a secret that read provides. read may be called more than
// once and concurrently.
func NewSecret(read func() (string, error)) *Secret { return &Secret{read: read} }

// Reveal returns the credential itself. Its only callers are those who put it
// into a request's header.
func (s *Secret) Reveal() (string, error) { return s.read() }

const redacted = "(redacted)"

// String returns "(redacted)".
func (s *Secret) String() string { return redacted }

// Format writes "(redacted)" for every verb.
func (s *Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// MarshalText gives "(redacted)" to every encoder.
func (s *Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue gives "(redacted)" to slog.
func (s *Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// Moved says that a block was renamed: what the state knows of From follows to To.
type Moved struct {
	From, To Address
	Origin   Origin
}

// Adopt takes the remote object ID into ownership as To, a user or a group.
type Adopt struct {
	// App is empty where the configuration has a single app.
	App    Address
	To     Address
	ID     string
	Origin Origin
}

// Removed says what becomes of the objects of a block that is gone.
type Removed struct {
	From Address
	// OnRemove is "release", or a verb of the block's own on_unassign or on_unpush.
	OnRemove string
	Origin   Origin
}

// Waiver is a reviewed exception to a guard, with an end.
type Waiver struct {
	Address Address
	App     Address
	// Guard is the code of the guard that Limit replaces; empty with Protects.
	Guard string
	Limit Limit
	// MaxAge is the limit of a waiver for directory-stale, in place of Limit.
	MaxAge time.Duration
	// Protects is the user or group whose protection is lifted.
	Protects Address
	Expires  time.Time
	Reason   string
	Origin   Origin
}
