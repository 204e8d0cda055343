package scim

import (
	"context"
	"net/http"
	"time"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/providers"
)

// Report is what [Target.Check] found out about a target, as data.
type Report struct {
	Identity, Dialect string
	// Skew is how far the target's clock is ahead of ours, to the second; it is
	// meaningful if SkewKnown.
	Skew      time.Duration
	SkewKnown bool
	// Elapsed is how long the first answer took.
	Elapsed time.Duration
	// Users and Groups are the two lists.
	Users, Groups ListReport
	// Filters are the attributes that objects are looked up by.
	Filters []FilterReport
	// Discovery is what the target says about itself.
	Discovery    Discovery
	Capabilities planner.Capabilities
	Requests     int
}

// ListReport is what a list of one object told.
type ListReport struct {
	// Total is totalResults, or -1 where the target does not say.
	Total int
	// Err says why the list cannot be read.
	Err error
}

// FilterReport says whether objects can be found by an attribute.
type FilterReport struct {
	// Kind is Users or Groups.
	Kind, Attribute string
	// Works: the filter brought up the object that has the value, and no other.
	Works bool
	// Err is the target's refusal, if it refused.
	Err error
}

// Check finds out, with GET alone, whether the token works, how the clocks
// compare and what the target can do. The error says that the target cannot be
// used at all: it did not answer, or refused the token. The report holds what
// was learned until then.
func (t *Target) Check(ctx context.Context) (*Report, error) {
	before := t.client.Requests()
	r := &Report{Identity: t.identity, Dialect: t.dialect.Name, Capabilities: t.Capabilities()}
	defer func() { r.Requests = t.client.Requests() - before }()
	user, err := t.checkList(ctx, "Users", &r.Users, r)
	if err != nil {
		return r, err
	}
	// Some services have no groups, which is for whoever reads the report to judge.
	group, _ := t.checkList(ctx, "Groups", &r.Groups, r)
	r.Discovery = t.discover(ctx)
	for _, k := range t.keys(wanted{kind: "Users", externalID: user.externalID, name: user.name}) {
		r.Filters = append(r.Filters, t.checkFilter(ctx, "Users", k, user))
	}
	for _, k := range t.keys(wanted{kind: "Groups", externalID: group.externalID, name: group.name}) {
		r.Filters = append(r.Filters, t.checkFilter(ctx, "Groups", k, group))
	}
	return r, ctx.Err()
}

// checkList asks for the first object of a list. Its Date tells the target's clock.
func (t *Target) checkList(ctx context.Context, kind string, list *ListReport, r *Report) (candidate, error) {
	began := t.clock.Now()
	q := query{start: 1, count: 1}
	if t.dialect.Page.Method == PageCursor {
		q = query{byCursor: true, count: 1}
	}
	res, err := t.client.Do(ctx, providers.Request{Method: http.MethodGet, Path: []string{kind}, Query: q.String()})
	list.Total, list.Err = -1, err
	if err != nil {
		return candidate{}, err
	}
	if now := t.clock.Now(); !res.Date.IsZero() && !r.SkewKnown {
		r.Elapsed = now.Sub(began)
		r.SkewKnown, r.Skew = true, res.Date.Sub(began.Add(r.Elapsed/2)).Truncate(time.Second)
	}
	p, err := decodePage(res.Body, decodeCandidate(kind))
	list.Total, list.Err = p.total, err
	if err != nil || len(p.items) == 0 {
		return candidate{}, err
	}
	return p.items[0], nil
}

// checkFilter looks an object up by what it is known to have.
func (t *Target) checkFilter(ctx context.Context, kind string, k key, known candidate) FilterReport {
	r := FilterReport{Kind: kind, Attribute: k.attribute}
	p, err := t.candidates(kind, k.filter).fetch(ctx, query{count: t.dialect.Page.Max})
	r.Err = err
	r.Works = err == nil && len(p.items) > 0 && len(keep(p.items, k.fits)) == len(p.items) && containsID(p.items, known.id)
	return r
}

func containsID(all []candidate, id string) bool {
	return len(keep(all, func(c candidate) bool { return c.id == id })) > 0
}
