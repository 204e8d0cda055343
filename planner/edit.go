package planner

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rollcall-dev/rollcall/schema"
)

// EditOp says what an [Edit] does.
type EditOp string

// What edits do.
const (
	// EditAdd adds Value to the list Argument of Address.
	EditAdd EditOp = "add"
	// EditRemove removes Value from the list Argument of Address, wherever it
	// stands there; without an Argument it removes what Address names.
	EditRemove EditOp = "remove"
	// EditSet sets Argument of Address to Value.
	EditSet EditOp = "set"
	// EditDeclare declares the block that is the Value.
	EditDeclare EditOp = "declare"
)

// Edit is one change of a configuration, or of what its directories hold.
type Edit struct {
	Op EditOp
	// Address is that of a block, `directory.file.hr.groups["Staff"]` for a
	// directory's group, or whatever names a person: an address, a key or a login.
	// For declare it is the address of the new block, or its type alone.
	Address string
	// Argument is the argument of the block as the language calls it. Rules are
	// counted from zero where a group has several: `rule[1].exclude`.
	Argument string
	// Value is what is added, removed, set or declared: a [schema.Status],
	// [schema.UserRef], [schema.GroupRef], a list of these, time.Time,
	// [LaterThan], [NoLaterThan], a plain value as in [schema.CustomAttribute],
	// or, to be declared, a schema.User, Group, App, Assignment, PushGroup or
	// PushRule. Wherever another type is needed a string will do: it is read as
	// the command line's. nil and "" clear an argument that may be left out; nil
	// leaves a person's attribute unset, "" sets it to nothing.
	Value any
	// Origin is where in the configuration the edit is to be made, if known.
	Origin schema.Origin
}

// Edited returns the configuration and the facts as they are once edits were
// made, one after the other. What was given stays as it is, and is shared as far
// as no edit reaches. References to what is removed vanish with it: a repository
// without it could not have them either. References by login follow a person
// whose login is set. The first edit that names what is not there, or gives an
// argument what it does not take, is the error, which wraps an [*UnknownError]
// in the first case.
//
// Expressions were evaluated when the configuration was loaded: a list that a
// `for` expression made from an attribute stays as it was when an edit sets that
// attribute. Conditions of rules and mappings of apps are evaluated anew.
func Edited(cfg *schema.Config, facts Facts, edits []Edit) (*schema.Config, Facts, error) {
	out := *cfg
	e := editor{cfg: &out, facts: facts, owned: make(map[string]bool)}
	for i := range edits {
		if err := e.make(&edits[i]); err != nil {
			return nil, Facts{}, fmt.Errorf("%s: %w", edits[i].String(), err)
		}
	}
	return e.cfg, e.facts, nil
}

// editor makes edits on copies.
type editor struct {
	cfg   *schema.Config
	facts Facts
	// owned are the lists that were copied already, and may be written.
	owned map[string]bool
}

// own returns a list that may be written, and copies it the first time. The
// name is the list's own.
func own[T any](e *editor, list *[]T, name string) []T {
	if !e.owned[name] {
		*list = slices.Clone(*list)
		e.owned[name] = true
	}
	return *list
}

// make makes one edit.
func (e *editor) make(edit *Edit) error {
	if edit.Op == EditDeclare {
		return e.declare(edit)
	}
	switch schema.Address(edit.Address).Type() {
	case "group":
		return e.editGroup(edit)
	case "assignment":
		return e.editAssignment(edit)
	case "push_group":
		return e.editPushGroup(edit)
	case "push_rule":
		return e.editPushRule(edit)
	case "app":
		return e.editApp(edit)
	}
	if dir, name, ok := cutIndexed(edit.Address, ".groups"); ok {
		return e.editDirectoryGroup(edit, schema.Address(dir), name)
	}
	return e.editPerson(edit)
}

// block finds a block by address in a list of one type, which it copies.
func block[T any](e *editor, list *[]T, address func(*T) schema.Address, edit *Edit) (*T, error) {
	at := func(b T) bool { return string(address(&b)) == edit.Address }
	i := slices.IndexFunc(*list, at)
	if i < 0 {
		return nil, unknownBlock(edit.Address, addresses(*list, address))
	}
	return &own(e, list, schema.Address(edit.Address).Type())[i], nil
}

