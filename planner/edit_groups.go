package planner

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/rollcall-dev/rollcall/schema"
)

// editGroup makes an edit of a group block. Members of a block that comes from
// a directory are those of the directory's group.
func (e *editor) editGroup(edit *Edit) error {
	g, err := block(e, &e.cfg.Groups, groupAddress, edit)
	if err != nil {
		return err
	}
	if whole(edit) {
		e.removeGroup(g.Address, schema.GroupRef{Address: g.Address, Name: g.Name})
		return nil
	}
	argument, err := e.listArgument(edit, "members", "include_groups")
	if err != nil {
		return err
	}
	if g.From != nil && (argument == "members" || argument == "include_groups" || strings.HasPrefix(argument, "rule")) {
		return e.editSource(g, edit, argument)
	}
	defer tidy(g)
	if rule, name, ok := ruleArgument(argument); ok {
		return e.editRule(g, rule, name, edit)
	}
	switch {
	case argument == "members":
		g.MembersSaid = true
		return e.editUsers(&g.Members, listName(g.Address, argument), edit)
	case argument == "include_groups":
		return e.editGroups(&g.IncludeGroups, listName(g.Address, argument), edit)
	case edit.Op == EditSet && argument == "name":
		return setText(&g.Name, edit.Value, true)
	case edit.Op == EditSet && argument == "description":
		return setText(&g.Description, edit.Value, false)
	}
	return unknownArgument(edit, "members", "include_groups", "name", "description", "rule.exclude", "rule.active")
}

// tidy keeps a group that lost its last source of members saying so: left out
// never means empty.
func tidy(g *schema.Group) {
	if g.From == nil && len(g.Members)+len(g.IncludeGroups)+len(g.Rules) == 0 {
		g.MembersSaid = true
	}
}

// editSource edits the directory's group that a block stands for.
func (e *editor) editSource(g *schema.Group, edit *Edit, argument string) error {
	if argument != "members" {
		return fmt.Errorf("%s takes its members from %s, so it has no %s", g.Address, directoryGroupKey(g.From.Directory, g.From.Name), argument)
	}
	there := *edit
	there.Argument = argument
	return e.editDirectoryGroup(&there, g.From.Directory, g.From.Name)
}

// listArgument is the argument that an edit is about. Where it names none, a
// person belongs to the first of two lists and a group to the second.
func (e *editor) listArgument(edit *Edit, people, groups string) (string, error) {
	if edit.Argument != "" || edit.Value == nil {
		return edit.Argument, nil
	}
	switch v := edit.Value.(type) {
	case schema.UserRef:
		return people, nil
	case schema.GroupRef:
		return groups, nil
	case string:
		_, person := e.find(v)
		if person == nil {
			return people, nil
		}
		if _, err := e.findGroup(v); err == nil {
			return groups, nil
		}
		if _, _, keyed := cutIndexed(v, ".groups"); keyed || strings.HasPrefix(v, "group.") {
			return groups, nil // which says what is wrong with it
		}
		return people, nil
	}
	return people, nil
}

// ruleArgument splits `rule.exclude` and `rule[1].exclude`; the number is -1
// where there is none.
func ruleArgument(argument string) (rule int, name string, ok bool) {
	head, name, ok := strings.Cut(argument, ".")
	if !ok || !strings.HasPrefix(head, "rule") {
		return 0, "", false
	}
	if head == "rule" {
		return -1, name, true
	}
	number, ok := strings.CutPrefix(head, "rule[")
	number, closed := strings.CutSuffix(number, "]")
	rule, err := strconv.Atoi(number)
	return rule, name, ok && closed && err == nil && rule >= 0
}

// editRule edits one rule of a group.
func (e *editor) editRule(g *schema.Group, rule int, name string, edit *Edit) error {
	switch {
	case len(g.Rules) == 0:
		return fmt.Errorf("%s has no rule", g.Address)
	case rule < 0 && len(g.Rules) > 1:
		return fmt.Errorf("%s has %d rules: say which, from rule[0].%s", g.Address, len(g.Rules), name)
	case rule >= len(g.Rules):
		return fmt.Errorf("%s has %s, and they are counted from rule[0]", g.Address, counted(len(g.Rules), "rule"))
	}
	r := &own(e, &g.Rules, listName(g.Address, "rule"))[max(rule, 0)]
	switch {
	case name == "exclude":
		return e.editUsers(&r.Exclude, excludeName(g.Address, max(rule, 0)), edit)
	case name == "active" && edit.Op == EditSet:
		active, err := boolValue(edit.Value)
		r.Inactive = !active
		return err
	}
	return unknownArgument(edit, "rule.exclude", "rule.active")
}

