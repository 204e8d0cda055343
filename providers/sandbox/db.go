package sandbox

import (
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"time"
)

// entry is one resource as it is held. What is derived (groups of a user, names
// of members, URIs) is made when it is asked for.
type entry struct {
	kind              kind
	id                string
	seq               uint64
	version           int64
	created, modified time.Time
	// attrs is a JSON object: everything that clients wrote, except members.
	attrs json.RawMessage
	keys  keys
	// members are in the order in which they were added. parents is the way
	// back, and holds every group once.
	members, parents []*entry
}

// keys are the attributes that entries are found by without a scan.
type keys struct {
	UserName, DisplayName, ExternalID string
}

func (e *entry) name() string {
	if e.kind == kindUser {
		return e.keys.UserName
	}
	return e.keys.DisplayName
}

// inside says whether e is a direct member of group g.
func (e *entry) inside(g *entry) bool { return slices.Contains(e.parents, g) }

// decoded returns the attributes as a fresh object.
func (e *entry) decoded() object {
	var o object
	if err := json.Unmarshal(e.attrs, &o); err != nil {
		panic("sandbox: attributes of " + e.id + " are not JSON: " + err.Error())
	}
	return o
}

// record is one change: the line of the file and the only way a database
// changes. Replaying the records in order gives the same database again.
type record struct {
	Op   string    `json:"op"` // opPut or opDelete
	Kind string    `json:"kind,omitempty"`
	ID   string    `json:"id"`
	At   time.Time `json:"at"`
	// The rest is for opPut. Attrs are absent where only members change.
	Version int64           `json:"version,omitempty"`
	Created *time.Time      `json:"created,omitempty"`
	Attrs   json.RawMessage `json:"attrs,omitempty"`
	// Clear empties the members before Drop and Add.
	Clear bool     `json:"clear,omitempty"`
	Drop  []string `json:"drop,omitempty"`
	Add   []string `json:"add,omitempty"`

	keys keys
}

const (
	opPut    = "put"
	opDelete = "delete"
)

