package sandbox

import (
	"cmp"
	"encoding/base64"
	"math"
	"net/http"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// query is what a list or search asks for (RFC 7644, sections 3.4.2 and 3.4.3).
type query struct {
	filter     string
	sortBy     string
	descending bool
	start      int // 1-based
	count      int // -1 where it is not given
	cursor     *string
	view       view
}

// list answers GET of a collection; of all resources where k is nil.
func (s *Service) list(k *kind, r *request) (*response, *fail) {
	q := query{filter: r.query.Get("filter"), sortBy: r.query.Get("sortBy"), start: 1, count: -1}
	var err *fail
	if q.view, err = s.viewOf(r); err != nil {
		return nil, err
	}
	if q.start, err = queryNumber(r, "startIndex", 1); err != nil {
		return nil, err
	}
	if q.count, err = queryNumber(r, "count", -1); err != nil {
		return nil, err
	}
	if q.count < 0 && r.query.Has("count") {
		q.count = 0 // RFC 7644, table 6
	}
	if r.query.Has("cursor") {
		c := r.query.Get("cursor")
		q.cursor = &c
	}
	if err := q.order(r.query.Get("sortOrder")); err != nil {
		return nil, err
	}
	return s.find(k, q)
}

func queryNumber(r *request, name string, absent int) (int, *fail) {
	text := r.query.Get(name)
	if text == "" {
		return absent, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, badRequest(invalidValue, "%s must be a whole number, and is %q", name, text)
	}
	return n, nil
}

func (q *query) order(text string) *fail {
	switch strings.ToLower(text) {
	case "", "ascending":
	case "descending":
		q.descending = true
	default:
		return badRequest(invalidValue, "sortOrder must be ascending or descending, and is %q", text)
	}
	return nil
}

// search answers POST of /.search.
func (s *Service) search(k *kind, r *request) (*response, *fail) {
	raw, err := r.parse()
	if err != nil {
		return nil, err
	}
	q, err := s.searchQuery(raw, r.base)
	if err != nil {
		return nil, err
	}
	return s.find(k, q)
}

func (s *Service) searchQuery(raw object, base string) (q query, err *fail) {
	urns, err := stringList(raw, "schemas")
	if err != nil {
		return q, err
	}
	if !containsFold(urns, urnSearch) {
		return q, badRequest(invalidSyntax, `"schemas" must hold %q`, urnSearch)
	}
	q = query{start: 1, count: -1}
	texts := map[string]string{}
	for _, name := range []string{"filter", "sortBy", "sortOrder"} {
		if texts[name], err = optionalText(raw, name); err != nil {
			return q, err
		}
	}
	q.filter, q.sortBy = texts["filter"], texts["sortBy"]
	if err := q.order(texts["sortOrder"]); err != nil {
		return q, err
	}
	if q.start, err = optionalNumber(raw, "startIndex", 1); err != nil {
		return q, err
	}
	if q.count, err = optionalNumber(raw, "count", -1); err != nil {
		return q, err
	}
	if c, ok := anyCase(raw, "cursor").(string); ok {
		q.cursor = &c
	}
	var lists [2][]string
	for i, name := range []string{"attributes", "excludedAttributes"} {
		if anyCase(raw, name) == nil {
			continue
		}
		if lists[i], err = stringList(raw, name); err != nil {
			return q, err
		}
	}
	q.view, err = s.newView(base, lists[0], lists[1])
	return q, err
}

func optionalText(raw object, name string) (string, *fail) {
	v := anyCase(raw, name)
	if v == nil {
		return "", nil
	}
	text, ok := v.(string)
	if !ok {
		return "", badRequest(invalidSyntax, "%q must be a string, and is %s", name, jsonType(v))
	}
	return text, nil
}

func optionalNumber(raw object, name string, absent int) (int, *fail) {
	v := anyCase(raw, name)
	if v == nil {
		return absent, nil
	}
	n, ok := v.(float64)
	if !ok || n != math.Trunc(n) || math.Abs(n) > math.MaxInt32 {
		return 0, badRequest(invalidSyntax, "%q must be a whole number", name)
	}
	return int(n), nil
}

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

// filterObject is what a filter sees: members too, even where they are hidden
// from readers.
func (s *Service) filterObject(e *entry, need selection) object {
	if e.kind != kindGroup || !need.has("members") {
		return s.object(e, "", need)
	}
	need.only["members"] = false
	o := s.object(e, "", need)
	need.only["members"] = true
	list := make([]any, len(e.members))
	for i, m := range e.members {
		list[i] = toObject(memberFields(m, ""))
	}
	o["members"] = list
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

// pageSize is how many resources a page may hold.
func (s *Service) pageSize(count int) int {
	q := &s.dialect.Quirks
	if count < 0 {
		count = q.DefaultCount
	}
	count = min(count, q.MaxCount)
	if q.ShortPages && count > 1 {
		count = (count + 1) / 2
	}
	return count
}

// indexPage cuts the page that startIndex and count ask for.
func (s *Service) indexPage(hits []*entry, q query) *response {
	start, size := max(q.start, 1), s.pageSize(q.count)
	from := start - 1
	quirks := &s.dialect.Quirks
	if quirks.OverlappingPages && from > 0 {
		from--
	}
	if quirks.WrapAround && from >= len(hits) {
		from = 0
	}
	from = min(from, len(hits))
	page := hits[from:min(from+size, len(hits))]
	out := object{"startIndex": start}
	return s.listResponse(out, page, len(hits), q.view)
}

// cursorPage cuts the page that a cursor asks for (RFC 9865). A cursor is the
// place of the last resource shown, so that a deletion does not shift the next.
func (s *Service) cursorPage(hits []*entry, q query) (*response, *fail) {
	if q.sortBy != "" && !s.dialect.Quirks.NoSort {
		return nil, badRequest(invalidValue, "sortBy cannot be combined with a cursor")
	}
	total, left := len(hits), hits
	if q.cursor != nil && *q.cursor != "" {
		after, err := readCursor(*q.cursor)
		if err != nil {
			return nil, err
		}
		left = hits[sort.Search(len(hits), func(i int) bool { return after.before(hits[i]) }):]
	}
	page := left[:min(s.pageSize(q.count), len(left))]
	out := object{}
	if q.cursor != nil && len(page) > 0 && len(page) < len(left) {
		out["nextCursor"] = cursorAt(page[len(page)-1])
	}
	return s.listResponse(out, page, total, q.view), nil
}

// place is the position of a resource in a list over all types.
type place struct {
	kind kind
	seq  uint64
}

func (p place) before(e *entry) bool {
	return cmp.Or(cmp.Compare(p.kind, e.kind), cmp.Compare(p.seq, e.seq)) < 0
}

func cursorAt(e *entry) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(int(e.kind)) + ":" + strconv.FormatUint(e.seq, 10)))
}

func readCursor(text string) (place, *fail) {
	bad := badRequest(invalidCursor, "%q is not a cursor of this service", text)
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return place{}, bad
	}
	k, seq, _ := strings.Cut(string(raw), ":")
	n, errKind := strconv.Atoi(k)
	at, errSeq := strconv.ParseUint(seq, 10, 64)
	if errKind != nil || errSeq != nil {
		return place{}, bad
	}
	return place{kind(n), at}, nil
}

// listResponse renders a ListResponse.
func (s *Service) listResponse(out object, page []*entry, total int, v view) *response {
	if s.dialect.Quirks.LyingTotal {
		total = len(page)
	}
	out["schemas"] = []string{urnList}
	out["totalResults"] = total
	out["itemsPerPage"] = len(page)
	b := encode(out)
	b = append(b[:len(b)-1], `,"Resources":[`...)
	for i, e := range page {
		if i > 0 {
			b = append(b, ',')
		}
		b = s.render(b, e, v)
	}
	return &response{status: http.StatusOK, body: append(b, "]}"...)}
}