func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// editUsers edits a list of people.
func (e *editor) editUsers(list *[]schema.UserRef, name string, edit *Edit) error {
	return editList(e, list, name, edit, e.userRef, func(ref schema.UserRef) func(schema.UserRef) bool {
		at, _ := e.findRef(ref) // it was found before
		return e.meaning(at)
	})
}

// editGroups edits a list of groups.
func (e *editor) editGroups(list *[]schema.GroupRef, name string, edit *Edit) error {
	return editList(e, list, name, edit, e.groupRef, e.meaningGroup)
}

// editList edits a list of references: one reads a value, and means returns a
// test for all references to the same.
func editList[T any](e *editor, list *[]T, name string, edit *Edit, one func(any) (T, error), means func(T) func(T) bool) error {
	if edit.Op == EditSet {
		all, err := refs(edit.Value, one)
		if err == nil {
			*list, e.owned[name] = all, true
		}
		return err
	}
	ref, err := one(edit.Value)
	if err != nil {
		return err
	}
	same := means(ref)
	there := slices.ContainsFunc(*list, same)
	switch {
	case edit.Op == EditAdd && !there:
		*list = append(own(e, list, name), ref)
	case edit.Op == EditRemove && !there:
		return fmt.Errorf("%s is not there", hclText(ref))
	case edit.Op == EditRemove:
		dropRefs(e, list, name, same)
	}
	return nil
}

// findGroup finds the group that name names: by address or key, by name, or by
// the label of a block alone.
func (e *editor) findGroup(name string) (schema.GroupRef, error) {
	folded := schema.Fold(name)
	var named, label schema.GroupRef
	for i := range e.cfg.Groups {
		g := &e.cfg.Groups[i]
		switch ref := (schema.GroupRef{Address: g.Address}); {
		case string(g.Address) == name:
			return ref, nil
		case schema.Fold(g.Name) == folded:
			named = ref
		case g.Address.Name() == name:
			label = ref
		}
	}
	for address, dir := range e.directoriesInOrder {
		for i := range dir.Groups {
			n := dir.Groups[i].Name
			if directoryGroupKey(address, n) == name || named == (schema.GroupRef{}) && schema.Fold(n) == folded {
				return schema.GroupRef{Directory: address, Name: n}, nil
			}
		}
	}
	switch {
	case named.Address != "":
		return named, nil
	case label.Address != "":
		return label, nil
	}
	return schema.GroupRef{}, &UnknownError{What: "group", Name: name, Suggestion: schema.Nearest(name, e.groupNames)}
}

// groupNames yields what groups can be called by.
func (e *editor) groupNames(yield func(string) bool) {
	for i := range e.cfg.Groups {
		g := &e.cfg.Groups[i]
		if !yield(string(g.Address)) || !yield(g.Name) || !yield(g.Address.Name()) {
			return
		}
	}
	for address, dir := range e.directoriesInOrder {
		for i := range dir.Groups {
			if n := dir.Groups[i].Name; !yield(n) || !yield(directoryGroupKey(address, n)) {
				return
			}
		}
	}
}

// meaningGroup returns a test for references to a group.
func (e *editor) meaningGroup(ref schema.GroupRef) func(schema.GroupRef) bool {
	name := ref.Name
	for i := range e.cfg.Groups {
		if ref.Address != "" && e.cfg.Groups[i].Address == ref.Address {
			name = e.cfg.Groups[i].Name
		}
	}
	folded := schema.Fold(name)
	return func(r schema.GroupRef) bool {
		if r.Address == "" && r.Directory == "" {
			return schema.Fold(r.Name) == folded
		}
		return r.Address == ref.Address && r.Directory == ref.Directory && (ref.Address != "" || r.Name == ref.Name)
	}
}

