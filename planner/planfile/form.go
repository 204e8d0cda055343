package planfile

import (
	"encoding/json"
	"time"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/internal/wire"
	"github.com/rollcall-dev/rollcall/schema"
)

// The types of this file are the document's own shape. Fields of the published
// contract are always there; what only an apply needs is left out when empty.

type inputs struct {
	Config      configInput      `json:"config"`
	Directories []directoryInput `json:"directories"`
	State       stateInput       `json:"state"`
	Targets     []targetInput    `json:"targets"`
	Only        schema.Address   `json:"only,omitempty"`
	Variables   []variable       `json:"variables,omitempty"`
}

// variable is the value that was given for a variable; none if it is sensitive.
type variable struct {
	Name      string          `json:"name"`
	Value     json.RawMessage `json:"value,omitempty"`
	Sensitive bool            `json:"sensitive,omitempty"`
}

type configInput struct {
	Commit string `json:"commit"`
	Dirty  bool   `json:"dirty"`
	Digest string `json:"digest"`
}

type directoryInput struct {
	Address string    `json:"address"`
	Digest  string    `json:"digest"`
	Users   int       `json:"users"`
	Groups  int       `json:"groups"`
	Members int       `json:"members"`
	ReadAt  time.Time `json:"read_at"`
	DatedAt time.Time `json:"dated_at,omitzero"`
	DatedBy string    `json:"dated_by,omitempty"`
}

type stateInput struct {
	Lineage string `json:"lineage"`
	Serial  uint64 `json:"serial"`
}

type targetInput struct {
	Address  string `json:"address"`
	Identity string `json:"identity"`
	Dialect  string `json:"dialect"`
	Users    int    `json:"users"`
	Groups   int    `json:"groups"`
	Requests int    `json:"requests"`
}

type change struct {
	ID         string         `json:"id"`
	App        string         `json:"app"`
	Kind       planner.Kind   `json:"kind"`
	Key        string         `json:"key"`
	Name       string         `json:"name"`
	RemoteID   string         `json:"remote_id"`
	Action     planner.Action `json:"action"`
	Wave       int            `json:"wave"`
	Needs      []string       `json:"needs"`
	Requests   int            `json:"requests"`
	Before     wire.Values    `json:"before"`
	After      wire.Values    `json:"after"`
	Members    names          `json:"members"`
	Reasons    []reason       `json:"reasons"`
	MemberRefs refs           `json:"member_refs,omitzero"`
	Base       string         `json:"base,omitempty"`
	Drift      bool           `json:"drift,omitempty"`
	ReportOnly bool           `json:"report_only,omitempty"`
	Link       link           `json:"link,omitzero"`
}

// names are the members of a change as people read them.
type names struct {
	Add    []string `json:"add"`
	Remove []string `json:"remove"`
}

// refs are the same members, place by place, as an apply needs them.
type refs struct {
	Add    []ref `json:"add,omitempty"`
	Remove []ref `json:"remove,omitempty"`
}

// IsZero reports whether there is nothing to write.
func (r refs) IsZero() bool { return len(r.Add)+len(r.Remove) == 0 }

type ref struct {
	Key      string `json:"key,omitempty"`
	RemoteID string `json:"remote_id,omitempty"`
	Change   string `json:"change,omitempty"`
}

type reason struct {
	Code string `json:"code"`
	Text string `json:"text"`
	wire.Origin
}

