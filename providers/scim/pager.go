package scim

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/rollcall-dev/rollcall/providers"
)

// maxPages ends a list that never ends.
const maxPages = 50_000

// all reads the whole list and proves that it did, or fails. unstable reports
// that pages overlapped in two readings, so that objects which have gone may
// still be among the items.
func (l *list[T]) all(ctx context.Context) (items []T, unstable bool, err error) {
	first, err := l.readOnce(ctx)
	if err != nil {
		return nil, false, err
	}
	if !first.overlap {
		return first.items, false, first.prove()
	}
	// Something moved while we read. Once more from the start, and then both
	// readings together hold whatever either saw.
	second, err := l.readOnce(ctx)
	if err != nil {
		return nil, false, err
	}
	if second.overlap {
		second.unite(first)
	}
	return second.items, second.overlap, second.prove()
}

// readOnce reads the list from its start to its end. Where reading by index
// proves nothing and the target says that it knows cursors, those are followed.
func (l *list[T]) readOnce(ctx context.Context) (*reading[T], error) {
	r, err := l.readBy(ctx, l.page.Method)
	if l.page.Method != PageAuto {
		return r, err
	}
	if err == nil {
		err = r.prove()
	}
	var unproven *providers.IncompleteReadError
	if (errors.As(err, &unproven) || err == nil && r.sameAgain) && l.cursors(ctx) {
		return l.readBy(ctx, PageCursor)
	}
	return r, err
}

func (l *list[T]) readBy(ctx context.Context, method PageMethod) (*reading[T], error) {
	switch method {
	case PageCursor:
		return l.readCursor(ctx)
	case PageNone:
		r := l.newReading()
		p, err := l.fetch(ctx, query{})
		if err != nil {
			return nil, err
		}
		return r, r.add(p)
	}
	return l.readIndex(ctx)
}

// readIndex advances by what it received, whatever was asked for and whatever
// the page says about itself (RFC 7644 section 3.4.2.4).
func (l *list[T]) readIndex(ctx context.Context) (*reading[T], error) {
	r := l.newReading()
	for start, pages := 1, 0; ; pages++ {
		if pages == maxPages {
			return nil, incomplete(l.kind, "the list goes on after %d pages", maxPages)
		}
		p, err := l.fetch(ctx, query{start: start, count: l.page.Max})
		if err != nil {
			return nil, err
		}
		before := len(r.items)
		if err := r.add(p); err != nil {
			return nil, err
		}
		if len(r.items) == before && pages == 1 && len(p.items) > 0 {
			return r, l.checkWrapped(ctx, r)
		}
		if len(r.items) == before || r.finished(p, l.page) {
			return r, nil
		}
		if pages == 0 && l.page.Parallel && r.canSplit(p) {
			if whole, err := l.readParallel(ctx, p); whole != nil || err != nil {
				return whole, err
			}
		}
		start += len(p.items)
	}
}

// checkWrapped tells a target that shows its first page again past the end from
// one that shows it whatever it is asked for. Of the second, what was seen may
// be cut at its own maximum, with the cut's length as the total.
func (l *list[T]) checkWrapped(ctx context.Context, r *reading[T]) error {
	last := len(r.items)
	if r.honest || last < 2 {
		return nil
	}
	p, err := l.fetch(ctx, query{start: last, count: l.page.Max})
	if err != nil {
		return err
	}
	r.sameAgain = len(p.items) > 0 && l.id(&p.items[0]) == l.id(&r.items[0])
	return nil
}

