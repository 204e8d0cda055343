package sandbox

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"net/http"
	"sort"
	"strconv"
	"strings"
)

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
	if quirks.SkippingPages && from > 0 {
		from++
	}
	if quirks.WrapAround && from >= len(hits) {
		from = 0
	}
	from = min(from, len(hits))
	return s.listResponse(page{resources: hits[from:min(from+size, len(hits))], total: len(hits), start: start}, q.view)
}

// cursorPage cuts the page that a cursor asks for (RFC 9865). A cursor is the
// place of the last resource shown, so that a deletion does not shift the next.
func (s *Service) cursorPage(hits []*entry, q query) (*response, *fail) {
	if q.sortBy != "" && !s.dialect.Quirks.NoSort {
		return nil, badRequest(invalidValue, "sortBy cannot be combined with a cursor")
	}
	left := hits
	if q.cursor != nil && *q.cursor != "" {
		after, err := readCursor(*q.cursor)
		if err != nil {
			return nil, err
		}
		left = hits[sort.Search(len(hits), func(i int) bool { return after.before(hits[i]) }):]
	}
	shown := left[:min(s.pageSize(q.count), len(left))]
	p := page{resources: shown, total: len(hits)}
	if q.cursor != nil && len(shown) > 0 && len(shown) < len(left) {
		p.next = cursorAt(shown[len(shown)-1])
	}
	return s.listResponse(p, q.view), nil
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

// page is a part of a list and where it stands in the whole.
type page struct {
	resources []*entry
	total     int
	start     int    // 1-based; 0 where pages go by cursor
	next      string // cursor of the next page
}

// listResponse renders a ListResponse.
func (s *Service) listResponse(p page, v view) *response {
	if s.dialect.Quirks.LyingTotal {
		p.total = len(p.resources)
	}
	b := fmt.Appendf(nil, `{"schemas":[%q],"totalResults":%d`, urnList, p.total)
	if p.start > 0 {
		b = fmt.Appendf(b, `,"startIndex":%d`, p.start)
	}
	b = fmt.Appendf(b, `,"itemsPerPage":%d`, len(p.resources))
	if p.next != "" {
		b = fmt.Appendf(b, `,"nextCursor":%q`, p.next)
	}
	b = append(b, `,"Resources":[`...)
	for i, e := range p.resources {
		if i > 0 {
			b = append(b, ',')
		}
		b = s.render(b, e, v)
	}
	return &response{status: http.StatusOK, body: append(b, "]}"...)}
}
