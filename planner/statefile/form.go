package statefile

import (
	"time"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/internal/wire"
	"github.com/rollcall-dev/rollcall/schema"
)

// Version is the version of the format that [Encode] writes.
const Version = 2

const format = "rollcall-state"

// Header is the first line: which state it is, and how much follows.
type Header struct {
	Lineage  string
	Serial   uint64
	Apps     int
	Users    int
	Groups   int
	Removals int
	// Directories are none in files of version 1.
	Directories int
	// Unsettled is that of the state, in UTC.
	Unsettled time.Time
	// Logged is that of the state.
	Logged planner.LogEnd
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
	// Directories came with version 2.
	Directories int `json:"directories"`
	// Unsettled is left out where everything was read back.
	Unsettled time.Time `json:"unsettled,omitzero"`
	// Logged is left out where it is not known. Readers of version 2 that do not
	// know it leave it out when they save: then it is not known again.
	Logged logEnd `json:"logged,omitzero"`
}

type logEnd struct {
	Seq  uint64 `json:"seq"`
	Hash string `json:"hash"`
}

// A line's type stands at its beginning, so that it is known before the line is parsed.
const (
	typeDirectory = `{"type":"directory",`

	typeApp     = `{"type":"app",`
	typeUser    = `{"type":"user",`
	typeGroup   = `{"type":"group",`
	typeRemoval = `{"type":"removal",`
	typeEnd     = `{"type":"end",`
)

type directoryLine struct {
	Address string   `json:"address"`
	Good    reading  `json:"good"`
	Before  []string `json:"before,omitempty"`
	Doubted reading  `json:"doubted,omitzero"`
}

type reading struct {
	Digest  string    `json:"digest"`
	Users   int       `json:"users"`
	Groups  int       `json:"groups"`
	Members int       `json:"members"`
	At      time.Time `json:"at"`
}

type appLine struct {
	App      string     `json:"app"`
	Identity string     `json:"identity"`
	Guard    wire.Terms `json:"guard,omitzero"`
	// Rebuilt is left out of an app that never was.
	Rebuilt time.Time `json:"rebuilt,omitzero"`
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
	Protected   bool            `json:"protected,omitempty"`
	FullMembers int             `json:"full_members,omitempty"`
	FullAt      time.Time       `json:"full_at,omitzero"`
	wire.Origin
	Members []string `json:"members"`
}

type removalLine struct {
	At            time.Time `json:"at"`
	Deactivations int       `json:"deactivations"`
	Members       int       `json:"members"`
	Taken         int       `json:"taken,omitempty"`
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
		Protected: g.Protected, FullMembers: g.FullMembers, FullAt: g.FullAt.UTC(),
		Origin: wire.Origin(g.Origin), Members: members,
	}
}

func fromGroup(l *groupLine) planner.GroupLink {
	g := planner.GroupLink{
		Key: l.Key, Push: l.Push, RemoteID: l.RemoteID, ExternalID: l.ExternalID,
		DisplayName: l.DisplayName, Pushed: l.Pushed, Additive: l.Additive, OnUnpush: l.OnUnpush,
		Protected: l.Protected, FullMembers: l.FullMembers, FullAt: l.FullAt.UTC(),
		Origin: schema.Origin(l.Origin),
	}
	if len(l.Members) > 0 {
		g.Members = l.Members
	}
	return g
}

func toDirectory(d *planner.DirectoryState) directoryLine {
	good, doubted := d.Good, d.Doubted
	good.At, doubted.At = good.At.UTC(), doubted.At.UTC()
	return directoryLine{Address: d.Address, Good: reading(good), Before: d.Before, Doubted: reading(doubted)}
}

func fromDirectory(l *directoryLine) planner.DirectoryState {
	d := planner.DirectoryState{Address: l.Address, Good: planner.Reading(l.Good), Doubted: planner.Reading(l.Doubted)}
	d.Good.At, d.Doubted.At = d.Good.At.UTC(), d.Doubted.At.UTC()
	if len(l.Before) > 0 {
		d.Before = l.Before
	}
	return d
}
