package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/crc32"
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
	out := &response{status: status, body: s.render(e, v)}
	if !s.dialect.Quirks.NoETag {
		out.set("ETag", e.etag())
	}
	return out
}

// render writes a resource. A view of everything splices the kept JSON between
// what is derived, without decoding it.
func (s *Service) render(e *entry, v view) []byte {
	if v.some() {
		return encode(v.project(e.kind, s.object(e, v.base)))
	}
	var b bytes.Buffer
	b.WriteString(`{"schemas":`)
	b.Write(encode(e.schemas()))
	b.WriteString(`,"id":`)
	b.Write(encode(e.id))
	if inner := e.attrs[1 : len(e.attrs)-1]; len(inner) > 0 {
		b.WriteByte(',')
		b.Write(inner)
	}
	for name, value := range s.derived(e, v.base) {
		b.WriteString(`,"` + name + `":`)
		b.Write(encode(value))
	}
	b.WriteByte('}')
	return b.Bytes()
}

// object is a resource as a filter and a projection see it.
func (s *Service) object(e *entry, base string) object {
	o := e.decoded()
	o["schemas"] = e.schemas()
	o["id"] = e.id
	for name, value := range s.derived(e, base) {
		o[name] = value
	}
	return o
}

// schemas are the URNs of the schemas that the resource uses.
func (e *entry) schemas() []any {
	out := []any{e.kind.spec().urn}
	for _, ext := range e.kind.spec().extensions {
		if bytes.Contains(e.attrs, []byte(`"`+ext.name+`":`)) {
			out = append(out, ext.name)
		}
	}
	return out
}

// derived yields the attributes that are made rather than kept.
func (s *Service) derived(e *entry, base string) func(yield func(string, any) bool) {
	return func(yield func(string, any) bool) {
		if list := s.relations(e, base); list != nil && !yield(relationName(e.kind), list) {
			return
		}
		yield("meta", s.meta(e, base))
	}
}

func relationName(k kind) string {
	if k == kindUser {
		return "groups"
	}
	return "members"
}

// relations are the groups of a user and the members of a group, as shown.
func (s *Service) relations(e *entry, base string) []any {
	if e.kind == kindUser {
		return groupsOf(e, base)
	}
	q := &s.dialect.Quirks
	if q.HideMembers {
		return []any{}
	}
	list := e.members
	if q.TruncateMembers > 0 {
		list = list[:min(len(list), q.TruncateMembers)]
	}
	var out []any
	for _, m := range list {
		out = append(out, memberObject(m, base))
	}
	return out
}

func memberObject(m *entry, base string) object {
	o := object{"value": m.id, "type": m.kind.String(), "display": m.label()}
	if base != "" {
		o["$ref"] = location(base, m)
	}
	return o
}

// label is the name for display.
func (e *entry) label() string {
	if e.keys.DisplayName != "" {
		return e.keys.DisplayName
	}
	return e.name()
}

// groupsOf lists the groups of a user, direct ones first, and then those that
// contain them.
func groupsOf(u *entry, base string) []any {
	var out []any
	seen := map[*entry]bool{}
	level, how := u.parents, "direct"
	for len(level) > 0 {
		var above []*entry
		for _, g := range level {
			if seen[g] {
				continue
			}
			seen[g] = true
			out = append(out, object{"value": g.id, "$ref": location(base, g), "display": g.label(), "type": how})
			above = append(above, g.parents...)
		}
		level, how = above, "indirect"
	}
	return out
}

func (s *Service) meta(e *entry, base string) object {
	m := object{
		"resourceType": e.kind.String(),
		"created":      e.created.Format(timeFormat),
		"lastModified": e.modified.Format(timeFormat),
		"location":     location(base, e),
	}
	if !s.dialect.Quirks.NoETag {
		m["version"] = e.etag()
	}
	return m
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

// rawList keeps rendered resources from being rendered again.
func rawList(list [][]byte) []json.RawMessage {
	out := make([]json.RawMessage, len(list))
	for i, b := range list {
		out[i] = b
	}
	return out
}