type link struct {
	Identity     string            `json:"identity,omitempty"`
	Name         string            `json:"name,omitempty"`
	Active       bool              `json:"active,omitempty"`
	ExternalID   string            `json:"external_id,omitempty"`
	Source       planner.Source    `json:"source,omitempty"`
	Push         string            `json:"push,omitempty"`
	OnUnpush     schema.OnUnpush   `json:"on_unpush,omitempty"`
	OnUnassign   schema.OnUnassign `json:"on_unassign,omitempty"`
	Pushed       bool              `json:"pushed,omitempty"`
	Additive     bool              `json:"additive,omitempty"`
	Protected    bool              `json:"protected,omitempty"`
	Lost         int               `json:"lost,omitempty"`
	Gone         bool              `json:"gone,omitempty"`
	Taken        bool              `json:"taken,omitempty"`
	Terms        wire.Terms        `json:"terms,omitzero"`
	From         string            `json:"from,omitempty"`
	FromApp      string            `json:"from_app,omitempty"`
	Origin       wire.Origin       `json:"origin,omitzero"`
	Known        wire.Values       `json:"known,omitempty"`
	KnownMembers []string          `json:"known_members,omitempty"`
}

// IsZero reports whether there is nothing to write.
func (l link) IsZero() bool {
	return len(l.Known)+len(l.KnownMembers)+l.Lost == 0 && !l.Pushed && !l.Active && !l.Additive && !l.Protected && !l.Gone && !l.Taken &&
		l.Origin == wire.Origin{} && l.Terms == wire.Terms{} &&
		l.Identity+l.Name+l.FromApp+l.ExternalID+string(l.Source)+l.Push+string(l.OnUnpush)+string(l.OnUnassign)+l.From == ""
}

type drift struct {
	App        string       `json:"app"`
	Kind       planner.Kind `json:"kind"`
	Key        string       `json:"key"`
	Name       string       `json:"name"`
	RemoteID   string       `json:"remote_id"`
	What       string       `json:"what"`
	Before     wire.Values  `json:"before"`
	After      wire.Values  `json:"after"`
	Members    names        `json:"members"`
	MemberRefs refs         `json:"member_refs,omitzero"`
}

type withheld struct {
	App     string `json:"app"`
	Group   string `json:"group"`
	Login   string `json:"login"`
	Missing string `json:"missing"`
	wire.Origin
}

type finding struct {
	Code     schema.Code     `json:"code"`
	Severity schema.Severity `json:"severity"`
	Summary  string          `json:"summary"`
	Detail   string          `json:"detail"`
	wire.Origin
	Secret     bool      `json:"secret,omitempty"`
	Suggestion string    `json:"suggestion,omitempty"`
	Related    []related `json:"related,omitempty"`
	Values     []stated  `json:"values,omitempty"`
	App        string    `json:"app,omitempty"`
	Object     string    `json:"object,omitempty"`
}

type related struct {
	Message string `json:"message"`
	wire.Origin
}

type stated struct {
	Expression string `json:"expression"`
	Statement  string `json:"statement"`
}

type held struct {
	App  string       `json:"app"`
	Kind planner.Kind `json:"kind"`
	Key  string       `json:"key"`
	Name string       `json:"name"`
	Code schema.Code  `json:"code"`
}

type guard struct {
	App     string      `json:"app"`
	Code    schema.Code `json:"code"`
	Count   int         `json:"count"`
	Allowed int         `json:"allowed"`
	Owned   int         `json:"owned"`
	Blocked bool        `json:"blocked"`
	Earlier int         `json:"earlier,omitempty"`
	Object  string      `json:"object,omitempty"`
	Waiver  string      `json:"waiver,omitempty"`
	Reason  string      `json:"reason,omitempty"`
	Expires time.Time   `json:"expires,omitzero"`
	wire.Origin
}

type policy struct {
	Address  schema.Address  `json:"address"`
	Severity schema.Severity `json:"severity"`
	Passed   bool            `json:"passed"`
	Failures int             `json:"failures"`
	Messages []string        `json:"messages"`
	wire.Origin
}

type summary struct {
	Users    map[planner.Action]int `json:"users"`
	Groups   map[planner.Action]int `json:"groups"`
	Members  memberCount            `json:"members"`
	Add      int                    `json:"add"`
	Change   int                    `json:"change"`
	Destroy  int                    `json:"destroy"`
	Requests int                    `json:"requests"`
	Rate     float64                `json:"rate,omitempty"`
}

type memberCount struct {
	Add    int `json:"add"`
	Remove int `json:"remove"`
}
