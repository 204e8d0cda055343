package scim

import (
	"context"
	"net/http"

	"github.com/rollcall-dev/rollcall/providers"
)

// Discovery is what a service says about itself at /ServiceProviderConfig (RFC
// 7643 section 5, RFC 9865 section 4). It is a hint: services say that they
// know no PATCH and do, or offer no discovery at all.
type Discovery struct {
	// Offered: the document exists.
	Offered bool
	Patch   bool
	ETag    bool
	Filter  bool
	// MaxResults is filter.maxResults; zero if the service does not say.
	MaxResults    int
	Bulk          bool
	Cursor, Index bool
}

// discover asks once what the service says about itself, where the dialect
// lets it. Whatever fails here fails nothing.
func (t *Target) discover(ctx context.Context) Discovery {
	t.discovered.Lock()
	defer t.discovered.Unlock()
	if t.discovered.done || !t.dialect.Discovery {
		return t.discovered.Discovery
	}
	res, err := t.client.Do(ctx, providers.Request{Method: http.MethodGet, Path: []string{"ServiceProviderConfig"}})
	if ctx.Err() != nil {
		return Discovery{}
	}
	t.discovered.done = true
	if err == nil {
		t.discovered.Discovery = decodeDiscovery(res.Body)
	}
	return t.discovered.Discovery
}

// knowsCursors reports whether the service says that it pages by cursor.
func (t *Target) knowsCursors(ctx context.Context) bool { return t.discover(ctx).Cursor }

func decodeDiscovery(body []byte) Discovery {
	m := membersOf(nil, body)
	supported := func(feature, flag string) bool {
		is, _ := truth(find(membersOf(nil, find(m, feature)), flag))
		return is
	}
	d := Discovery{
		Offered: find(m, "patch") != nil || find(m, "filter") != nil,
		Patch:   supported("patch", "supported"),
		ETag:    supported("etag", "supported"),
		Filter:  supported("filter", "supported"),
		Bulk:    supported("bulk", "supported"),
		Cursor:  supported("pagination", "cursor"),
		Index:   supported("pagination", "index"),
	}
	d.MaxResults, _ = count(find(membersOf(nil, find(m, "filter")), "maxResults"))
	return d
}
