package planner

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/rollcall-dev/rollcall/schema"
)

// found is where a person is: in a block (directory is empty) or a row.
type found struct {
	directory schema.Address
	index     int
}

// find finds the person whom name names: by address or key, by login, or by
// the label of a block alone.
func (e *editor) find(name string) (found, error) {
	folded := schema.Fold(name)
	label := -1
	for i := range e.cfg.Users {
		u := &e.cfg.Users[i]
		switch {
		case string(u.Address) == name || schema.Fold(u.Login) == folded:
			return found{index: i}, nil
		case u.Address.Name() == name:
			label = i
		}
	}
	in, id, keyed := cutIndexed(name, ".users")
	for address, dir := range e.directoriesInOrder {
		if keyed && string(address) != in {
			continue
		}
		if i := rowOf(dir, folded, id, keyed); i >= 0 {
			return found{address, i}, nil
		}
	}
	if label >= 0 {
		return found{index: label}, nil
	}
	return found{}, &UnknownError{What: "person", Name: name, Suggestion: schema.Nearest(name, e.peopleNames)}
}

// rowOf finds a person of a directory by folded login, or where the name is a key
// by the id in it, or by the login.
func rowOf(dir *schema.Directory, login, id string, keyed bool) int {
	if keyed {
		login = schema.Fold(id)
		if i := slices.IndexFunc(dir.People, func(u schema.User) bool { return u.ID == id }); i >= 0 {
			return i
		}
	}
	return slices.IndexFunc(dir.People, func(u schema.User) bool { return schema.Fold(u.Login) == login })
}

// peopleNames yields what people can be called by: logins, addresses and, for
// whoever left the type out, labels.
func (e *editor) peopleNames(yield func(string) bool) {
	for i := range e.cfg.Users {
		u := &e.cfg.Users[i]
		if !yield(u.Login) || !yield(string(u.Address)) || !yield(u.Address.Name()) {
			return
		}
	}
	for _, dir := range e.directoriesInOrder {
		for i := range dir.People {
			if !yield(dir.People[i].Login) {
				return
			}
		}
	}
}

// person returns the person at a place, to be read.
func (e *editor) person(at found) *schema.User {
	if at.directory == "" {
		return &e.cfg.Users[at.index]
	}
	return &e.facts.Directories[at.directory].People[at.index]
}

// ref is a reference to the person at a place.
func (e *editor) ref(at found) schema.UserRef {
	if at.directory == "" {
		return schema.UserRef{Address: e.cfg.Users[at.index].Address}
	}
	return schema.UserRef{Directory: at.directory, Login: e.person(at).Login}
}

// writable returns the person at a place, to be written.
func (e *editor) writable(at found) *schema.User {
	var u *schema.User
	if at.directory == "" {
		u = &own(e, &e.cfg.Users, "user")[at.index]
	} else {
		dir := e.directory(at.directory)
		u = &own(e, &dir.People, string(at.directory)+".users")[at.index]
	}
	return u
}

// editPerson sets an argument of a person, or removes the person.
func (e *editor) editPerson(edit *Edit) error {
	at, err := e.find(edit.Address)
	if err != nil {
		return err
	}
	switch {
	case whole(edit):
		e.removePerson(at)
		return nil
	case edit.Op == EditSet || edit.Op == EditRemove && edit.Value == nil:
		return e.setPerson(at, edit)
	case edit.Op == EditAdd:
		return errors.New("a person holds nothing that can be added to; add the person to a group or an assignment")
	}
	return errors.New("a person can be removed as a whole, or an argument of theirs set")
}

// setPerson sets one argument of a person.
func (e *editor) setPerson(at found, edit *Edit) error {
	if name, ok := strings.CutPrefix(edit.Argument, "custom."); ok && name != "" {
		u := e.writable(at)
		u.Custom = withCustom(u.Custom, name, edit.Value)
		return nil
	}
	text, err := textValue(edit.Value)
	switch {
	case edit.Argument == "status":
		status, err := statusValue(edit.Value)
		if err != nil {
			return err
		}
		e.writable(at).Status = status
		return nil
	case schema.AttributeIndex(edit.Argument) < 0 && edit.Argument != "login" && edit.Argument != "id":
		return unknownArgument(edit, personArguments()...)
	case err != nil:
		return err
	case edit.Argument == "login":
		return e.setLogin(at, text)
	case edit.Argument == "id":
		e.writable(at).ID = text
		return nil
	}
	u := e.writable(at)
	u.Profile = withAttribute(u.Profile, edit.Argument, text, edit.Value == nil)
	return nil
}

// personArguments are what can be set of a person.
func personArguments() []string {
	names := []string{"status", "login", "id"}
	for _, a := range schema.BaseAttributes() {
		names = append(names, a.Name)
	}
	return append(names, "custom.NAME")
}

// withAttribute returns a profile in which the attribute has the value, or is
// not set.
func withAttribute(profile []schema.Attribute, name, value string, unset bool) []schema.Attribute {
	out := slices.DeleteFunc(slices.Clone(profile), func(a schema.Attribute) bool { return a.Name == name })
	if unset {
		return out
	}
	place := schema.AttributeIndex(name)
	i := slices.IndexFunc(out, func(a schema.Attribute) bool { return schema.AttributeIndex(a.Name) > place })
	if i < 0 {
		i = len(out)
	}
	return slices.Insert(out, i, schema.Attribute{Name: name, Value: value})
}

