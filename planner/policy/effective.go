package policy

import (
	"slices"
	"strings"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/schema"
)

// Facts returns what assertions are evaluated over: `effective` from d, and
// `plan` from p, which may be nil. Parts are made when they are looked into.
func Facts(d *planner.Desired, p *planner.Plan) *schema.Facts {
	f := &schema.Facts{Effective: Effective(d), Size: len(d.People)}
	for i := range d.Groups {
		f.Size += len(d.Groups[i].Members)
	}
	if p != nil {
		f.Plan = planRecord(p)
		f.Size += len(p.Changes) + len(p.Withheld) + len(p.Findings)
	}
	return f
}

// Effective returns the value `effective`: who there is, who is in which group,
// who has which app, and through what.
func Effective(d *planner.Desired) *schema.Record {
	e := &effective{d: d}
	return &schema.Record{Names: schema.EffectiveNames(), Get: func(name string) any {
		switch name {
		case "users":
			return e.users()
		case "groups":
			return e.groups()
		case "apps":
			return e.apps()
		case "access":
			return e.access()
		}
		return nil
	}}
}

// effective makes each part once.
type effective struct {
	d *planner.Desired

	usersTable, groupsTable, appsTable *schema.Table
	accessList                         *schema.List
	// groupsOf holds for each person the keys of their groups, once needed.
	groupsOf [][]string
	// customNames are all names of custom attributes, once needed.
	customNames []string
}

// place are the names that say where something is declared.
func place(o schema.Origin, name string) any {
	if name == "file" {
		return o.File
	}
	return float64(o.Line)
}

// userNames are the attributes of a person. Those of Okta's base profile are
// in the middle.
var userNames = func() []string {
	names := []string{"key", "address", "directory", "login", "id", "status", "active"}
	for _, a := range schema.BaseAttributes() {
		names = append(names, a.Name)
	}
	return append(names, "custom", "apps", "groups", "file", "line")
}()

func (e *effective) users() *schema.Table {
	if e.usersTable != nil {
		return e.usersTable
	}
	at := make(map[string]planner.Person, len(e.d.People))
	keys := make([]string, len(e.d.People))
	for p := range e.d.People {
		keys[p] = e.d.People[p].Login
		at[keys[p]] = planner.Person(p)
	}
	slices.Sort(keys)
	e.usersTable = &schema.Table{Keys: keys, Row: func(login string) any { return e.user(at[login]) }}
	return e.usersTable
}

func (e *effective) user(p planner.Person) *schema.Record {
	u := &e.d.People[p]
	return &schema.Record{Names: userNames, Get: func(name string) any {
		switch name {
		case "key":
			return u.Key()
		case "address":
			return string(u.Address)
		case "directory":
			return string(u.Directory)
		case "login":
			return u.Login
		case "id":
			return u.ID
		case "status":
			return u.Status.String()
		case "active":
			return u.Status != schema.Suspended && u.Status != schema.Deprovisioned
		case "email":
			email, _ := u.Email()
			return email
		case "custom":
			return e.custom(u)
		case "apps":
			return e.appsOf(p)
		case "groups":
			return e.groupsOfPerson(p)
		case "file", "line":
			return place(u.Origin, name)
		}
		text, _ := u.Attribute(name)
		return text
	}}
}

// custom are the custom attributes of a person: every name that anyone has,
// nil where this one does not.
func (e *effective) custom(u *schema.User) map[string]any {
	if e.customNames == nil {
		seen := map[string]bool{}
		e.customNames = []string{}
		for p := range e.d.People {
			for _, a := range e.d.People[p].Custom {
				if !seen[a.Name] {
					seen[a.Name] = true
					e.customNames = append(e.customNames, a.Name)
				}
			}
		}
	}
	out := make(map[string]any, len(e.customNames))
	for _, name := range e.customNames {
		out[name] = nil
	}
	for _, a := range u.Custom {
		out[a.Name] = a.Value
	}
	return out
}

// appsOf are the names of the apps that a person has, in order.
func (e *effective) appsOf(p planner.Person) []string {
	var out []string
	for i := range e.d.Apps {
		if s := &e.d.Apps[i]; s.Has(e.d, p) {
			out = append(out, s.App.Name)
		}
	}
	return out
}

