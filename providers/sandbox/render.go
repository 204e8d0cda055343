package sandbox

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// now is the time of a change, to the millisecond that SCIM shows.
func (s *Service) now() time.Time { return s.options.Clock().UTC().Truncate(time.Millisecond) }

const timeFormat = "2006-01-02T15:04:05.000Z"

func location(base string, e *entry) string {
	return base + e.kind.spec().endpoint + "/" + url.PathEscape(e.id)
}

// etag is the version of a resource. What is derived of a user, its groups, has
// a part of its own: a client that asks for news gets them, and a client that
// guards a write is not disturbed by memberships, which no write can lose.
func (e *entry) etag() string {
	if e.kind != kindUser || len(e.parents) == 0 {
		return fmt.Sprintf(`W/"%d"`, e.version)
	}
	sum := crc32.NewIEEE()
	for _, g := range e.parents {
		fmt.Fprintf(sum, "%s\x00%s\x00", g.id, g.name())
	}
	return fmt.Sprintf(`W/"%d-%08x"`, e.version, sum.Sum32())
}

// opaque strips an ETag down to what is between its quotes.
func opaque(tag string) string {
	return strings.Trim(strings.TrimPrefix(strings.TrimSpace(tag), "W/"), `"`)
}

// writtenAs says whether one of the tags of If-Match names the version that was
// written last.
func (e *entry) writtenAs(tags string) bool {
	version, _, _ := strings.Cut(opaque(e.etag()), "-")
	return slices.ContainsFunc(strings.Split(tags, ","), func(tag string) bool {
		given, _, _ := strings.Cut(opaque(tag), "-")
		return given == "*" || given == version
	})
}

// shownAs says whether one of the tags of If-None-Match is what would be shown.
func (e *entry) shownAs(tags string) bool {
	return slices.ContainsFunc(strings.Split(tags, ","), func(tag string) bool {
		return opaque(tag) == "*" || opaque(tag) == opaque(e.etag())
	})
}

// show renders one resource as an answer.
func (s *Service) show(e *entry, v view, status int) *response {
	out := &response{status: status, body: s.render(nil, e, v)}
	if !s.dialect.Quirks.NoETag {
		out.set("ETag", e.etag())
	}
	return out
}

// render writes a resource. A view of everything splices the kept JSON between
// what is derived, without decoding it.
func (s *Service) render(b []byte, e *entry, v view) []byte {
	if v.some() {
		return append(b, encode(v.project(e.kind, s.object(e, v.base, v.needs)))...)
	}
	b = append(b, `{"schemas":`...)
	b = append(b, encode(e.schemas())...)
	b = append(b, `,"id":`...)
	b = appendText(b, e.id)
	if inner := e.attrs[1 : len(e.attrs)-1]; len(inner) > 0 {
		b = append(b, ',')
		b = append(b, inner...)
	}
	b = s.appendRelations(b, e, v.base)
	b = append(b, `,"meta":`...)
	return append(appendFields(b, s.meta(e, v.base)), '}')
}

// appendRelations appends the groups of a user or the members of a group. A
// service that hides members says that there are none.
func (s *Service) appendRelations(b []byte, e *entry, base string) []byte {
	if len(e.parents) == 0 && e.kind == kindUser || len(e.members) == 0 && e.kind == kindGroup && !s.dialect.Quirks.HideMembers {
		return b
	}
	b = append(b, `,"`+relationName(e.kind)+`":[`...)
	first := true
	for fields := range s.relations(e, base) {
		if !first {
			b = append(b, ',')
		}
		b, first = appendFields(b, fields), false
	}
	return append(b, ']')
}

// object is a resource decoded, as far as need asks for it.
func (s *Service) object(e *entry, base string, need selection) object {
	o := pluck(e.attrs, need)
	o["schemas"] = e.schemas()
	o["id"] = e.id
	if need.has("meta") {
		o["meta"] = toObject(s.meta(e, base))
	}
	if name := relationName(e.kind); need.has(name) {
		list := []any{}
		for fields := range s.relations(e, base) {
			list = append(list, toObject(fields))
		}
		if len(list) > 0 || s.dialect.Quirks.HideMembers && e.kind == kindGroup {
			o[name] = list
		}
	}
	return o
}

// schemas are the URNs of the schemas that the resource uses: the core one, and
// one for each extension object it holds.
func (e *entry) schemas() []any {
	out := []any{e.kind.spec().urn}
	if !bytes.Contains(e.attrs, []byte(`"urn:`)) {
		return out
	}
	for name := range topLevel(e.attrs) {
		if strings.HasPrefix(name, "urn:") {
			out = append(out, name)
		}
	}
	return out
}

func relationName(k kind) string {
	if k == kindUser {
		return "groups"
	}
	return "members"
}

// relations yields the groups of a user and the members of a group, as shown.
func (s *Service) relations(e *entry, base string) iter.Seq[[]field] {
	if e.kind == kindUser {
		return groupsOf(e, base)
	}
	list := e.members
	switch q := &s.dialect.Quirks; {
	case q.HideMembers:
		list = nil
	case q.TruncateMembers > 0:
		list = list[:min(len(list), q.TruncateMembers)]
	}
	return func(yield func([]field) bool) {
		for _, m := range list {
			if !yield(memberFields(m, base)) {
				return
			}
		}
	}
}

func memberFields(m *entry, base string) []field {
	return []field{
		{"value", m.id}, {"$ref", location(base, m)}, {"type", m.kind.String()}, {"display", m.label()},
	}
}

// label is the name for display.
func (e *entry) label() string {
	if e.keys.DisplayName != "" {
		return e.keys.DisplayName
	}
	return e.name()
}

// groupsOf yields the groups of a user, direct ones first, and then those that
// contain them.
func groupsOf(u *entry, base string) iter.Seq[[]field] {
	return func(yield func([]field) bool) {
		seen := map[*entry]bool{}
		level, how := u.parents, "direct"
		for len(level) > 0 {
			var above []*entry
			for _, g := range level {
				if seen[g] {
					continue
				}
				seen[g] = true
				if !yield([]field{{"value", g.id}, {"$ref", location(base, g)}, {"display", g.label()}, {"type", how}}) {
					return
				}
				above = append(above, g.parents...)
			}
			level, how = above, "indirect"
		}
	}
}

func (s *Service) meta(e *entry, base string) []field {
	out := []field{
		{"resourceType", e.kind.String()},
		{"created", e.created.Format(timeFormat)},
		{"lastModified", e.modified.Format(timeFormat)},
		{"location", location(base, e)},
	}
	if !s.dialect.Quirks.NoETag {
		out = append(out, field{"version", e.etag()})
	}
	return out
}

// read answers GET of one resource.
func (s *Service) read(k kind, id string, r *request) (*response, *fail) {
	view, err := s.viewOf(r)
	if err != nil {
		return nil, err
	}
	db, release := s.readable()
	defer release()
	e := db.get(k, id)
	if e == nil {
		return nil, notFound("there is no %s %q", k, id)
	}
	if tags := r.header.Get("If-None-Match"); tags != "" && !s.dialect.Quirks.NoETag && e.shownAs(tags) {
		return (&response{status: http.StatusNotModified}).set("ETag", e.etag()), nil
	}
	return s.show(e, view, http.StatusOK), nil
}
