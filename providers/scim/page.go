package scim

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/rollcall-dev/rollcall/providers"
)

// query is what one page is asked for.
type query struct {
	filter string
	// start is the 1-based index of the first object; zero sends none.
	start, count int
	// cursor is sent, also empty, where byCursor is set (RFC 9865).
	cursor   string
	byCursor bool
}

// String is q escaped: spaces as %20, because some services take + literally.
func (q query) String() string {
	var parts []string
	if q.filter != "" {
		parts = append(parts, "filter="+escapeQuery(q.filter))
	}
	switch {
	case q.byCursor && q.cursor == "":
		// RFC 9865 section 2: the first request has a cursor without a value.
		parts = append(parts, "cursor")
	case q.byCursor:
		parts = append(parts, "cursor="+escapeQuery(q.cursor))
	case q.start > 0:
		parts = append(parts, "startIndex="+strconv.Itoa(q.start))
	}
	if q.count > 0 {
		parts = append(parts, "count="+strconv.Itoa(q.count))
	}
	return strings.Join(parts, "&")
}

func escapeQuery(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// page is one ListResponse.
type page[T any] struct {
	items []T
	// total is totalResults, or -1 where the answer has none.
	total int
	next  string
}

// errNoList is the cause where a success holds no ListResponse: an empty object
// must not pass for an empty list.
var errNoList = errors.New("the answer is no SCIM ListResponse")

// list reads one kind of object, with all that the pager needs to know of it.
type list[T any] struct {
	client *providers.Client
	// kind is the endpoint: Users or Groups.
	kind   string
	filter string
	page   Page
	decode func(resource []byte) (T, error)
	id     func(*T) string
	same   func(a, b *T) bool
	tell   func(done, total int)
	// cursors reports whether the target says that it pages by cursor.
	cursors func(context.Context) bool
}

// fetch asks for one page.
func (l *list[T]) fetch(ctx context.Context, q query) (page[T], error) {
	q.filter = l.filter
	res, err := l.client.Do(ctx, providers.Request{Method: http.MethodGet, Path: []string{l.kind}, Query: q.String()})
	if err != nil {
		return page[T]{}, err
	}
	return decodePage(res.Body, l.decode)
}

// decodePage reads a ListResponse (RFC 7644 section 3.4.2).
func decodePage[T any](body []byte, decode func([]byte) (T, error)) (page[T], error) {
	p := page[T]{total: -1}
	m := membersOf(nil, body)
	resources, total := find(m, "Resources"), find(m, "totalResults")
	if resources == nil && total == nil {
		return p, errNoList
	}
	if resources != nil && resources[0] != '[' {
		return p, errNoList
	}
	if n, ok := count(total); ok {
		p.total = n
	} else if total != nil {
		return p, errors.New("totalResults is no number")
	}
	p.next = text(find(m, "nextCursor"))
	err := eachElement(resources, func(v []byte) error {
		item, err := decode(v)
		p.items = append(p.items, item)
		return err
	})
	return p, err
}
