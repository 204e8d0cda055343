package render

import (
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/providers/scim"
	"github.com/rollcall-dev/rollcall/schema"
)

// maxSkew is how far clocks may be apart before tokens and logs mislead.
const maxSkew = 30 * time.Second

// TargetReport writes what a check found out about the target at an address.
func TargetReport(w io.Writer, at schema.Address, r *scim.Report, s Style) error {
	p := newPage(w, s)
	p.line(s.paint(bold, Terminal(string(at))))
	p.fact("answers at", Terminal(r.Identity))
	p.fact("dialect", Terminal(r.Dialect))
	p.fact("token", "accepted")
	p.fact("clock", clockText(r))
	p.fact("users", listText(&r.Users))
	p.fact("groups", listText(&r.Groups))
	p.fact("members", membersText(&r.Capabilities))
	p.fact("group names", groupNamesText(&r.Capabilities))
	if r.Discovery.Offered {
		p.fact("says it has", discoveryText(&r.Discovery))
	}
	for i := range r.Filters {
		f := &r.Filters[i]
		p.fact("look-up", Terminal(f.Kind)+" by "+Terminal(f.Attribute)+": "+filterText(f))
	}
	p.fact("asked with", count(r.Requests, "request"))
	return p.end()
}

// fact writes one line of a report.
func (p *page) fact(name, text string) {
	p.wrapped("  "+pad(name, 12), "              ", text)
}

func clockText(r *scim.Report) string {
	switch {
	case !r.SkewKnown:
		return "not told"
	case r.Skew.Abs() > maxSkew:
		return "is " + durationText(r.Skew.Abs()) + " off ours: set one of them right"
	}
	return "agrees with ours"
}

func listText(l *scim.ListReport) string {
	switch {
	case l.Err != nil:
		return "cannot be listed: " + Terminal(l.Err.Error())
	case l.Total < 0:
		return "can be listed"
	}
	return strconv.Itoa(l.Total)
}

func membersText(c *planner.Capabilities) string {
	switch c.Members {
	case planner.MembersWriteOnly:
		return "cannot be read: membership is planned from the state"
	case planner.MembersCapped:
		return "can be read up to " + strconv.Itoa(c.MemberCap) + " a group"
	case planner.MembersByFilter:
		return "can be read with a request for each group"
	}
	return "can be read"
}

func groupNamesText(c *planner.Capabilities) string {
	switch {
	case c.NoGroupRename:
		return "cannot be changed"
	case c.GroupNamesNotUnique:
		return "may be given twice"
	}
	return "are unique"
}

// discoveryText lists what the target says that it can do. It is its own word:
// nothing of it was tried.
func discoveryText(d *scim.Discovery) string {
	var has []string
	add := func(supported bool, what string) {
		if supported {
			has = append(has, what)
		}
	}
	filter := "filters"
	if d.MaxResults > 0 {
		filter += " (" + count(d.MaxResults, "result") + " at most)"
	}
	add(d.Patch, "PATCH")
	add(d.Filter, filter)
	add(d.Index, "pages by index")
	add(d.Cursor, "pages by cursor")
	add(d.ETag, "ETags")
	add(d.Bulk, "bulk requests")
	if len(has) == 0 {
		return "nothing of what could be used"
	}
	return strings.Join(has, ", ")
}

func filterText(f *scim.FilterReport) string {
	switch {
	case f.Err != nil:
		return "refused, " + Terminal(f.Err.Error())
	case !f.Works:
		return "does not find what is there"
	}
	return "works"
}
