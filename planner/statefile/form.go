package statefile

import (
	"time"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/internal/wire"
	"github.com/rollcall-dev/rollcall/schema"
)

// Version is the version of the format that [Encode] writes.
const Version = 1

const format = "rollcall-state"

// Header is the first line: which state it is, and how much follows.
type Header struct {
	Lineage  string
	Serial   uint64
	Apps     int
	Users    int
	Groups   int
	Removals int
	// Unsettled is that of the state, in UTC.
	Unsettled time.Time
}

type header struct {
	Format   string `json:"format"`
	Version  int    `json:"version"`
	Lineage  string `json:"lineage"`
	Serial   uint64 `json:"serial"`
	Apps     int    `json:"apps"`
	Users    int    `json:"users"`
	Groups   int    `json:"groups"`
	Removals int    `json:"removals"`
	// Unsettled is left out where everything was read back.
	Unsettled time.Time `json:"unsettled,omitzero"`
}

// A line's type stands at its beginning, so that it is known before the line is parsed.
const (
	typeApp     = `{"type":"app",`
	typeUser    = `{"type":"user",`
	typeGroup   = `{"type":"group",`
	typeRemoval = `{"type":"removal",`
	typeEnd     = `{"type":"end",`
)

type appLine struct {
	App      string `json:"app"`
	Identity string `json:"identity"`
}

type groupLine struct {
	Key         string          `json:"key"`
	Push        string          `json:"push"`
	RemoteID    string          `json:"remote_id"`
	ExternalID  string          `json:"external_id"`
	DisplayName string          `json:"display_name"`
	Pushed      bool            `json:"pushed"`
	Additive    bool            `json:"additive,omitempty"`
	OnUnpush    schema.OnUnpush `json:"on_unpush"`
	wire.Origin
	Members []string `json:"members"`
}

type removalLine struct {
	At            time.Time `json:"at"`
	Deactivations int       `json:"deactivations"`
	Members       int       `json:"members"`
	OwnedUsers    int       `json:"owned_users"`
	OwnedMembers  int       `json:"owned_members"`
}

type endLine struct {
	Checksum string `json:"checksum"`
}

func toGroup(g *planner.GroupLink) groupLine {
	members := g.Members
	if members == nil {
		members = []string{}
	}
	return groupLine{
		Key: g.Key, Push: g.Push, RemoteID: g.RemoteID, ExternalID: g.ExternalID,
		DisplayName: g.DisplayName, Pushed: g.Pushed, Additive: g.Additive, OnUnpush: g.OnUnpush,
		Origin: wire.Origin(g.Origin), Members: members,
	}
}

func fromGroup(l *groupLine) planner.GroupLink {
	g := planner.GroupLink{
		Key: l.Key, Push: l.Push, RemoteID: l.RemoteID, ExternalID: l.ExternalID,
		DisplayName: l.DisplayName, Pushed: l.Pushed, Additive: l.Additive, OnUnpush: l.OnUnpush,
		Origin: schema.Origin(l.Origin),
	}
	if len(l.Members) > 0 {
		g.Members = l.Members
	}
	return g
}