// index reads what the record is found by out of its attributes.
func (r *record) index() error {
	for name, raw := range topLevel(r.Attrs) {
		var to *string
		switch name {
		case "userName":
			to = &r.keys.UserName
		case "displayName":
			to = &r.keys.DisplayName
		case "externalId":
			to = &r.keys.ExternalID
		default:
			continue
		}
		var err error
		if *to, err = decodeText(raw); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// database is all resources, in memory, with the indexes that make the usual
// questions cheap. It is not safe for concurrent use.
type database struct {
	byID      map[string]*entry
	lists     [kindCount][]*entry // in the order of creation
	names     [kindCount]map[string][]*entry
	externals [kindCount]map[string][]*entry
	seq       uint64
	revision  uint64
}

func newDatabase() *database {
	db := &database{byID: map[string]*entry{}}
	for k := range kindCount {
		db.names[k] = map[string][]*entry{}
		db.externals[k] = map[string][]*entry{}
	}
	return db
}

// get returns the resource of kind k called id, or nil.
func (db *database) get(k kind, id string) *entry {
	if e := db.byID[id]; e != nil && e.kind == k {
		return e
	}
	return nil
}

// named returns the resources whose name differs from name at most by case.
func (db *database) named(k kind, name string) []*entry { return db.names[k][fold(name)] }

// external returns the resources that a client gave the external id.
func (db *database) external(k kind, id string) []*entry { return db.externals[k][id] }

// apply makes one change. An error means that the record does not fit the
// database, which for records of our own making does not happen.
func (db *database) apply(r *record) error {
	db.revision++
	switch r.Op {
	case opPut:
		return db.put(r)
	case opDelete:
		return db.remove(r)
	}
	return fmt.Errorf("unknown operation %q", r.Op)
}

func (db *database) put(r *record) error {
	e := db.byID[r.ID]
	if e == nil {
		k, ok := kindNamed(r.Kind)
		if !ok || r.Attrs == nil || r.ID == "" {
			return fmt.Errorf("%s %q cannot be created", r.Kind, r.ID)
		}
		db.seq++
		e = &entry{kind: k, id: r.ID, seq: db.seq, created: r.At}
		db.byID[e.id] = e
		db.lists[k] = append(db.lists[k], e)
	} else if r.Attrs != nil {
		db.unindex(e)
	}
	if r.Created != nil {
		e.created = *r.Created
	}
	e.version, e.modified = r.Version, r.At
	if r.Attrs != nil {
		e.attrs, e.keys = r.Attrs, r.keys
		db.reindex(e)
	}
	return db.changeMembers(e, r)
}

func (db *database) changeMembers(g *entry, r *record) error {
	switch {
	case r.Clear:
		for _, m := range g.members {
			m.parents = without(m.parents, g)
		}
		g.members = nil
	case len(r.Drop) > 0:
		db.drop(g, r.Drop)
	}
	for _, id := range r.Add {
		m := db.byID[id]
		if m == nil {
			return fmt.Errorf("member %q of %q does not exist", id, g.id)
		}
		g.members = append(g.members, m)
		if !m.inside(g) {
			m.parents = append(m.parents, g)
		}
	}
	return nil
}

func (db *database) drop(g *entry, ids []string) {
	gone := make(map[*entry]bool, len(ids))
	for _, id := range ids {
		if m := db.byID[id]; m != nil {
			gone[m] = true
			m.parents = without(m.parents, g)
		}
	}
	g.members = slices.DeleteFunc(g.members, func(m *entry) bool { return gone[m] })
}

// remove deletes a resource and takes it out of all groups, which counts as a
// change of each.
func (db *database) remove(r *record) error {
	e := db.byID[r.ID]
	if e == nil {
		return fmt.Errorf("%q cannot be deleted: there is no such resource", r.ID)
	}
	for _, g := range e.parents {
		g.members = slices.DeleteFunc(g.members, func(m *entry) bool { return m == e })
		g.version++
		g.modified = r.At
	}
	for _, m := range e.members {
		m.parents = without(m.parents, e)
	}
	db.unindex(e)
	delete(db.byID, e.id)
	list := db.lists[e.kind]
	i := sort.Search(len(list), func(i int) bool { return list[i].seq >= e.seq })
	db.lists[e.kind] = slices.Delete(list, i, i+1)
	return nil
}

func (db *database) reindex(e *entry) {
	if n := e.name(); n != "" {
		db.names[e.kind][fold(n)] = append(db.names[e.kind][fold(n)], e)
	}
	if x := e.keys.ExternalID; x != "" {
		db.externals[e.kind][x] = append(db.externals[e.kind][x], e)
	}
}

func (db *database) unindex(e *entry) {
	forget(db.names[e.kind], fold(e.name()), e)
	forget(db.externals[e.kind], e.keys.ExternalID, e)
}

func forget(index map[string][]*entry, key string, e *entry) {
	if left := without(index[key], e); len(left) > 0 {
		index[key] = left
	} else {
		delete(index, key)
	}
}

// without returns list without e. It reuses list.
func without(list []*entry, e *entry) []*entry {
	return slices.DeleteFunc(list, func(o *entry) bool { return o == e })
}

// records returns the changes that rebuild the database from nothing. Members
// come last, when everything they name exists.
func (db *database) records(yield func(*record) bool) {
	all := make([]*entry, 0, len(db.byID))
	for k := range kindCount {
		all = append(all, db.lists[k]...)
	}
	slices.SortFunc(all, func(a, b *entry) int { return int(a.seq) - int(b.seq) })
	for _, e := range all {
		r := e.snapshot()
		r.Attrs = e.attrs
		if !yield(r) {
			return
		}
	}
	for _, g := range db.lists[kindGroup] {
		if len(g.members) > 0 && !yield(withMembers(g)) {
			return
		}
	}
}

func (e *entry) snapshot() *record {
	created := e.created
	return &record{Op: opPut, Kind: e.kind.String(), ID: e.id, At: e.modified, Created: &created, Version: e.version, keys: e.keys}
}

func withMembers(g *entry) *record {
	r := g.snapshot()
	r.Add = make([]string, len(g.members))
	for i, m := range g.members {
		r.Add[i] = m.id
	}
	return r
}
