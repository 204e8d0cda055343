package sandbox

import (
	"net/http"
	"slices"
	"time"
)

// draft is a resource while a request changes it. Members are held as what
// changes about them, so that a group of 100,000 can gain one at the price of
// one.
type draft struct {
	db     *database
	rules  *Quirks
	kind   kind
	id     string
	base   *entry // nil for a new resource
	attrs  object
	edits  memberEdits
	before string // attrs of base, to tell whether anything changed
}

// memberEdits is what a request does to the members of a group.
type memberEdits struct {
	clear   bool
	removed map[*entry]bool
	added   []*entry
	adding  map[*entry]bool
	count   int // of values that the request named
}

func (s *Service) draftOf(e *entry) *draft {
	attrs := e.decoded()
	return &draft{db: s.db, rules: &s.dialect.Quirks, kind: e.kind, id: e.id, base: e, attrs: attrs, before: string(encode(attrs))}
}

// member says whether m is in the group as edited so far.
func (d *draft) member(m *entry) bool {
	if d.edits.adding[m] {
		return true
	}
	return d.base != nil && !d.edits.clear && !d.edits.removed[m] && m.inside(d.base)
}

// addMember adds the resource called id, which must exist.
func (d *draft) addMember(id string) *fail {
	d.edits.count++
	m, err := d.resolveMember(id)
	if err != nil {
		return err
	}
	if d.member(m) && !d.rules.DuplicateMembers {
		return nil
	}
	if d.edits.adding == nil {
		d.edits.adding = map[*entry]bool{}
	}
	d.edits.adding[m] = true
	d.edits.added = append(d.edits.added, m)
	return nil
}

func (d *draft) resolveMember(id string) (*entry, *fail) {
	if status, rejected := d.rules.RejectMembers[id]; rejected {
		return nil, failf(status, scimTypeOf(status), "member %q is refused here", id)
	}
	m := d.db.byID[id]
	if m == nil {
		status := d.rules.MissingMember
		return nil, failf(status, scimTypeOf(status), "member %q does not exist", id)
	}
	if m.id == d.id {
		return nil, badRequest(invalidValue, "group %q cannot be a member of itself", id)
	}
	return m, nil
}

// scimTypeOf is the detail error keyword that goes with a status.
func scimTypeOf(status int) string {
	switch status {
	case http.StatusBadRequest:
		return invalidValue
	case http.StatusConflict:
		return uniqueness
	}
	return ""
}

// addMembers adds the values of a members array.
func (d *draft) addMembers(list []any) *fail {
	for _, v := range list {
		o, _ := v.(object)
		id, _ := o["value"].(string)
		if id == "" {
			return badRequest(invalidValue, `each of "members" must be an object with a "value", the id of a resource`)
		}
		if err := d.addMember(id); err != nil {
			return err
		}
	}
	return nil
}

func (d *draft) dropMember(m *entry) {
	d.edits.count++
	if d.edits.adding[m] {
		delete(d.edits.adding, m)
		d.edits.added = slices.DeleteFunc(d.edits.added, func(o *entry) bool { return o == m })
	}
	if d.base == nil || d.edits.clear || !m.inside(d.base) {
		return
	}
	if d.edits.removed == nil {
		d.edits.removed = map[*entry]bool{}
	}
	d.edits.removed[m] = true
}

func (d *draft) clearMembers() {
	d.edits = memberEdits{clear: d.base != nil && len(d.base.members) > 0, count: d.edits.count}
}

// members lists the members as edited so far.
func (d *draft) members() []*entry {
	var out []*entry
	if d.base != nil && !d.edits.clear {
		for _, m := range d.base.members {
			if !d.edits.removed[m] {
				out = append(out, m)
			}
		}
	}
	return append(out, d.edits.added...)
}

// settle turns a replacement of all members into what it takes out and puts in,
// so that one that changes nothing leaves the version alone (RFC 7644, 3.5.2.1),
// and one that changes little is little to write.
func (e *memberEdits) settle(base *entry) {
	if !e.clear {
		return
	}
	removed := map[*entry]bool{}
	for _, m := range base.members {
		if !e.adding[m] {
			removed[m] = true
		}
	}
	if len(removed) == len(base.members) {
		return
	}
	added := slices.DeleteFunc(e.added, func(m *entry) bool { return m.inside(base) })
	*e = memberEdits{removed: removed, added: added, count: e.count}
}

// record returns the change to write, or nil where nothing changed.
func (d *draft) record(now time.Time) *record {
	r := &record{Op: opPut, Kind: d.kind.String(), ID: d.id, At: now, Version: 1}
	attrs := encode(d.attrs)
	if d.base == nil || string(attrs) != d.before {
		r.Attrs = attrs
	}
	if d.base != nil {
		if !d.rules.DuplicateMembers {
			d.edits.settle(d.base)
		}
		created := d.base.created
		r.Version, r.Created = d.base.version+1, &created
	}
	r.Clear = d.edits.clear
	if !r.Clear {
		for m := range d.edits.removed {
			r.Drop = append(r.Drop, m.id)
		}
		slices.Sort(r.Drop)
	}
	for _, m := range d.edits.added {
		r.Add = append(r.Add, m.id)
	}
	if r.Attrs == nil && !r.Clear && len(r.Drop)+len(r.Add) == 0 {
		return nil
	}
	return r
}

// check does to the finished draft what the dialect's service does, and holds it
// to what the schema and the dialect require.
func (d *draft) check() *fail {
	if err := d.normalize(); err != nil {
		return err
	}
	if err := d.intake().required(d.attrs, d.rules.required(d.kind)); err != nil {
		return err
	}
	if d.rules.MaxMembers > 0 && d.edits.count > d.rules.MaxMembers {
		return badRequest(invalidValue, "%d members in one request, and %d are allowed", d.edits.count, d.rules.MaxMembers)
	}
	return d.unique()
}

// unique refuses what another resource already has (RFC 7644, section 3.3).
func (d *draft) unique() *fail {
	nameAttr := d.kind.spec().nameAttr
	name, _ := d.attrs[nameAttr].(string)
	if d.kind == kindUser && !d.rules.DuplicateNames || d.kind == kindGroup && d.rules.UniqueGroupNames {
		if other := d.other(d.db.named(d.kind, name)); other != nil {
			return d.conflict(nameAttr, name)
		}
	}
	id, _ := d.attrs["externalId"].(string)
	if id != "" && d.other(d.db.external(d.kind, id)) != nil {
		return d.conflict("externalId", id)
	}
	return nil
}

func (d *draft) conflict(attr, value string) *fail {
	return failf(http.StatusConflict, uniqueness, "a %s with %s %q exists already", d.kind, attr, value)
}

// other returns one of list that is not the draft's own resource.
func (d *draft) other(list []*entry) *entry {
	for _, e := range list {
		if e != d.base {
			return e
		}
	}
	return nil
}
