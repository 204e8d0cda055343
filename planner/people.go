package planner

import (
	"cmp"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/rollcall-dev/rollcall/schema"
)

// internPeople lists everyone once, sorted by folded login, so that from here
// on a person is a number.
func (r *resolver) internPeople() {
	type entry struct {
		login string
		user  *schema.User
		row   int // in its directory, or -1
		dir   schema.Address
	}
	all := make([]entry, 0, len(r.cfg.Users))
	for i := range r.cfg.Users {
		u := &r.cfg.Users[i]
		all = append(all, entry{schema.Fold(u.Login), u, -1, ""})
	}
	r.rows = make(map[schema.Address][]Person)
	for _, dir := range r.readDirectories() {
		r.rows[dir.Address] = make([]Person, len(dir.People))
		all = slices.Grow(all, len(dir.People))
		for i := range dir.People {
			u := &dir.People[i]
			all = append(all, entry{schema.Fold(u.Login), u, i, dir.Address})
		}
	}

	r.d.People = make([]schema.User, 0, len(all))
	r.byLogin = make(map[string]Person, len(all))
	r.byAddress = make(map[schema.Address]Person, len(r.cfg.Users))
	r.d.byAddress = r.byAddress
	// Of two with one login the block, then the earlier directory, stays.
	for _, i := range schema.Order(len(all), func(i int) string { return all[i].login }) {
		e := &all[i]
		p, taken := r.byLogin[e.login]
		if taken {
			r.duplicateLogin(&r.d.People[p], e.user)
		} else {
			p = Person(len(r.d.People))
			r.byLogin[e.login] = p
			r.d.People = append(r.d.People, *e.user)
		}
		if e.row < 0 {
			r.byAddress[e.user.Address] = p
			continue
		}
		r.rows[e.dir][e.row] = p
		if !taken {
			r.d.People[p].Directory = e.dir
		}
	}
}

// listIDs sorts the people of directories who have an id.
func (r *resolver) listIDs() {
	for p := range r.d.People {
		if u := &r.d.People[p]; u.Address == "" && u.ID != "" {
			r.d.withID = append(r.d.withID, Person(p))
		}
	}
	slices.SortFunc(r.d.withID, func(a, b Person) int {
		u, v := &r.d.People[a], &r.d.People[b]
		return cmp.Or(cmp.Compare(u.Directory, v.Directory), cmp.Compare(u.ID, v.ID))
	})
}

// readDirectories returns the declared directories that were read, in the
// order of their addresses, and reports the others.
func (r *resolver) readDirectories() []*schema.Directory {
	r.unread = make(map[schema.Address]bool)
	var read []*schema.Directory
	for i := range r.cfg.Directories {
		block := &r.cfg.Directories[i]
		dir := r.facts.Directories[block.Address]
		if dir == nil {
			r.unread[block.Address] = true
			r.found(schema.Diagnostic{
				Severity: schema.Error, Code: "incomplete-read", Summary: "Directory not read",
				Detail: fmt.Sprintf("%s was not read, so nobody can know who is in it. "+
					"Nothing is planned from a part of the people.", block.Address),
				Origin: block.Origin, Object: string(block.Address),
			})
			continue
		}
		if dir.Address == "" {
			named := *dir
			named.Address = block.Address
			dir = &named
		}
		read = append(read, dir)
	}
	return read
}

func (r *resolver) duplicateLogin(first, second *schema.User) {
	r.found(schema.Diagnostic{
		Severity: schema.Error, Code: "duplicate-login", Summary: "Login used twice",
		Detail: fmt.Sprintf("The login %q is used by two people; logins are compared without case. "+
			"Give each person a login of their own, or remove one of the two.", second.Login),
		Origin: second.Origin, Object: second.Login,
		Related: []schema.Related{{Origin: first.Origin, Message: fmt.Sprintf("%q is used here first", first.Login)}},
	})
}

// checkPeople finds what is wrong with people whatever they are assigned.
func (r *resolver) checkPeople() {
	limits := make(map[string]int)
	for _, a := range schema.BaseAttributes() {
		limits[a.Name] = a.MaxLength
	}
	byID := make(map[string]Person)
	for p := range r.d.People {
		u := &r.d.People[p]
		r.checkLengths(u, limits)
		if u.ID == "" {
			continue
		}
		if first, taken := byID[u.ID]; taken {
			r.duplicateID(&r.d.People[first], u)
			continue
		}
		byID[u.ID] = Person(p)
	}
	if len(byID) == 0 {
		return
	}
	for p := range r.d.People {
		u := &r.d.People[p]
		if first, taken := byID[u.Login]; taken && u.ID == "" && int(first) != p {
			r.duplicateID(&r.d.People[first], u)
		}
	}
}

// maxLogin is Okta's limit of a login, in characters.
const maxLogin = 100

// checkLengths is about people of directories; what a block says was checked
// where it was read, at the argument itself.
func (r *resolver) checkLengths(u *schema.User, limits map[string]int) {
	if u.Address != "" {
		return
	}
	r.checkLength(u, "login", u.Login, maxLogin)
	for _, a := range u.Profile {
		if limit := limits[a.Name]; limit > 0 {
			r.checkLength(u, a.Name, a.Value, limit)
		}
	}
}

func (r *resolver) checkLength(u *schema.User, name, value string, limit int) {
	if len(value) <= limit || utf8.RuneCountInString(value) <= limit {
		return
	}
	r.found(schema.Diagnostic{
		Severity: schema.Warning, Code: "attribute-too-long", Summary: "Attribute longer than Okta allows",
		Detail: fmt.Sprintf("%s of %s has %d characters; Okta's limit is %d. The target may cut it or refuse it.",
			name, u.Login, utf8.RuneCountInString(value), limit),
		Origin: u.Origin, Object: u.Key(),
	})
}

func (r *resolver) duplicateID(first, second *schema.User) {
	r.found(schema.Diagnostic{
		Severity: schema.Error, Code: "duplicate-external-id", Summary: "Two people with one external id",
		Detail: fmt.Sprintf("%s and %s would be sent with one externalId. It comes from id, or from the login where there "+
			"is no id. Give each person an id of their own.", first.Login, second.Login),
		Origin: second.Origin, Object: second.Key(),
		Related: []schema.Related{{Origin: first.Origin, Message: "the other person is declared here"}},
	})
}