// readParallel reads the pages after the first at once, each as long as the
// first turned out to be. It returns nil where they do not fit together to the
// total: what a page by page reading makes of that is then the answer.
func (l *list[T]) readParallel(ctx context.Context, first page[T]) (*reading[T], error) {
	step := len(first.items)
	pages := make([]page[T], (first.total+step-1)/step)
	pages[0] = first
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(l.client.Parallelism())
	for i := 1; i < len(pages); i++ {
		g.Go(func() error {
			var err error
			pages[i], err = l.fetch(gctx, query{start: 1 + i*step, count: l.page.Max})
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return l.join(ctx, pages)
}

// join puts pages together if they are what an honest target would answer.
func (l *list[T]) join(ctx context.Context, pages []page[T]) (*reading[T], error) {
	r := l.newReading()
	for _, p := range pages {
		if err := r.add(p); err != nil {
			return nil, err
		}
	}
	last := pages[len(pages)-1]
	if r.overlap || r.total != pages[0].total || len(r.items) != r.total {
		return nil, nil
	}
	if r.finished(last, l.page) {
		return r, nil
	}
	end, err := l.fetch(ctx, query{start: len(r.items) + 1, count: l.page.Max})
	if err != nil {
		return nil, err
	}
	before := len(r.items)
	if err := r.add(end); err != nil {
		return nil, err
	}
	if len(r.items) != before {
		return nil, nil
	}
	return r, nil
}

// readCursor follows nextCursor to its end, however short a page is.
func (l *list[T]) readCursor(ctx context.Context) (*reading[T], error) {
	for restarts := 0; ; restarts++ {
		r, err := l.followCursor(ctx)
		var refused *providers.RequestError
		if errors.As(err, &refused) && restarts == 0 && (refused.SCIMType == "expiredCursor" || refused.SCIMType == "invalidCursor") {
			continue
		}
		return r, err
	}
}

func (l *list[T]) followCursor(ctx context.Context) (*reading[T], error) {
	r := l.newReading()
	cursors := map[string]bool{}
	q := query{byCursor: true, count: l.page.Max}
	for range maxPages {
		p, err := l.fetch(ctx, q)
		if err != nil {
			return nil, err
		}
		// A cursor's target may give the page's size as the total.
		p.total = -1
		if err := r.add(p); err != nil {
			return nil, err
		}
		if p.next == "" {
			return r, nil
		}
		if cursors[p.next] {
			return nil, incomplete(l.kind, "the target gave the same cursor twice")
		}
		cursors[p.next] = true
		q.cursor = p.next
	}
	return nil, incomplete(l.kind, "the list goes on after %d pages", maxPages)
}

func incomplete(kind, format string, args ...any) error {
	return &providers.IncompleteReadError{What: "list " + kind + ": " + fmt.Sprintf(format, args...)}
}

// reading is what one way through a list has seen.
type reading[T any] struct {
	list  *list[T]
	items []T
	index map[string]int
	// total is the largest totalResults that any page gave, or -1.
	total int
	// overlap: an object came twice on a page that also had new ones.
	overlap bool
	// sameAgain: the target shows these items whatever page it is asked for.
	sameAgain bool
	// honest: the total was larger than the page that gave it, so that it is
	// not just the page's size.
	honest bool
}

func (l *list[T]) newReading() *reading[T] {
	return &reading[T]{list: l, index: map[string]int{}, total: -1}
}

// add takes a page in. The same id with different content is an error: one of
// the two is not what the target holds.
func (r *reading[T]) add(p page[T]) error {
	fresh := 0
	for i := range p.items {
		id := r.list.id(&p.items[i])
		if at, ok := r.index[id]; ok {
			if !r.list.same(&r.items[at], &p.items[i]) {
				return incomplete(r.list.kind, "the object %q came twice with different content", id)
			}
			continue
		}
		fresh++
		r.index[id] = len(r.items)
		r.items = append(r.items, p.items[i])
	}
	r.overlap = r.overlap || fresh > 0 && fresh < len(p.items)
	r.honest = r.honest || p.total > len(p.items)
	r.total = max(r.total, p.total)
	r.list.tell(len(r.items), max(r.total, len(r.items)))
	return nil
}

// finished reports whether nothing needs to be asked after p: all that the
// target says there is was seen, and it can be believed. A short page alone
// proves nothing where the total may be just the page's size, cut at the
// service's own maximum (50 where 305 exist).
func (r *reading[T]) finished(p page[T], how Page) bool {
	if len(p.items) == 0 {
		return true
	}
	if r.total < 0 || len(r.items) < r.total {
		return false
	}
	return !how.VerifyEnd || r.honest && len(p.items) < how.Max
}

// usualMaxima are the page sizes that services are known to cut lists at.
var usualMaxima = []int{50, 100, 200, 500, 1000}

// canSplit reports whether p, the first page, tells where the others begin.
func (r *reading[T]) canSplit(p page[T]) bool {
	return !r.overlap && p.total > len(p.items) && p.total/len(p.items) < maxPages
}

// unite adds what only another reading saw.
func (r *reading[T]) unite(other *reading[T]) {
	for i := range other.items {
		id := r.list.id(&other.items[i])
		if _, ok := r.index[id]; !ok {
			r.index[id] = len(r.items)
			r.items = append(r.items, other.items[i])
		}
	}
}

// prove fails where fewer objects were seen than the target says it has, or as
// many as services are known to cut lists at and no way to ask for more.
func (r *reading[T]) prove() error {
	if n := len(r.items); r.sameAgain && (n == r.list.page.Max || slices.Contains(usualMaxima, n)) {
		return incomplete(r.list.kind, "the target shows the same %d whatever page it is asked for, and nothing says that this is all; if it knows no pages, set page { method = \"none\" }", n)
	}
	if len(r.items) < r.total {
		return incomplete(r.list.kind, "the target says that there are %d, and showed %d", r.total, len(r.items))
	}
	return nil
}
