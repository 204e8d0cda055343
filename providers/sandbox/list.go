package sandbox

import (
	"cmp"
	"slices"
)

// find answers a query.
func (s *Service) find(k *kind, q query) (*response, *fail) {
	db, release := s.readable()
	defer release()
	hits, err := s.selectFrom(db, k, q)
	if err != nil {
		return nil, err
	}
	if len(hits) == 0 && q.filter != "" && s.dialect.Quirks.EmptyFilter404 {
		return nil, notFound("nothing matches the filter")
	}
	if q.cursor != nil || s.dialect.Quirks.CursorOnly {
		return s.cursorPage(hits, q)
	}
	return s.indexPage(hits, q), nil
}

// selectFrom returns the resources that match, in order.
func (s *Service) selectFrom(db *database, k *kind, q query) ([]*entry, *fail) {
	kinds := []kind{kindUser, kindGroup}
	if k != nil {
		kinds = []kind{*k}
	}
	if s.dialect.Quirks.IgnoreFilter {
		q.filter = ""
	}
	var hits []*entry
	for _, each := range kinds {
		some, err := s.selectKind(db, each, q.filter, k == nil)
		if err != nil {
			return nil, err
		}
		hits = append(hits, some...)
	}
	if q.sortBy == "" || s.dialect.Quirks.NoSort {
		return hits, nil
	}
	return s.sorted(hits, q, k == nil)
}

func (s *Service) scope(k kind, lax bool) scope {
	q := &s.dialect.Quirks
	return scope{kind: k, keep: q.Unknown == unknownKeep, lax: lax, exact: q.CaseExactFilter}
}

func (s *Service) selectKind(db *database, k kind, filter string, lax bool) ([]*entry, *fail) {
	if filter == "" {
		return db.lists[k], nil
	}
	e, err := parseFilter(s.scope(k, lax), filter)
	if err != nil {
		return nil, err
	}
	if s.dialect.Quirks.EqualOnly && !onlyEqual(e) {
		return nil, badRequest(invalidFilter, "filters know eq and and only here")
	}
	candidates, narrowed := db.narrow(k, e)
	if !narrowed {
		candidates = db.lists[k]
	}
	need := selection{only: map[string]bool{}}
	namesIn(e, need.only)
	var out []*entry
	for _, c := range candidates {
		if e.matches(s.filterObject(c, need)) {
			out = append(out, c)
		}
	}
	return out, nil
}

// namesIn collects the attributes of a resource that a filter looks at.
func namesIn(e expr, names map[string]bool) {
	switch e := e.(type) {
	case logical:
		for _, t := range e.terms {
			namesIn(t, names)
		}
	case negation:
		namesIn(e.term, names)
	case presence:
		names[e.path.top()] = true
	case valuePath:
		names[e.path.top()] = true
	case comparison:
		names[e.path.top()] = true
	}
}

// filterObject is what a filter sees: all members, even where they are hidden
// from readers.
func (s *Service) filterObject(e *entry, need selection) object {
	o := s.object(e, "", need)
	if e.kind == kindGroup && need.has("members") {
		list := make([]any, len(e.members))
		for i, m := range e.members {
			list[i] = toObject(memberFields(m, ""))
		}
		o["members"] = list
	}
	return o
}

// sorted orders resources by one attribute; those without it come last
// (RFC 7644, section 3.4.2.3).
func (s *Service) sorted(hits []*entry, q query, lax bool) ([]*entry, *fail) {
	type keyed struct {
		*entry
		key string
		has bool
	}
	list := make([]keyed, len(hits))
	for i, e := range hits {
		path, err := parsePath(s.scope(e.kind, lax), q.sortBy)
		if err != nil {
			return nil, badRequest(invalidPath, "sortBy: %s", err.detail)
		}
		if path.filter != nil {
			return nil, badRequest(invalidPath, "sortBy: %q is not the name of an attribute", q.sortBy)
		}
		list[i].entry = e
		if path.attr != nil {
			list[i].key, list[i].has = sortKey(path.attrPath, s.object(e, "", selection{only: map[string]bool{path.top(): true}}))
		}
	}
	slices.SortStableFunc(list, func(a, b keyed) int {
		if a.has != b.has {
			return -compareBool(a.has, b.has)
		}
		if q.descending {
			a, b = b, a
		}
		return cmp.Compare(a.key, b.key)
	})
	out := make([]*entry, len(list))
	for i, k := range list {
		out[i] = k.entry
	}
	return out, nil
}

func compareBool(a, b bool) int {
	if a == b {
		return 0
	}
	if a {
		return 1
	}
	return -1
}

// sortKey is the text to order by: the primary value, else the first.
func sortKey(p attrPath, o object) (string, bool) {
	list := p.elements(o)
	if i := slices.IndexFunc(list, isPrimary); i > 0 {
		list = list[i : i+1]
	}
	if leaf := p.leaf(); leaf != p.attr && len(list) > 0 {
		list = []any{asElement(list[0])[leaf.name]}
	}
	if len(list) == 0 || list[0] == nil {
		return "", false
	}
	text, ok := list[0].(string)
	if !ok {
		return string(encode(list[0])), true
	}
	if !p.leaf().caseExact {
		text = fold(text)
	}
	return text, true
}
