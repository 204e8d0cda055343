package planner

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-dev/rollcall/schema"
)

// LaterThan is a value for expires: any time after it will do. An edit that sets
// it sets the second after.
type LaterThan time.Time

// NoLaterThan is a value for starts: it or any time before will do. An edit that
// sets it sets the time itself.
type NoLaterThan time.Time

// findRef finds whom a reference names.
func (e *editor) findRef(ref schema.UserRef) (found, error) {
	if ref.Address != "" {
		return e.find(string(ref.Address))
	}
	at, err := e.find(ref.Login)
	if err == nil && ref.Directory != "" && at.directory != ref.Directory {
		return found{}, &UnknownError{What: "person of " + string(ref.Directory), Name: ref.Login}
	}
	return at, err
}

// userRef reads a value as one person who is there.
func (e *editor) userRef(v any) (schema.UserRef, error) {
	switch v := v.(type) {
	case schema.UserRef:
		_, err := e.findRef(v)
		return v, err
	case string:
		at, err := e.find(strings.TrimSpace(v))
		if err != nil {
			return schema.UserRef{}, err
		}
		return e.ref(at), nil
	case schema.GroupRef:
		return schema.UserRef{}, fmt.Errorf("a person is needed here, and %s is a group", refName(v))
	}
	return schema.UserRef{}, fmt.Errorf("a person is needed here, by login or address, not %s", plainText(v))
}

// groupRef reads a value as one group that is there.
func (e *editor) groupRef(v any) (schema.GroupRef, error) {
	switch v := v.(type) {
	case schema.GroupRef:
		name := refName(v)
		if v.Directory != "" {
			name = directoryGroupKey(v.Directory, v.Name)
		}
		_, err := e.findGroup(name)
		return v, err
	case string:
		return e.findGroup(strings.TrimSpace(v))
	case schema.UserRef:
		return schema.GroupRef{}, errors.New("a group is needed here, not a person")
	}
	return schema.GroupRef{}, fmt.Errorf("a group is needed here, by address or name, not %s", plainText(v))
}

// refs reads each element of a list, or a single one; nil is an empty list.
func refs[T any](v any, one func(any) (T, error)) ([]T, error) {
	var elements []any
	switch v := v.(type) {
	case nil:
	case []T:
		for _, r := range v {
			elements = append(elements, r)
		}
	case []any:
		elements = v
	case []string:
		for _, s := range v {
			elements = append(elements, s)
		}
	case string:
		for _, s := range splitList(v) {
			elements = append(elements, s)
		}
	default:
		elements = []any{v}
	}
	out := make([]T, 0, len(elements))
	for _, element := range elements {
		r, err := one(element)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// splitList splits at commas outside of quotes and takes off brackets and
// quotes: `alice, "bob@acme.com"` and `[user.alice]` are lists.
func splitList(text string) []string {
	text = strings.TrimSpace(text)
	if inner, ok := strings.CutPrefix(text, "["); ok && strings.HasSuffix(inner, "]") {
		text = strings.TrimSuffix(inner, "]")
	}
	var list []string
	for text != "" {
		i := outside(text, ',')
		element := text
		if i >= 0 {
			element, text = text[:i], text[i+1:]
		} else {
			text = ""
		}
		if element = unquoted(strings.TrimSpace(element)); element != "" {
			list = append(list, element)
		}
	}
	return list
}

// outside finds the first c that is not between double quotes, or -1.
func outside(text string, c byte) int {
	quoted := false
	for i := 0; i < len(text); i++ {
		switch {
		case quoted && text[i] == '\\':
			i++
		case text[i] == '"':
			quoted = !quoted
		case text[i] == c && !quoted:
			return i
		}
	}
	return -1
}

// unquoted is a text without the double quotes around it, if it has them.
func unquoted(text string) string {
	if len(text) > 1 && text[0] == '"' && text[len(text)-1] == '"' {
		if inner, err := strconv.Unquote(text); err == nil {
			return inner
		}
	}
	return text
}

// statusValue reads a status.
func statusValue(v any) (schema.Status, error) {
	switch v := v.(type) {
	case schema.Status:
		return v, nil
	case nil:
		return schema.Active, nil
	case string:
		if s, ok := schema.ParseStatus(unquoted(strings.TrimSpace(v))); ok {
			return s, nil
		}
	}
	return 0, fmt.Errorf("the status is one of %s, not %s", strings.Join(schema.StatusNames(), ", "), plainText(v))
}

// textValue reads a text; nil is the empty one.
func textValue(v any) (string, error) {
	switch v := v.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	}
	return "", fmt.Errorf("a text is needed here, not %s", plainText(v))
}

// setText sets a text; needed says that it cannot be empty.
func setText(to *string, v any, needed bool) error {
	text, err := textValue(v)
	switch {
	case err != nil:
		return err
	case needed && strings.TrimSpace(text) == "":
		return errors.New("a name cannot be empty")
	}
	*to = text
	return nil
}

// timeValue reads a time; nil and "" are none.
func timeValue(v any) (time.Time, error) {
	switch v := v.(type) {
	case nil:
		return time.Time{}, nil
	case time.Time:
		return v, nil
	case LaterThan:
		return time.Time(v).Add(time.Second), nil
	case NoLaterThan:
		return time.Time(v), nil
	case string:
		text := unquoted(strings.TrimSpace(v))
		if text == "" {
			return time.Time{}, nil
		}
		if t, err := time.Parse(time.RFC3339, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("an RFC 3339 time such as 2026-03-01T00:00:00Z is needed here, not %s", plainText(v))
}

// intValue reads a whole number.
func intValue(v any) (int, error) {
	switch v := v.(type) {
	case int:
		return v, nil
	case float64:
		if n := int(v); float64(n) == v {
			return n, nil
		}
	case string:
		if n, err := strconv.Atoi(strings.TrimSpace(v)); err == nil {
			return n, nil
		}
	}
	return 0, fmt.Errorf("a whole number is needed here, not %s", plainText(v))
}

// boolValue reads true or false.
func boolValue(v any) (bool, error) {
	switch v {
	case true, "true":
		return true, nil
	case false, "false":
		return false, nil
	}
	return false, fmt.Errorf("true or false is needed here, not %s", plainText(v))
}

// choice is one value of an argument that has few, as the language calls it.
type choice[T any] struct {
	name string
	is   T
}

// setChoice sets one of a few values, by its own type or by name; nil is the
// first, the default.
func setChoice[T comparable](to *T, v any, choices ...choice[T]) error {
	if v == nil {
		*to = choices[0].is
		return nil
	}
	_, isBool := v.(bool) // which says nothing where names stand for it
	var names []string
	for _, c := range choices {
		if typed, ok := v.(T); ok && typed == c.is && !isBool {
			*to = typed
			return nil
		}
		if text, ok := v.(string); ok && unquoted(strings.TrimSpace(text)) == c.name {
			*to = c.is
			return nil
		}
		names = append(names, c.name)
	}
	return fmt.Errorf("one of %s is needed here, not %s", strings.Join(names, ", "), plainText(v))
}

// plainText shows a value that does not fit.
func plainText(v any) string {
	switch v := v.(type) {
	case nil:
		return "nothing"
	case fmt.Stringer:
		return v.String()
	}
	if text, err := json.Marshal(v); err == nil {
		return string(text)
	}
	return fmt.Sprintf("a %T", v)
}