// addresses yields the addresses of all blocks of a list.
func addresses[T any](list []T, address func(*T) schema.Address) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for i := range list {
			if !yield(string(address(&list[i]))) {
				return
			}
		}
	}
}

func unknownBlock(address string, names func(yield func(string) bool)) error {
	return &UnknownError{What: schema.Address(address).Type(), Name: address, Suggestion: schema.Nearest(address, names)}
}

// drop removes a block by address.
func drop[T any](e *editor, list *[]T, address func(*T) schema.Address, gone schema.Address) {
	*list = slices.DeleteFunc(own(e, list, gone.Type()), func(b T) bool { return address(&b) == gone })
}

// addressOf functions for the lists of a configuration.
func userAddress(b *schema.User) schema.Address             { return b.Address }
func groupAddress(b *schema.Group) schema.Address           { return b.Address }
func appAddress(b *schema.App) schema.Address               { return b.Address }
func assignmentAddress(b *schema.Assignment) schema.Address { return b.Address }
func pushGroupAddress(b *schema.PushGroup) schema.Address   { return b.Address }
func pushRuleAddress(b *schema.PushRule) schema.Address     { return b.Address }

// declare adds a block that is not there yet.
func (e *editor) declare(edit *Edit) error {
	switch b := edit.Value.(type) {
	case schema.User:
		return e.declareUser(b)
	case schema.Group:
		return insertBlock(e, &e.cfg.Groups, groupAddress, b)
	case schema.App:
		return insertBlock(e, &e.cfg.Apps, appAddress, b)
	case schema.Assignment:
		return insertBlock(e, &e.cfg.Assignments, assignmentAddress, b)
	case schema.PushGroup:
		return insertBlock(e, &e.cfg.PushGroups, pushGroupAddress, b)
	case schema.PushRule:
		return insertBlock(e, &e.cfg.PushRules, pushRuleAddress, b)
	}
	return fmt.Errorf("a %T cannot be declared", edit.Value)
}

// insertBlock puts a block where its address belongs.
func insertBlock[T any](e *editor, list *[]T, address func(*T) schema.Address, b T) error {
	a := address(&b)
	if slices.ContainsFunc(*list, func(have T) bool { return address(&have) == a }) {
		return fmt.Errorf("%s is declared already", a)
	}
	i, _ := slices.BinarySearchFunc(*list, a, func(have T, a schema.Address) int { return cmp.Compare(address(&have), a) })
	// Lists of a block of that address that was removed before are not the new one's.
	maps.DeleteFunc(e.owned, func(name string, _ bool) bool { return strings.HasPrefix(name, string(a)+".") })
	*list = slices.Insert(own(e, list, a.Type()), i, b)
	return nil
}

// directory returns a directory that may be written.
func (e *editor) directory(address schema.Address) *schema.Directory {
	if !e.owned["directories"] {
		e.facts.Directories = maps.Clone(e.facts.Directories)
		e.owned["directories"] = true
	}
	if !e.owned[string(address)] {
		copied := *e.facts.Directories[address]
		e.facts.Directories[address] = &copied
		e.owned[string(address)] = true
	}
	return e.facts.Directories[address]
}

// directoriesInOrder yields the directories that were read, in the order of
// their blocks.
func (e *editor) directoriesInOrder(yield func(schema.Address, *schema.Directory) bool) {
	for i := range e.cfg.Directories {
		address := e.cfg.Directories[i].Address
		if dir := e.facts.Directories[address]; dir != nil && !yield(address, dir) {
			return
		}
	}
}

// unknownArgument says what a block takes instead.
func unknownArgument(edit *Edit, known ...string) error {
	all := strings.Join(known, ", ")
	if edit.Argument == "" {
		return fmt.Errorf("an argument is needed, one of %s", all)
	}
	unknown := &UnknownError{What: "argument of " + edit.Address, Name: edit.Argument, Suggestion: schema.Nearest(edit.Argument, slices.Values(known))}
	if unknown.Suggestion != "" {
		return unknown
	}
	return fmt.Errorf("%w; an edit can %s %s", unknown, edit.Op, all)
}
