package scim

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/rollcall-dev/rollcall/providers"
	"github.com/rollcall-dev/rollcall/schema"
)

// wanted is an object that is looked for.
type wanted struct {
	kind             string
	externalID, name string
	// email is looked for last, to name whoever stands in the way.
	email string
}

// candidate is an object that a search brought up.
type candidate struct {
	id, externalID, name string
	emails               []string
}

// lookUp returns the objects that have w's externalId, or else w's name, or
// else w's e-mail. What a filter brings up is checked here: some services
// answer any filter with a match by name, or with everything. With whole, the
// list is read where the filters brought up nothing and cannot be trusted.
func (t *Target) lookUp(ctx context.Context, w wanted, whole bool) ([]candidate, error) {
	trusted := t.dialect.Lookup.TrustEmpty && !t.dialect.Lookup.CaseExact
	for _, key := range t.keys(w) {
		all, conclusive, err := t.ask(ctx, w.kind, key.filter)
		if err != nil {
			return nil, err
		}
		if found := keep(all, key.fits); len(found) > 0 {
			return found, nil
		}
		trusted = trusted && conclusive
	}
	if trusted || !whole {
		return nil, nil
	}
	all, err := t.listAll(ctx, w.kind)
	if err != nil {
		return nil, err
	}
	for _, key := range t.keys(w) {
		if found := keep(all, key.fits); len(found) > 0 {
			return found, nil
		}
	}
	return nil, nil
}

// key is one way to find an object: a filter, and the check of its answer.
type key struct {
	attribute, filter string
	fits              func(candidate) bool
}

// keys are the ways to find w, in the dialect's order.
func (t *Target) keys(w wanted) []key {
	by := t.dialect.Lookup.UserBy
	if w.kind == "Groups" {
		by = t.dialect.Lookup.GroupBy
	}
	var out []key
	for _, attribute := range by {
		switch {
		case attribute == "externalId" && w.externalID != "":
			out = append(out, key{attribute, equals(attribute, w.externalID), func(c candidate) bool { return c.externalID == w.externalID }})
		case attribute != "externalId" && w.name != "":
			out = append(out, key{attribute, equals(attribute, w.name), func(c candidate) bool { return schema.Fold(c.name) == schema.Fold(w.name) }})
		}
	}
	if w.email != "" {
		out = append(out, key{"emails.value", equals("emails.value", w.email), func(c candidate) bool {
			return slices.ContainsFunc(c.emails, func(e string) bool { return strings.EqualFold(e, w.email) })
		}})
	}
	return out
}

func keep(all []candidate, fits func(candidate) bool) []candidate {
	return slices.DeleteFunc(slices.Clone(all), func(c candidate) bool { return !fits(c) })
}

// ask sends one filter. Services answer an empty result with 404 too. The
// answer is not conclusive where the target refuses the filter, or shows only
// a part of what it brings up.
func (t *Target) ask(ctx context.Context, kind, filter string) (all []candidate, conclusive bool, err error) {
	l := t.candidates(kind, filter)
	p, err := l.fetch(ctx, query{count: t.dialect.Page.Max})
	var refused *providers.RequestError
	var credentials *providers.CredentialsError
	switch {
	case err == nil:
		return p.items, p.total <= len(p.items), nil
	case errors.As(err, &credentials):
		return nil, false, err
	case errors.As(err, &refused) && refused.Status < 500 && refused.Status != 429, status(err) == 501, errors.Is(err, errNoList):
		return nil, refused != nil && refused.Status == 404, nil
	}
	return nil, false, err
}

// listAll reads all objects of a kind for what identifies them.
func (t *Target) listAll(ctx context.Context, kind string) ([]candidate, error) {
	all, _, err := t.candidates(kind, "").all(ctx)
	return all, err
}

func (t *Target) candidates(kind, filter string) *list[candidate] {
	return &list[candidate]{
		client: t.client, kind: kind, filter: filter, page: t.dialect.Page, decode: decodeCandidate(kind), cursors: t.knowsCursors,
		id:   func(c *candidate) string { return c.id },
		same: func(a, b *candidate) bool { return a.externalID == b.externalID && a.name == b.name },
		tell: func(int, int) {},
	}
}

func decodeCandidate(kind string) func([]byte) (candidate, error) {
	name := "userName"
	if kind == "Groups" {
		name = "displayName"
	}
	return func(resource []byte) (candidate, error) {
		m := membersOf(nil, resource)
		c := candidate{id: text(find(m, "id")), externalID: text(find(m, "externalId")), name: text(find(m, name))}
		if c.id == "" {
			return c, errors.New("an object without an id")
		}
		return c, eachElement(find(m, "emails"), func(v []byte) error {
			c.emails = append(c.emails, text(find(membersOf(nil, v), "value")))
			return nil
		})
	}
}
