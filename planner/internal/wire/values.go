package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/rollcall-dev/rollcall/schema"
)

// Values are attributes as one JSON object, by path and sorted by it. No
// attributes are {}; a cleared one is null.
type Values []schema.Value

// MarshalJSON writes the object.
func (vs Values) MarshalJSON() ([]byte, error) {
	b := append(make([]byte, 0, 2+48*len(vs)), '{')
	var err error
	for i, v := range vs {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendString(b, v.Path), ':')
		if b, err = appendValue(b, v.Value); err != nil {
			return nil, fmt.Errorf("attribute %q: %w", v.Path, err)
		}
	}
	return append(b, '}'), nil
}

func appendValue(b []byte, v any) ([]byte, error) {
	if s, ok := v.(string); ok {
		return appendString(b, s), nil
	}
	return Append(b, v)
}

// appendString writes plain ASCII itself, because nearly every string is.
func appendString(b []byte, s string) []byte {
	if !plain(s) {
		b, _ = Append(b, s) // a string always has a JSON form
		return b
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

func plain[T string | []byte](s T) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// Append adds the JSON form of v to b. Unlike [json.Marshal] it leaves <, >
// and & as they are: the text goes into files, not into HTML.
func Append(b []byte, v any) ([]byte, error) {
	buf := bytes.NewBuffer(b)
	enc := json.NewEncoder(buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return b, err
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}

// UnmarshalJSON reads the object. It is called with valid JSON alone.
func (vs *Values) UnmarshalJSON(b []byte) error {
	*vs = nil
	s := scan{rest: b}
	if !s.open() {
		return errors.New("attributes are not an object")
	}
	for !s.closed() {
		v, err := s.member()
		if err != nil {
			return err
		}
		*vs = append(*vs, v)
	}
	return vs.sort()
}

func (vs Values) sort() error {
	byPath := func(a, b schema.Value) int { return strings.Compare(a.Path, b.Path) }
	slices.SortFunc(vs, byPath)
	for i := 1; i < len(vs); i++ {
		if vs[i].Path == vs[i-1].Path {
			return fmt.Errorf("attribute %q is given twice", vs[i].Path)
		}
	}
	return nil
}

// scan walks over one object of valid JSON without building a tree of it.
type scan struct{ rest []byte }

func (s *scan) skip() { s.rest = bytes.TrimLeft(s.rest, " \t\r\n") }

func (s *scan) open() bool {
	s.skip()
	if len(s.rest) == 0 || s.rest[0] != '{' {
		return false
	}
	s.rest = s.rest[1:]
	return true
}

// closed steps over what separates members and reports the end of the object.
func (s *scan) closed() bool {
	s.skip()
	if len(s.rest) > 0 && s.rest[0] == ',' {
		s.rest = s.rest[1:]
		s.skip()
	}
	return len(s.rest) == 0 || s.rest[0] == '}'
}

func (s *scan) member() (schema.Value, error) {
	path, err := text(s.token())
	if err != nil {
		return schema.Value{}, err
	}
	s.skip()
	s.rest = bytes.TrimPrefix(s.rest, []byte(":"))
	s.skip()
	raw := s.token()
	if len(raw) > 0 && raw[0] == '"' {
		v, err := text(raw)
		return schema.Value{Path: path, Value: v}, err
	}
	var v any
	err = json.Unmarshal(raw, &v)
	return schema.Value{Path: path, Value: v}, err
}

// token cuts the next value off: everything up to a separator that stands
// outside of strings and brackets.
func (s *scan) token() []byte {
	depth, quoted := 0, false
	for i := 0; i < len(s.rest); i++ {
		c := s.rest[i]
		switch {
		case quoted && c == '\\':
			i++
			continue
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
		case depth > 0 && (c == '}' || c == ']'):
			depth--
		case depth == 0 && strings.IndexByte(":,}] \t\r\n", c) >= 0:
			return s.cut(i)
		}
	}
	return s.cut(len(s.rest))
}

func (s *scan) cut(n int) []byte {
	t := s.rest[:n]
	s.rest = s.rest[n:]
	return t
}

// text decodes a JSON string. Paths of the default mapping share one copy.
func text(raw []byte) (string, error) {
	if p, ok := common[string(raw)]; ok {
		return p, nil
	}
	if n := len(raw); n >= 2 && plain(raw[1:n-1]) {
		return string(raw[1 : n-1]), nil
	}
	var s string
	err := json.Unmarshal(raw, &s)
	return s, err
}

var common = shared(
	"userName", "externalId", "active", "displayName", "name.givenName", "name.familyName",
	`emails[type eq "work"].value`, "title", "source", "address",
	"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
)

// shared maps the JSON form of each text to the text.
func shared(texts ...string) map[string]string {
	m := make(map[string]string, len(texts))
	for _, t := range texts {
		m[string(appendString(nil, t))] = t
	}
	return m
}
