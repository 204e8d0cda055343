package statefile

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/internal/wire"
)

// Nearly all lines of a state are people, and there may be a million of them.
// Their lines are written and read by a table instead of by reflection, which
// takes a third of the time.

// userField is one member of a person's line.
type userField struct {
	// key is the member's name in JSON, with its quotes.
	key string
	// write adds the value; nothing, where the member is left out.
	write func(b []byte, u *planner.UserLink) ([]byte, error)
	read  func(u *planner.UserLink, raw []byte) error
}

// userFields are in the order in which a line has them.
var userFields = []userField{
	textField("key", func(u *planner.UserLink) *string { return &u.Key }),
	textField("remote_id", func(u *planner.UserLink) *string { return &u.RemoteID }),
	textField("external_id", func(u *planner.UserLink) *string { return &u.ExternalID }),
	textField("user_name", func(u *planner.UserLink) *string { return &u.UserName }),
	{`"active"`, writeActive, readActive},
	{`"protected"`, writeProtected, readProtected},
	textField("source", func(u *planner.UserLink) *string { return (*string)(&u.Source) }),
	{`"attributes"`, writeAttributes, readAttributes},
	textField("on_unassign", func(u *planner.UserLink) *string { return (*string)(&u.OnUnassign) }),
	textField("file", func(u *planner.UserLink) *string { return &u.Origin.File }),
	numberField("line", true, func(u *planner.UserLink) *uint32 { return &u.Origin.Line }),
	numberField("column", false, func(u *planner.UserLink) *uint32 { return &u.Origin.Column }),
	numberField("end_line", false, func(u *planner.UserLink) *uint32 { return &u.Origin.EndLine }),
	numberField("end_column", false, func(u *planner.UserLink) *uint32 { return &u.Origin.EndColumn }),
}

func textField(name string, of func(*planner.UserLink) *string) userField {
	return userField{
		key:   `"` + name + `"`,
		write: func(b []byte, u *planner.UserLink) ([]byte, error) { return wire.AppendString(b, *of(u)), nil },
		read: func(u *planner.UserLink, raw []byte) (err error) {
			if raw[0] != '"' {
				return errors.New(name + " is no text")
			}
			*of(u), err = wire.Text(raw)
			return err
		},
	}
}

// numberField is left out when it is zero, unless it is always written.
func numberField(name string, always bool, of func(*planner.UserLink) *uint32) userField {
	return userField{
		key: `"` + name + `"`,
		write: func(b []byte, u *planner.UserLink) ([]byte, error) {
			if n := *of(u); n != 0 || always {
				b = strconv.AppendUint(b, uint64(n), 10)
			}
			return b, nil
		},
		read: func(u *planner.UserLink, raw []byte) error {
			n, err := strconv.ParseUint(string(raw), 10, 32)
			*of(u) = uint32(n)
			return err
		},
	}
}

func writeActive(b []byte, u *planner.UserLink) ([]byte, error) {
	return strconv.AppendBool(b, u.Active), nil
}

func readActive(u *planner.UserLink, raw []byte) error { return json.Unmarshal(raw, &u.Active) }

// writeProtected leaves out what is said of few.
func writeProtected(b []byte, u *planner.UserLink) ([]byte, error) {
	if u.Protected {
		b = append(b, "true"...)
	}
	return b, nil
}

func readProtected(u *planner.UserLink, raw []byte) error { return json.Unmarshal(raw, &u.Protected) }

func writeAttributes(b []byte, u *planner.UserLink) ([]byte, error) {
	return wire.Values(u.Attributes).Append(b)
}

func readAttributes(u *planner.UserLink, raw []byte) error {
	return (*wire.Values)(&u.Attributes).UnmarshalJSON(raw)
}

// appendUser adds the line of u, with its end.
func appendUser(b []byte, u *planner.UserLink) ([]byte, error) {
	b = append(b, typeUser[:len(typeUser)-1]...)
	for i := range userFields {
		f := &userFields[i]
		before := len(b)
		b = append(append(append(b, ','), f.key...), ':')
		start := len(b)
		var err error
		if b, err = f.write(b, u); err != nil {
			return b, err
		}
		if len(b) == start {
			b = b[:before]
		}
	}
	return append(b, '}', '\n'), nil
}

// parseUser reads a line into u. Members that it does not know it leaves out.
func parseUser(line []byte, u *planner.UserLink) error {
	if !json.Valid(line) {
		return errors.New("it is no valid JSON")
	}
	// Members come in the order of the table, so that the next is nearly
	// always the one behind the last.
	next := 0
	return wire.Object(line, func(key, raw []byte) error {
		if next >= len(userFields) || userFields[next].key != string(key) {
			next = slices.IndexFunc(userFields, func(f userField) bool { return f.key == string(key) })
		}
		next++
		if next == 0 {
			return nil
		}
		return userFields[next-1].read(u, raw)
	})
}
