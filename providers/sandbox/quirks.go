package sandbox

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// unknownPolicy says what happens to attributes that no schema has.
type unknownPolicy string

const (
	// unknownRefuse answers invalidSyntax: "did not conform to the request
	// schema" (RFC 7644, table 9).
	unknownRefuse unknownPolicy = "refuse"
	unknownIgnore unknownPolicy = "ignore"
	unknownKeep   unknownPolicy = "keep"
)

// Quirks are the ways in which a service may differ from the RFC, or choose
// where the RFC lets it. QuirkHelp explains each. The zero value is not usable;
// start at ParseDialect.
type Quirks struct {
	// Reads.
	DefaultCount, MaxCount int
	LyingTotal             bool // totalResults is the length of the page
	ShortPages             bool // pages are half as long as asked
	WrapAround             bool // past the end comes the first page again
	OverlappingPages       bool // a page starts with the last resource of the one before
	SkippingPages          bool // a page leaves out the resource that should be its first
	CursorOnly             bool // no startIndex
	HideMembers            bool // members are never returned
	TruncateMembers        int  // so many members are returned, 0 is all
	CaseExactFilter        bool
	IgnoreFilter           bool
	EqualOnly              bool // filters of eq and and only
	EmptyFilter404         bool // a filter that finds nothing answers 404
	NoProjection           bool // attributes and excludedAttributes are ignored
	NoSearch, NoSort       bool
	NoDiscovery            bool // no ServiceProviderConfig, ResourceTypes, Schemas
	NoETag                 bool

	// Writes.
	NoPatch, NoGroupPut bool
	NoReplaceMembers    bool // neither replace nor remove of all members
	OneAttributePatch   bool // a value without a path holds one attribute
	Patch204            bool
	IgnorePatch         bool // 200, and nothing happens
	PartialPut          bool // PUT keeps what is missing
	IgnorePostMembers   bool
	DuplicateMembers    bool // a member added twice is stored twice
	MaxMembers          int  // values in one request, 0 is no limit
	MaxOperations       int
	MissingMember       int            // status for a member that does not exist
	RejectMembers       map[string]int // member id to status
	RequireExternalID   bool           // of users
	RequireNames        bool           // givenName, familyName, displayName
	NoGroupExternalID   bool
	UniqueGroupNames    bool
	DuplicateNames      bool // user names are not unique
	OneEmail, OneOfEach bool
	Base64IDs           bool
	DeleteDeactivates   bool
	DeactivateDeletes   bool
	Unknown             unknownPolicy
}

// switchQuirk is one quirk as text: "name" or "name=value".
type switchQuirk struct {
	name, value, help string // value is what to show for the value; "" is none
	set               func(*Quirks, string) error
}

func on(name, help string, field func(*Quirks) *bool) switchQuirk {
	return switchQuirk{name: name, help: help, set: func(q *Quirks, _ string) error {
		*field(q) = true
		return nil
	}}
}

func count(name, help string, field func(*Quirks) *int) switchQuirk {
	return switchQuirk{name: name, value: "N", help: help, set: func(q *Quirks, v string) error {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 {
			return fmt.Errorf("%s=%s: want a number of at least 1", name, v)
		}
		*field(q) = n
		return nil
	}}
}

