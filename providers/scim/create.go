package scim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/providers"
	"github.com/rollcall-dev/rollcall/schema"
)

// maxCreates is how often a create is sent whose answer is lost each time and
// which has not come about.
const maxCreates = 3

// creation is one object that is being made.
type creation struct {
	wanted
	change string
	body   []byte
	// lost: a request may have been carried out without our seeing the answer.
	// Only then does a match by name alone count as ours.
	lost bool
}

// made is the object that a creation led to.
type made struct {
	id string
	// found: it was there when looked for, so what it holds is not known.
	found bool
}

func (t *Target) createUser(ctx context.Context, c planner.Change, o *planner.Outcome) error {
	after := withDefaults(c.After,
		schema.Value{Path: "userName", Value: c.Name}, schema.Value{Path: "active", Value: true}, externalID(c))
	object := map[string]any{"schemas": []any{userSchema}}
	if err := setAll(object, after, false); err != nil {
		return err
	}
	markPrimary(object)
	m, err := t.create(ctx, object, creation{change: c.ID, wanted: wanted{
		kind: "Users", name: textOf(after, "userName"), externalID: textOf(after, "externalId"), email: emailOf(after),
	}})
	o.RemoteID = m.id
	if err != nil || !m.found {
		return err
	}
	// It was there before the request that we know of: bring it to what is wanted.
	after = slices.DeleteFunc(after, func(v schema.Value) bool { return v.Path == "externalId" || v.Value == nil || v.Value == "" })
	return t.update(ctx, "Users", m.id, nil, after)
}

func (t *Target) createGroup(ctx context.Context, c planner.Change, o *planner.Outcome) error {
	after := withDefaults(c.After, schema.Value{Path: "displayName", Value: c.Name}, externalID(c))
	if !t.dialect.Write.GroupExternalID {
		after = slices.DeleteFunc(after, func(v schema.Value) bool { return v.Path == "externalId" })
	}
	object := map[string]any{"schemas": []any{groupSchema}}
	if err := setAll(object, after, false); err != nil {
		return err
	}
	n := creation{change: c.ID, wanted: wanted{kind: "Groups", name: textOf(after, "displayName"), externalID: textOf(after, "externalId")}}
	m, rest, err := t.createFilled(ctx, object, n, c.Members.Add)
	o.RemoteID = m.id
	if err != nil {
		return err
	}
	if m.found {
		if rest, err = t.missing(ctx, m.id, c.Members.Add); err != nil {
			return err
		}
	}
	o.Rejected, err = t.changeMembers(ctx, m.id, planner.MemberChanges{Add: rest})
	return err
}

// createFilled makes a group with as many members as its POST may carry and
// returns those that are left. Where the target refuses the request with
// members, the group is made empty: the members are then judged one by one.
func (t *Target) createFilled(ctx context.Context, object map[string]any, n creation, members []planner.Member) (made, []planner.Member, error) {
	carried := 0
	if t.dialect.Write.CreateWithMembers {
		carried = min(len(members), t.dialect.Write.MembersPerRequest)
	}
	if carried == 0 {
		m, err := t.create(ctx, object, n)
		return m, members, err
	}
	list := make([]any, carried)
	for i := range list {
		list[i] = memberValue(members[i].RemoteID)
	}
	object["members"] = list
	m, err := t.create(ctx, object, n)
	if !refusesBody(err) {
		return m, members[carried:], err
	}
	delete(object, "members")
	m, err = t.create(ctx, object, n)
	return m, members, err
}

// refusesBody reports a refusal that may be about a group's members.
func refusesBody(err error) bool {
	switch status(err) {
	case http.StatusBadRequest, http.StatusNotFound, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return true
	}
	return false
}

