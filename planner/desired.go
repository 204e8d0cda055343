package planner

import (
	"time"

	"github.com/rollcall-dev/rollcall/schema"
)

// Desired is what must be, as it follows from a configuration and its
// directories at one moment, with the reasons for it. It is read-only once
// [Resolve] has made it, and safe for concurrent use.
type Desired struct {
	Config *schema.Config
	AsOf   time.Time
	// People are everyone in the configuration and its directories, sorted by
	// folded login. A Person is an index into it.
	People []schema.User
	// Groups are the group blocks and the groups of directories, sorted by key.
	Groups []Group
	// Apps are in the order of Config.Apps.
	Apps []Scope
	// Findings are what Resolve found. [Compute] passes them on with the plan.
	Findings schema.Diagnostics

	// now is the run's clock, see [Facts.Now].
	now time.Time
	// dated says of each directory that was read when it is from.
	dated        map[schema.Address]schema.Dated
	capabilities map[schema.Address]Capabilities
	// byAddress finds the people of blocks.
	byAddress map[schema.Address]Person
	// withID are the people of directories who have an id, sorted by directory
	// and id.
	withID []Person
}

// Person is an index into [Desired.People].
type Person = uint32

// Group is a group with everyone who is in it, flattened.
type Group struct {
	// Key is the block's address, or the directory's with the group's name, as
	// in `directory.file.hr.groups["Staff"]`.
	Key               string
	Name, Description string
	// Members are ascending and without repeats.
	Members []Person
	// Block is nil for a group that only a directory declares.
	Block  *schema.Group
	Origin schema.Origin

	// via says for each of Members how they came in.
	via []via
	// includes are the included groups, by index into [Desired.Groups].
	includes []uint32
	// from and directory are set where a directory says who is in it; taken is
	// set on a directory's group that a block stands for.
	from      *schema.DirectoryGroup
	directory schema.Address
	taken     bool
}

// Scope is who has one app, through what, and which groups are pushed to it.
type Scope struct {
	App *schema.App
	// Pushes are sorted by the key of their group.
	Pushes []Push
	// grants are in the order in which they win: direct ones first, then by priority.
	grants []grant
	// best and byGroup hold for each person one more than the index of the
	// winning grant, of any kind and among groups; zero means none.
	best, byGroup []uint32
	// profile holds for each person the index of their profile values; it is
	// nil where no assignment sets any.
	profile  []uint32
	profiles [][]schema.Value
	// userNames are filled in where the app maps userName by an expression.
	userNames []string
}

// Push is one group that is mirrored to an app's target.
type Push struct {
	schema.Push
	// Block is the address of the push_group or push_rule.
	Block schema.Address
	// Group is an index into [Desired.Groups].
	Group uint32
	Mode  schema.PushMode
	// Name is the group's name at the target.
	Name     string
	TargetID string
}

// via says how a person came into a group: a kind in the upper two bits, and
// in the rest the index of the member, included group or rule.
type via uint32

// The kinds of via, in the order in which they win: static membership wins
// over a rule (OKTA-28).
const (
	viaMember via = iota << 30
	viaInclude
	viaRule
	viaDirectory

	viaKind = viaDirectory
)

func (v via) kind() via  { return v & viaKind }
func (v via) index() int { return int(v &^ viaKind) }

// grant is one way to an app: an assignment's user, or an assignment's group.
type grant struct {
	assignment uint32
	// ref indexes the assignment's Users, or Groups where group is set.
	ref    uint32
	direct bool
	// group indexes [Desired.Groups], person [Desired.People].
	group  uint32
	person Person
}