// groupsOfPerson are the keys of the groups that hold a person, in order.
func (e *effective) groupsOfPerson(p planner.Person) []string {
	if e.groupsOf == nil {
		e.groupsOf = make([][]string, len(e.d.People))
		for i := range e.d.Groups {
			for _, m := range e.d.Groups[i].Members {
				e.groupsOf[m] = append(e.groupsOf[m], e.d.Groups[i].Key)
			}
		}
	}
	return e.groupsOf[p]
}

var groupNames = []string{"key", "name", "description", "members", "file", "line"}

func (e *effective) groups() *schema.Table {
	if e.groupsTable == nil {
		e.groupsTable = table(len(e.d.Groups),
			func(i int) string { return e.d.Groups[i].Key },
			func(i int) any { return e.group(&e.d.Groups[i]) })
	}
	return e.groupsTable
}

func (e *effective) group(g *planner.Group) *schema.Record {
	return &schema.Record{Names: groupNames, Get: func(name string) any {
		switch name {
		case "key":
			return g.Key
		case "name":
			return g.Name
		case "description":
			return g.Description
		case "members":
			return e.logins(g.Members, nil)
		}
		return place(g.Origin, name)
	}}
}

// logins are those of people for whom keep holds; nil keeps all.
func (e *effective) logins(people []planner.Person, keep func(planner.Person) bool) []string {
	out := make([]string, 0, len(people))
	for _, p := range people {
		if keep == nil || keep(p) {
			out = append(out, e.d.People[p].Login)
		}
	}
	return out
}

var appNames = []string{"name", "address", "target", "users", "groups", "file", "line"}

func (e *effective) apps() *schema.Table {
	if e.appsTable == nil {
		e.appsTable = table(len(e.d.Apps),
			func(i int) string { return e.d.Apps[i].App.Name },
			func(i int) any { return e.app(&e.d.Apps[i]) })
	}
	return e.appsTable
}

func (e *effective) app(s *planner.Scope) *schema.Record {
	return &schema.Record{Names: appNames, Get: func(name string) any {
		switch name {
		case "name":
			return s.App.Name
		case "address":
			return string(s.App.Address)
		case "target":
			return string(s.App.Target)
		case "users":
			return e.usersOf(s)
		case "groups":
			return e.pushesOf(s)
		}
		return place(s.App.Origin, name)
	}}
}

// usersOf are the logins of those who have the app.
func (e *effective) usersOf(s *planner.Scope) []string {
	var out []string
	for p := range e.d.People {
		if s.Has(e.d, planner.Person(p)) {
			out = append(out, e.d.People[p].Login)
		}
	}
	return out
}

// pushesOf are the groups that are pushed to the app, by their name at the
// target, each with the logins of its members who have the app.
func (e *effective) pushesOf(s *planner.Scope) *schema.Table {
	return table(len(s.Pushes),
		func(i int) string { return s.Pushes[i].Name },
		func(i int) any {
			return e.logins(e.d.Groups[s.Pushes[i].Group].Members, func(p planner.Person) bool { return s.Has(e.d, p) })
		})
}

var accessNames = []string{"login", "key", "app", "group", "source", "missing", "assignment", "file", "line"}

func (e *effective) access() *schema.List {
	if e.accessList != nil {
		return e.accessList
	}
	rows := planner.Access(e.d, planner.AccessFilter{})
	e.accessList = list(len(rows), accessNames, func(i int, name string) any {
		r := &rows[i]
		switch name {
		case "login":
			return r.Login
		case "key":
			return r.Key
		case "app":
			return r.App
		case "group":
			return r.Group
		case "source":
			return string(r.Source)
		case "missing":
			return r.Missing
		case "assignment":
			return string(r.Assignment)
		}
		return place(r.Origin, name)
	})
	return e.accessList
}

// table makes a table of n rows, sorted by their keys. Of rows with one key the
// first is kept.
func table(n int, key func(int) string, row func(int) any) *schema.Table {
	at := make(map[string]int, n)
	keys := make([]string, 0, n)
	for i := range n {
		k := key(i)
		if _, twice := at[k]; !twice {
			at[k] = i
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, strings.Compare)
	return &schema.Table{Keys: keys, Row: func(k string) any { return row(at[k]) }}
}

// list makes a list of n records of the same names.
func list(n int, names []string, get func(i int, name string) any) *schema.List {
	return &schema.List{Len: n, Row: func(i int) any {
		return &schema.Record{Names: names, Get: func(name string) any { return get(i, name) }}
	}}
}