// create sends one POST and finds out what became of it. No answer but a clean
// success counts as "not done" until the object was looked for.
func (t *Target) create(ctx context.Context, object map[string]any, n creation) (made, error) {
	body, err := json.Marshal(object)
	if err != nil {
		return made{}, fmt.Errorf("encode the new object: %w", err)
	}
	n.body = body
	if before, again := t.created.LoadOrStore(n.change, ""); again {
		if id := before.(string); id != "" {
			return made{id: id, found: true}, nil
		}
		n.lost = true
		if m, err := t.look(ctx, &n, thorough(0)); m.id != "" || err != nil {
			return m, err
		}
	}
	m, err := t.post(ctx, &n)
	switch {
	case m.id != "":
		t.created.Store(n.change, m.id)
	case !n.lost:
		t.created.Delete(n.change)
	}
	return m, err
}

func (t *Target) post(ctx context.Context, n *creation) (made, error) {
	var last error
	for range maxCreates {
		res, err := t.client.Do(ctx, providers.Request{Method: http.MethodPost, Path: []string{n.kind}, Body: n.body})
		if err == nil && res.Status != http.StatusAccepted {
			if id := text(find(membersOf(nil, res.Body), "id")); id != "" {
				return made{id: id}, nil
			}
		}
		m, again, err := t.afterPost(ctx, n, err)
		if m.id != "" || !again {
			return m, err
		}
		last = err
	}
	return made{}, asObjectError(last)
}

// afterPost decides what a POST without a clean success led to, and whether it
// may be sent again.
func (t *Target) afterPost(ctx context.Context, n *creation, err error) (m made, again bool, _ error) {
	var unsent *providers.UnsentError
	var credentials *providers.CredentialsError
	search := thorough(t.dialect.Lookup.Settle)
	s := status(err)
	switch {
	case errors.As(err, &unsent), errors.As(err, &credentials), s == http.StatusTooManyRequests, s >= 300 && s < 400:
		return made{}, false, err // known to have led to nothing
	case s == http.StatusConflict:
		m, err := t.collided(ctx, n, err)
		return m, false, err
	case s >= 400 && s < 500, s == http.StatusNotImplemented:
		// A refusal by its words. Some services say so after the fact, which is
		// worth one look, and not the reading of whole lists.
		search = patience{}
	default:
		n.lost = true
	}
	m, lookErr := t.look(ctx, n, search)
	switch {
	case lookErr != nil:
		return made{}, false, unknownAfter(lookErr, err)
	case m.id != "":
		return m, false, nil
	case err == nil:
		return made{}, false, &providers.ObjectError{Code: "not-confirmed", Err: errors.New("the target accepted it, gave no id, and does not show it")}
	case !search.list:
		return made{}, false, asRefused(err)
	}
	return made{}, true, err
}

// unknownAfter is the error where a look-up failed too: whether the object was
// made is not known. cause is nil where the target said that it was.
func unknownAfter(lookUp, cause error) error {
	if cause == nil {
		return fmt.Errorf("look up what was made: %w", lookUp)
	}
	return fmt.Errorf("look up what was made: %w, after: %w", lookUp, cause)
}

// asRefused is asObjectError for a create, where 404 is about no object.
func asRefused(err error) error {
	if status(err) == http.StatusNotFound {
		return &providers.ObjectError{Code: codeRefused, Err: err}
	}
	return asObjectError(err)
}

// collided deals with a 409: the object is ours if exactly one has our
// externalId, or if an earlier request of this create was lost.
func (t *Target) collided(ctx context.Context, n *creation, cause error) (made, error) {
	m, err := t.look(ctx, n, thorough(t.dialect.Lookup.Settle))
	if err != nil || m.id != "" {
		m.found = true
		return m, err
	}
	others, err := t.lookUp(ctx, n.wanted, true)
	if err != nil {
		return made{}, unknownAfter(err, cause)
	}
	if len(others) == 0 {
		return made{}, &providers.ObjectError{Code: codeConflict,
			Err: fmt.Errorf("the target holds this identity where SCIM does not show it: %w", cause)}
	}
	return made{}, &providers.ObjectError{Code: codeConflict,
		Err: fmt.Errorf("%q (id %q) is there already and is not ours: %w", others[0].name, others[0].id, cause)}
}