// switches are all quirks that can be switched on by name.
var switches = []switchQuirk{
	count("page-cap", "at most N resources a page", func(q *Quirks) *int { return &q.MaxCount }),
	count("default-count", "N resources a page where count is not given", func(q *Quirks) *int { return &q.DefaultCount }),
	on("lying-total", "totalResults is the length of the page", func(q *Quirks) *bool { return &q.LyingTotal }),
	on("short-pages", "pages are half as long as asked", func(q *Quirks) *bool { return &q.ShortPages }),
	on("wrap-around", "past the end comes the first page again", func(q *Quirks) *bool { return &q.WrapAround }),
	on("overlapping-pages", "a page starts with the last resource of the one before", func(q *Quirks) *bool { return &q.OverlappingPages }),
	on("skipping-pages", "a page after the first leaves out a resource", func(q *Quirks) *bool { return &q.SkippingPages }),
	on("cursor-only", "pages by cursor; startIndex is ignored", func(q *Quirks) *bool { return &q.CursorOnly }),
	on("hide-members", "members are never returned", func(q *Quirks) *bool { return &q.HideMembers }),
	count("truncate-members", "at most N members are returned", func(q *Quirks) *int { return &q.TruncateMembers }),
	on("case-exact-filter", "filters compare every text exactly", func(q *Quirks) *bool { return &q.CaseExactFilter }),
	on("ignore-filter", "a filter is ignored", func(q *Quirks) *bool { return &q.IgnoreFilter }),
	on("equal-only", "filters know eq and and only", func(q *Quirks) *bool { return &q.EqualOnly }),
	on("empty-filter-404", "a filter that finds nothing answers 404", func(q *Quirks) *bool { return &q.EmptyFilter404 }),
	on("no-projection", "attributes and excludedAttributes are ignored", func(q *Quirks) *bool { return &q.NoProjection }),
	on("no-search", "no POST /.search", func(q *Quirks) *bool { return &q.NoSearch }),
	on("no-sort", "sortBy is ignored", func(q *Quirks) *bool { return &q.NoSort }),
	on("no-discovery", "no ServiceProviderConfig, ResourceTypes and Schemas", func(q *Quirks) *bool { return &q.NoDiscovery }),
	on("no-etag", "no versions; If-Match is ignored", func(q *Quirks) *bool { return &q.NoETag }),
	on("no-patch", "PATCH answers 501", func(q *Quirks) *bool { return &q.NoPatch }),
	on("no-group-put", "PUT of a group answers 501", func(q *Quirks) *bool { return &q.NoGroupPut }),
	on("no-replace-members", "members cannot be replaced or removed all at once", func(q *Quirks) *bool { return &q.NoReplaceMembers }),
	on("one-attribute-patch", "a PATCH value without a path holds one attribute", func(q *Quirks) *bool { return &q.OneAttributePatch }),
	on("patch-204", "PATCH answers 204 without a body", func(q *Quirks) *bool { return &q.Patch204 }),
	on("ignore-patch", "PATCH answers 200 and does nothing", func(q *Quirks) *bool { return &q.IgnorePatch }),
	on("partial-put", "PUT keeps what is missing", func(q *Quirks) *bool { return &q.PartialPut }),
	on("ignore-post-members", "POST of a group ignores members", func(q *Quirks) *bool { return &q.IgnorePostMembers }),
	on("duplicate-members", "a member added twice is stored twice", func(q *Quirks) *bool { return &q.DuplicateMembers }),
	count("max-members", "at most N members in one request", func(q *Quirks) *int { return &q.MaxMembers }),
	count("max-operations", "at most N operations in one PATCH", func(q *Quirks) *int { return &q.MaxOperations }),
	{name: "missing-member", value: "STATUS", help: "status for a member that does not exist", set: setMissingMember},
	{name: "reject-member", value: "ID[:STATUS]", help: "a member that is refused, with 404 or another status", set: setRejectMember},
	on("require-external-id", "users must have an externalId", func(q *Quirks) *bool { return &q.RequireExternalID }),
	on("require-names", "users must have givenName, familyName and displayName", func(q *Quirks) *bool { return &q.RequireNames }),
	on("no-group-external-id", "groups have no externalId", func(q *Quirks) *bool { return &q.NoGroupExternalID }),
	on("unique-group-names", "group names are unique without regard to case", func(q *Quirks) *bool { return &q.UniqueGroupNames }),
	on("duplicate-names", "user names are not unique", func(q *Quirks) *bool { return &q.DuplicateNames }),
	on("one-email", "one e-mail address is kept", func(q *Quirks) *bool { return &q.OneEmail }),
	on("one-of-each", "a second value of a multi-valued attribute is refused", func(q *Quirks) *bool { return &q.OneOfEach }),
	on("base64-ids", "ids are base64 with padding", func(q *Quirks) *bool { return &q.Base64IDs }),
	on("delete-deactivates", "DELETE of a user deactivates it", func(q *Quirks) *bool { return &q.DeleteDeactivates }),
	on("deactivate-deletes", "a user set inactive is deleted", func(q *Quirks) *bool { return &q.DeactivateDeletes }),
	{name: "unknown", value: "refuse|ignore|keep", help: "what happens to attributes that no schema has", set: setUnknown},
}

func setUnknown(q *Quirks, v string) error {
	p := unknownPolicy(v)
	if !slices.Contains([]unknownPolicy{unknownRefuse, unknownIgnore, unknownKeep}, p) {
		return fmt.Errorf("unknown=%s: want refuse, ignore or keep", v)
	}
	q.Unknown = p
	return nil
}

func setMissingMember(q *Quirks, v string) (err error) {
	q.MissingMember, err = parseStatus(v)
	return err
}

func setRejectMember(q *Quirks, v string) error {
	status := http.StatusNotFound
	id := v
	if i := strings.LastIndexByte(v, ':'); i >= 0 {
		n, err := parseStatus(v[i+1:])
		if err != nil {
			return err
		}
		id, status = v[:i], n
	}
	if id == "" {
		return fmt.Errorf("reject-member=%s: want the id of a resource", v)
	}
	if q.RejectMembers == nil {
		q.RejectMembers = map[string]int{}
	}
	q.RejectMembers[id] = status
	return nil
}

func parseStatus(v string) (int, error) {
	n, err := strconv.Atoi(v)
	if err != nil || n < 400 || n > 599 {
		return 0, fmt.Errorf("%q is not a status from 400 to 599", v)
	}
	return n, nil
}

// required lists what resources must have beyond the schema.
func (q *Quirks) required(k kind) []string {
	var out []string
	if k == kindUser && q.RequireExternalID {
		out = append(out, "externalId")
	}
	if k == kindUser && q.RequireNames {
		out = append(out, "name.givenName", "name.familyName", "displayName")
	}
	return out
}

// allowsOperation refuses the PATCH operations that a dialect does not take.
func (q *Quirks) allowsOperation(o operation) *fail {
	if q.OneAttributePatch && !o.hasPath {
		if values, ok := o.value.(object); ok && len(values) > 1 {
			return badRequest(invalidSyntax, "a value without a path may hold one attribute here, and holds %d", len(values))
		}
	}
	return nil
}
