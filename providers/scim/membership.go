package scim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/providers"
)

// edit is one member to add to or to remove from a group.
type edit struct {
	planner.Member
	remove bool
}

// membership carries the edits of one group out. One member that the target
// refuses must not keep the others out.
type membership struct {
	target   *Target
	group    string
	accepted int
	rejected []planner.RejectedMember
	// alive is set once the group has been seen, so that a 404 is about a member.
	alive bool
}

// hopelessAfter is how many members are refused, and none taken, before the
// fault is taken for the group's.
const hopelessAfter = 8

// changeMembers adds and removes members of a group in as few requests as the
// target allows.
func (t *Target) changeMembers(ctx context.Context, group string, changes planner.MemberChanges) ([]planner.RejectedMember, error) {
	// Removals first: where the run is cut between two requests, what remains
	// is less access, never more.
	edits := make([]edit, 0, len(changes.Remove)+len(changes.Add))
	for _, m := range changes.Remove {
		edits = append(edits, edit{m, true})
	}
	for _, m := range changes.Add {
		edits = append(edits, edit{m, false})
	}
	m := &membership{target: t, group: group}
	for batch := range slices.Chunk(edits, t.batchSize(len(edits))) {
		if err := m.send(ctx, batch); err != nil {
			return m.rejected, err
		}
	}
	return m.rejected, nil
}

// batchSize is how many edits one request holds. Each removal is an operation
// of its own, all additions together are one; a PUT holds everything.
func (t *Target) batchSize(edits int) int {
	if t.puts("Groups") {
		return max(edits, 1)
	}
	size := t.dialect.Write.MembersPerRequest
	if t.dialect.Write.MemberRemove == RemoveByPath {
		size = min(size, t.dialect.Write.OperationsPerRequest)
	}
	return max(size, 1)
}

// send carries one batch out, in parts where it is too much at once or where
// one of it is refused.
func (m *membership) send(ctx context.Context, batch []edit) error {
	if len(batch) > 1 && m.tooLong(batch) {
		return m.halves(ctx, batch)
	}
	err := m.try(ctx, batch)
	switch s := status(err); {
	case err == nil:
		m.accepted += len(batch)
		return nil
	case s == http.StatusRequestEntityTooLarge && len(batch) > 1:
		return m.halves(ctx, batch)
	case s == http.StatusNotFound:
		if gone := m.checkAlive(ctx, err); gone != nil {
			return gone
		}
	case s != http.StatusBadRequest && s != http.StatusUnprocessableEntity && s != http.StatusConflict:
		return asObjectError(err)
	}
	if len(batch) > 1 {
		return m.divide(ctx, batch, err)
	}
	return m.reject(batch[0], err)
}

// tooLong reports whether a request for batch is longer than the target takes.
func (m *membership) tooLong(batch []edit) bool {
	limit := m.target.dialect.Write.BodyBytes
	if limit == 0 || m.target.puts("Groups") {
		return false
	}
	body, err := json.Marshal(m.target.memberOperations(batch))
	return err == nil && len(body)+len(patchSchema)+64 > limit
}

// try sends batch in one request.
func (m *membership) try(ctx context.Context, batch []edit) error {
	t := m.target
	whole := func(object map[string]any) error { editMembers(object, batch); return nil }
	if t.puts("Groups") {
		return t.put(ctx, "Groups", m.group, whole)
	}
	return t.patchOrPut(ctx, "Groups", m.group, t.memberOperations(batch), whole)
}

// halves sends batch in two parts, every other edit in each: refused members
// often stand side by side, and whoever is tried first should stand for all.
func (m *membership) halves(ctx context.Context, batch []edit) error {
	var parts [2][]edit
	for i, e := range batch {
		parts[i%2] = append(parts[i%2], e)
	}
	if err := m.send(ctx, parts[0]); err != nil {
		return err
	}
	return m.send(ctx, parts[1])
}

// divide tells the members that the target refuses from the others: by the ids
// that its error names, or else by halves.
func (m *membership) divide(ctx context.Context, batch []edit, err error) error {
	var answer *providers.RequestError
	if !errors.As(err, &answer) {
		return err
	}
	var named, others []edit
	for _, e := range batch {
		if e.RemoteID != "" && strings.Contains(answer.Detail, e.RemoteID) {
			named = append(named, e)
		} else {
			others = append(others, e)
		}
	}
	if len(named) == 0 || len(others) == 0 {
		return m.halves(ctx, batch)
	}
	if err := m.send(ctx, others); err != nil {
		return err
	}
	return m.send(ctx, named)
}

// reject settles one member that was refused on its own.
func (m *membership) reject(e edit, err error) error {
	if e.remove && (status(err) == http.StatusNotFound || strings.EqualFold(scimType(err), "noTarget")) {
		m.accepted++ // not a member any more: as wanted
		return nil
	}
	m.rejected = append(m.rejected, planner.RejectedMember{Member: e.Member, Detail: err.Error()})
	if m.accepted == 0 && len(m.rejected) >= hopelessAfter {
		return &providers.ObjectError{Code: codeMember, Err: fmt.Errorf("%d members were refused and none was taken: %w", len(m.rejected), err)}
	}
	return nil
}

// checkAlive finds out whether a 404 was about the group itself.
func (m *membership) checkAlive(ctx context.Context, cause error) error {
	if m.alive {
		return nil
	}
	_, err := m.target.client.Do(ctx, providers.Request{Method: http.MethodGet, Path: []string{"Groups", m.group}})
	switch {
	case err == nil:
		m.alive = true
		return nil
	case status(err) == http.StatusNotFound:
		return &providers.ObjectError{Code: codeGone, Err: cause}
	}
	return err
}

// memberOperations are the PATCH steps for batch in the dialect's shape.
func (t *Target) memberOperations(batch []edit) []operation {
	var out []operation
	var add, remove []any
	for _, e := range batch {
		switch {
		case !e.remove:
			add = append(add, memberValue(e.RemoteID))
		case t.dialect.Write.MemberRemove == RemoveByPath:
			out = append(out, operation{Op: "remove", Path: "members[value eq " + quote(e.RemoteID) + "]"})
		default:
			remove = append(remove, memberValue(e.RemoteID))
		}
	}
	switch {
	case len(remove) == 0:
	case t.dialect.Write.MemberRemove == RemoveByObjects:
		out = append(out, operation{Op: "remove", Path: "members", Value: map[string]any{"members": remove}})
	default:
		out = append(out, operation{Op: "remove", Path: "members", Value: remove})
	}
	if len(add) > 0 {
		out = append(out, operation{Op: "add", Path: "members", Value: add})
	}
	return out
}

// memberValue names a member by its id alone; some services refuse more.
func memberValue(id string) any { return map[string]any{"value": id} }

// editMembers makes batch's changes in a group that is written whole.
func editMembers(object map[string]any, batch []edit) {
	key := keyOf(object, "members")
	elements, _ := object[key].([]any)
	remove, held := map[string]bool{}, map[string]bool{}
	for _, e := range batch {
		remove[e.RemoteID] = e.remove
	}
	elements = slices.DeleteFunc(elements, func(e any) bool {
		id := idOf(e)
		held[id] = true
		return remove[id]
	})
	for _, e := range batch {
		if !e.remove && !held[e.RemoteID] {
			elements = append(elements, memberValue(e.RemoteID))
		}
	}
	if elements == nil {
		elements = []any{}
	}
	object[key] = elements
}

func idOf(element any) string {
	object, ok := element.(map[string]any)
	if !ok {
		return fmt.Sprint(element)
	}
	return fmt.Sprint(object[keyOf(object, "value")])
}