// patience says how hard an object is looked for: how long, and whether the
// whole list is read in the end.
type patience struct {
	settle time.Duration
	list   bool
}

func thorough(settle time.Duration) patience { return patience{settle: settle, list: true} }

// look waits for the object of n to show, and says whether it is there. An
// object of another's is not.
func (t *Target) look(ctx context.Context, n *creation, search patience) (made, error) {
	deadline := t.clock.Now().Add(search.settle)
	for wait := 50 * time.Millisecond; ; wait *= 2 {
		left := deadline.Sub(t.clock.Now())
		found, err := t.lookUp(ctx, n.wanted, search.list && left <= 0)
		if err != nil {
			return made{}, err
		}
		if m, err := n.pick(found); m.id != "" || err != nil || left <= 0 {
			return m, err
		}
		if err := t.clock.Sleep(ctx, min(wait, left)); err != nil {
			return made{}, err
		}
	}
}

// pick chooses the one object that is ours.
func (n *creation) pick(found []candidate) (made, error) {
	ours := slices.DeleteFunc(slices.Clone(found), func(c candidate) bool { return !n.owns(c) })
	switch len(ours) {
	case 0:
		return made{}, nil
	case 1:
		return made{id: ours[0].id, found: !n.lost}, nil
	}
	return made{}, &providers.ObjectError{Code: codeAmbiguous,
		Err: fmt.Errorf("the target shows %d objects for it, %q and %q among them", len(ours), ours[0].id, ours[1].id)}
}

func (n *creation) owns(c candidate) bool {
	if n.externalID != "" && c.externalID == n.externalID {
		return true
	}
	return n.lost && schema.Fold(c.name) == schema.Fold(n.name) && (c.externalID == "" || n.externalID == "")
}

// missing are those of members that the group does not have, as far as it shows them.
func (t *Target) missing(ctx context.Context, id string, members []planner.Member) ([]planner.Member, error) {
	if t.dialect.Members.Read != planner.MembersFull {
		return members, nil
	}
	res, err := t.client.Do(ctx, providers.Request{Method: http.MethodGet, Path: []string{"Groups", id}})
	if err != nil {
		return nil, asObjectError(err)
	}
	g, err := decodeGroup(res.Body)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(members), func(m planner.Member) bool {
		_, held := slices.BinarySearch(g.members, m.RemoteID)
		return held
	}), nil
}

// externalID is the value to create with, where the change's attributes have none.
func externalID(c planner.Change) schema.Value {
	v := schema.Value{Path: "externalId"}
	if c.Link.ExternalID != "" {
		v.Value = c.Link.ExternalID
	}
	return v
}

// withDefaults completes values by those of defaults whose path they lack.
func withDefaults(values []schema.Value, defaults ...schema.Value) []schema.Value {
	out := slices.Clone(values)
	for _, d := range defaults {
		if d.Value != nil && !slices.ContainsFunc(out, func(v schema.Value) bool { return v.Path == d.Path }) {
			out = append(out, d)
		}
	}
	return out
}

func textOf(values []schema.Value, path string) string {
	for _, v := range values {
		if v.Path == path {
			s, _ := v.Value.(string)
			return s
		}
	}
	return ""
}

func emailOf(values []schema.Value) string {
	for _, v := range values {
		if p, err := parsePath(v.Path); err == nil && p.attribute == "emails" {
			if s, ok := v.Value.(string); ok {
				return s
			}
		}
	}
	return ""
}

// markPrimary makes the first e-mail of a new account the primary one.
func markPrimary(object map[string]any) {
	emails, _ := object["emails"].([]any)
	if len(emails) == 0 {
		return
	}
	if first, ok := emails[0].(map[string]any); ok {
		first["primary"] = true
	}
}
