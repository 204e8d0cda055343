package planner

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/rollcall-dev/rollcall/schema"
)

// ParseEdit reads an edit as the command line writes it, for one of EditSet,
// EditAdd and EditRemove:
//
//	set     ADDRESS.ARGUMENT=VALUE, or LOGIN:ARGUMENT=VALUE
//	add     ADDRESS:WHO
//	remove  ADDRESS:WHO, or ADDRESS or LOGIN to remove it as a whole
//
// The address may name one of a block's lists (`group.x.rule.exclude:alice`);
// without, it is a group's members and an assignment's users, or for a WHO that
// is a group what it includes and the groups assigned. Adding a login to the
// address of a person declares that person. A VALUE may stand in double quotes;
// null clears the argument; a custom attribute takes JSON. The error says what
// was expected, with an example.
func ParseEdit(op EditOp, text string) (Edit, error) {
	e := Edit{Op: op}
	var err error
	switch op {
	case EditSet:
		err = e.parseSet(text)
	case EditAdd, EditRemove:
		err = e.parseMember(text)
	default:
		err = fmt.Errorf("%q is not written as a text", op)
	}
	return e, err
}

// How each flag is written, for messages.
const (
	setForm    = "it is written ADDRESS.ARGUMENT=VALUE, as in user.alice.status=SUSPENDED, or LOGIN:ARGUMENT=VALUE, as in bob@acme.com:status=SUSPENDED"
	addForm    = "it is written ADDRESS:WHO, as in group.engineering:alice"
	removeForm = "it is written ADDRESS:WHO, as in group.engineering:alice, or ADDRESS, as in assignment.contractors"
)

func (e *Edit) parseSet(text string) error {
	equals := outside(text, '=')
	if equals < 0 {
		return fmt.Errorf("%s; %q has no =", setForm, text)
	}
	left, value := strings.TrimSpace(text[:equals]), strings.TrimSpace(text[equals+1:])
	address, rest, typed := cutAddress(left)
	if !typed {
		colon := strings.LastIndexByte(left, ':')
		switch {
		case left == "":
			return fmt.Errorf("%s; %q has nothing before the =", setForm, text)
		case colon < 0:
			return fmt.Errorf("%s; %q has no address: for a login, put a colon before the argument", setForm, left)
		}
		address, rest = left[:colon], left[colon:]
	}
	if len(rest) < 2 || rest[0] != '.' && rest[0] != ':' || address == "" {
		return fmt.Errorf("%s; %q names no argument", setForm, left)
	}
	e.Address, e.Argument, e.Value = address, rest[1:], plainValue(rest[1:], value)
	return nil
}

// plainValue reads what is set. A custom attribute may be of any type.
func plainValue(argument, text string) any {
	if text == "null" {
		return nil
	}
	if strings.HasPrefix(argument, "custom.") {
		var v any
		if json.Unmarshal([]byte(text), &v) == nil {
			return v
		}
	}
	return unquoted(text)
}

func (e *Edit) parseMember(text string) error {
	form := addForm
	if e.Op == EditRemove {
		form = removeForm
	}
	text = unquoted(strings.TrimSpace(text))
	address, rest, typed := cutAddress(text)
	if !typed && e.Op == EditRemove && text != "" && !strings.Contains(text, ":") {
		e.Address = text
		return nil
	}
	argument, who, said := strings.Cut(rest, ":")
	argument, dotted := strings.CutPrefix(argument, ".")
	who = unquoted(strings.TrimSpace(who))
	switch {
	case text == "":
		return fmt.Errorf("%s; there is nothing", form)
	case !typed:
		return fmt.Errorf("%s; %q does not begin with the address of a block", form, text)
	case !dotted && argument != "" || dotted && argument == "":
		return fmt.Errorf("%s; %q goes on after the address with %q", form, text, rest)
	case said && who == "":
		return fmt.Errorf("%s; %q names nobody after the colon", form, text)
	case !said && e.Op == EditAdd:
		return fmt.Errorf("%s; %q does not say who", form, text)
	}
	e.Address, e.Argument = address, argument
	if !said {
		return nil
	}
	return e.member(who)
}

// member gives an edit who is added or removed.
func (e *Edit) member(who string) error {
	e.Value = who
	if schema.Address(e.Address).Type() != "user" || e.Argument != "" {
		return nil
	}
	if e.Op == EditRemove {
		return errors.New("a person holds nobody; to take a person out of a group write group.NAME:" + strings.TrimPrefix(e.Address, "user."))
	}
	e.Op, e.Value = EditDeclare, schema.User{Address: schema.Address(e.Address), Login: who}
	return nil
}

// cutAddress splits what begins with the address of a block, or of a person or
// group of a directory, from what follows it.
func cutAddress(text string) (address, rest string, ok bool) {
	kind, _, _ := strings.Cut(text, ".")
	labels := 1
	switch kind {
	case "user", "group", "app", "assignment", "push_group", "push_rule":
	case "directory":
		labels = 3
	default:
		return "", text, false
	}
	end := len(kind)
	for range labels {
		n := labelLength(text[min(end+1, len(text)):])
		if n == 0 || text[end] != '.' {
			return "", text, false
		}
		end += 1 + n
	}
	end += keyLength(text[end:])
	if kind == "directory" && text[end-1] != ']' || end < len(text) && text[end] != '.' && text[end] != ':' {
		return "", text, false
	}
	return text[:end], text[end:], true
}

// labelLength is how much of a text is a label.
func labelLength(text string) int {
	i := strings.IndexFunc(text, func(r rune) bool {
		return r != '_' && r != '-' && (r < '0' || r > '9') && (r|0x20 < 'a' || r|0x20 > 'z')
	})
	if i < 0 {
		return len(text)
	}
	return i
}

// keyLength is the length of a key such as ["a"], or zero where there is none.
func keyLength(text string) int {
	if !strings.HasPrefix(text, `["`) {
		return 0
	}
	if i := strings.Index(text, `"]`); i > 0 {
		return i + len(`"]`)
	}
	return 0
}
