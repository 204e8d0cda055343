package sandbox

import (
	"math"
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
	if err := q.readTexts(raw); err != nil {
		return q, err
	}
	if q.start, err = optionalNumber(raw, "startIndex", 1); err != nil {
		return q, err
	}
	if q.count, err = optionalNumber(raw, "count", -1); err != nil {
		return q, err
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

// readTexts reads the members of a SearchRequest that are strings.
func (q *query) readTexts(raw object) (err *fail) {
	if q.filter, err = optionalText(raw, "filter"); err != nil {
		return err
	}
	if q.sortBy, err = optionalText(raw, "sortBy"); err != nil {
		return err
	}
	if c, ok := anyCase(raw, "cursor").(string); ok {
		q.cursor = &c
	}
	order, err := optionalText(raw, "sortOrder")
	if err != nil {
		return err
	}
	return q.order(order)
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
