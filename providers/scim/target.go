package scim

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/providers"
	"github.com/rollcall-dev/rollcall/schema"
)

// Config is what a Target is made of. Target.BaseURL and, unless the service
// needs none, Token must be set.
type Config struct {
	// Target is the block: base URL, settings, limits, timeouts.
	Target schema.Target
	// Dialect overrides the one that Target names, unless nil. Target's settings
	// are not applied to it again.
	Dialect *Dialect
	// Identity says which service the ids belong to; the base URL if empty.
	// A service whose address changes from run to run needs one.
	Identity string
	// Token is sent to the base URL's host alone; Target.Token if nil.
	Token *schema.Secret
	// HTTP holds everything about requests that does not follow from Target:
	// allowed hosts, CA, proxy, user agent, clock, observer.
	HTTP providers.ClientOptions
	// ReadOnly refuses every request but GET.
	ReadOnly bool
	// Paths are the attributes that Read keeps; the default mapping's if nil.
	Paths []string
	// Progress is told how far a read is, unless nil: "users" or "groups", how
	// many were read, and how many the target says there are.
	Progress func(what string, done, total int)
}

// Target is a SCIM service as a providers.Target. It is safe for concurrent use.
type Target struct {
	address  schema.Address
	identity string
	dialect  Dialect
	client   *providers.Client
	clock    providers.Clock
	paths    []attributePath
	progress func(string, int, int)

	// userPut and groupPut are set once the service has shown that it knows no PATCH.
	userPut, groupPut atomic.Bool
	discovered        struct {
		sync.Mutex
		done bool
		Discovery
	}
	// created remembers what this process made or tried to make, by the ID of the change.
	created sync.Map
}

var _ providers.Target = (*Target)(nil)

// DefaultPaths are the attributes of the default mapping, less userName,
// externalId and active, which are always read.
func DefaultPaths() []string {
	return []string{"displayName", `emails[type eq "work"].value`, "name.familyName", "name.givenName"}
}

// New returns a Target for c, or an error that says what in c cannot be. It
// opens no connection.
func New(c Config) (*Target, error) {
	t := &Target{address: c.Target.Address, progress: c.Progress, identity: c.Identity}
	if err := t.setDialect(c); err != nil {
		return nil, err
	}
	if err := t.setPaths(c.Paths); err != nil {
		return nil, fmt.Errorf("target %s: %w", c.Target.Address, err)
	}
	client, err := providers.NewClient(t.options(c))
	if err != nil {
		return nil, fmt.Errorf("target %s: %w", c.Target.Address, err)
	}
	t.client, t.clock = client, c.HTTP.Clock.WithDefaults()
	if t.identity == "" {
		t.identity = client.BaseURL()
	}
	return t, nil
}

func (t *Target) setDialect(c Config) error {
	if c.Dialect != nil {
		t.dialect = *c.Dialect
		return t.dialect.check()
	}
	d, err := DialectFor(c.Target)
	t.dialect = d
	return err
}

// setPaths parses the paths of interest, sorted and each once, without those
// that are fields of an account.
func (t *Target) setPaths(paths []string) error {
	if paths == nil {
		paths = DefaultPaths()
	}
	paths = slices.Clone(paths)
	slices.Sort(paths)
	for _, s := range slices.Compact(paths) {
		if isField(s) {
			continue
		}
		p, err := parsePath(s)
		if err != nil {
			return err
		}
		t.paths = append(t.paths, p)
	}
	return nil
}

func isField(path string) bool {
	return slices.ContainsFunc([]string{"userName", "externalId", "active"}, func(f string) bool { return strings.EqualFold(f, path) })
}

// options completes c's with what follows from the block and the dialect.
func (t *Target) options(c Config) providers.ClientOptions {
	o := c.HTTP
	o.BaseURL = c.Target.BaseURL
	o.ReadOnly = o.ReadOnly || c.ReadOnly
	o.ContentType = t.dialect.Write.ContentType
	o.Parallelism = t.dialect.Concurrency
	o.RequestsPerSecond = t.dialect.RequestsPerSecond
	if o.Token = c.Token; o.Token == nil {
		o.Token = c.Target.Token
	}
	if c.Target.Timeouts.Read > 0 {
		o.ReadTimeout = c.Target.Timeouts.Read
	}
	if c.Target.Timeouts.Write > 0 {
		o.WriteTimeout = c.Target.Timeouts.Write
	}
	return o
}

// Dialect returns the dialect in use, with the settings in it.
func (t *Target) Dialect() Dialect { return t.dialect }

// Capabilities returns what the target can do, with what is known of it so far.
func (t *Target) Capabilities() planner.Capabilities {
	c := t.dialect.Capabilities()
	c.PutMembers = t.puts("Groups")
	return c
}

// Close drops the connections that are kept open for reuse.
func (t *Target) Close() { t.client.CloseIdle() }

// tell reports progress to whoever asked for it.
func (t *Target) tell(what string, done, total int) {
	if t.progress != nil {
		t.progress(what, done, total)
	}
}