// removeGroup removes a group block, and every reference to it: a push of it
// goes as a whole, and a rule that reads it finds nobody in it.
func (e *editor) removeGroup(gone schema.Address, ref schema.GroupRef) {
	means := e.meaningGroup(ref)
	drop(e, &e.cfg.Groups, groupAddress, gone)
	groups := e.cfg.Groups
	for i := range groups {
		g := &groups[i]
		dropRefs(e, &g.IncludeGroups, listName(g.Address, "include_groups"), means)
		rules := own(e, &g.Rules, listName(g.Address, "rule"))
		for j := range rules {
			rules[j].Condition = readingLess(rules[j].Condition, gone)
		}
		tidy(g)
	}
	assignments := own(e, &e.cfg.Assignments, "assignment")
	for i := range assignments {
		dropRefs(e, &assignments[i].Groups, listName(assignments[i].Address, "groups"), means)
	}
	dropRefs(e, &e.cfg.PushGroups, "push_group", func(p schema.PushGroup) bool { return means(p.Group) })
	rules := own(e, &e.cfg.PushRules, "push_rule")
	for i := range rules {
		dropRefs(e, &rules[i].Exclude, listName(rules[i].Address, "exclude"), means)
	}
	apps := own(e, &e.cfg.Apps, "app")
	for i := range apps {
		dropRefs(e, &apps[i].Guard.ProtectedGroups, listName(apps[i].Address, "protected_groups"), means)
	}
	e.forget(gone)
}

// without is a condition that reads a group which is gone: nobody is in it.
type without struct {
	schema.Condition
	gone schema.Address
}

// Groups leaves out the group that is gone.
func (w without) Groups() []schema.GroupRef {
	return slices.DeleteFunc(slices.Clone(w.Condition.Groups()), func(r schema.GroupRef) bool { return r.Address == w.gone })
}

// Holds answers for the group that is gone itself.
func (w without) Holds(u *schema.User, memberOf func(schema.Address) bool) (bool, error) {
	return w.Condition.Holds(u, func(a schema.Address) bool { return a != w.gone && memberOf(a) })
}

// readingLess is c without a group, if it reads it.
func readingLess(c schema.Condition, gone schema.Address) schema.Condition {
	if c == nil || !slices.ContainsFunc(c.Groups(), func(r schema.GroupRef) bool { return r.Address == gone }) {
		return c
	}
	return without{c, gone}
}

// editDirectoryGroup edits who is in a group of a directory.
func (e *editor) editDirectoryGroup(edit *Edit, address schema.Address, name string) error {
	i := -1
	if dir := e.facts.Directories[address]; dir != nil {
		i = slices.IndexFunc(dir.Groups, func(g schema.DirectoryGroup) bool { return g.Name == name })
	}
	if i < 0 {
		_, err := e.findGroup(edit.Address)
		return err
	}
	switch {
	case whole(edit):
		return errors.New("a group of a directory cannot be removed; set its members to nobody instead")
	case edit.Argument != "" && edit.Argument != "members":
		return unknownArgument(edit, "members")
	}
	people, err := refs(edit.Value, e.userRef)
	if err != nil {
		return err
	}
	rows, err := e.rows(address, people)
	if err != nil {
		return err
	}
	dir := e.directory(address)
	g := &own(e, &dir.Groups, string(address)+".groups")[i]
	return e.editRows(&g.Members, directoryGroupKey(address, name), edit.Op, rows)
}

// rows are the places in a directory of people, who must be of it.
func (e *editor) rows(address schema.Address, refs []schema.UserRef) ([]uint32, error) {
	var rows []uint32
	for _, ref := range refs {
		at, err := e.findRef(ref)
		if err != nil {
			return nil, err
		}
		if at.directory != address {
			return nil, fmt.Errorf("%s is not of %s, which alone says who is in its groups", e.person(at).Login, address)
		}
		rows = append(rows, uint32(at.index))
	}
	slices.Sort(rows)
	return slices.Compact(rows), nil
}

// editRows edits the members of a directory's group.
func (e *editor) editRows(list *[]uint32, name string, op EditOp, rows []uint32) error {
	if op == EditSet {
		*list, e.owned[name] = rows, true
		return nil
	}
	members := own(e, list, name)
	for _, row := range rows {
		i, there := slices.BinarySearch(members, row)
		switch {
		case op == EditAdd && !there:
			members = slices.Insert(members, i, row)
		case op == EditRemove && there:
			members = slices.Delete(members, i, i+1)
		case op == EditRemove:
			return errors.New("the person is not in the group")
		}
	}
	*list = members
	return nil
}
