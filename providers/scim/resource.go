package scim

import (
	"errors"
	"slices"
	"strings"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/schema"
)

// group is a group as it is listed, its members still by id.
type group struct {
	planner.RemoteGroup
	members []string
}

// user decodes one account, keeping the attributes of interest alone.
func (t *Target) user(resource []byte) (planner.RemoteUser, error) {
	var room [24]member
	m := membersOf(room[:0], resource)
	u := planner.RemoteUser{
		ID:         text(find(m, "id")),
		UserName:   text(find(m, "userName")),
		ExternalID: text(find(m, "externalId")),
		Active:     true, // RFC 7643 leaves the default to the service; none lists an account without it as locked
	}
	if u.ID == "" {
		return u, errors.New("a user without an id")
	}
	if active := find(m, "active"); active != nil {
		is, ok := truth(active)
		if !ok {
			return u, errors.New("user " + u.ID + ": active is no boolean")
		}
		u.Active = is
	}
	for i := range t.paths {
		if v := t.paths[i].in(m); v != nil && v != "" {
			u.Attributes = append(u.Attributes, schema.Value{Path: t.paths[i].text, Value: v})
		}
	}
	return u, nil
}

// decodeGroup decodes one group with its members' ids, sorted and each once:
// some services store a member twice.
func decodeGroup(resource []byte) (group, error) {
	var room [16]member
	m := membersOf(room[:0], resource)
	g := group{RemoteGroup: planner.RemoteGroup{
		ID:          text(find(m, "id")),
		DisplayName: text(find(m, "displayName")),
		ExternalID:  text(find(m, "externalId")),
	}}
	if g.ID == "" {
		return g, errors.New("a group without an id")
	}
	err := eachElement(find(m, "members"), func(v []byte) error {
		id := memberID(v)
		if id == "" {
			return errors.New("group " + g.ID + ": a member without a value")
		}
		g.members = append(g.members, id)
		return nil
	})
	slices.Sort(g.members)
	g.members = slices.Compact(g.members)
	return g, err
}

// memberID is the id of one element of members: its value, the bare text that
// some services list, or the end of its reference.
func memberID(element []byte) string {
	if len(element) > 0 && element[0] != '{' {
		return text(element)
	}
	var room [8]member
	m := membersOf(room[:0], element)
	if id := text(find(m, "value")); id != "" {
		return id
	}
	ref := text(find(m, "$ref"))
	return ref[strings.LastIndexByte(ref, '/')+1:]
}

func sameUser(a, b *planner.RemoteUser) bool {
	return a.UserName == b.UserName && a.ExternalID == b.ExternalID && a.Active == b.Active &&
		slices.EqualFunc(a.Attributes, b.Attributes, sameValue)
}

func sameValue(a, b schema.Value) bool {
	if a.Path != b.Path {
		return false
	}
	if isScalar(a.Value) && isScalar(b.Value) {
		return a.Value == b.Value
	}
	return !isScalar(a.Value) && !isScalar(b.Value)
}

func sameGroup(a, b *group) bool {
	return a.DisplayName == b.DisplayName && a.ExternalID == b.ExternalID && slices.Equal(a.members, b.members)
}