// withCustom returns custom attributes in which one has the value; nil removes it.
func withCustom(custom []schema.CustomAttribute, name string, value any) []schema.CustomAttribute {
	out := slices.DeleteFunc(slices.Clone(custom), func(a schema.CustomAttribute) bool { return a.Name == name })
	if value != nil {
		out = append(out, schema.CustomAttribute{Name: name, Value: value})
	}
	slices.SortFunc(out, func(a, b schema.CustomAttribute) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// setLogin gives a person another login. References by the old one follow.
func (e *editor) setLogin(at found, login string) error {
	if strings.TrimSpace(login) == "" {
		return errors.New("a login cannot be empty")
	}
	if err := e.loginFree(login, at); err != nil {
		return err
	}
	means := e.meaning(at)
	e.writable(at).Login = login
	e.eachUserList(func(list *[]schema.UserRef, name string) {
		if !slices.ContainsFunc(*list, means) {
			return
		}
		refs := own(e, list, name)
		for i := range refs {
			if refs[i].Address == "" && means(refs[i]) {
				refs[i].Login = login
			}
		}
	})
	return nil
}

// loginFree reports a login that somebody else has.
func (e *editor) loginFree(login string, but found) error {
	at, err := e.find(login)
	if err == nil && at != but && schema.Fold(e.person(at).Login) == schema.Fold(login) {
		return fmt.Errorf("the login %q is in use", login)
	}
	return nil
}

// declareUser adds a person.
func (e *editor) declareUser(u schema.User) error {
	if strings.TrimSpace(u.Login) == "" {
		return errors.New("a person needs a login")
	}
	if err := e.loginFree(u.Login, found{index: -1}); err != nil {
		return err
	}
	return insertBlock(e, &e.cfg.Users, userAddress, u)
}

// meaning returns a test for references to a person.
func (e *editor) meaning(at found) func(schema.UserRef) bool {
	u := e.person(at)
	address, folded := u.Address, schema.Fold(u.Login)
	return func(ref schema.UserRef) bool {
		if ref.Address != "" {
			return ref.Address == address
		}
		return (ref.Directory == "" || ref.Directory == at.directory) && schema.Fold(ref.Login) == folded
	}
}

// removePerson removes a person, and every reference to them.
func (e *editor) removePerson(at found) {
	means := e.meaning(at)
	e.eachUserList(func(list *[]schema.UserRef, name string) { dropRefs(e, list, name, means) })
	if at.directory != "" {
		e.removeRow(at)
		return
	}
	gone := e.cfg.Users[at.index].Address
	drop(e, &e.cfg.Users, userAddress, gone)
	e.forget(gone)
}

// removeRow removes a person of a directory; the others move up.
func (e *editor) removeRow(at found) {
	dir := e.directory(at.directory)
	dir.People = slices.Delete(own(e, &dir.People, string(at.directory)+".users"), at.index, at.index+1)
	groups := own(e, &dir.Groups, string(at.directory)+".groups")
	for i := range groups {
		g := &groups[i]
		first, _ := slices.BinarySearch(g.Members, uint32(at.index))
		if first == len(g.Members) {
			continue
		}
		members := own(e, &g.Members, directoryGroupKey(at.directory, g.Name))
		if members[first] == uint32(at.index) {
			members = slices.Delete(members, first, first+1)
		}
		for j := first; j < len(members); j++ {
			members[j]--
		}
		g.Members = members
	}
}

// dropRefs removes what a test finds from a list, which it copies only then.
func dropRefs[T any](e *editor, list *[]T, name string, gone func(T) bool) bool {
	if !slices.ContainsFunc(*list, gone) {
		return false
	}
	*list = slices.DeleteFunc(own(e, list, name), gone)
	return true
}

// eachUserList passes every list of people with its name. The lists that hold
// them are copied.
func (e *editor) eachUserList(use func(list *[]schema.UserRef, name string)) {
	groups := own(e, &e.cfg.Groups, "group")
	for i := range groups {
		g := &groups[i]
		use(&g.Members, listName(g.Address, "members"))
		rules := own(e, &g.Rules, listName(g.Address, "rule"))
		for j := range rules {
			use(&rules[j].Exclude, excludeName(g.Address, j))
		}
		tidy(g)
	}
	assignments := own(e, &e.cfg.Assignments, "assignment")
	for i := range assignments {
		use(&assignments[i].Users, listName(assignments[i].Address, "users"))
	}
	apps := own(e, &e.cfg.Apps, "app")
	for i := range apps {
		use(&apps[i].Guard.ProtectedUsers, listName(apps[i].Address, "protected_users"))
	}
}

// listName names the list of a block for own.
func listName(block schema.Address, argument string) string { return string(block) + "." + argument }

func excludeName(group schema.Address, rule int) string {
	return listName(group, fmt.Sprintf("rule[%d].exclude", rule))
}

// forget removes blocks that are about something that is gone and have no
// meaning without it.
func (e *editor) forget(gone schema.Address) {
	e.cfg.Waivers = slices.DeleteFunc(slices.Clone(e.cfg.Waivers), func(w schema.Waiver) bool {
		return w.Protects == gone || w.App == gone
	})
	e.cfg.Adopts = slices.DeleteFunc(slices.Clone(e.cfg.Adopts), func(a schema.Adopt) bool {
		return a.To == gone || a.App == gone
	})
}
